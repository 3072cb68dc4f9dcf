import assert from 'node:assert/strict';
import type { Environment } from '../../src/contract/result';
import { readName } from '../../src/input/name';
import { assertProblem, itRefuses, itRepairs } from './refusal';

function read(value: unknown, environment: Environment | null = 'production') {
  const repaired = new Set<string>();
  return [readName(value, 'personName', environment, repaired), [...repaired]];
}

/** Written in UTF-8 and read as something else. */
const misread = (text: string, encoding: string) => new TextDecoder(encoding).decode(Buffer.from(text));

describe('input: name', () => {
  const fine = [
    ...['张三', '欧阳小明', '曾', '𠮷', '𠮷田', '〇小', '张𠅤', '林', '古丽米热·艾比布力', '阿·卜杜·拉'],
    ...['Alim', 'Muhammad Ali', "O'Brien", 'O’Brien', 'Anne-Marie', 'José Núñez', 'Владимир Иванов', 'Zoë'],
    ...['アンナ', 'マリー', 'みすゞ', '佐々木', '김철수', 'محمد', '张 John', 'Nguyễn Văn An'],
    ...['XU XIN', 'Max', 'Xi', 'Malcolm X', 'Xu 张', '张 Xiao', '张Max', 'X·张', 'Bo张'],
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

  itRepairs(read, 'personName', [
    [uyghur, ['古丽米热 · 艾比布力', '古丽米热. 艾比布力', '古丽米热··艾比布力']],
    ['阿·卜杜·拉', ['阿.卜杜•拉']],
    ['J·张', ['J.张']],
    ['J. R. SMITH', ['J.  R.\u00a0SMITH']],
    // What Excel and CSV put round it, a sentence, a list, brackets; then what nobody sees.
    ['张三', ['="张三"', '="张三', "'张三", '“张三”', '‘张三’', '张三。', '张三，', '（张三）', '张 三']],
    [
      '张三',
      ['张三\u200b', '张\u202a三\u202c', '\ufeff张三', '张三\0', '张三\r\n', ['张三'], Buffer.from('张三')],
    ],
    ['欧阳小明', [' 欧\u3000阳\u2009小\u00a0明 ']],
    ['Muhammad Ali', ['Muhammad \u2003 Ali']],
    // Private use of GBK; compatibility characters, of the second plane too; radicals, one that NFKC does not know.
    ['䶮三', ['\ue863三']],
    ['𡗗龻', ['\ue831\ue864']],
    ['林三', ['\uf9f4三']],
    ['你三', ['\u{2f804}三']],
    ['弓三', ['\u2f38三']],
    ['马云', ['\u2ee2云']],
    ['葛三', ['葛\u{e0100}三']],
    ['Alim', ['Ａｌｉｍ']],
    ['José', ['Jose\u0301']],
    ['Anne-Marie', ['Anne–Marie']],
    ["O'Brien", ['O´Brien', 'O`Brien']],
  ]);

  itRefuses(read, [
    ['name-missing', [undefined, ' \u3000\n', '\u200b\ufeff', 'undefined', 'null', 'NaN', 'None']],
    ['text-not-text', [5, { name: '张三' }]],
    ['text-damaged', ['张\ufffd', '张\ud842']],
    ['text-control', ['张\t三']],
    ['text-too-long', ['张'.repeat(65)]],
    ['name-question-marks', ['??', '张?', '张？']],
    // Of a form, HTML, JSON, Python and a mail.
    ['name-encoded', ['%D5%C5%C8%FD', '&#24352;&#19977;', '&#x5F20;&#x4E09;', '张&nbsp;三']],
    ['name-encoded', ['\\u5f20\\u4e09', '\\xe5\\xbc\\xa0', '%u5f20', '=E5=BC=A0']],
    [
      'name-masked',
      ['XX', 'ＸＸ', 'XXX', 'xx', 'X', 'X X', 'XX明', 'X明', 'Xx三', '李x', '李Ｘ', '艾x·x克', '小XX'],
    ],
    ['name-masked', ['王OO', '王O明', '李O', '张某', '欧阳某', '某', '某某']],
    ['name-masked', ['张*', '欧＊＊', '张○○', '张●三', '张××', '张x明', '张ＸＸ', '张某某']],
    ['name-digits', ['张3', '张３', '张①', '13800138000']],
    [
      'name-characters',
      ['·', '张三·', '古丽…布力', '张三...', '张\u0301三', '张三,李四', '张三（女）', '张-三'],
    ],
    ['name-characters', ['-'.repeat(32), 'zhang@example', '<b>张三</b>', '张三😀', '张\ue815', 'J•R•SMITH']],
    ['name-characters', ['J .SMITH', 'J.. SMITH', '.']],
    // NFKC makes letters of them.
    ['name-characters', ['张三™', '张℡', '张㊚', '张㍿', '张Ⅲ', '㋿三', '№三', '张Ⓐ', '㈠三', '〸三']],
    ['name-characters', ['ゝ三', '张ー三', '张三ー', '张ヽ三']],
    ['name-private-use', ['张\ue000', '张\u{f0000}']],
    ['name-misread', [misread('张三', 'gbk'), misread('古丽米热', 'gbk'), '锟斤拷', '烫烫烫', '屯屯屯']],
    ['name-misread', [misread('张三', 'windows-1252'), misread('José', 'windows-1252')]],
    ['name-misread', [Buffer.from('d5c5c8fd', 'hex').toString('latin1')]],
  ]);

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
    for (const name of ['沙箱??', '沙箱%D5%C5', '张sandbox-三*1', '沙箱1a', `沙箱${'1'.repeat(20)}`])
      assert.throws(() => read(name, 'custom'), name);
    assert.deepEqual(read('沙箱 小明', 'custom'), ['沙箱小明', ['personName']]);
  });
});
