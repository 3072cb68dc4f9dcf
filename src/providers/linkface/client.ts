import { createHash, randomBytes } from 'node:crypto';
import type { Account, Credentials, Probe } from '../../contract/account';
import type { CallContext, HttpAnswer, QueueSlot } from '../../contract/transport';
import { type Issued, readIssued } from './response';

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

/** What is asked for. */
export interface TokenRequest {
  detectionType: string;
  /** null for a random one. */
  sequenceId: string | null;
}

/** What came of it. */
export interface TokenAnswer extends Issued {
  /** As it was sent. */
  sequenceId: string;
  /** Unix time in milliseconds, by this machine's clock, at which the answered request was sent. */
  sentAt: number;
}

/**
 * Asks for a token: docs/providers/linkface.md, `POST /v2/sdk/get_token`. Free.
 * @param account linkface's
 * @param wanted what for
 * @param slot of the message in the account's queue
 * @param context of the message, or of a test of the account
 * @param randomHex so many random bytes, in hexadecimal
 * @throws VerifyError
 */
export async function requestToken(
  account: Account,
  wanted: TokenRequest,
  slot: QueueSlot,
  context: CallContext,
  randomHex = (bytes: number) => randomBytes(bytes).toString('hex'),
): Promise<TokenAnswer> {
  // One serial number for all attempts: they are one call to whoever looks for it in the provider's logs.
  const sequenceId = wanted.sequenceId ?? randomHex(SEQUENCE_ID_BYTES);
  let sentAt = 0;

  const build = (now: number, { apiId = '', apiSecret = '' }: Credentials) => {
    sentAt = context.now();
    const timestamp = String(Math.floor(account.settings.timestampUnit === 's' ? now / 1000 : now));
    const boundary = `cn-verify-${randomHex(BOUNDARY_BYTES)}`;
    const form = {
      detection_type: wanted.detectionType,
      timestamp,
      sign: sign(apiId, apiSecret, timestamp),
    };
    return {
      method: 'POST' as const,
      // The placement is that of the document's curl; its table does not say where a field stands.
      path: `/v2/sdk/get_token?sequence_id=${encodeURIComponent(sequenceId)}&api_id=${encodeURIComponent(apiId)}`,
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: writeMultipart(form, boundary),
    };
  };

  const read = (answer: HttpAnswer) => readIssued(answer, { person: null, secrets: account.secrets });
  const issued = await account.transport.send({ build, read, slot, claim: null, repeat: true }, context);
  return { ...issued, sequenceId, sentAt };
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
 * @param fields whose names need no quoting, and whose values are text
 * @param boundary that occurs in none of the values
 * @returns the body of a multipart/form-data request
 */
export function writeMultipart(fields: Readonly<Record<string, string>>, boundary: string): Buffer {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${parts.join('')}--${boundary}--\r\n`);
}

/** docs/providers/linkface.md, `POST /v2/sdk/get_token`: a token costs nothing; this one is let go. */
export const probe: Probe = async (account, context) => {
  const slot = account.transport.takeSlot();
  try {
    await requestToken(account, { detectionType: 'liveness', sequenceId: null }, slot, context);
  } finally {
    slot.release();
  }
};
