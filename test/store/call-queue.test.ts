import assert from 'node:assert/strict';
import { CallQueue, QueuedCall } from '../../src/store/call-queue';

describe('the calls on their way to the thread', () => {
  let queue: CallQueue;
  let ends: string[];
  beforeEach(() => {
    queue = new CallQueue();
    ends = [];
  });

  const KEPT = true;
  const PASSING = false;
  function add(operation: string, isKept: boolean): void {
    const call = new QueuedCall(
      { operation, parameters: null, now: 0, isKept },
      {
        resolve: (answer) => ends.push(`${operation} ${answer}`),
        reject: ({ message }) => ends.push(`${operation} ${message}`),
        late: undefined,
      },
    );
    queue.add(call, undefined);
  }
  const namesOf = (sent: string | null) =>
    sent && (JSON.parse(sent) as { operation: string }[]).map(({ operation }) => operation).join(' ');
  const next = () => namesOf(queue.next());
  const probe = (isDue: boolean) => namesOf(queue.nextProbe(isDue));
  const answer = () => queue.settle([{ ended: 'answered', value: 'done' }], null);
  const keep = () => queue.settle([{ ended: 'kept' }], new Error('full'));
  const interrupt = () => queue.interrupt(new Error('ended'));

  it('sends alone what the thread ended at, and the next once it is answered', () => {
    add('a', KEPT);
    add('b', KEPT);
    assert.equal(next(), 'a b');
    interrupt();
    add('c', KEPT);
    assert.equal(next(), 'a');
    assert.equal(next(), null);
    answer();
    assert.equal(next(), 'b');
    assert.equal(next(), null);
    answer();
    assert.equal(next(), 'c');
  });

  it('sends alone what the thread ended at while the disk is full, too', () => {
    for (const name of ['a', 'b', 'c']) add(name, KEPT);
    assert.equal(probe(true), 'a b c');
    interrupt();
    for (let time = 1; time < 3; time++) {
      assert.equal(probe(true), 'a');
      interrupt();
    }
    assert.deepEqual(ends, ['a ended']);
    for (const name of ['b', 'c']) {
      assert.equal(probe(true), name);
      answer();
    }
    assert.deepEqual(ends, ['a ended', 'b done', 'c done']);
  });

  it('keeps the order of what is kept meanwhile, and has the others answered', () => {
    add('a', KEPT);
    add('b', PASSING);
    assert.equal(probe(true), 'a b');
    interrupt();
    add('c', KEPT);
    add('d', PASSING);
    queue.addFirst(() => add('first', KEPT));
    assert.equal(probe(false), 'b');
    answer();
    assert.equal(probe(false), 'first d');
    queue.settle([{ ended: 'kept' }, { ended: 'answered', value: 'done' }], new Error('full'));
    assert.equal(probe(false), null);
    assert.equal(probe(true), 'first');
    answer();
    assert.equal(probe(true), 'a');
    keep();
    assert.equal(probe(true), 'a');
    answer();
    assert.equal(probe(true), 'c');
    assert.deepEqual(ends, ['b done', 'd done', 'first done', 'a done']);
  });

  it('refuses what was sent to a disk that does not answer, but for what is kept', () => {
    add('kept', KEPT);
    add('passing', PASSING);
    assert.equal(next(), 'kept passing');
    queue.refuseSent(new Error('stuck'));
    assert.deepEqual(ends, ['passing stuck']);
  });
});
