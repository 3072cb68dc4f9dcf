import type { Account } from '../../contract/account';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { RequestTurn } from '../../contract/provider-request';
import type { Credentials } from '../../contract/settings';
import type { Call, HttpRequest, PaidTurn } from '../../contract/transport';
import type { Json, JsonObject } from '../../input/json-object';
import type { Known } from '../../input/mask';
import type { KeyDerivation } from './account';
import { aesKey, encrypt } from './cipher';
import { type Envelope, readEnvelope } from './response';

/** docs/providers/westdex.md, the first line: the one `api_code` with documented fields. */
export const THREE_ELEMENTS = 'idCardThreeElements';

/** The person whom the photo should show. */
export interface Person {
  personName: string;
  idNumber: string;
  photo: Buffer;
}

/** What the body holds beside the photo: docs/providers/westdex.md, the request. */
interface BodyFields {
  customNumber: string;
  /** The name, encrypted. */
  xM: string;
  /** The id number, encrypted. */
  gMSFZHM: string;
}

const BEFORE_TIME_STAMP = '{"data":{"timeStamp":"';
/** Whole groups of three bytes: the base64 of each piece ends without padding. */
const PIECE_BYTES = 3 * 16 * 1024;

/** What one pair of keys made of a request. */
interface Sealed {
  /** Writes the body for a time stamp. */
  write: (timeStamp: string) => Buffer;
  /** The encrypted values. */
  values: string[];
}

/** Longer ones are left out of a text as photos are: src/input/mask.ts. */
const LONGEST_SEALED = 64;
/** More than any `api_code` has; each costs a look through every text of the provider. */
const MOST_SEALED = 100;

/**
 * Asks whether name, id number and face belong together: docs/providers/westdex.md. May cost money.
 * @param account westdex's
 * @param person whom the call is about
 * @param turn of the message in the account's queue
 * @param context of the message
 * @returns the envelope of a success
 * @throws VerifyError
 */
export async function idCardThreeElements(
  account: Account,
  { personName, idNumber, photo }: Person,
  turn: PaidTurn,
  context: Context,
): Promise<Envelope> {
  const known = { person: { name: personName, idNumber }, secrets: account.secrets };
  const seal = (customNumber: string, key: Buffer) => {
    const [xM, gMSFZHM] = [encrypt(personName, key), encrypt(idNumber, key)];
    return { write: bodyOf({ customNumber, xM, gMSFZHM }, photo), values: [xM, gMSFZHM] };
  };
  return invoke(account, THREE_ELEMENTS, seal, known, { ...turn, repeat: false }, context);
}

/**
 * Asks for anything else: docs/providers/westdex.md, "Other `api_code`s".
 * @param account westdex's
 * @param wanted the request, and which of the fields of `data` are encrypted
 * @param known what the answer's texts may repeat
 * @param turn of the message, and whether it may cost
 * @param context of the message
 * @throws VerifyError
 */
export function requestApi(
  account: Account,
  { apiCode, body, extra, isEncrypted }: ApiRequest,
  known: Known,
  turn: RequestTurn,
  context: Context,
): Promise<Envelope> {
  const seal = (customNumber: string, key: Buffer): Sealed => {
    const values: string[] = [];
    const fields = Object.entries(body).map(([name, value]) => {
      if (!isEncrypted(name)) return [name, value];
      const encrypted = encrypt(textOf(value), key);
      if (encrypted.length <= LONGEST_SEALED && values.length < MOST_SEALED) values.push(encrypted);
      return [name, encrypted];
    });
    const sealed = Object.fromEntries(fields);
    const write = (timeStamp: string) =>
      Buffer.from(JSON.stringify({ data: { timeStamp, customNumber, ...sealed }, ...extra }));
    return { write, values };
  };
  return invoke(account, apiCode, seal, known, turn, context);
}

