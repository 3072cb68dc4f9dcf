import { randomUUID } from 'node:crypto';
import type { Account, Probe } from '../../contract/account';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { RequestAnswer, RequestTurn } from '../../contract/provider-request';
import type { Call, HttpRequest, PaidTurn } from '../../contract/transport';
import type { Known } from '../../input/mask';
import { BAD_PARAMETERS } from './codes';
import { type Comparison, readAnswer, readProduct, requestIdIn } from './response';
import { schemeFor, sign } from './sign';

/** What the provider compares. */
export interface Person {
  name: string;
  idNumber: string;
  /** The photo itself, or where the provider downloads it. */
  photo: Buffer | { url: string };
}

/** Whole groups of three bytes, so that only the last piece is padded. */
const PIECE_BYTES = 48 * 1024;
/** The document's program samples send a field that is not used as an empty one. */
const EMPTY_FORM = Buffer.from('name=&idcard=&image=&url=');

/**
 * Compares a face with the police register's photo: docs/providers/tencent-market.md. May cost money.
 * @param account tencent-market's
 * @param person to be compared
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
 * docs/providers/tencent-market.md, the table of body fields: the product refuses a comparison without them before it compares
 * anything, so it is free. Where the product itself does that, the gateway has accepted the keys.
 */
export const probe: Probe = async (account, context) => {
  const build = request(account, () => EMPTY_FORM);
  try {
    await account.transport.send({ build, ...reading(account, null, 0), claim: null }, context);
  } catch (error) {
    if (!(error instanceof VerifyError && error.details.providerCode === BAD_PARAMETERS)) throw error;
  }
};

/** How an answer is read, and what of one that cannot be read. */
function reading(
  { secrets }: Account,
  person: Person | null,
  maxPhotoMB: number,
): Pick<Call<Comparison>, 'read' | 'requestIdIn'> {
  const known = { person, secrets };
  return {
    read: (answer, _credentials, sealed) => readAnswer(answer, { known: { ...known, sealed }, maxPhotoMB }),
    requestIdIn: (headers) => requestIdIn(headers, known),
  };
}

/** Where a request goes, if not to the account's own address. */
export type Target = Pick<HttpRequest, 'path' | 'origin'>;

/** The base URL is the whole endpoint. */
const OWN_ADDRESS: Target = { path: '' };

/**
 * Asks another product: docs/providers/tencent-market.md, "Other products".
 * @param account tencent-market's
 * @param target of the product
 * @param form that is sent
 * @param known what the answer's texts may repeat
 * @param turn of the message, and whether it may cost
 * @param context of the message
 * @throws VerifyError
 */
export function requestProduct(
  account: Account,
  target: Target,
  form: Readonly<Record<string, string>>,
  known: Known,
  turn: RequestTurn,
  context: Context,
): Promise<RequestAnswer> {
  const pairs = Object.entries(form).map((pair) => pair.map(encodeURIComponent).join('='));
  const body = Buffer.from(pairs.join('&'), 'latin1');
  const isOwn = target.path === '' && !target.origin;
  return account.transport.send(
    {
      build: request(account, () => body, target),
      read: (answer, _credentials, sealed) => readProduct(answer, { ...known, sealed }, isOwn),
      requestIdIn: (headers) => requestIdIn(headers, known),
      ...turn,
    },
    context,
  );
}

/** Signs the form for the time and with the keys of each attempt. */
function request(account: Account, body: () => Buffer, target = OWN_ADDRESS): Call<unknown>['build'] {
  const source = String(account.settings.source);
  const { hostname } = target.origin ? new URL(target.origin) : account.baseUrl;
  const scheme = schemeFor(account.settings.scheme, hostname);
  if (!scheme) throw new VerifyError('CONFIG', 'scheme-unknown');
  return (now, { secretId = '', secretKey = '' }) => {
    const { headers, signature } = sign(scheme, { secretId, secretKey, source }, now, randomUUID());
    return {
      method: 'POST',
      ...target,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
      body: body(),
      sealed: [signature],
    };
  };
}

/**
 * Writes the form: docs/providers/tencent-market.md, the table of body fields. "`+`, `/` and `=` of the base64 must be percent-encoded." A photo is encoded piece by piece, so that no text of
 * its size is made.
 * @param person with name, id number and photo, which is not changed
 * @returns the body; of `image` and `url` it has the one that is used
 */
export function writeForm({ name, idNumber, photo }: Person): Buffer {
  const fields = `name=${encodeURIComponent(name)}&idcard=${encodeURIComponent(idNumber)}`;
  if ('url' in photo) return Buffer.from(`${fields}&url=${encodeURIComponent(photo.url)}`);
  const body = [Buffer.from(`${fields}&image=`)];
  for (let start = 0; start < photo.length; start += PIECE_BYTES)
    body.push(
      Buffer.from(encodeURIComponent(photo.toString('base64', start, start + PIECE_BYTES)), 'latin1'),
    );
  return Buffer.concat(body);
}
