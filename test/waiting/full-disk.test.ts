/**
 * A disk that takes no more: the limit on the size of files is lowered for a process, and raised again (prlimit(1)). To
 * that process it looks like any other full disk: a write that takes only a part, and then an error.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Journal, type Kept } from '../../src/waiting/journal';
import { temporaryDirectory } from '../demo-process';
import { KEY, type Process, startProcess, thing } from './process';

const things = (name: string, count: number) =>
  Array.from({ length: count }, (_, index) => thing(`${name} ${index}`, 2_000));
const ids = (kept: readonly Kept[]) => kept.map(({ id }) => id);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('waiting: the journal on a full disk', () => {
  let folder: string;
  let writer: Process;
  const limit = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', `${writer.pid}`, `--fsize=${bytes}:`]);
  const size = () => statSync(join(folder, readdirSync(folder).find((name) => name.endsWith('.log'))!)).size;
  const told = () => writer.said.filter(({ told }) => told).map(({ told, count }) => `${told} ${count}`);
  const left = async () => {
    const found: string[] = [];
    const journal = new Journal({
      folder,
      key: () => KEY,
      told: (trouble) => found.push(trouble),
      onFound: () => assert.fail('The lock was not free'),
    });
    found.push(...ids(await journal.open()));
    await journal.close();
    return found.sort();
  };

  beforeEach(async () => {
    folder = join(temporaryDirectory(), 'waiting');
    writer = startProcess();
    await writer.ask('open', folder);
    assert.ok((await writer.ask('put', things('first', 10))).every(Boolean));
  });
  afterEach(() => writer.kill());

  it('goes on in memory, and writes it all when there is room, before a kill', async () => {
    limit(size() + 10_000);
    assert.ok((await writer.ask('put', things('more', 50))).every((isWritten) => !isWritten));
    const start = performance.now();
    assert.ok((await writer.ask('put', things('yet more', 50))).every((isWritten) => !isWritten));
    assert.ok(performance.now() - start < 500);
    await writer.ask('end', ['first 0', 'more 0', 'yet more 49']);
    await pause(2_500);
    assert.deepEqual(told(), ['unwritable 60']);
    limit('unlimited');
    await pause(1_500);
    assert.deepEqual(told(), ['unwritable 60', 'written-again 107']);
    assert.deepEqual(await writer.ask('put', things('last', 1)), [true]);
    await writer.kill();
    const expected = [
      ...ids(things('first', 10)).slice(1),
      ...ids(things('more', 50)).slice(1),
      ...ids(things('yet more', 49)),
      'last 0',
    ];
    assert.deepEqual(await left(), expected.sort());
  });

  it('leaves what was on disk before as it was, when it is killed', async () => {
    limit(size() + 10_000);
    await writer.ask('put', things('more', 50));
    await writer.kill();
    const found = await left();
    assert.deepEqual(
      found.filter((id) => id.startsWith('first')),
      ids(things('first', 10)),
    );
    // What was written in part is a line that was cut, which is no damage.
    assert.ok(
      found.every((id) => /^(?:first|more) \d+$/.test(id)),
      `${found}`,
    );
  });

  it('brings nothing back of what was over before there was room', async () => {
    limit(size() + 20_000);
    await writer.ask('put', things('more', 50));
    await writer.ask('end', ids(things('more', 50)));
    limit('unlimited');
    await pause(1_500);
    assert.deepEqual(await writer.ask('put', things('last', 1)), [true]);
    await writer.kill();
    assert.deepEqual(await left(), [...ids(things('first', 10)), 'last 0']);
  });

  it('writes it once more when it is closed', async () => {
    limit(size() + 10_000);
    await writer.ask('put', things('more', 50));
    limit('unlimited');
    assert.deepEqual(await writer.ask('close'), []);
    assert.equal((await left()).length, 60);
  });

  it('says what is lost when it is closed before there is room', async () => {
    limit(size());
    await writer.ask('put', things('more', 3));
    await writer.ask('end', ['more 1']);
    assert.deepEqual(await writer.ask('close'), ['task more 0', 'task more 2']);
    assert.deepEqual(await left(), ids(things('first', 10)));
  });

  it('is tried at once when somebody asks, who is told what is in memory alone', async () => {
    limit(size());
    await writer.ask('put', things('more', 2));
    assert.deepEqual(await writer.ask('flush'), ['task more 0', 'task more 1']);
    limit('unlimited');
    assert.deepEqual(await writer.ask('flush'), []);
    await writer.kill();
    assert.equal((await left()).length, 12);
  });

  it('begins when there is room', async () => {
    await writer.ask('close');
    await writer.kill();
    writer = startProcess();
    await writer.ask('holds').catch(() => {});
    limit(0);
    assert.deepEqual(await writer.ask('open', folder), []);
    assert.deepEqual(await writer.ask('put', things('more', 1)), [false]);
    assert.deepEqual(told(), ['unwritable 0']);
    limit('unlimited');
    await pause(1_500);
    assert.deepEqual(writer.said.flatMap(({ found }) => found ?? []).sort(), ids(things('first', 10)));
    await writer.ask('close');
    assert.equal((await left()).length, 11);
  });
});
