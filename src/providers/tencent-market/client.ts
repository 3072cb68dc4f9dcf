import { randomUUID } from 'node:crypto';
import type { Account, Context, Place } from '../../action';
import { VerifyError } from '../../errors';
import { type Person, writeForm } from './form';
import { type Comparison, readAnswer } from './response';
import { schemeFor } from './scheme';
import { signatureHeaders } from './sign';

/**
 * Compares a face with the police register's photo: tencent-market.md. May cost money.
 * @param account tencent-market's
 * @param person who it is said to be
 * @param place of the message in the account's queue
 * @param context of the message
 * @returns what was found
 * @throws VerifyError
 */
export function compare(
  account: Account,
  person: Person,
  place: Place,
  context: Context,
): Promise<Comparison> {
  const { secretId = '', secretKey = '' } = account.credentials;
  const signer = { secretId, secretKey, source: String(account.settings.source) };
  const scheme = schemeFor(account.settings.scheme, account.baseUrl.hostname);
  if (!scheme) throw new VerifyError('CONFIG', 'scheme-unknown');

  let body: Buffer | undefined;
  return account.transport.send(
    {
      build: (now) => {
        // Only now: a thousand messages that wait must not hold a second copy of their photos.
        body ??= writeForm(person);
        return {
          method: 'POST',
          // The base URL is the whole endpoint.
          path: '',
          headers: {
            'Content-Type': 'application/x-www-form-urlencoded',
            ...signatureHeaders(scheme, signer, now, randomUUID()),
          },
          body,
        };
      },
      read: (answer) => readAnswer(answer, person),
      place,
      mayCost: true,
    },
    context,
  );
}
