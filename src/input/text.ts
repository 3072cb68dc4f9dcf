/** Texts as channels bring them: docs/contract.md, "What an input may look like", Text. */
import { isUtf8 } from 'node:buffer';
import { types } from 'node:util';
import { VerifyError } from '../contract/errors';
import { formatOf } from './picture';

/** Byte order marks, zero-width and bidirectional characters, variation selectors: nothing that anybody sees. */
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]+/gu;
/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST_ID = 128;
const OUTER = /[\s\p{Cc}]/u;
/** U+FFFD and other code points that stand for no character, half of a pair, and what a wrong decoder makes of UTF-8. */
const DAMAGED = /[\p{Cs}\ufffd-\uffff\u0080-\u009f]/u;
const CONTROL = /\p{Cc}/u;

/** Those of `formatOf` that are the text of something; a page of HTML or XML is an answer of its own. */
const TEXTS: ReadonlySet<string | null> = new Set([null, 'JSON', 'base64', 'hex']);
const HEAD_CHARACTERS = 256;
/** Of UTF-16, which Windows writes: byte order marks. */
const UTF_16: ReadonlyMap<number, string> = new Map([
  [0xfffe, 'utf-16le'],
  [0xfeff, 'utf-16be'],
]);
const NO_TEXT = /(?![\t\r\n])\p{Cc}/u;

/**
 * @param given as a message has it: a text, the UTF-8 of one, or a list of just one
 * @param field name of the node's property
 * @param longest in characters; what is far longer is refused before it is looked at
 * @param repaired gets the field's name where the text was changed
 * @returns the text without what nobody sees and without outer white space; empty where nothing is left
 * @throws VerifyError INPUT
 */
export function readText(given: unknown, field: string, longest: number, repaired: Set<string>): string {
  const value = textInBytes(alone(given), 4 * longest);
  if (value === undefined || value === null) return '';
  if (typeof value !== 'string') throw new VerifyError('INPUT', 'text-not-text', { field });
  // A character takes two units at the most.
  if (value.length > 2 * longest) throw new VerifyError('INPUT', 'text-too-long', { field, longest });
  const text = trim(value.replace(UNSEEN, ''));
  if (text.length > longest && [...text].length > longest)
    throw new VerifyError('INPUT', 'text-too-long', { field, longest });
  if (DAMAGED.test(text)) throw new VerifyError('INPUT', 'text-damaged', { field });
  if (CONTROL.test(text)) throw new VerifyError('INPUT', 'text-control', { field });
  if (text !== given) repaired.add(field);
  return text;
}

/**
 * @param given as `readText` takes it
 * @param field name of the node's property, or of what an address asks
 * @returns an id or a name of whatever kind; empty where there is none
 * @throws VerifyError INPUT
 */
export function readId(given: unknown, field: string): string {
  return readText(given, field, LONGEST_ID, new Set());
}

/**
 * @param value as a message has it
 * @returns the only item of a list, which is what parsers of forms make of a field; any other value itself
 */
export function alone(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 && typeof value[0] !== 'number' ? value[0] : value;
}

/**
 * Reads texts that come as bytes, because a node such as mqtt in, file in or http request is set to give a Buffer.
 * @param value as a message has it
 * @param longest in bytes; what is longer stays as it is
 * @returns the text that its bytes are; the value itself where it is anything else, a picture for instance
 */
export function textInBytes(value: unknown, longest: number): unknown {
  if (!types.isUint8Array(value) || value.byteLength > longest) return value;
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const encoding = bytes.length % 2 === 0 && bytes.length > 2 ? UTF_16.get(bytes.readUInt16BE(0)) : undefined;
  if (encoding) return new TextDecoder(encoding).decode(bytes);
  if (bytes.length === 0 || !TEXTS.has(formatOf(bytes)) || !isUtf8(bytes)) return value;
  // Cut at a byte, the last character of the head may be damaged, but it is no control character.
  return NO_TEXT.test(bytes.toString('utf8', 0, HEAD_CHARACTERS)) ? value : bytes.toString('utf8');
}

/** A NUL of a C program at the end goes as white space does. */
function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && OUTER.test(text[start]!)) start++;
  while (end > start && OUTER.test(text[end - 1]!)) end--;
  return text.slice(start, end);
}
