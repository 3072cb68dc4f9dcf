/** What of a message survives on disk: docs/contract.md, "Action nodes", `resume`. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { serialize } from 'node:v8';
import { packContent, unpackContent } from '../../src/waiting/content';

const MEGABYTE = 1024 * 1024;

/** @returns what comes back of a message, and whether it is said to be whole */
function through(message: Record<string, unknown>, work: unknown = {}) {
  const packed = packContent({ work, message });
  return packed && { ...unpackContent(packed.bytes)!, isWhole: packed.isWhole };
}

describe('waiting: the content of a task', () => {
  it('may be whatever a message holds', () => {
    const circle: Record<string, unknown> = { at: new Date(0), map: new Map([[1, 2n]]), nothing: undefined };
    circle.self = circle;
    const message = {
      _msgid: 'm',
      payload: { photo: Buffer.from([0, 255, 10, 13]), number: Number.NaN },
      circle,
    };
    const work = { at: [1, { deep: null }] };
    const back = through(message, work);
    assert.deepEqual(back, { work, message, isWhole: true });
    assert.ok(Buffer.isBuffer((back!.message.payload as { photo: unknown }).photo));
  });

  it('is read into memory of its own', () => {
    const page = new Uint8Array(10_000).fill(65);
    const { bytes } = packContent({ work: {}, message: { photo: Buffer.from('photo') } })!;
    page.set(bytes, 5_000);
    const { message } = unpackContent(page.subarray(5_000, 5_000 + bytes.length))!;
    assert.ok((message.photo as Buffer).buffer.byteLength < 1_000);
  });

  it('has no open HTTP request, and is whole without it', () => {
    const message = { payload: 1, req: { on: () => {} }, res: () => {} };
    assert.deepEqual(through(message), { work: {}, message: { payload: 1 }, isWhole: true });
  });

  it('is in part where a message holds a function', () => {
    const message = { payload: 1, on: () => {}, deep: { on: () => {} } };
    assert.deepEqual(through(message), { work: {}, message: { payload: 1 }, isWhole: false });
  });

  it('is of a message of more than a megabyte its id and topic', () => {
    const { message, isWhole } = through({ _msgid: 'm', topic: 't', payload: Buffer.alloc(MEGABYTE) })!;
    // Names alone: where megabytes differ, `assert` takes gigabytes to show how.
    assert.deepEqual([Object.keys(message), isWhole], [['_msgid', 'topic'], false]);
    assert.equal(through({ payload: Buffer.alloc(MEGABYTE - 1_000) })!.isWhole, true);
  });

  it('keeps the work of thousands of photos, whatever the size of the message', () => {
    const work = { photos: Array.from({ length: 50_000 }, (_, index) => `https://example.com/${index}.jpg`) };
    assert.ok(serialize(work).length > MEGABYTE);
    const back = through({ _msgid: 'm', payload: 1 }, work)!;
    assert.deepEqual([back.message, back.isWhole], [{ _msgid: 'm' }, false]);
    assert.ok(isDeepStrictEqual(back.work, work));
  });

  it('is the work alone where a message cannot be read', () => {
    const message = Object.defineProperty({}, 'payload', {
      enumerable: true,
      get: () => assert.fail('must not be read'),
    });
    assert.deepEqual(through(message, { state: 1 }), { work: { state: 1 }, message: {}, isWhole: false });
  });

  it('is nothing where the work cannot be written down', () => {
    assert.equal(packContent({ work: () => {}, message: {} }), null);
  });

  it('is not read from anything else', () => {
    const others = [7, undefined, [], {}, { work: 1 }, { message: {} }, { work: 1, message: null }];
    for (const value of [...others, { work: 1, message: 'text' }, { work: 1, message: [] }])
      assert.equal(unpackContent(serialize(value)), null);
    for (const bytes of ['', 'garbage', '\xff\xff']) assert.equal(unpackContent(Buffer.from(bytes)), null);
  });
});
