/**
 * Photos as messages bring them: docs/contract.md, "What an input may look like", Photo. The caller's value is never
 * changed.
 */
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { VerifyError } from '../contract/errors';
import { decodeBase64, unwrapBase64, withoutPrefix } from './base64';
import { readHex, readNumbers, readPythonBytes } from './hex';
import { parseJsonText } from './json-text';
import { isAddress, LONGEST_URL } from './photo-url';
import { fileFormatOf, formatOf, isSendable, isWholePicture } from './picture';
import { SLICE, type Sliced } from './slices';
import { alone, textInBytes } from './text';

const BYTES_PER_MB = 1024 * 1024;
/** The limit that is named where JSON holds more values than are parsed: each may be a byte. */
const MOST_LISTED_MB = 0.25;
/** In characters. */
const LONG_LIST = 64 * 1024;
/** Where one list of bytes is looked for; a message with a photo has a few. */
const MOST_LISTS = 64;
const LIST_OF_NUMBERS = /^\[\s*-?\d{1,3}\s*,\s*-?\d{1,3}\s*,/;
/** `{type, data: {type, data}}` and the like. */
const MOST_WRAPPERS = 3;
/** Under what name uploads, mails, databases and programs of phones have a photo; the first that is there counts. */
const WRAPPED = [
  'buffer',
  'data',
  'base64',
  '$binary',
  'content',
  'photo',
  'image',
  'file',
  'dataUrl',
  'body',
] as const;
/** What a byte of a photo takes at the most: `255,` in JSON, and a group of base64 whose every character is escaped. */
const CHARACTERS_PER_BYTE = 4;
const MOST_AROUND = 1024;
const HEAD_CHARACTERS = 512;
/** In characters. */
const SHORTEST_FILE = 32;
const ONLY_OF_FILES: ReadonlySet<string> = new Set(['photo-too-large', 'photo-decoded', 'photo-spaces']);
/** With something escaped in it; without, it is a text in quotation marks. */
const PYTHON_BYTES = /^\s*(?:bytearray\(|bytes\()?r?b(?:'[^']{0,500}|"[^"]{0,500})\\/i;
/** Bytes that were decoded as text: U+FFFD, or Latin-1 as it begins for a JPG and a PNG. */
const DECODED = /^(?:\ufffd|\xff\xd8\xff|\x89PNG|BM\p{Cc})/u;
const JSON_TEXT = /^\s*[[{]/;
const BEYOND_LATIN_1 = /[^\0-\xff]/;

/**
 * @param value a Buffer, Uint8Array, ArrayBuffer or byte array; `{type: "Buffer", data}` or an uploaded file; base64 in any
 *   wrapping; or JSON of one of these
 * @param field name of the node's property
 * @param maxPhotoMB of the photo itself, decoded, in MB; what is far larger is refused before it is looked at
 * @param repaired gets the field's name where base64 was changed
 * @returns the bytes of a whole JPG, PNG or BMP, in memory of their own: nobody changes what was checked
 * @throws VerifyError INPUT
 */
export function* readPhoto(
  value: unknown,
  field: string,
  maxPhotoMB: number,
  repaired: Set<string>,
): Sliced<Buffer> {
  const bytes = yield* read(value, field, maxPhotoMB, repaired);
  checkPhoto(bytes, maxPhotoMB);
  return bytes;
}

/**
 * @param value as `readPhoto` takes it, but in whatever format
 * @param field name of the node's property
 * @param maxPhotoMB of the file itself, decoded, in MB
 * @param repaired gets the field's name where base64 was changed
 * @returns the bytes of the file; what they are is not looked at
 * @throws VerifyError INPUT
 */
export function* readFile(
  value: unknown,
  field: string,
  maxPhotoMB: number,
  repaired: Set<string>,
): Sliced<Buffer> {
  const bytes = yield* read(value, field, maxPhotoMB, repaired);
  checkSize(bytes, maxPhotoMB);
  return bytes;
}

/**
 * @param bytes of a file
 * @param maxPhotoMB that it may have
 * @throws VerifyError INPUT where it is no whole JPG, PNG or BMP, or too large
 */
export function checkPhoto(bytes: Buffer, maxPhotoMB: number): void {
  checkSize(bytes, maxPhotoMB);
  const format = formatOf(bytes);
  if (format === null) throw new VerifyError('INPUT', 'photo-format-unknown');
  if (!isSendable(format)) throw new VerifyError('INPUT', 'photo-format', { format });
  if (!isWholePicture(bytes)) throw new VerifyError('INPUT', 'photo-not-whole', { format });
}

function missing(field: string): VerifyError {
  return new VerifyError('INPUT', 'photo-missing', { field });
}

function checkSize(bytes: Buffer, maxPhotoMB: number): void {
  if (bytes.length > maxPhotoMB * BYTES_PER_MB)
    throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB });
}

/**
 * @param text of a message
 * @param maxPhotoMB of a photo, decoded, in MB
 * @returns whether it is a file, in whatever wrapping; not so words and paths that happen to be base64
 */
export function* isFileText(text: string, maxPhotoMB: number): Sliced<boolean> {
  try {
    const bytes = yield* read(text, '', maxPhotoMB, new Set());
    const format = text.length < SHORTEST_FILE ? null : fileFormatOf(bytes);
    // Two bytes begin it, and `/wo` of a path is base64 of them.
    return format !== null && format !== 'JPEG XL';
  } catch (error) {
    return error instanceof VerifyError && ONLY_OF_FILES.has(error.problem);
  }
}

/**
 * @param value a photo as a message has it: an address may stand wherever `readPhoto` takes base64
 * @returns the text of the address, not read yet; null where it is anything else
 */
export function addressIn(value: unknown): string | null {
  let given = value;
  for (let wrappers = 0; wrappers <= MOST_WRAPPERS; wrappers++) {
    given = textInBytes(alone(given), LONGEST_URL);
    if (typeof given !== 'object' || given === null || isListed(given)) break;
    given = innerOf(given as Record<string, unknown>)?.value;
  }
  return isAddress(given) ? given : null;
}

/** Bytes, or a list of anything. */
function isListed(value: object): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

/** How one photo is read. */
interface Reading {
  field: string;
  maxPhotoMB: number;
  maxBytes: number;
  /** Whether its bytes were written out otherwise than in base64. */
  isWrittenOut: boolean;
}

/** The bytes of a photo, and its bare base64 where it came so. */
interface Decoded {
  base64: string | null;
  bytes: Buffer;
}

function* read(value: unknown, field: string, maxPhotoMB: number, repaired: Set<string>): Sliced<Buffer> {
  const reading = { field, maxPhotoMB, maxBytes: maxPhotoMB * BYTES_PER_MB, isWrittenOut: false };
  const given = yield* unwrap(value, reading);
  let decoded = yield* decode(given, reading);
  // Base64 of base64.
  for (let layer = 1; layer < MOST_WRAPPERS && decoded.base64 !== null; layer++) {
    if (formatOf(decoded.bytes) !== 'base64') break;
    decoded = yield* decode(yield* fromBytes(decoded.bytes, reading, layer), reading);
    reading.isWrittenOut = true;
  }
  if (decoded.bytes.length === 0) throw missing(field);
  if (reading.isWrittenOut || (typeof given === 'string' && decoded.base64 !== given)) repaired.add(field);
  return decoded.bytes;
}

function* decode(given: Buffer | string, reading: Reading): Sliced<Decoded> {
  return typeof given === 'string' ? yield* readBase64(given, reading) : { base64: null, bytes: given };
}

/** @returns bytes in memory of their own, or text that should be base64 */
function* unwrap(value: unknown, reading: Reading, wrappers = 0): Sliced<Buffer | string> {
  if (value === undefined || value === null || value === '') throw missing(reading.field);
  // A function node's own Uint8Array comes from another realm, where `instanceof` does not know it.
  if (types.isUint8Array(value) || types.isUint8ClampedArray(value) || types.isDataView(value))
    return yield* fromBytes(
      copyOf(value.buffer, value.byteOffset, value.byteLength, reading),
      reading,
      wrappers,
    );
  if (types.isAnyArrayBuffer(value))
    return yield* fromBytes(copyOf(value, 0, value.byteLength, reading), reading, wrappers);
  if (Array.isArray(value) && alone(value) === value)
    return yield* fromBytes(yield* fromNumbers(value, value.length, reading), reading, wrappers);
  if (typeof value === 'string') return yield* fromText(value, reading, wrappers);
  if (typeof value === 'object' && wrappers < MOST_WRAPPERS) {
    const only = alone(value);
    // A list of one photo is that photo; a list in it is none.
    if (alone(only) !== only) throw new VerifyError('INPUT', 'photo-not-bytes');
    if (only !== value) return yield* unwrap(only, reading, wrappers + 1);
    const inner = innerOf(value as Record<string, unknown>);
    if (inner !== null) return yield* unwrap(inner.value, reading, wrappers + 1);
    // What JSON makes of a typed array.
    if ('0' in value && '1' in value)
      return yield* fromBytes(yield* fromNumbers(value, countIn(value), reading), reading, wrappers);
  }
  throw new VerifyError('INPUT', 'photo-not-bytes');
}

/**
 * A camera's node may write its next picture into the same memory while this one waits to be sent.
 * @returns the bytes of a message in memory of their own
 */
function copyOf(memory: ArrayBufferLike, offset: number, length: number, reading: Reading): Buffer {
  if (length > longestText(reading))
    throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB: reading.maxPhotoMB });
  return Buffer.from(Buffer.from(memory, offset, length));
}

