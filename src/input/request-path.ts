/** Paths of a provider: docs/contract.md, "Action nodes", `provider-request`. */
import { VerifyError } from '../contract/errors';
import { readText } from './text';

/** Longer than any that is known; servers refuse far longer ones. */
const LONGEST_PATH = 2048;
const SCHEME = /^[a-z][a-z\d+.-]*:/i;
/** What no path has unescaped, `URL` would read as something else, or a server never sees. */
const UNFIT = /[\s\\#"<>]|^\/\//;
/** The folder itself, or the one above it: nobody means that. */
const DOTS = /^(?:\.|%2e){1,2}$/i;

/** Where a request goes. */
export interface RequestPath {
  /** Of a whole address; null where only a path was given. */
  address: URL | null;
  /** Percent-encoded, with its query. */
  path: string;
}

/**
 * @param value as a message has it: a path, or a whole address; not empty
 * @param field name of the node's property
 * @param repaired gets the field's name where the text was changed
 * @throws VerifyError INPUT
 */
export function readRequestPath(value: unknown, field: string, repaired: Set<string>): RequestPath {
  const text = readText(value, field, LONGEST_PATH, repaired);
  if (text === '') throw new VerifyError('INPUT', 'path-missing', { field });
  const unreadable = () => new VerifyError('INPUT', 'path-unreadable', { field });
  if (UNFIT.test(text)) throw unreadable();
  const isWhole = SCHEME.test(text);
  if (!isWhole && !text.startsWith('/')) repaired.add(field);
  const whole = isWhole ? text : `https://provider.invalid/${text.replace(/^\//, '')}`;
  const [beforeQuery = ''] = whole.split('?');
  if (!URL.canParse(whole) || beforeQuery.split('/').some((segment) => DOTS.test(segment)))
    throw unreadable();
  const address = new URL(whole);
  const { protocol, username, password, pathname, search } = address;
  if (!/^https?:$/.test(protocol) || username || password) throw unreadable();
  return { address: isWhole ? address : null, path: pathname + search };
}

/**
 * @param given of `readRequestPath`
 * @param base URL of the account, whose path is kept
 * @returns the path behind the base URL
 * @throws VerifyError CONFIG where the address is another one than the account's: it would be sent the account's keys
 */
export function pathBehind({ address, path }: RequestPath, base: URL): string {
  if (!address) return path;
  const folder = base.pathname.replace(/\/$/, '');
  const isBehind = path === folder || path.startsWith(`${folder}/`) || path.startsWith(`${folder}?`);
  if (address.origin !== base.origin || !isBehind) throw otherHost();
  return path.slice(folder.length);
}

/** @returns the error of an address that must not be sent the account's keys */
export function otherHost(): VerifyError {
  return new VerifyError('CONFIG', 'other-host', {}, { charged: false });
}
