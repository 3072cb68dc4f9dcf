/** Texts that come as bytes, because a node such as mqtt in, file in or http request is set to give a Buffer. */
import { isUtf8 } from 'node:buffer';
import { types } from 'node:util';
import { formatOf } from './picture';

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
