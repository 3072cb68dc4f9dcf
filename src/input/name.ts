/** Names of persons: docs/contract.md, "What an input may look like", Name. */
import { isUtf8 } from 'node:buffer';
import { VerifyError } from '../contract/errors';
import type { Environment } from '../contract/result';
import { gbkOf, withoutPrivateUse } from './gbk';
import { readText } from './text';

/** docs/contract.md, "What an input may look like", Text. */
const LONGEST_NAME = 64;

/** docs/contract.md, "Sandbox": names that choose the answer. No person has such a name. */
const SPECIAL =
  /^沙箱(?:\d{1,9}|\d{1,4}\.\d{1,6}|码\d{1,6}|网关[45]\d\d)$|sandbox-(?:http-\d{3}|retry-after-\d{1,6}|timeout|reset|garbage)/;

/**
 * What keyboards, fonts and old encodings have for the dot within a name, full stops too; before NFKC, which changes some.
 */
const DOT =
  '[\u00b7\u02d9\u0387\u1427\u16eb\u2022\u2024\u2027\u2218\u2219\u22c5\u25e6\u2981\u2e30\u2e31\u2e33\u30fb\u318d\uff65\ua78f\u{10101}.\u3002\ufe52\uff0e\uff61]';
const HAN = '\\p{Script=Han}';
const LETTER = '[\\p{L}\\p{M}\\p{Script=Han}]';
/** Of two letters one is Chinese: behind a Latin initial stands a full stop of its own. */
const DOTS_BETWEEN = new RegExp(
  `(?<=${HAN})(?:\\s*${DOT}){1,4}\\s*(?=${LETTER})|(?<=${LETTER})(?:\\s*${DOT}){1,4}\\s*(?=${HAN})`,
  'gu',
);
/** A large one may also stand for a character that was masked, but hardly between two words. */
const LARGE_DOT = /(?<=\p{Script=Han}{2})\s*[●⚫]\s*(?=\p{Script=Han}{2})/gu;
/** CSV's quotation marks, and the formula that keeps Excel from changing a cell; a reader may leave one end of them. */
const GUARD = /^[=＝]?["“”＂]+|["“”＂]+$/g;
/**
 * Quotation marks and brackets round a Chinese name, and the end of the sentence or list that it stood in; several full
 * stops are the end of a name that was cut off.
 */
const AROUND_HAN =
  /^['‘’`＇「『《〈<（(【[]+(?=\p{Script=Han})|(?<=\p{Script=Han})(?!.*[.．。]{2})['‘’`＇」』》〉>）)】\],.;:，。；：、．]+$/gu;
/** Typed for an apostrophe. */
const APOSTROPHE = /(?<=\p{Script=Latin})[`´′ʹ＇](?=\p{Script=Latin})/gu;
/** A text program makes them of a hyphen. */
const DASHES = /[\u2010-\u2015\u2212]/g;
const SPACE_BETWEEN_HAN = /(?<=\p{Script=Han})\s+(?=\p{Script=Han})/gu;
const SPACES = /\s+/g;

/**
 * Parts of characters that a PDF or a text recognition gives for the character itself; those of the block before (U+2F00)
 * are known to NFKC.
 */
const RADICALS: ReadonlyMap<string, string> = new Map(
  '⺠民 ⻁虎 ⻄西 ⻅见 ⻆角 ⻉贝 ⻋车 ⻓长 ⻔门 ⻘青 ⻙韦 ⻚页 ⻛风 ⻜飞 ⻝食 ⻢马 ⻣骨 ⻤鬼 ⻥鱼 ⻦鸟 ⻧卤 ⻨麦 ⻩黄 ⻬齐 ⻮齿 ⻰龙 ⻳龟'
    .split(' ')
    .map((pair) => [pair[0]!, pair[1]!]),
);
const RADICAL = /[\u2e80-\u2eff]/g;
/** Radicals apart, which stand for the character. */
const SYMBOL = /(?![\u2e80-\u2fdf])[\p{S}\p{No}\p{Nl}]/gu;

/**
 * Words with one separator between two of them, behind a Latin one a full stop too; the newest Chinese characters are not
 * yet letters to every Node.js.
 */
const NAME =
  /^[\p{L}〇\u{20000}-\u{3fffd}][\p{L}\p{M}〇\u{20000}-\u{3fffd}'’ʼ‘]*(?:(?:(?<=\p{Script=Latin})\. ?|[· -])[\p{L}〇\u{20000}-\u{3fffd}][\p{L}\p{M}〇\u{20000}-\u{3fffd}'’ʼ‘]*)*(?:(?<=\p{Script=Latin})\.)?$/u;
