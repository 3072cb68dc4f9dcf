import assert from 'node:assert/strict';
import { isObject, parseJson } from '../../src/http/json';
import { stepsOf } from '../steps';

describe('http: JSON', () => {
  const rows: [string, string, unknown][] = [
    ['a 19-digit id', '{"taskID":1916812048797600001}', { taskID: '1916812048797600001' }],
    ['an 18-digit id', '{"order_no": 191681204879760003 }', { order_no: '191681204879760003' }],
    [
      'ids in an array',
      '[1916812048797600001,1916812048797600002]',
      ['1916812048797600001', '1916812048797600002'],
    ],
    ['an id alone', '1916812048797600001', '1916812048797600001'],
    ['a negative one', '{"a":-1916812048797600001}', { a: '-1916812048797600001' }],
    ['an id that a number would hold', '[1916812048797600000]', ['1916812048797600000']],
    ['an id in quotes', '{"taskID":"1916812048797600001"}', { taskID: '1916812048797600001' }],
    ['an id as a name', '{"1916812048797600001":1}', { '1916812048797600001': 1 }],
    [
      'the largest exact number',
      '[9007199254740991,-9007199254740991]',
      [9007199254740991, -9007199254740991],
    ],
    ['one more', '[9007199254740992]', ['9007199254740992']],
    ['sixteen digits that are exact', '{"a":1234567890123456}', { a: 1234567890123456 }],
    ['small numbers beside an id', '[0,-1,12,1916812048797600001]', [0, -1, 12, '1916812048797600001']],
    [
      'a fraction',
      '[0.1234567890123456789,1234567890123456789.5]',
      [0.12345678901234568, Number('1234567890123456789.5')],
    ],
    ['an exponent', '[1234567890123456789e2,1E5]', [Number('1234567890123456789e2'), 1e5]],
    ['a text with an escaped quote', '{"a":"\\":1916812048797600001,\\""}', { a: '":1916812048797600001,"' }],
    [
      'a text that ends in a backslash',
      '{"a":"\\\\","b":1916812048797600001}',
      { a: '\\', b: '1916812048797600001' },
    ],
    ['a text that looks like an array', '["[1916812048797600001]"]', ['[1916812048797600001]']],
    ['a byte order mark', '\ufeff{"a":1}', { a: 1 }],
    ['a byte order mark and an id', '\ufeff{"a":1916812048797600001}', { a: '1916812048797600001' }],
    ['white space', '\n{ "a" :\t1916812048797600001\r\n}', { a: '1916812048797600001' }],
    ['no long number', '{"a":[1,2.5,"张",null,true]}', { a: [1, 2.5, '张', null, true] }],
  ];
  for (const [name, text, value] of rows) it(name, () => assert.deepEqual(parseJson(text), value));

  it('throws where it is not JSON', () => {
    const long = '1916812048797600001';
    for (const text of [
      '',
      '{',
      '<html>',
      '{"a":}',
      `{"a":${long}`,
      `[${long},]`,
      `"${long}`,
      `+${long}`,
      `${long}a`,
      `0${long}`,
      `${long}-1`,
      `-${long}-`,
    ]) {
      assert.throws(() => parseJson(text), SyntaxError, text);
    }
  });

  it('reads the largest answer, one text of four mebibytes beside an id', () => {
    const size = 4 * 1024 * 1024;
    for (const text of ['x'.repeat(size), '\\"'.repeat(size / 2), '1'.repeat(size)]) {
      const { id, photo } = parseJson(`{"photo":"${text}","id":1916812048797600001}`) as Record<
        string,
        string
      >;
      assert.equal(id, '1916812048797600001');
      assert.equal(photo, JSON.parse(`"${text}"`));
    }
  });

  it('refuses what is nested too deep, or holds too many values, before it parses it', () => {
    const cases: [string, RegExp][] = [
      [`${'['.repeat(101)}${']'.repeat(101)}`, /too deep/],
      [`${'{"a":'.repeat(101)}1${'}'.repeat(101)}`, /too deep/],
      ['['.repeat(1_000_000), /too deep/],
      [`[${'1,'.repeat(50_000)}1]`, /too many values/],
      [`[${'{},'.repeat(25_000)}1]`, /too many values/],
    ];
    for (const [text, words] of cases) assert.throws(() => parseJson(text), words, text.slice(0, 20));
    for (const text of [
      `${'['.repeat(100)}${']'.repeat(100)}`,
      `[${'1,'.repeat(49_000)}1]`,
      JSON.stringify('[{,'.repeat(100_000)),
      `[${Array(1_000).fill('[{"a":[]}]').join()}]`,
    ])
      assert.deepEqual(parseJson(text), JSON.parse(text));
  });

  it('looks at each character a bounded number of times, whatever the text', () => {
    const texts: ((size: number) => string)[] = [
      (size) => `[1234567890123456,"${'\\"'.repeat(size)}`,
      (size) => `[1234567890123456,"${'\\'.repeat(size)}`,
      (size) => `[1234567890123456${',"a'.repeat(size)}`,
      (size) => `{"id":1916812048797600001,"a":"${'x'.repeat(size)}"}`,
      (size) => '1'.repeat(size),
      (size) => '-'.repeat(size),
      (size) => '1e'.repeat(size),
      (size) => ' '.repeat(size),
      (size) => `[${'1916812048797600001,'.repeat(size / 20)}1]`,
    ];
    for (const make of texts) {
      const text = make(100_000);
      const steps = stepsOf(() => parseJson(text));
      assert.ok(
        steps <= 5 * text.length,
        `${text.slice(0, 24)}: ${steps} steps for ${text.length} characters`,
      );
    }
  });

  it('knows an object', () => {
    for (const value of [{}, { a: 1 }]) assert.equal(isObject(value), true);
    for (const value of [null, undefined, [], 'a', 1, () => {}]) assert.equal(isObject(value), false);
  });
});
