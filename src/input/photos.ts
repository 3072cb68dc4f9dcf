/**
 * The photos of a message, addresses and photos in hand mixed: docs/contract.md, "What an input may look like" and "Photos
 * in hand".
 */
import { types } from 'node:util';
import { VerifyError } from '../contract/errors';
import { parseJsonText } from './json-text';
import { MOST_PHOTOS, tooManyPhotos } from './most-photos';
import { isFileText, readFile, readPhoto, withoutNumbers } from './photo';
import { IN_A_TURN, isAddress, isTemplate, readPhotoUrlsIn, type UrlReading } from './photo-url';
import type { Sliced } from './slices';
import { textInBytes } from './text';

/** One photo of a message. */
export interface GivenPhoto {
  photo: { url: string } | Buffer;
  /** Its file's own name, where it came with one. */
  name: string | null;
}

/** What decides, beside the message itself, how its photos are read. */
export interface Reading extends UrlReading {
  /** Where a photo in hand can be put; `fits` where that makes a JPG of any format. null: nowhere. */
  store: { fits: boolean } | null;
}

/** No document has a limit; a camera's largest are half of that. */
const MOST_PHOTO_MB = 20;
/** A thousand addresses with long signatures in one text; with photos in it, what Node-RED itself would not take. */
const LONGEST_LIST = { urls: 4 * 1024 * 1024, photos: 128 * 1024 * 1024 };
/** Without its lists of bytes: ten photos of a phone. Nothing else runs while it is parsed, 40 ms for so much. */
const LONGEST_JSON = 24 * 1024 * 1024;
/** A photo, its name, and what frameworks put around. */
const MOST_WRAPPERS = 3;

