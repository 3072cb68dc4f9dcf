import assert from 'node:assert/strict';
import { isObject, parseAnswer, parseJson } from '../../src/http/json';
import { stepsOf } from '../steps';

describe('http: JSON', () => {
  const ID = '1916812048797600001';
  const rows: [json: string, value: unknown][] = [
    [`{"taskID":${ID}}`, { taskID: ID }],
    ['{"order_no": 191681204879760003 }', { order_no: '191681204879760003' }],
    [`[${ID},-${ID},1916812048797600000]`, [ID, `-${ID}`, '1916812048797600000']],
    [ID, ID],
    [`{"taskID":"${ID}","${ID}":1}`, { taskID: ID, [ID]: 1 }],
    // The largest exact numbers, and one more; sixteen digits that are exact, and small numbers.
    ['[9007199254740991,-9007199254740991,9007199254740992]', [2 ** 53 - 1, 1 - 2 ** 53, '9007199254740992']],
    [`[1234567890123456,0,-1,12,${ID}]`, [1234567890123456, 0, -1, 12, ID]],
    ['[0.1234567890123456789,1234567890123456789.5]', [0.12345678901234568, Number('1234567890123456789.5')]],
    ['[1234567890123456789e2,1E5]', [Number('1234567890123456789e2'), 1e5]],
    // Texts with an escaped quotation mark, with a backslash at the end, and with what looks like an array.
    [`{"a":"\\":${ID},\\""}`, { a: `":${ID},"` }],
    [`{"a":"\\\\","b":${ID}}`, { a: '\\', b: ID }],
    [`["[${ID}]"]`, [`[${ID}]`]],
    ['\ufeff{"a":1}', { a: 1 }],
    [`\ufeff{"a":${ID}}`, { a: ID }],
    [`\n{ "a" :\t${ID}\r\n}`, { a: ID }],
    ['{"a":[1,2.5,"张",null,true]}', { a: [1, 2.5, '张', null, true] }],
  ];
  for (const [json, value] of rows)
    it(`reads ${JSON.stringify(json)}`, () => assert.deepEqual(parseJson(json), value));

  it('throws where it is not JSON', () => {
    const broken = [
      '',
      '{',
      '<html>',
      '{"a":}',
      `{"a":${ID}`,
      `[${ID},]`,
      `"${ID}`,
      `+${ID}`,
      `${ID}a`,
      `0${ID}`,
    ];
    for (const text of [...broken, `${ID}-1`, `-${ID}-`])
      assert.throws(() => parseJson(text), SyntaxError, text);
  });

  it('knows the keys that one object of an answer has twice with different values', () => {
    for (const text of [
      '{"incorrect":101,"incorrect":100}',
      '{"code":500,"code":500,"inner":[{"a":{"inner":-2305,"inner":0}}]}',
      '{"success" : false, "success" : true}',
      '{"inc\\u006frrect":101,"incorrect":100}',
      '{"a\\"":1,"a\\"":2}',
      '{"__proto__":1,"__proto__":2}',
      `{"order_no":${ID},"order_no":${ID.slice(0, -1)}2}`,
      `{"data":{"a":1},"data":{"a":1,"b":2}}`,
    ]) {
      const twice = new Set<string>();
      assert.deepEqual(parseAnswer(text, twice), parseJson(text), text);
      assert.deepEqual([...twice], [Object.keys(JSON.parse(text)).find((key) => key !== 'code') ?? ''], text);
      assert.throws(() => parseAnswer(text), SyntaxError, text);
    }
    for (const text of [
      '{"msg":"a:b","data":{"msg":"a:b"},"list":[{"msg":1},{"msg":2}]}',
      '{"code":200,"data":{"a":[1,{"b":2}]},"code":200,"data":{"a":[1,{"b":2}]}}',
      '{"a":"\\":1,\\"a\\":2","b":"\\\\"}',
      '\ufeff{"a":1,"a":1}',
      `{"a":"1","a":1,"b":${ID},"b":"${ID}","c":[{"d":1}],"c":[{"d":"1"}]}`,
      '"a"',
    ])
      assert.deepEqual(parseAnswer(text), parseJson(text), text);
  });

  it('reads the largest answer, one text of four mebibytes beside an id', () => {
    const size = 4 * 1024 * 1024;
    for (const text of ['x'.repeat(size), '\\"'.repeat(size / 2), '1'.repeat(size)]) {
      assert.deepEqual(parseJson(`{"photo":"${text}","id":${ID}}`), {
        photo: JSON.parse(`"${text}"`),
        id: ID,
      });
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
      (size) => `[${'{"a":1,"a":1},'.repeat(size / 14)}1]`,
    ];
    for (const make of texts) {
      const text = make(100_000);
      const steps = stepsOf(() => parseAnswer(text));
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