/** @returns null where it has no photo under any name; one that has nothing under its name has none */
function innerOf(value: Record<string, unknown>): { value: unknown } | null {
  const names = WRAPPED.filter((name) => name in value);
  const name = names.find((each) => value[each] !== undefined && value[each] !== null) ?? names[0];
  return name === undefined ? null : { value: value[name] };
}

/** How many entries an object has whose entries are numbered from 0 on, without a look at each. */
function countIn(value: object): number {
  let count = 0;
  for (let step = 2 ** 30; step >= 1; step /= 2) if (count + step - 1 in value) count += step;
  return count;
}

/** Java's bytes are from -128; a Buffer takes both the same way. */
function* fromNumbers(
  values: Readonly<Record<number, unknown>>,
  count: number,
  { maxPhotoMB, maxBytes }: Reading,
): Sliced<Buffer> {
  if (count > maxBytes) throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB });
  const bytes = Buffer.allocUnsafe(count);
  for (let index = 0; index < count; index++) {
    if (index % SLICE === SLICE - 1) yield;
    const byte = values[index];
    if (typeof byte !== 'number' || !Number.isInteger(byte) || byte < -128 || byte > 255)
      throw new VerifyError('INPUT', 'photo-not-bytes');
    bytes[index] = byte;
  }
  return bytes;
}

