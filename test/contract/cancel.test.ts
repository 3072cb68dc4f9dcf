import assert from 'node:assert/strict';
import { onAbort } from '../../src/contract/cancel';

describe('contract: cancel', () => {
  it('calls all that still want to know, once', () => {
    const closing = new AbortController();
    const called: string[] = [];
    onAbort(closing.signal, () => called.push('first'));
    const forget = onAbort(closing.signal, () => called.push('second'));
    onAbort(closing.signal, () => called.push('third'));
    forget();
    closing.abort();
    closing.abort();
    assert.deepEqual(called, ['first', 'third']);
  });

  it('has one listener, however many want to know', () => {
    const { signal } = new AbortController();
    let listeners = 0;
    signal.addEventListener = () => listeners++;
    for (let index = 0; index < 3; index++) onAbort(signal, () => {});
    assert.equal(listeners, 1);
  });

  it('calls soon where the signal has aborted already', async () => {
    let isCalled = false;
    onAbort(AbortSignal.abort(), () => {
      isCalled = true;
    });
    await Promise.resolve();
    assert.ok(isCalled);
  });

  it('calls nobody who has taken it away by then', async () => {
    let isCalled = false;
    const forget = onAbort(AbortSignal.abort(), () => {
      isCalled = true;
    });
    forget();
    await Promise.resolve();
    assert.ok(!isCalled);
  });
});