const JSON_TEXT = /^\s*[[{"]/;
const JSON_STRING = /^\s*"/;
/** A photo with its name, or a row of a table with the address of its file: the one that needs no login goes first. */
const PHOTO_NAMES = [
  'photo',
  'tmp_download_url',
  'url',
  'tmp_url',
  'photoUrl',
  'imageUrl',
  'image_url',
] as const;
const FILE_NAMES = ['originalname', 'filename', 'name'] as const;

/** Of a file. */
const LONGEST_NAME = 255;
/** Control, zero-width and bidi characters, and what no text has. */
const UNSEEN = /[\p{Cc}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cs}\ufffd]/gu;

/**
 * @param value one photo, or an array of them, or an object with `photoUrls`, or JSON of one of these. A photo is an
 *   address, or several in a text; a Buffer, base64, an uploaded file, or `{photo, name}`
 * @param reading what it is read for
 * @returns all of them as they came, one given twice too; at least one
 * @throws VerifyError INPUT
 */
export function* readPhotos(value: unknown, reading: Reading): Sliced<GivenPhoto[]> {
  const given = yield* listOf(value, reading);
  if (given.length === 0) throw new VerifyError('INPUT', 'no-photos', { field: reading.field });
  const photos: GivenPhoto[] = [];
  for (let index = 0; index < given.length; index++) {
    if (photos.length >= MOST_PHOTOS) throw tooManyPhotos();
    const each = yield* readEach(given[index], null, photos.length + 1, reading);
    photos.push(...each);
    const isLast = index === given.length - 1;
    if (!isLast && (!('url' in each[0]!.photo) || index % IN_A_TURN === IN_A_TURN - 1)) yield;
  }
  if (photos.length > MOST_PHOTOS) throw tooManyPhotos();
  return photos;
}

function* listOf(given: unknown, { store }: Pick<Reading, 'store'>): Sliced<unknown[]> {
  const longest = store ? LONGEST_LIST.photos : LONGEST_LIST.urls;
  const value = textInBytes(given, longest);
  if (value === undefined || value === null) return [];
  if (typeof value === 'string') {
    if (value.length > longest) throw tooManyPhotos();
    if (isTemplate(value)) throw new VerifyError('INPUT', 'url-template', { position: 1 });
    if (!JSON_TEXT.test(value.slice(0, 64))) return [value];
    const json = yield* withoutNumbers(value);
    if (json.length > LONGEST_JSON) throw tooManyPhotos();
    const parsed = parse(json) ?? value;
    // In quotation marks, but not JSON: the marks are somebody's own.
    return parsed === value ? [value] : yield* listOf(parsed, { store });
  }
  // A byte array is one photo.
  if (Array.isArray(value)) return typeof value[0] === 'number' ? [value] : value;
  const isWrapped = typeof value === 'object' && 'photoUrls' in value;
  return isWrapped ? yield* listOf(value.photoUrls, { store }) : [value];
}

/** @returns null where it is no JSON, but in quotation marks */
function parse(text: string): unknown {
  try {
    return parseJsonText(text.trim());
  } catch (error) {
    if (error instanceof RangeError) throw tooManyPhotos();
    if (JSON_STRING.test(text.slice(0, 64))) return null;
    throw new VerifyError('INPUT', 'photos-not-json');
  }
}

function* readEach(
  given: unknown,
  name: string | null,
  position: number,
  reading: Reading,
  wrappers = 0,
): Sliced<GivenPhoto[]> {
  const value = textInBytes(given, LONGEST_LIST.urls);
  if (typeof value === 'string' && (isAddress(value) || !(yield* isFileText(value, MOST_PHOTO_MB)))) {
    const urls = yield* readPhotoUrlsIn(value, position, reading);
    return urls.map((url) => ({ photo: { url }, name }));
  }
  if (isNamed(value) && wrappers < MOST_WRAPPERS) {
    const own = readFileName(FILE_NAMES.map((each) => value[each]).find((each) => each != null));
    const inner = PHOTO_NAMES.map((each) => value[each]).find((each) => each != null);
    if (inner !== undefined) return yield* readEach(inner, own ?? name, position, reading, wrappers + 1);
    return [yield* inHand(value, own ?? name, position, reading)];
  }
  if (!reading.store && !isInHand(value)) throw new VerifyError('INPUT', 'not-a-url', { position });
  return [yield* inHand(given, name, position, reading)];
}

function* inHand(
  value: unknown,
  name: string | null,
  position: number,
  reading: Reading,
): Sliced<GivenPhoto> {
  const { field, store, repaired } = reading;
  if (!store) throw new VerifyError('INPUT', 'photos-need-store', { position });
  try {
    const readBytes = store.fits ? readFile : readPhoto;
    return { photo: yield* readBytes(value, field, MOST_PHOTO_MB, repaired), name };
  } catch (reason) {
    if (reason instanceof VerifyError) reason.values.position = position;
    throw reason;
  }
}

type Named = Partial<Record<(typeof PHOTO_NAMES | typeof FILE_NAMES)[number], unknown>>;

/** An uploaded file, or a photo with its name; not the bytes themselves. */
function isNamed(value: unknown): value is Named {
  if (typeof value !== 'object' || value === null || isBytes(value)) return false;
  return [...PHOTO_NAMES, ...FILE_NAMES].some((name) => name in value);
}

function isInHand(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  return isBytes(value) || 'buffer' in value || 'data' in value;
}

function isBytes(value: object): boolean {
  const isByteArray = Array.isArray(value) && typeof value[0] === 'number';
  return isByteArray || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

/**
 * A form's upload says its file's name in UTF-8, and busboy, which Node-RED has under `http in`, reads it as Latin-1:
 * which is only done where that is certainly what happened.
 * @param value as a message has it
 * @returns the name without folders, at most 255 characters; null where there is none
 */
export function readFileName(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  const text = value.slice(0, 4 * LONGEST_NAME);
  const bare = asUtf8(text).replace(UNSEEN, '').split(/[/\\]/).at(-1)!.trim();
  return bare === '' ? null : bare.slice(0, LONGEST_NAME);
}

function asUtf8(text: string): string {
  if (!/[\x80-\xff]/.test(text) || /[^\0-\xff]/.test(text)) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
