import assert from 'node:assert/strict';
import { Fifo } from '../../src/http/fifo';

describe('http: first in, first out', () => {
  it('keeps the order over many turns', () => {
    const fifo = new Fifo<number>();
    assert.equal(fifo.shift(), undefined);
    let pushed = 0;
    let taken = 0;
    // Three come for every two that go, then all go: past each of the moments at which it tidies up.
    while (pushed < 9_000) {
      for (let count = 0; count < 3; count++) fifo.push(pushed++);
      for (let count = 0; count < 2; count++) assert.equal(fifo.shift(), taken++);
    }
    while (taken < pushed) assert.equal(fifo.shift(), taken++);
    assert.equal(fifo.shift(), undefined);
    fifo.push(-1);
    assert.equal(fifo.shift(), -1);
  });
});
