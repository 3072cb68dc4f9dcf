import assert from 'node:assert/strict';
import { isTooMuchJson, parseJsonText } from '../../src/input/json-text';

describe('input: JSON in a text', () => {
  const nested = (opening: string, closing: string, levels: number) =>
    `${opening.repeat(levels)}1${closing.repeat(levels)}`;
  for (const [opening, closing] of [
    ['[', ']'],
    ['{"a":', '}'],
  ] as const) {
    it(`is read up to sixteen levels of ${opening}`, () => {
      assert.deepEqual(
        JSON.stringify(parseJsonText(nested(opening, closing, 16))),
        nested(opening, closing, 16),
      );
      assert.throws(() => parseJsonText(nested(opening, closing, 17)), SyntaxError);
      assert.deepEqual(
        [16, 17].map((levels) => isTooMuchJson(nested(opening, closing, levels))),
        [false, true],
      );
    });
  }

  it('counts levels that are open, and none in a string', () => {
    const wide = `[${'[1],'.repeat(40)}"\\"${'['.repeat(40)}"]`;
    assert.equal(isTooMuchJson(wide), false);
    assert.equal((parseJsonText(wide) as unknown[]).length, 41);
  });

  it('has at most so many values, and may begin with a byte order mark', () => {
    assert.deepEqual(parseJsonText('\ufeff[1,2,3]'), [1, 2, 3]);
    const much = `[${'1,'.repeat(256 * 1024)}1]`;
    assert.throws(() => parseJsonText(much), RangeError);
    assert.equal(isTooMuchJson(much), true);
  });

  it('counts no list and no object beside what is in it: the result of 14,000 photos is read', () => {
    const photos = Array.from({ length: 14_000 }, () => ({
      location: { gcj02: {}, wgs84: {} },
      of: Array(16).fill(0),
    }));
    assert.deepEqual(parseJsonText(JSON.stringify(photos)), photos);
    assert.equal(isTooMuchJson(JSON.stringify(photos)), false);
  });
});
