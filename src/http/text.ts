/** The text of an answer, in the charset it is in. Providers document UTF-8; gateways and older servers write GBK too. */
import { isUtf8 } from 'node:buffer';
import type { HttpAnswer } from '../contract/transport';

/** Where one of megabytes is not UTF-8, reading it as that takes longer than all the rest. */
const HEAD_BYTES = 256 * 1024;
/** What is not UTF-8 never gives one by chance: so many bytes of another charset do not fit its form. */
const HAN = /\p{Script=Han}/u;
const CHARSET = /charset\s*=\s*["']?([^\s"';,]+)/i;
/** Byte order marks go before whatever is declared (WHATWG Encoding, section 6); that of UTF-8 is passed over by whoever parses. */
const UTF_16: readonly (readonly [number, number, string])[] = [
  [0xff, 0xfe, 'utf-16le'],
  [0xfe, 0xff, 'utf-16be'],
];
/** Holds GBK and GB2312, and is what Chinese servers write that do not write UTF-8. */
const USUAL = 'gb18030';

/**
 * @param answer whose headers may declare a charset, rightly or wrongly
 * @returns its body as text; what fits no charset comes out as UTF-8 with U+FFFD where it is damaged
 */
export function textOf({ headers, body }: Pick<HttpAnswer, 'headers' | 'body'>): string {
  const marked = UTF_16.find(([first, second]) => body[0] === first && body[1] === second);
  if (marked) return new TextDecoder(marked[2]).decode(body);
  const declared = CHARSET.exec(String(headers['content-type'] ?? ''))?.[1]?.toLowerCase() ?? 'utf-8';
  const isWhole = isUtf8(body);
  if ((isWhole && declared === 'utf-8') || HAN.test(body.toString('utf8', 0, HEAD_BYTES)))
    return body.toString('utf8');
  return decodeAs(declared, body) ?? (isWhole ? null : decodeAs(USUAL, body)) ?? body.toString('utf8');
}

/** @returns null where the label names no charset, or the bytes are not in it */
function decodeAs(label: string, body: Buffer): string | null {
  try {
    return new TextDecoder(label, { fatal: true }).decode(body);
  } catch {
    return null;
  }
}