/** What is asked of an `api_code`. */
interface ApiRequest {
  apiCode: string;
  /** Fields of `data` beside those that the client fills in. */
  body: JsonObject;
  /** Beside `data`. */
  extra: JsonObject;
  isEncrypted(name: string): boolean;
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/**
 * @param seal writes the body with what one pair of keys made of it
 * @throws VerifyError CONFIG where a key cannot be used, before anything is sent
 */
async function invoke(
  account: Account,
  apiCode: string,
  seal: (customNumber: string, key: Buffer) => Sealed,
  known: Known,
  turn: RequestTurn,
  context: Context,
): Promise<Envelope> {
  const keyDerivation = account.settings.keyDerivation as KeyDerivation;
  const keyOf = (pair: Credentials): Buffer => {
    const derived = aesKey(keyDerivation, pair.key ?? '');
    if (derived) return derived;
    const name = pair === account.pairs[0] ? 'key' : 'nextKey';
    throw new VerifyError('CONFIG', 'key-unusable', { name, keyDerivation });
  };
  // A next key that cannot be used is found now, and not when it is needed.
  for (const pair of account.pairs) keyOf(pair);
  let sealed: (Sealed & { credentials: Credentials; aesKey: Buffer }) | undefined;
  const sealedWith = (credentials: Credentials) => {
    if (sealed?.credentials === credentials) return sealed;
    const derived = keyOf(credentials);
    sealed = { credentials, aesKey: derived, ...seal(credentials.secretId ?? '', derived) };
    return sealed;
  };
  let offset = 0;
  /** "`timestamp` in the query and `data.timeStamp` are the same string." */
  const build = (now: number, credentials: Credentials): HttpRequest => {
    const timeStamp = String(Math.floor(now));
    offset = now - context.now();
    const { write, values } = sealedWith(credentials);
    return {
      method: 'POST',
      path: `/${encodeURIComponent(credentials.secretId ?? '')}/${apiCode}?timestamp=${timeStamp}`,
      headers: { 'Content-Type': 'application/json' },
      body: write(timeStamp),
      sealed: values,
    };
  };
  const read: Call<Envelope>['read'] = (answer, credentials, values) => {
    const { key = '' } = credentials;
    const usedKey = sealedWith(credentials).aesKey;
    const reader = { key, aesKey: usedKey, keyDerivation, known: { ...known, sealed: values } };
    return readEnvelope(answer, { ...reader, now: context.now(), offset });
  };
  return account.transport.send({ build, read, ...turn }, context);
}

/**
 * Puts the JSON body together without a second copy of the photo as text: it is encoded piece by piece.
 * @param fields beside the photo
 * @param photo which stays as it is
 * @returns gives the body for a time stamp. From the second attempt on only the time stamp is written again, into the
 *   same memory: the attempt before is over by then, and the photo is not encoded again
 */
export function bodyOf(fields: BodyFields, photo: Buffer): (timeStamp: string) => Buffer {
  let body: Buffer | undefined;
  let written = '';
  return (timeStamp) => {
    if (!body || timeStamp.length !== written.length) body = assemble(timeStamp, fields, photo);
    else body.write(timeStamp, BEFORE_TIME_STAMP.length, 'latin1');
    written = timeStamp;
    return body;
  };
}

function assemble(timeStamp: string, { customNumber, xM, gMSFZHM }: BodyFields, photo: Buffer): Buffer {
  const data = JSON.stringify({ timeStamp, customNumber, xM, gMSFZHM });
  const before = Buffer.from(`{"data":${data},"photoData":"`);
  const after = '"}';
  const length = Math.ceil(photo.length / 3) * 4;

  const body = Buffer.allocUnsafeSlow(before.length + length + after.length);
  let end = before.copy(body);
  for (let start = 0; start < photo.length; start += PIECE_BYTES)
    end += body.write(photo.toString('base64', start, start + PIECE_BYTES), end, 'latin1');
  body.write(after, end, 'latin1');
  return body;
}
