import type { Account, Call, CallContext, Context, HttpAnswer, Place } from '../../action';
import type { Known } from '../../input/mask';
import { type Created, readCreated, readTask, type TaskAnswer } from './response';
import { sign } from './sign';

/**
 * Asks for photos to be verified: xhey.md, "POST /v2/truth_build/create". May cost money.
 * @param account xhey's
 * @param photoUrls of one batch
 * @param place of the message in the account's queue
 * @param context of the message
 * @returns the success, with its task ids
 * @throws VerifyError
 */
export function create(
  account: Account,
  photoUrls: readonly string[],
  place: Place,
  context: Context,
): Promise<Created> {
  const build = request('/v2/truth_build/create', { photoUrlList: photoUrls });
  const read = (answer: HttpAnswer) => readCreated(answer, known(account));
  return account.transport.send({ build, read, place, mayCost: true }, context);
}

/**
 * Asks how a task stands: xhey.md, "POST /v2/truth_build/query". Free.
 * @param account xhey's
 * @param taskId of the task
 * @param context of the message, or of a test of the account
 * @returns the success, with how the task stands
 * @throws VerifyError
 */
export function query(account: Account, taskId: string, context: CallContext): Promise<TaskAnswer> {
  const build = request('/v2/truth_build/query', { taskID: taskId });
  const read = (answer: HttpAnswer) => readTask(answer, known(account));
  return account.transport.send({ build, read, mayCost: false }, context);
}

/** Serialises the body once, and signs it for the time and with the keys of each attempt. */
function request(path: string, payload: unknown): Call<unknown>['build'] {
  const body = Buffer.from(JSON.stringify(payload));
  return (now, { groupKey = '', groupSecret = '' }) => {
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

/** No person is sent to xhey; what its texts could repeat are the keys. */
function known({ secrets }: Account): Known {
  return { person: null, secrets };
}
