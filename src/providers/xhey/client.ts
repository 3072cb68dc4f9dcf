import type { Account, CallContext, Context, HttpRequest, Place } from '../../action';
import { type Envelope, readEnvelope } from './response';
import { sign } from './sign';

/** A photo as the query reports it: xhey.md, "POST /v2/truth_build/query". Every field may be missing. */
export type ReportedPhoto = Record<string, unknown>;

/**
 * Asks for photos to be verified: xhey.md, "POST /v2/truth_build/create". May cost money.
 * @param account xhey's
 * @param photoUrls of one batch
 * @param place of the message in the account's queue
 * @param context of the message
 * @returns the envelope of a success
 * @throws VerifyError
 */
export function create(
  account: Account,
  photoUrls: readonly string[],
  place: Place,
  context: Context,
): Promise<Envelope> {
  const build = request(account, '/v2/truth_build/create', { photoUrlList: photoUrls });
  return account.transport.send({ build, read: readEnvelope, place, mayCost: true }, context);
}

/**
 * Asks how a task stands: xhey.md, "POST /v2/truth_build/query". Free.
 * @param account xhey's
 * @param taskId of the task
 * @param context of the message, or of a test of the account
 * @returns the envelope of a success
 * @throws VerifyError
 */
export function query(account: Account, taskId: string, context: CallContext): Promise<Envelope> {
  const build = request(account, '/v2/truth_build/query', { taskID: taskId });
  return account.transport.send({ build, read: readEnvelope, mayCost: false }, context);
}

/** Serialises the body once, and signs it for the time of each attempt. */
function request(account: Account, path: string, payload: unknown): (now: number) => HttpRequest {
  const body = Buffer.from(JSON.stringify(payload));
  const { groupKey = '', groupSecret = '' } = account.credentials;
  return (now) => {
    const timestamp = String(Math.floor(now / 1000));
    return {
      method: 'POST',
      path,
      headers: {
        'Content-Type': 'application/json',
        GroupKey: groupKey,
        Timestamp: timestamp,
        Signature: sign(groupKey, groupSecret, timestamp, body),
      },
      body,
    };
  };
}
