import { createHmac } from 'node:crypto';
import type { Account, Probe } from '../../contract/account';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { RequestAnswer, RequestTurn } from '../../contract/provider-request';
import type { Call, CallContext, HttpAnswer, PaidTurn } from '../../contract/transport';
import type { Known } from '../../input/mask';
import { UNKNOWN_TASK } from './codes';
import {
  type Created,
  concealedList,
  readAnything,
  readCreated,
  readTask,
  type TaskAnswer,
} from './response';

/**
 * A photo from a message is stored under a random name: only this gives the sandbox the name of its file. Commas
 * between the names, in the order of the photos; empty where a name chooses nothing.
 */
export const NAMES_HEADER = 'x-sandbox-names';
/** As long as xhey's ids are, and older than the service. */
const NO_TASK = '1000000000000000000';

/**
 * Asks for photos to be verified: docs/providers/xhey.md, "POST /v2/truth_build/create". May cost money.
 * @param account xhey's
 * @param photoUrls of one batch
 * @param names of their files, where they choose the sandbox's answer; empty for the provider
 * @param turn of the message in the account's queue
 * @param context of the message
 * @returns the success, with its task ids
 * @throws VerifyError
 */
export function create(
  account: Account,
  photoUrls: readonly string[],
  names: readonly string[],
  turn: PaidTurn,
  context: Context,
): Promise<Created> {
  const headers: Record<string, string> = names.some(Boolean) ? { [NAMES_HEADER]: names.join(',') } : {};
  const build = request('/v2/truth_build/create', { photoUrlList: photoUrls }, headers);
  const read = (answer: HttpAnswer) => readCreated(answer, known(account));
  return account.transport.send({ build, read, ...turn }, context);
}

/**
 * Asks how a task stands: docs/providers/xhey.md, "POST /v2/truth_build/query". Free.
 * @param account xhey's
 * @param taskId of the task
 * @param context of the message, or of a test of the account
 * @returns the success, with how the task stands
 * @throws VerifyError
 */
export async function query(account: Account, taskId: string, context: CallContext): Promise<TaskAnswer> {
  const build = request('/v2/truth_build/query', { taskID: taskId });
  const read = (answer: HttpAnswer) => readTask(answer, taskId, known(account));
  const answer = await account.transport.send({ build, read, claim: null }, context);
  return { ...answer, list: await concealedList(answer.list, known(account)) };
}

/**
 * Asks for anything else: docs/providers/xhey.md, "Other paths".
 * @param account xhey's
 * @param path behind its base URL
 * @param body that is sent as JSON
 * @param known what the answer's texts may repeat
 * @param turn of the message, and whether it may cost
 * @param context of the message
 * @throws VerifyError
 */
export function requestPath(
  account: Account,
  path: string,
  body: object,
  known: Known,
  turn: RequestTurn,
  context: Context,
): Promise<RequestAnswer> {
  const build = request(path, body);
  const read = (answer: HttpAnswer) => readAnything(answer, known);
  return account.transport.send({ build, read, ...turn }, context);
}

/** Serialises the body once, and signs it for the time and with the keys of each attempt. */
function request(
  path: string,
  payload: unknown,
  headers: Readonly<Record<string, string>> = {},
): Call<unknown>['build'] {
  const body = Buffer.from(JSON.stringify(payload));
  return (now, { groupKey = '', groupSecret = '' }) => {
    const timestamp = String(Math.floor(now / 1000));
    return {
      method: 'POST',
      path,
      headers: {
        ...headers,
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

/**
 * Signs a request: docs/providers/xhey.md, "Signing".
 * @param groupKey the account
 * @param groupSecret its secret
 * @param timestamp Unix time in seconds, decimal
 * @param body the exact bytes that are sent
 * @returns the Signature header
 */
export function sign(
  groupKey: string,
  groupSecret: string,
  timestamp: string,
  body: Buffer | string,
): string {
  const dataSign = hmac(groupSecret, body);
  return hmac(groupSecret, `groupKey=${groupKey}&sign=${dataSign}&timestamp=${timestamp}`);
}

function hmac(secret: string, data: Buffer | string): string {
  return createHmac('sha256', secret).update(data).digest('base64');
}

/** docs/providers/xhey.md, "POST /v2/truth_build/query": an account that gets "no such task" as its answer is valid. Free. */
export const probe: Probe = async (account, context) => {
  try {
    await query(account, NO_TASK, context);
  } catch (error) {
    if (!(error instanceof VerifyError && error.details.providerCode === UNKNOWN_TASK)) throw error;
  }
};
