/** A disk that fails at every write and every flush in turn, one that is slow, and one that does not answer: strace(1). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { openDatabase } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { type Process, startProcess } from '../store/process';

/**
 * Each run fails at every so manieth call, beginning with another one, so that in all runs each call fails once. It has to
 * be more than an opening needs, or none would ever succeed: a first one takes 73 writes and 13 flushes.
 */
const STEPS = { pwrite64: 149, fsync: 29 };
/** STORE_SOAK=1 leaves no call out. */
const STRIDE = Number(process.env.STORE_SOAK ?? 6);
/** A run waits more than it works. */
const AT_ONCE = 6;
const OPERATIONS = 300;

/** @param injection as strace's option of this name takes it */
function startTraced(injection: string): Process {
  const [calls] = injection.split(':');
  return startProcess([
    'strace',
    '-f',
    '-qq',
    '-o',
    '/dev/null',
    '-e',
    `trace=${calls}`,
    '-e',
    `inject=${injection}`,
  ]);
}

describe('database: a disk that fails', () => {
  let writers: Process[] = [];
  const start = (injection: string): Process => {
    const writer = startTraced(injection);
    writers.push(writer);
    return writer;
  };
  async function left(file: string): Promise<Set<string>> {
    const database = openDatabase({
      file,
      secret: async () => Buffer.alloc(32, 7),
      now: Date.now,
      notify: (notice) => assert.fail(notice),
      thread: join(__dirname, '../store/thread.js'),
    });
    const found = new Set(await database.call<null, string[]>('probe.list', null));
    await database.close();
    return found;
  }
  const newFile = () => join(temporaryDirectory(), 'cn-verify', 'cn-verify.db');

  afterEach(async () => {
    await Promise.all(writers.map((writer) => writer.kill()));
    writers = [];
  });

  async function check(injection: string): Promise<void> {
    const file = newFile();
    const writer = start(injection);
    await writer.ask('open', file);
    await writer.ask('ready').catch(() => {});
    await writer.ask('putAll', { count: OPERATIONS, together: 3 });
    await writer.ask('close');
    const found = await left(file);
    const of = (what: 'written' | 'refused') => writer.reports.flatMap((report) => report[what] ?? []);
    const lost = of('written').filter((id) => !found.has(id));
    const unexpected = of('refused').filter((id) => found.has(id));
    assert.deepEqual([lost, unexpected], [[], []], injection);
    assert.equal(of('written').length + of('refused').length, OPERATIONS, injection);
    assert.ok(of('refused').length > 0, injection);
    assert.ok(
      of('refused').every((id) => Number(id.slice(4)) % 4 !== 3),
      `${injection}: what is kept is written`,
    );
    await writer.kill();
  }

  for (const [call, step] of Object.entries(STEPS))
    for (const error of ['EIO', 'ENOSPC'])
      it(`loses nothing that was acknowledged where one ${call} after the other fails with ${error}`, async () => {
        const injections: string[] = [];
        for (let first = 1; first <= step; first += STRIDE)
          injections.push(`${call}:error=${error}:when=${first}+${step}`);
        const work = async () => {
          for (let next = injections.shift(); next; next = injections.shift()) await check(next);
        };
        await Promise.all(Array.from({ length: AT_ONCE }, work));
      });

  it('does not hold the event loop while it is slow', async () => {
    const writer = start('fsync:delay_enter=300000:when=14+1');
    await writer.ask('open', newFile());
    await writer.ask('ready');
    for (let round = 0; round < 3; round++) assert.ok((await writer.ask('turns', `slow ${round}`)) >= 10);
  });

  it('is reported as not answering, and what is kept is written when it does', async () => {
    const file = newFile();
    const writer = start('fsync:delay_enter=20000000:when=30');
    await writer.ask('open', file);
    await writer.ask('ready');
    let count = 0;
    let outcome = 'written';
    let kept: Promise<string[]> = Promise.resolve([]);
    for (; outcome === 'written'; count++) {
      kept = writer.ask('put', { ids: [`kept ${count}`], whenAway: 'keep' });
      [outcome = ''] = await writer.ask('put', { ids: [`put ${count}`] });
    }
    assert.equal(outcome, 'database-unwritable ETIMEDOUT');
    assert.deepEqual(await writer.ask('put', { ids: ['b'] }), ['database-unwritable ETIMEDOUT']);
    assert.equal(await writer.ask('state'), 'unwritable');
    while ((await writer.ask('state')) !== 'ready') await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(await kept, ['written']);
    assert.deepEqual(await writer.ask('put', { ids: ['c'] }), ['written']);
    assert.deepEqual(
      writer.reports.map(({ notice }) => notice),
      ['stuck', 'written-again'],
    );
    await writer.ask('close');
    const found = await left(file);
    assert.ok(found.has(`kept ${count - 1}`) && found.has('c') && !found.has('b'));
  });
});
