/** Addresses of photos: CONTRACT, "What an input may look like", Photo URL. */
import { VerifyError } from '../errors';
import type { Environment } from '../result';
import { readText } from './text';
import { isUnreachable } from './unreachable';

/** More than a message may have. */
const MOST_PIECES = 1003;
/** No document has a limit; servers and proxies refuse far shorter ones than this. */
const LONGEST_URL = 8192;

/** What no URL has unescaped; `URL` would read a backslash as a slash, and two slashes too many as none. */
const ADDRESS = /^https?:\/\/[^/\\?#]+[^\\]*$/i;
/** A second address behind a separator or none, or a separator at the end. */
const GLUED = /[\w,;，；、|]https?:\/\/|[,;，；、|]$/i;
/** A scheme, under what nobody sees; a letter with a colon is a drive, and `data:` and `base64:` are photos. */
const SCHEME = /^[^a-z\d/+]{0,8}(?!data:|base64:)[a-z][a-z\d+.-]+:/i;

/**
 * Reads the addresses in one text.
 * @param value of a message
 * @param position of the first one among the photos of the message, from 1
 * @param field name of the node's property
 * @param environment of the account: the sandbox takes an address that nobody can reach
 * @param repaired gets the field's name where the text was changed or split
 * @returns at least one
 * @throws VerifyError INPUT
 */
export function readPhotoUrlsIn(
  value: string,
  position: number,
  field: string,
  environment: Environment | null,
  repaired: Set<string>,
): string[] {
  const pieces = piecesOf(value, position, field, repaired);
  return pieces.map((piece, index) => readOne(piece, position + index, field, environment, repaired));
}

/**
 * Reads the address of the one photo of a message.
 * @param value a text
 * @param field name of the node's property
 * @param environment of the account
 * @param repaired gets the field's name where the text was changed
 * @throws VerifyError INPUT
 */
export function readPhotoUrl(
  value: string,
  field: string,
  environment: Environment | null,
  repaired: Set<string>,
): string {
  return readOne(value, 1, field, environment, repaired);
}

/**
 * @param value a photo as a message has it
 * @returns whether it is a text with a scheme, and so meant as an address
 */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && SCHEME.test(value.slice(0, 64));
}

/** An address has no white space inside: where there is some, it stands between two of them. */
function piecesOf(value: string, position: number, field: string, repaired: Set<string>): string[] {
  const pieces = value.split(/\s+/, MOST_PIECES).filter((piece) => piece !== '');
  if (pieces.length === 0) throw new VerifyError('INPUT', 'not-a-url', { position });
  if (pieces.length > 1 && !pieces.every((piece) => /^[^a-z]{0,8}https?:/i.test(piece)))
    throw new VerifyError('INPUT', 'url-with-space', { position });
  if (pieces[0] !== value) repaired.add(field);
  return pieces;
}

function readOne(
  value: string,
  position: number,
  field: string,
  environment: Environment | null,
  repaired: Set<string>,
): string {
  const url = readText(value, field, LONGEST_URL, repaired);
  if (/\s/.test(url)) throw new VerifyError('INPUT', 'url-with-space', { position });
  const parts = ADDRESS.test(url) ? parse(url) : null;
  if (!parts) throw new VerifyError('INPUT', 'not-a-url', { position });
  if (parts.username || parts.password) throw new VerifyError('INPUT', 'url-with-password', { position });
  if (GLUED.test(url)) throw new VerifyError('INPUT', 'urls-glued', { position });
  if (environment !== 'sandbox' && isUnreachable(parts.hostname))
    throw new VerifyError('INPUT', 'url-unreachable', { position });
  return url;
}

function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    return null;
  }
}
