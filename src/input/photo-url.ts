/** Addresses of photos: CONTRACT, "What an input may look like", Photo URL. */
import { VerifyError } from '../errors';
import type { Environment } from '../result';
import { parseJsonText } from './json-text';
import { readText } from './text';
import { isUnreachable } from './unreachable';

/** CONTRACT, "What an input may look like", Photo URL. */
const MOST_URLS = 1000;
/** No document has a limit; servers and proxies refuse far shorter ones than this. */
const LONGEST_URL = 8192;

/** A thousand addresses with long signatures in one text. */
const LONGEST_LIST = 4 * 1024 * 1024;

const JSON_TEXT = /^\s*[[{"]/;
/** What no URL has unescaped; `URL` would read a backslash as a slash, and two slashes too many as none. */
const ADDRESS = /^https?:\/\/[^/\\?#]+[^\\]*$/i;
/** A second address behind a separator or none, or a separator at the end. */
const GLUED = /[\w,;，；、|]https?:\/\/|[,;，；、|]$/i;
/** A scheme, under what nobody sees; a letter with a colon is a drive, and `data:` and `base64:` are photos. */
const SCHEME = /^[^a-z\d/+]{0,8}(?!data:|base64:)[a-z][a-z\d+.-]+:/i;

/**
 * Reads the photos of a message that are addresses.
 * @param value one address, several in a text, an array of them, an object with `photoUrls`, or JSON of one of these
 * @param field name of the node's property
 * @param environment of the account: the sandbox downloads nothing, and takes an address that nobody can reach
 * @param repaired gets the field's name where a text was changed or split
 * @returns all of them as they came, one given twice too; at least one
 * @throws VerifyError INPUT
 */
export function readPhotoUrls(
  value: unknown,
  field: string,
  environment: Environment | null,
  repaired: Set<string>,
): string[] {
  const given = listOf(value);
  if (given.length === 0) throw new VerifyError('INPUT', 'no-photos');
  const photoUrls: string[] = [];
  for (let index = 0; index < given.length; index++) {
    if (index >= MOST_URLS) throw new VerifyError('INPUT', 'too-many-photos', { most: MOST_URLS });
    for (const piece of piecesOf(given[index], photoUrls.length + 1, field, repaired)) {
      if (photoUrls.length >= MOST_URLS)
        throw new VerifyError('INPUT', 'too-many-photos', { most: MOST_URLS });
      photoUrls.push(readOne(piece, photoUrls.length + 1, field, environment, repaired));
    }
  }
  return photoUrls;
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

function listOf(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') {
    if (value.length > LONGEST_LIST) throw new VerifyError('INPUT', 'too-many-photos', { most: MOST_URLS });
    return JSON_TEXT.test(value.slice(0, 64)) ? listOf(parsed(value)) : [value];
  }
  if (Array.isArray(value)) return value;
  return typeof value === 'object' && 'photoUrls' in value ? listOf(value.photoUrls) : [value];
}

function parsed(text: string): unknown {
  try {
    return parseJsonText(text.trim());
  } catch {
    throw new VerifyError('INPUT', 'photos-not-json');
  }
}

/** An address has no white space inside: where there is some, it stands between two of them. */
function piecesOf(value: unknown, position: number, field: string, repaired: Set<string>): string[] {
  if (typeof value !== 'string') throw new VerifyError('INPUT', 'not-a-url', { position });
  const pieces = value.split(/\s+/, MOST_URLS + 3).filter((piece) => piece !== '');
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
