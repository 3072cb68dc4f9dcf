import assert from 'node:assert/strict';
import type { Environment } from '../../src/contract/result';
import { readName } from '../../src/input/name';
import { assertProblem } from './refusal';

function read(value: unknown, environment: Environment | null = 'production') {
  const repaired = new Set<string>();
  return [readName(value, 'personName', environment, repaired), [...repaired]];
}

/** Written in one encoding and read in another, byte by byte in Latin-1. */
const misread = (text: string, written: 'utf8' | Uint8Array, read: string) =>
  read === 'latin1'
    ? Buffer.from(written === 'utf8' ? Buffer.from(text) : written).toString('latin1')
    : new TextDecoder(read).decode(written === 'utf8' ? Buffer.from(text) : written);

describe('input: name', () => {
  const fine = [
    ...['张三', '欧阳小明', '曾', '𠮷', '𠮷田', '〇小', '张𠅤', '林', '古丽米热·艾比布力', '阿·卜杜·拉'],
    ...['Alim', 'Muhammad Ali', "O'Brien", 'O’Brien', 'Anne-Marie', 'José Núñez', 'Владимир Иванов', 'Zoë'],
    ...['アンナ', '김철수', 'محمد', '张 John', 'Nguyễn Văn An'],
    ...['J. R. SMITH', 'J.R.SMITH', 'J. R. R. Tolkien', 'SMITH JR.', 'Zoë M. Müller', 'J·R·SMITH', '䶮三'],
  ];
  for (const name of fine) it(`leaves ${name} as it is`, () => assert.deepEqual(read(name), [name, []]));

  const uyghur = '古丽米热·艾比布力';
  const dots =
    '\u2022 \u30fb \uff65 \u2027 \u22c5 \u2219 . \uff0e \u3002 \uff61 \u2024 \ufe52 \u0387 \u02d9 \u16eb \u2e31 \u2e33 \u25e6 \u25cf \ua78f \u318d';
  for (const dot of dots.split(' ')) {
    for (const around of ['', ' ', '\u3000', '\u00a0'])
      it(`reads U+${dot.codePointAt(0)!.toString(16).padStart(4, '0')} in "${around}" as the dot`, () => {
        const given = `古丽米热${around}${dot}${around}艾比布力`;
        assert.deepEqual(read(given), [uyghur, ['personName']]);
      });
  }

  const repairs: [string, unknown, string][] = [
    ['spaces round the dot', '古丽米热 · 艾比布力', uyghur],
    ['a space behind the stop', '古丽米热. 艾比布力', uyghur],
    ['several dots', '阿.卜杜•拉', '阿·卜杜·拉'],
    ['a dot beside one Chinese character', 'J.张', 'J·张'],
    ['several spaces between initials', 'J.  R.\u00a0SMITH', 'J. R. SMITH'],
    ["Excel's guard", '="张三"', '张三'],
    ['half of it', '="张三', '张三'],
    ['quotation marks', '“张三”', '张三'],
    ['a character of GBK for private use', '\ue863三', '䶮三'],
    ['others', '\ue831\ue864', '𡗗龻'],
    ['spaces between Chinese characters', '张 三', '张三'],
    ['wide and thin ones', ' 欧\u3000阳\u2009小\u00a0明 ', '欧阳小明'],
    ['several between Latin words', 'Muhammad \u2003 Ali', 'Muhammad Ali'],
    ['a zero-width space', '张三\u200b', '张三'],
    ['a bidirectional mark inside', '张\u202a三\u202c', '张三'],
    ['a byte order mark', '\ufeff张三', '张三'],
    ['a NUL at the end', '张三\0', '张三'],
    ['a line break at the end', '张三\r\n', '张三'],
    ['a compatibility character', '\uf9f4三', '林三'],
    ['a compatibility character of the second plane', '\u{2f804}三', '你三'],
    ['a radical', '\u2f38三', '弓三'],
    ['a radical that NFKC does not know', '\u2ee2云', '马云'],
    ['wide letters', 'Ａｌｉｍ', 'Alim'],
    ['a letter in two characters', 'Jose\u0301', 'José'],
    ['dashes in place of a hyphen', 'Anne–Marie', 'Anne-Marie'],
    ['a variation selector', '葛\u{e0100}三', '葛三'],
    ['a stop at the end', '张三。', '张三'],
    ['the comma of a list', '张三，', '张三'],
    ['quotation marks of all kinds', '‘张三’', '张三'],
    ["Excel's apostrophe", "'张三", '张三'],
    ['brackets', '（张三）', '张三'],
    ['two dots', '买买提··艾山', '买买提·艾山'],
    ['an accent for an apostrophe', 'O´Brien', "O'Brien"],
    ['a grave one', 'O`Brien', "O'Brien"],
    ['a list with one name', ['张三'], '张三'],
    ['the bytes of a column', Buffer.from('张三'), '张三'],
  ];
  for (const [name, given, expected] of repairs) {
    it(`repairs ${name}`, () => assert.deepEqual(read(given), [expected, ['personName']]));
  }

  const refusals: [string, unknown, string][] = [
    ['nothing', undefined, 'name-missing'],
    ['white space', ' \u3000\n', 'name-missing'],
    ['nothing that is seen', '\u200b\ufeff', 'name-missing'],
    ['what a page writes where there is none', 'undefined', 'name-missing'],
    ['what a database has where there is none', 'null', 'name-missing'],
    ['a number', 5, 'text-not-text'],
    ['an object', { name: '张三' }, 'text-not-text'],
    ['U+FFFD', '张\ufffd', 'text-damaged'],
    ['half of a character', '张\ud842', 'text-damaged'],
    ['a tab inside', '张\t三', 'text-control'],
    ['65 characters', '张'.repeat(65), 'text-too-long'],
    ['question marks', '??', 'name-question-marks'],
    ['one of them', '张?', 'name-question-marks'],
    ['a wide one', '张？', 'name-question-marks'],
    ['GBK of a form', '%D5%C5%C8%FD', 'name-encoded'],
    ['UTF-8 of a form', '%E5%BC%A0%E4%B8%89', 'name-encoded'],
    ['HTML entities', '&#24352;&#19977;', 'name-encoded'],
    ['hexadecimal ones', '&#x5F20;&#x4E09;', 'name-encoded'],
    ['a named one', '张&nbsp;三', 'name-encoded'],
    ['escapes of JSON', '\\u5f20\\u4e09', 'name-encoded'],
    ['escapes of Python', '\\xe5\\xbc\\xa0', 'name-encoded'],
    ['a masked name', '张*', 'name-masked'],
    ['one masked with wide stars', '欧＊＊', 'name-masked'],
    ['one masked with circles', '张○○', 'name-masked'],
    ['one masked with a large dot', '张●三', 'name-masked'],
    ['one masked with crosses', '张××', 'name-masked'],
    ['digits', '张3', 'name-digits'],
    ['wide digits', '张３', 'name-digits'],
    ['a circled digit', '张①', 'name-digits'],
    ['a phone number', '13800138000', 'name-digits'],
    ['only a dot', '·', 'name-characters'],
    ['a dot at the end', '张三·', 'name-characters'],
    ['an ellipsis', '古丽…布力', 'name-characters'],
    ['several stops at the end', '张三...', 'name-characters'],
    ['x for a character', '张x明', 'name-masked'],
    ['two of them', '张ＸＸ', 'name-masked'],
    ['somebody', '张某某', 'name-masked'],
    ['quoted-printable', '=E5=BC=A0', 'name-encoded'],
    ['a mark on a Chinese character', '张\u0301三', 'name-characters'],
    ['a comma', '张三,李四', 'name-characters'],
    ['parentheses', '张三（女）', 'name-characters'],
    ['a hyphen between Chinese characters', '张-三', 'name-characters'],
    ['dashes', '-'.repeat(32), 'name-characters'],
    ['an address', 'zhang@example', 'name-characters'],
    ['a mark up', '<b>张三</b>', 'name-characters'],
    ['an emoji', '张三😀', 'name-characters'],
    ['a character of private use', '张\ue000', 'name-private-use'],
    ['one that is a part of characters in GB 18030', '张\ue815', 'name-characters'],
    ['one of the last planes', '张\u{f0000}', 'name-private-use'],
    ['a bullet between Latin letters', 'J•R•SMITH', 'name-characters'],
    ['a stop before a Latin word', 'J .SMITH', 'name-characters'],
    ['two of them', 'J.. SMITH', 'name-characters'],
    ['only one', '.', 'name-characters'],
    ['UTF-8 read as GBK', misread('张三', 'utf8', 'gbk'), 'name-misread'],
    ['a longer one so', misread('古丽米热', 'utf8', 'gbk'), 'name-misread'],
    ['UTF-8 read as windows-1252', misread('张三', 'utf8', 'windows-1252'), 'name-misread'],
    ['a Latin name so', misread('José', 'utf8', 'windows-1252'), 'name-misread'],
    ['GBK read as Latin-1', misread('', Buffer.from('d5c5c8fd', 'hex'), 'latin1'), 'name-misread'],
    ['U+FFFD read as GBK', '锟斤拷', 'name-misread'],
  ];
  for (const [name, given, problem] of refusals) {
    it(`refuses ${name}: ${problem}`, () => assertProblem(() => read(given), problem));
  }

  it('takes a name that only looks misread', () => {
    // In GBK the bytes of all three are those of two characters in UTF-8, of which nobody's name is made.
    const name = new TextDecoder('gbk').decode(Buffer.from('濴濴'));
    assert.deepEqual(read(name), [name, []]);
  });

  it("takes the sandbox's names anywhere but in production", () => {
    for (const name of ['沙箱101', '沙箱0.42', '沙箱码603', 'sandbox-http-503']) {
      for (const environment of ['sandbox', 'custom'] as const)
        assert.deepEqual(read(name, environment), [name, []]);
      for (const environment of ['production', null] as const)
        assertProblem(() => read(name, environment), 'name-digits');
    }
  });
});
