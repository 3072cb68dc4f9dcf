import assert from 'node:assert/strict';
import { textOf } from '../../src/http/text';

const JSON_TEXT = '{"msg":"系统判断为同一人"}';
/** The same in GBK, which is GB2312 and GB18030 as well. */
const GBK = Buffer.from('7b226d7367223a22cfb5cdb3c5d0b6cfceaacdacd2bbc8cb227d', 'hex');
const UTF_16BE = Buffer.from(JSON_TEXT, 'utf16le').swap16();

describe('http: the text of an answer', () => {
  const rows: [string, string | undefined, Buffer, string][] = [
    ['UTF-8 undeclared', undefined, Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8', 'application/json; charset=utf-8', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 that calls itself GBK', 'application/json;charset=GBK', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 that calls itself Latin', 'text/html; charset=ISO-8859-1', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 in a charset nobody knows', 'application/json; charset=x', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 behind a mark', undefined, Buffer.from(`\ufeff${JSON_TEXT}`), `\ufeff${JSON_TEXT}`],
    ['GBK', 'application/json; charset=GBK', GBK, JSON_TEXT],
    ['GBK in quotation marks', 'application/json; Charset = "gbk"', GBK, JSON_TEXT],
    ['GB2312', 'text/json;charset=gb2312', GBK, JSON_TEXT],
    ['GB18030', 'text/json;charset=GB18030; x=y', GBK, JSON_TEXT],
    ['GB18030 with four bytes', 'a/b;charset=gb18030', Buffer.from('95328236', 'hex'), '𠀀'],
    ['GBK undeclared', undefined, GBK, JSON_TEXT],
    ['GBK that calls itself UTF-8', 'application/json; charset=UTF-8', GBK, JSON_TEXT],
    ['GBK that calls itself something', 'application/json; charset=unknown', GBK, JSON_TEXT],
    // These two bytes are one letter in UTF-8 as well.
    ['GBK that could be UTF-8', 'a/b; charset=gbk', Buffer.from('d0a1', 'hex'), '小'],
    ['Big5', 'a/b; charset=big5', Buffer.from('a440ad50', 'hex'), '一致'],
    ['UTF-16 behind a mark', undefined, Buffer.from(`\ufeff${JSON_TEXT}`, 'utf16le'), JSON_TEXT],
    [
      'UTF-16 the other way round',
      'a/b; charset=utf-8',
      Buffer.concat([Buffer.from([0xfe, 0xff]), UTF_16BE]),
      JSON_TEXT,
    ],
    ['UTF-16 declared', 'a/b; charset=utf-16', Buffer.from(JSON_TEXT, 'utf16le'), JSON_TEXT],
    ['UTF-16BE declared', 'a/b; charset=UTF-16BE', UTF_16BE, JSON_TEXT],
    ['nothing', 'a/b; charset=gbk', Buffer.alloc(0), ''],
    // Half a character at its end: the rest is not made into another language.
    [
      'damaged UTF-8',
      undefined,
      Buffer.concat([Buffer.from(JSON_TEXT.slice(0, -2)), Buffer.from([0xe4, 0xba])]),
      `${JSON_TEXT.slice(0, -2)}\ufffd`,
    ],
    ['bytes', undefined, Buffer.from([0xff, 0x80, 0x41]), '\ufffd\ufffdA'],
  ];
  for (const [name, contentType, body, text] of rows) {
    it(name, () => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      assert.equal(textOf({ headers, body }), text);
    });
  }
});