/** Text that came as bytes is read as that text. */
function* fromBytes(bytes: Buffer, reading: Reading, wrappers: number): Sliced<Buffer | string> {
  if (wrappers >= MOST_WRAPPERS) return bytes;
  const text = textInBytes(bytes, longestText(reading));
  if (typeof text !== 'string') return bytes;
  try {
    return yield* fromText(text, reading, wrappers + 1);
  } catch (error) {
    // JSON that is no photo is the answer of a server, which says more than that no photo is in it.
    const format = formatOf(bytes);
    if (format !== 'JSON' || !(error instanceof VerifyError) || error.problem === 'photo-too-large')
      throw error;
    throw new VerifyError('INPUT', 'photo-format', { format });
  }
}

function* fromText(text: string, reading: Reading, wrappers: number): Sliced<Buffer | string> {
  const { maxPhotoMB } = reading;
  if (text.length > longestText(reading)) throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB });
  const head = text.slice(0, 64).trimStart();
  if (DECODED.test(head)) {
    const bytes = BEYOND_LATIN_1.test(text) ? null : Buffer.from(text, 'latin1');
    // JavaScript's binary text, as of `atob`: each character is a byte.
    if (!bytes || !isWholePicture(bytes)) throw new VerifyError('INPUT', 'photo-decoded');
    reading.isWrittenOut = true;
    return bytes;
  }
  const written = yield* writtenOut(text);
  if (written) {
    reading.isWrittenOut = true;
    return yield* fromBytes(written, reading, wrappers);
  }
  if (!JSON_TEXT.test(head) || wrappers >= MOST_WRAPPERS) return text;
  const json = yield* withoutNumbers(text);
  if (json.length > SLICE) yield;
  const isTooLong = json.length > longestJson(reading);
  let parsed: unknown;
  try {
    if (isTooLong) throw new SyntaxError('too long');
    parsed = parseJsonText(json);
  } catch (error) {
    if (error instanceof RangeError)
      throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB: MOST_LISTED_MB });
    const listed = yield* fileIn(text, readNumbers);
    if (!listed && isTooLong) throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB });
    if (!listed) throw new VerifyError('INPUT', 'photo-not-base64');
    reading.isWrittenOut = true;
    return listed;
  }
  return yield* unwrap(parsed, reading, wrappers + 1);
}

