import assert from 'node:assert/strict';
import fc from 'fast-check';
import { pack, parcelOf, sizeOf, unpack } from '../../src/store/packing';

const bytes = fc.uint8Array({ maxLength: 40 });
/** As JSON can hold it, with bytes anywhere. */
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    bytes,
    fc.oneof(
      fc.string({ unit: fc.nat(0x10ffff).map((point) => String.fromCodePoint(point)) }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), fc.constant('__proto__')), tie('value'), { maxKeys: 4 }),
  ),
})).value;
const through = (...values: unknown[]) => unpack(parcelOf(values.map(pack)));
/** Without prototypes, which differ where a dictionary has none. */
const plain = (found: unknown) => structuredClone(found);

describe('packing for the thread', () => {
  it('brings every value across as it was, bytes included, and changes none', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 5 }), (values) => {
        const before = plain(values);
        assert.deepEqual(plain(through(...values)), before);
        assert.deepEqual(plain(values), before);
      }),
    );
  });

  it('gives nobody more of a pool than the bytes that are meant', () => {
    const [first, second] = through(Buffer.from('one'), { in: [Buffer.from('two')] }) as [
      Uint8Array,
      { in: Uint8Array[] },
    ];
    assert.deepEqual(
      [first, ...second.in],
      [new Uint8Array([111, 110, 101]), new Uint8Array([116, 119, 111])],
    );
    assert.equal(first.buffer.byteLength, 6);
  });

  it('counts text and bytes', () => {
    assert.equal(sizeOf(pack({ a: [new Uint8Array(1_000)] })), 1_000 + '{"a":[null]}'.length);
  });

  it('takes nothing for null, and refuses what JSON cannot hold', () => {
    assert.deepEqual(through(undefined, { a: undefined }), [null, {}]);
    const cyclic: { self?: unknown } = {};
    cyclic.self = cyclic;
    assert.throws(() => pack(cyclic));
    assert.throws(() => pack({ a: 1n }));
  });
});
