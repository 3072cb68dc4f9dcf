import { createHash, randomBytes } from 'node:crypto';
import type { Account, Probe } from '../../contract/account';
import type { RequestAnswer, RequestTurn } from '../../contract/provider-request';
import type { Credentials } from '../../contract/settings';
import {
  type CallContext,
  type HttpAnswer,
  type HttpRequest,
  inSlot,
  type QueueSlot,
} from '../../contract/transport';
import type { Known } from '../../input/mask';
import { type Issued, readAnything, readIssued } from './response';

/** docs/providers/linkface.md, the row of detection_type: silent_liveness stands in one edition of the document. */
export const DETECTION_TYPES: readonly string[] = [
  'liveness',
  'silent_liveness',
  'idcard_ocr',
  'bankcard_ocr',
];

/** docs/providers/linkface.md, the row of sequence_id: 64 characters are recommended. */
const SEQUENCE_ID_BYTES = 32;
const BOUNDARY_BYTES = 16;

const randomHexOf = (bytes: number) => randomBytes(bytes).toString('hex');

/** A request for a token. */
export interface TokenRequest {
  detectionType: string;
  /** null for a random one. */
  sequenceId: string | null;
}

/** Its answer. */
export interface TokenAnswer extends Issued {
  /** As it was sent. */
  sequenceId: string;
  /** Unix time in milliseconds, by this machine's clock, at which the answered request was sent. */
  sentAt: number;
}

/**
 * Asks for a token: docs/providers/linkface.md, `POST /v2/sdk/get_token`. Free.
 * @param account linkface's
 * @param wanted what the token is for
 * @param slot of the message in the account's queue
 * @param context of the message, or of a test of the account
 * @param randomHex gives so many random bytes, in hexadecimal
 * @throws VerifyError
 */
export async function requestToken(
  account: Account,
  wanted: TokenRequest,
  slot: QueueSlot,
  context: CallContext,
  randomHex = randomHexOf,
): Promise<TokenAnswer> {
  // One serial number for all attempts: in the provider's logs they are one call.
  const sequenceId = wanted.sequenceId ?? randomHex(SEQUENCE_ID_BYTES);
  let sentAt = 0;
  const form = { detection_type: wanted.detectionType };
  const signed = request(account, '/v2/sdk/get_token', { sequence_id: sequenceId }, form, randomHex);
  const build = (now: number, credentials: Credentials) => {
    sentAt = context.now();
    return signed(now, credentials);
  };
  const read = (answer: HttpAnswer) => readIssued(answer, { person: null, secrets: account.secrets });
  const issued = await account.transport.send({ build, read, slot, claim: null, repeat: true }, context);
  return { ...issued, sequenceId, sentAt };
}

/**
 * Asks for anything else that is signed in the same way.
 * @param account linkface's
 * @param path behind its base URL
 * @param query beside `api_id`; without a `sequence_id` it gets a random one
 * @param form beside `timestamp` and `sign`
 * @param known what the answer's texts may repeat
 * @param turn of the message, and whether it may cost
 * @param context of the message
 * @throws VerifyError
 */
export function requestPath(
  account: Account,
  path: string,
  query: Readonly<Record<string, string>>,
  form: Readonly<Record<string, string>>,
  known: Known,
  turn: RequestTurn,
  context: CallContext,
): Promise<RequestAnswer> {
  const whole = { sequence_id: randomHexOf(SEQUENCE_ID_BYTES), ...query };
  const build = request(account, path, whole, form, randomHexOf);
  const read = (answer: HttpAnswer) => readAnything(answer, known);
  return account.transport.send({ build, read, ...turn }, context);
}

/** Signs for the time and with the keys of each attempt. */
function request(
  account: Account,
  path: string,
  query: Readonly<Record<string, string>>,
  form: Readonly<Record<string, string>>,
  randomHex: (bytes: number) => string,
): (now: number, credentials: Credentials) => HttpRequest {
  return (now, { apiId = '', apiSecret = '' }) => {
    const timestamp = String(Math.floor(account.settings.timestampUnit === 's' ? now / 1000 : now));
    const boundary = `cn-verify-${randomHex(BOUNDARY_BYTES)}`;
    const pairs = Object.entries({ ...query, api_id: apiId }).map((pair) =>
      pair.map(encodeURIComponent).join('='),
    );
    return {
      method: 'POST',
      // The placement is that of the document's curl; its table does not say where a field stands.
      path: `${path}?${pairs.join('&')}`,
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: writeMultipart({ ...form, timestamp, sign: sign(apiId, apiSecret, timestamp) }, boundary),
    };
  };
}

/**
 * Signs a request: docs/providers/linkface.md, the row of sign.
 * @param apiId the account
 * @param apiSecret its secret
 * @param timestamp Unix time, decimal, as it is sent
 * @returns lower-case hexadecimal
 */
export function sign(apiId: string, apiSecret: string, timestamp: string): string {
  return createHash('sha256')
    .update(apiId + apiSecret + timestamp, 'utf8')
    .digest('hex');
}

/**
 * Writes a form as one Buffer, so that it is sent with its length and never in chunks (providers/README, "Rules for
 * all four"): RFC 7578.
 * @param fields with values that are text, and names that need no quoting
 * @param boundary that occurs in none of the values
 * @returns the body of a multipart/form-data request
 */
export function writeMultipart(fields: Readonly<Record<string, string>>, boundary: string): Buffer {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
}

/** docs/providers/linkface.md, `POST /v2/sdk/get_token`: a token costs nothing; this one is not used. */
export const probe: Probe = async (account, context) => {
  const wanted = { detectionType: 'liveness', sequenceId: null };
  await inSlot(account.transport, (slot) => requestToken(account, wanted, slot, context));
};