/**
 * Nothing else runs while JSON is parsed, and each number in it takes as long as a hundred characters of a text.
 * @param json of any length
 * @returns it with base64 in place of long lists of bytes, which is read as they are
 */
export function* withoutNumbers(json: string): Sliced<string> {
  let written = '';
  let copiedTo = 0;
  let start = json.indexOf('[');
  let end = 0;
  for (let list = 0; start >= 0 && list < MOST_LISTS; list++) {
    if (end <= start) end = json.indexOf(']', start);
    if (end < 0) break;
    const isLong =
      end - start >= LONG_LIST &&
      json[start - 1] !== '"' &&
      LIST_OF_NUMBERS.test(json.slice(start, start + HEAD_CHARACTERS));
    const bytes = isLong ? yield* readNumbers(json.slice(start, end + 1)) : null;
    if (bytes) {
      written += `${json.slice(copiedTo, start)}"${bytes.toString('base64')}"`;
      copiedTo = end + 1;
    }
    start = json.indexOf('[', bytes ? end : start + 1);
  }
  return written + json.slice(copiedTo);
}

/** Its base64, of which programs escape a sign in thirty. */
function longestJson({ maxBytes }: Reading): number {
  return 1.5 * maxBytes + MOST_AROUND;
}

function longestText({ maxBytes }: Reading): number {
  return CHARACTERS_PER_BYTE * maxBytes + MOST_AROUND;
}

/** @returns bytes that were written out, but as base64; hexadecimal only of a file, as base64 may look like it */
function* writtenOut(text: string): Sliced<Buffer | null> {
  if (PYTHON_BYTES.test(text.slice(0, HEAD_CHARACTERS))) return yield* readPythonBytes(text);
  const inHex = yield* fileIn(text, readHex);
  return inHex || JSON_TEXT.test(text.slice(0, 64)) ? inHex : yield* fileIn(text, readNumbers);
}

function* fileIn(text: string, read: (text: string) => Sliced<Buffer | null>): Sliced<Buffer | null> {
  const head = yield* read(text.slice(0, HEAD_CHARACTERS));
  return head && fileFormatOf(head) !== null ? yield* read(text) : null;
}

/** The right reading is the one that gives a photo. */
function* readBase64(text: string, { maxPhotoMB, maxBytes }: Reading): Sliced<Decoded> {
  const tooLong = (base64: string) => base64.length > (Math.ceil(maxBytes / 3) + 1) * 4;
  // Nearly every photo. A large one is not gone over more often than it has to be.
  const bare = withoutPrefix(text);
  const plain = tooLong(bare) ? null : yield* decodeBase64(bare);
  if (plain) return plain;
  let likeliest: Decoded | undefined;
  let tooLongs = 0;
  const readings = yield* unwrapBase64(text);
  for (const textOfReading of readings) {
    const reading = yield* textOfReading();
    if (tooLong(reading)) tooLongs++;
    else {
      const found = yield* decodeBase64(reading);
      if (found && isWholePicture(found.bytes)) return found;
      likeliest ??= found ?? undefined;
    }
  }
  if (readings.length > 0 && tooLongs === readings.length)
    throw new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB });
  if (!likeliest) throw new VerifyError('INPUT', 'photo-not-base64');
  const format = formatOf(likeliest.bytes);
  if (readings.length > 1 && format !== null && isSendable(format))
    throw new VerifyError('INPUT', 'photo-spaces');
  return likeliest;
}

/**
 * @param photo of `readPhoto` or `readFile`
 * @returns the same text for the same bytes
 */
export function photoDigest(photo: Buffer): string {
  return createHash('sha256').update(photo).digest('base64url');
}
