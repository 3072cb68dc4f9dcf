import assert from 'node:assert/strict';
import { Ongoing } from '../../src/contract/ongoing';

describe('contract: ongoing', () => {
  it('has what is under way, the oldest first', () => {
    const all = new Ongoing<string>();
    const [first, second] = ['first', 'second', 'third'].map((each) => all.add(each));
    assert.ok(second!());
    assert.deepEqual([...all], ['first', 'third']);
    assert.ok(first!());
    assert.deepEqual([all.shift(), all.shift(), [...all]], ['third', undefined, []]);
  });

  it('takes nothing away twice', () => {
    const all = new Ongoing<string>();
    const forget = all.add('first');
    all.shift();
    all.add('second');
    assert.ok(!forget());
    assert.deepEqual([...all], ['second']);
  });
});