/** What programs write where there is no name. */
const NOTHING = /^(?:undefined|null|NaN|None)$/;
/** These belong into names in other scripts only. */
const HYPHEN_AT_HAN = /\p{Script=Han}['’ʼ‘\p{M}-]|['’ʼ‘-]\p{Script=Han}/u;
/** They repeat or prolong the letter of kana before them. */
const KANA_MARK_ALONE = /(?:^|\p{Script=Han})[ーゝゞヽヾ]/u;
/**
 * What stands for characters that somebody left out: signs, 某, and a run of x or o beside a Chinese character, or of x alone.
 * An x within a word of other letters is a letter.
 */
const MASKED =
  /[*×○◯●■□〓]|某某|某$|(?<=\p{Script=Han})[xXoO]+(?!\p{L}(?<!\p{Script=Han}))|(?<!\p{L}(?<!\p{Script=Han}))[xXoO]+(?=\p{Script=Han})|^[xX][xX ·.-]*$/u;

/**
 * @param value as a message has it
 * @param field name of the node's property
 * @param environment of the account: anywhere but in production a name may be one that chooses the sandbox's answer
 * @param repaired gets the field's name where the name was changed
 * @returns the name as registers have it
 * @throws VerifyError INPUT
 */
export function readName(
  value: unknown,
  field: string,
  environment: Environment | null,
  repaired: Set<string>,
): string {
  const text = readText(value, field, LONGEST_NAME, repaired);
  if (text === '' || NOTHING.test(text)) throw new VerifyError('INPUT', 'name-missing', { field });
  if (SPECIAL.test(text) && environment !== null && environment !== 'production') return text;
  if (isMisread(text)) throw new VerifyError('INPUT', 'name-misread');
  if (hasSymbolOfLetters(text)) throw new VerifyError('INPUT', 'name-characters');
  const name = withoutPrivateUse(text)
    .replace(GUARD, '')
    .replace(AROUND_HAN, '')
    .replace(DOTS_BETWEEN, '·')
    .replace(LARGE_DOT, '·')
    .replace(APOSTROPHE, "'")
    .normalize('NFKC')
    .replace(DASHES, '-')
    .replace(RADICAL, (radical) => RADICALS.get(radical) ?? radical)
    .replace(SPACE_BETWEEN_HAN, '')
    .replace(SPACES, ' ');
  if (!NAME.test(name) || HYPHEN_AT_HAN.test(name) || KANA_MARK_ALONE.test(name) || MASKED.test(name))
    throw new VerifyError('INPUT', wrongIn(name));
  if (name !== text) repaired.add(field);
  return name;
}

/** Such as ™ and ㊚: NFKC makes TM and 男 of them, which are in nobody's name. */
function hasSymbolOfLetters(text: string): boolean {
  return (text.match(SYMBOL) ?? []).some((symbol) => /\p{L}/u.test(symbol.normalize('NFKC')));
}

/** Which channel usually does that. */
function wrongIn(name: string): string {
  if (/[%=][\da-f]{2}|%u[\da-f]{4}|&#?\w+;|\\[ux]?[\da-f]{2}/i.test(name)) return 'name-encoded';
  if (/\p{Co}/u.test(name)) return 'name-private-use';
  if (name.includes('?')) return 'name-question-marks';
  if (MASKED.test(name)) return 'name-masked';
  if (/\p{N}/u.test(name)) return 'name-digits';
  return 'name-characters';
}

/** Only the upper half of Latin-1 and windows-1252: GBK, or UTF-8, byte by byte. */
const UPPER_HALF =
  /^[\s\u00a0-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122]+$/;
/** Signs of Latin-1 that are no letters and stand in no name, but in UTF-8 that was read so. */
const SIGN = /[\u00a1-\u00a9\u00ab-\u00b3\u00b6\u00b8\u00b9\u00bb-\u00bf]/;
/** U+FFFD twice, uninitialised memory and uninitialised stack, read as GBK. */
const CLASSICS = /锟斤拷|烫烫烫|屯屯屯/;

/** The commonest: two characters that begin with none of them may come of a name that only looks misread. */
const SURNAMES =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈' +
  '姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤';

/** @returns whether it is what UTF-8 or GBK becomes when it is read as something else */
function isMisread(text: string): boolean {
  if (CLASSICS.test(text) || SIGN.test(text)) return true;
  return (UPPER_HALF.test(text) && /[\u00a0-\u00ff]{2}/.test(text)) || isUtf8InGbk(text);
}

/** Two Chinese characters in UTF-8 are the bytes of three in GBK: 张三 becomes 寮犱笁. */
function isUtf8InGbk(text: string): boolean {
  if (text.length % 3 !== 0) return false;
  const all = gbkOf(text);
  if (!all || all.length !== 2 * text.length) return false;
  // A decoder throws at every name that is written as it should be, which takes longer than all the rest of reading it.
  if (!isUtf8(all)) return false;
  const written = new TextDecoder().decode(all);
  return /^\p{Script=Han}{2,}$/u.test(written) && (written.length > 2 || SURNAMES.includes(written[0]!));
}
