import assert from 'node:assert/strict';
import { isObject, parseJson } from '../../src/http/json';

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

  it('knows an object', () => {
    for (const value of [{}, { a: 1 }]) assert.equal(isObject(value), true);
    for (const value of [null, undefined, [], 'a', 1, () => {}]) assert.equal(isObject(value), false);
  });
});
