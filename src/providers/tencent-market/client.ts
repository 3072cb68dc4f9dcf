import { randomUUID } from 'node:crypto';
import type { Account } from '../../contract/account';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Call, CallContext, PaidTurn } from '../../contract/transport';
import { type Person, writeForm } from './form';
import { type Comparison, readAnswer, requestIdIn } from './response';
import { schemeFor } from './scheme';
import { signatureHeaders } from './sign';

/** The document's program samples send a field that is not used as an empty one. */
const EMPTY_FORM = Buffer.from('name=&idcard=&image=&url=');

/**
 * Compares a face with the police register's photo: docs/providers/tencent-market.md. May cost money.
 * @param account tencent-market's
 * @param person who it is said to be
 * @param maxPhotoMB the node's own limit
 * @param turn of the message in the account's queue
 * @param context of the message
 * @returns what was found
 * @throws VerifyError
 */
export function compare(
  account: Account,
  person: Person,
  maxPhotoMB: number,
  turn: PaidTurn,
  context: Context,
): Promise<Comparison> {
  let body: Buffer | undefined;
  // Only now: a thousand messages that wait must not hold a second copy of their photos.
  const build = request(account, () => {
    body ??= writeForm(person);
    return body;
  });
  return account.transport.send({ build, ...reading(account, person, maxPhotoMB), ...turn }, context);
}

/**
 * Asks for a comparison without the fields it takes: docs/providers/tencent-market.md, the table of body fields. The product refuses that
 * before it compares anything, so it is free.
 * @param account tencent-market's
 * @param context of a test of the account
 * @throws VerifyError, by the product's code 400 where the account works
 */
export async function compareNobody(account: Account, context: CallContext): Promise<void> {
  const build = request(account, () => EMPTY_FORM);
  await account.transport.send({ build, ...reading(account, null, 0), claim: null }, context);
}

/** How an answer is read, and what of one that cannot be read. */
function reading(
  { secrets }: Account,
  person: Person | null,
  maxPhotoMB: number,
): Pick<Call<Comparison>, 'read' | 'requestIdIn'> {
  const known = { person, secrets };
  return {
    read: (answer) => readAnswer(answer, { known, maxPhotoMB }),
    requestIdIn: (headers) => requestIdIn(headers, known),
  };
}

/** Signs the form for the time and with the keys of each attempt. */
function request(account: Account, body: () => Buffer): Call<unknown>['build'] {
  const source = String(account.settings.source);
  const scheme = schemeFor(account.settings.scheme, account.baseUrl.hostname);
  if (!scheme) throw new VerifyError('CONFIG', 'scheme-unknown');
  return (now, { secretId = '', secretKey = '' }) => ({
    method: 'POST',
    // The base URL is the whole endpoint.
    path: '',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      ...signatureHeaders(scheme, { secretId, secretKey, source }, now, randomUUID()),
    },
    body: body(),
  });
}
