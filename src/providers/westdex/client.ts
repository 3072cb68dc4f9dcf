import type { Account, Credentials } from '../../contract/account';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { HttpAnswer, HttpRequest, PaidTurn } from '../../contract/transport';
import type { Photo } from '../../input/photo';
import type { KeyDerivation } from './account';
import { bodyOf } from './body';
import { aesKey, encrypt } from './cipher';
import { type Envelope, readEnvelope } from './response';

/** Whom the photo is said to show. */
export interface Person {
  personName: string;
  idNumber: string;
  photo: Photo;
}

/** What one pair of keys makes of a person. */
interface Sealed {
  credentials: Credentials;
  key: string;
  aesKey: Buffer;
  /** The request's, for a time stamp. */
  body(timeStamp: string): Buffer;
}

/**
 * Asks whether name, id number and face belong together: docs/providers/westdex.md. May cost money.
 * @param account westdex's
 * @param person whom to ask about
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
  const keyDerivation = account.settings.keyDerivation as KeyDerivation;
  const keyOf = (pair: Credentials): Buffer => {
    const derived = aesKey(keyDerivation, pair.key ?? '');
    if (derived) return derived;
    const name = pair === account.pairs[0] ? 'key' : 'nextKey';
    throw new VerifyError('CONFIG', 'key-unusable', { name, keyDerivation });
  };
  // A next key that cannot be used is found now, and not when it is needed.
  for (const pair of account.pairs) keyOf(pair);
  const known = { person: { name: personName, idNumber }, secrets: account.secrets };
  let sealed: Sealed | undefined;
  const seal = (credentials: Credentials): Sealed => {
    if (sealed?.credentials === credentials) return sealed;
    const { secretId: customNumber = '', key = '' } = credentials;
    const derived = keyOf(credentials);
    const [xM, gMSFZHM] = [encrypt(personName, derived), encrypt(idNumber, derived)];
    sealed = { credentials, key, aesKey: derived, body: bodyOf({ customNumber, xM, gMSFZHM }, photo) };
    return sealed;
  };
  let offset = 0;
  /** "`timestamp` in the query and `data.timeStamp` are the same string." */
  const build = (now: number, credentials: Credentials): HttpRequest => {
    const timeStamp = String(Math.floor(now));
    offset = now - context.now();
    return {
      method: 'POST',
      path: `/${encodeURIComponent(credentials.secretId ?? '')}/idCardThreeElements?timestamp=${timeStamp}`,
      headers: { 'Content-Type': 'application/json' },
      body: seal(credentials).body(timeStamp),
    };
  };
  const read = (answer: HttpAnswer, credentials: Credentials) => {
    const { key, aesKey: usedKey } = seal(credentials);
    return readEnvelope(answer, { key, aesKey: usedKey, keyDerivation, known, now: context.now(), offset });
  };
  return account.transport.send({ build, read, ...turn }, context);
}
