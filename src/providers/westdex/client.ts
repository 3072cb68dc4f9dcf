import type { Account, Context, HttpRequest } from '../../action';
import { VerifyError } from '../../errors';
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

/**
 * Asks whether name, id number and face belong together: westdex.md. May cost money.
 * @param account westdex's
 * @param person whom to ask about
 * @param context of the message
 * @returns the envelope of a success
 * @throws VerifyError
 */
export async function idCardThreeElements(
  account: Account,
  { personName, idNumber, photo }: Person,
  context: Context,
): Promise<Envelope> {
  const { secretId = '', key = '' } = account.credentials;
  const keyDerivation = account.settings.keyDerivation as KeyDerivation;
  const derived = aesKey(keyDerivation, key);
  if (!derived) throw new VerifyError('CONFIG', 'key-unusable', { keyDerivation });
  const known = { person: { name: personName, idNumber }, secrets: [secretId, key] };
  const body = bodyOf(
    { customNumber: secretId, xM: encrypt(personName, derived), gMSFZHM: encrypt(idNumber, derived) },
    photo,
  );
  let offset = 0;
  /** "`timestamp` in the query and `data.timeStamp` are the same string." */
  const build = (now: number): HttpRequest => {
    const timeStamp = String(Math.floor(now));
    offset = now - context.now();
    return {
      method: 'POST',
      path: `/${encodeURIComponent(secretId)}/idCardThreeElements?timestamp=${timeStamp}`,
      headers: { 'Content-Type': 'application/json' },
      body: body(timeStamp),
    };
  };
  const place = account.transport.place();
  try {
    return await account.transport.send(
      {
        build,
        read: (answer) =>
          readEnvelope(answer, { key, keyDerivation, aesKey: derived, known, now: context.now(), offset }),
        place,
        mayCost: true,
      },
      context,
    );
  } finally {
    place.leave();
  }
}
