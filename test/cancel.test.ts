import assert from 'node:assert/strict';
import { Cancel } from '../src/contract/cancel';

describe('cancel', () => {
  it('calls every listener once, in order', () => {
    const cancel = new Cancel();
    const called: number[] = [];
    for (const number of [1, 2, 3]) cancel.onCancel(() => called.push(number));
    assert.equal(cancel.cancelled, false);
    cancel.cancel();
    cancel.cancel();
    assert.equal(cancel.cancelled, true);
    assert.deepEqual(called, [1, 2, 3]);
  });

  it('calls a listener at once that comes too late', () => {
    const cancel = new Cancel();
    cancel.cancel();
    let called = 0;
    const forget = cancel.onCancel(() => called++);
    assert.equal(called, 1);
    forget();
    cancel.cancel();
    assert.equal(called, 1);
  });

  it('lets a listener be taken away, again and again', () => {
    const cancel = new Cancel();
    let called = 0;
    const forget = cancel.onCancel(() => called++);
    forget();
    forget();
    cancel.cancel();
    assert.equal(called, 0);
  });

  it('is cancelled already when it tells its listeners, and tells those who come meanwhile', () => {
    const cancel = new Cancel();
    const seen: boolean[] = [];
    cancel.onCancel(() => {
      seen.push(cancel.cancelled);
      cancel.onCancel(() => seen.push(true));
      cancel.cancel();
    });
    cancel.cancel();
    assert.deepEqual(seen, [true, true]);
  });
});
