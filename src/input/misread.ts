/** Text that was read in another encoding than it was written in, and has become other letters. */

import { isUtf8 } from 'node:buffer';
import { gbkOf } from './gbk';

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

/**
 * @param text of a name
 * @returns whether it is what UTF-8 or GBK becomes when it is read as something else
 */
export function isMisread(text: string): boolean {
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
