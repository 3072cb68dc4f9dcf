/** docs/contract.md, "Action nodes", `provider-request`: what is sent is the caller's object, exact, or an INPUT error. */
import assert from 'node:assert/strict';
import {
  formFields,
  jsonDigest,
  readJsonObject,
  readOptionalObject,
  refuseNames,
} from '../../src/input/json-object';

function read(value: unknown) {
  const repaired = new Set<string>();
  const object = readJsonObject(value, 'body', repaired);
  return { object, isRepaired: repaired.has('body') };
}
const nested = (levels: number): object => (levels === 1 ? {} : { a: nested(levels - 1) });

describe('an object that is sent as JSON', () => {
  const lookalike = { type: 'Buffer', data: 'b' };
  const taken: [string, unknown, object, boolean][] = [
    ['as it is', { a: [1, 'b', null, true, { c: -0.5 }] }, { a: [1, 'b', null, true, { c: -0.5 }] }, false],
    ['without what JSON leaves out', { a: undefined, b: null }, { b: null }, false],
    ['with bytes as base64', { a: new Uint8Array([1, 2]).subarray(1) }, { a: 'Ag==' }, true],
    ['with a Buffer of JSON as base64', { a: { type: 'Buffer', data: [2] } }, { a: 'Ag==' }, true],
    ['with what only looks like a Buffer', { a: lookalike }, { a: lookalike }, false],
    ['with a large number as its digits', { a: 1916812048797622272n }, { a: '1916812048797622272' }, true],
    ['with the largest number that is exact', { a: Number.MAX_SAFE_INTEGER }, { a: 9007199254740991 }, false],
    ['as a text, its integers exact', '{"a":1916812048797622272}', { a: '1916812048797622272' }, false],
  ];
  for (const [what, value, object, isRepaired] of taken)
    it(what, () => assert.deepEqual(read(value), { object, isRepaired }));

  const refused: [string, unknown, string][] = [
    ['nothing', '', 'object-missing'],
    ['what writes itself as something else', { toJSON: () => 1 }, 'not-an-object'],
    ['a Map inside', { a: new Map() }, 'not-json'],
    ['a number that is not exact', { a: 2 ** 53 }, 'number-inexact'],
    ['an infinite number', { a: Infinity }, 'number-inexact'],
    ['a name that was read in the wrong encoding', { 'a\ufffd': 1 }, 'text-damaged'],
    ['more than 100 levels below it', nested(102), 'object-too-large'],
    ['50,000 values and their list', { a: Array(50_000).fill(1) }, 'object-too-large'],
    ['a list that says that it has more', { a: new Array(50_001) }, 'object-too-large'],
    ['more than 32 MB of text, with its name', { a: 'b'.repeat(32 * 1024 * 1024) }, 'object-too-large'],
    ['more than that in UTF-8', { a: '张'.repeat(11 * 1024 * 1024) }, 'object-too-large'],
    ['a list of more than 8 MB', { a: { type: 'Buffer', data: Array(2 ** 23 + 1) } }, 'object-too-large'],
  ];
  for (const [what, value, problem] of refused)
    it(`is not ${what}`, () =>
      assert.throws(() => read(value), { code: 'INPUT', problem, values: { field: 'body' } }));

  it('has up to 100 levels below it, 50,000 values and 32 MB of text', () => {
    for (const value of [nested(101), { a: Array(49_999).fill(1) }, { a: 'b'.repeat(32 * 1024 * 1024 - 1) }])
      assert.deepEqual(read(value), { object: value, isRepaired: false });
  });

  it('may be left out where it is optional', () => {
    for (const nothing of [undefined, null, ''])
      assert.deepEqual(readOptionalObject(nothing, 'query', new Set()), {});
    assert.deepEqual(readOptionalObject('{"a":1}', 'query', new Set()), { a: 1 });
  });

  it('is a form of texts, without what is null', () => {
    const name = 'n'.repeat(128);
    assert.deepEqual(formFields({ a: 1, b: true, c: null, [name]: 'd' }, 'body'), {
      a: '1',
      b: 'true',
      [name]: 'd',
    });
    for (const object of [{ a: [] }, { a: {} }, { '': 1 }, { 'a b': 1 }, { [`${name}n`]: 1 }])
      assert.throws(() => formFields(object, 'body'), {
        problem: 'not-a-form-field',
        values: { field: 'body' },
      });
  });

  it('has no field that the node fills in itself', () => {
    assert.doesNotThrow(() => refuseNames({ a: 1, toString: 1 }, 'body', ['sign']));
    assert.throws(() => refuseNames({ a: 1, sign: 1 }, 'body', ['time', 'sign']), {
      problem: 'name-reserved',
      values: { field: 'body', name: 'sign' },
    });
  });

  it('is the same in whatever order its properties are, and its lists are not', () => {
    assert.equal(jsonDigest({ b: [{ d: 1, c: 2 }], a: 3 }), jsonDigest({ a: 3, b: [{ c: 2, d: 1 }] }));
    assert.notEqual(jsonDigest([1, 2]), jsonDigest([2, 1]));
  });
});
