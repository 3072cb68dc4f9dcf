import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Journal, type JournalOptions, type Kept, type Trouble } from '../../src/waiting/journal';
import { purposeKey } from '../../src/waiting/key';
import { temporaryDirectory } from '../demo-process';
import { KEY, startProcess, thing } from './process';

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function settled(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await pause(5)) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${condition}`);
  }
}

/**
 * @returns what an action took, and for how long at most it held the event loop, in milliseconds. Where others have the
 *   processor nothing is held: a turn counts for no more than the time this process had in it.
 */
async function watched<Value>(
  action: () => Promise<Value>,
): Promise<{ value: Value; ms: number; longest: number }> {
  let longest = 0;
  let last = performance.now();
  let before = process.cpuUsage();
  let isOver = false;
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, Math.min(performance.now() - last, (user + system) / 1_000));
    last = performance.now();
    before = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  const start = performance.now();
  const value = await action();
  const ms = performance.now() - start;
  look();
  isOver = true;
  return { value, ms, longest };
}

/** Others use this machine too: one good run of six shows that it can be done. */
async function atBest(runs: () => Promise<number>, most: number): Promise<void> {
  const seen: number[] = [];
  while (seen.length < 6 && !seen.some((ms) => ms <= most)) seen.push(await runs());
  assert.ok(Math.min(...seen) <= most, `${seen}`);
}

const things = (count: number, size = 10) =>
  Array.from({ length: count }, (_, index) => thing(`${index}`, size));
const ids = (kept: readonly Kept[]) => kept.map(({ id }) => id).sort();

describe('waiting: the journal', () => {
  let folder: string;
  let told: { trouble: Trouble; count: number }[];
  let lost: string[];
  let found: Kept[][];
  let whenFound: () => void;
  const journals: Journal[] = [];
  const segments = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.log'))
      .sort();
  const segment = () => join(folder, segments().at(-1)!);
  const linesOf = (file: string) => readFileSync(file, 'latin1').split('\n');
  const made = (options: Partial<JournalOptions> = {}) => {
    const journal = new Journal({
      folder,
      key: () => KEY,
      told: (trouble, values) => {
        assert.equal(values.folder, folder);
        told.push({ trouble, count: values.count });
      },
      onFound: (kept) => {
        found.push(kept);
        whenFound();
      },
      ...options,
    });
    journals.push(journal);
    return journal;
  };
  const opened = async (options?: Partial<JournalOptions>) => {
    const journal = made(options);
    return { journal, before: await journal.open() };
  };
  const writtenBy = async (all: readonly Kept[]) => {
    const { journal } = await opened();
    assert.ok((await Promise.all(all.map((kept) => journal.put(kept)))).every(Boolean));
    return journal;
  };
  const closed = async () => {
    for (const taskIds of await Promise.all(journals.splice(0).map((journal) => journal.close())))
      lost.push(...taskIds);
  };
  const reopened = async () => {
    await closed();
    return (await opened()).before;
  };

  beforeEach(() => {
    folder = join(temporaryDirectory(), 'waiting');
    told = [];
    lost = [];
    found = [];
    whenFound = () => {};
  });
  afterEach(closed);

  describe('brings back', () => {
    it('whatever a message may hold, oldest first', async () => {
      const circle: Record<string, unknown> = {
        at: new Date(0),
        map: new Map([[1, 2n]]),
        nothing: undefined,
      };
      circle.self = circle;
      const kept: Kept = {
        ...thing('a'),
        since: 2,
        deadline: 1_700_000_300_000,
        taskIds: ['1', '2'],
        work: { at: [1, { deep: null }] },
        message: {
          _msgid: 'm',
          payload: { photo: Buffer.from([0, 255, 10, 13]), number: Number.NaN },
          circle,
        },
      };
      await writtenBy([{ ...thing('c'), since: 3 }, kept, { ...thing('b'), since: 1 }]);
      const before = await reopened();
      assert.deepEqual(
        before.map(({ id }) => id),
        ['b', 'a', 'c'],
      );
      assert.deepEqual(before[1], kept);
      assert.ok(Buffer.isBuffer((before[1]!.message.payload as { photo: unknown }).photo));
      assert.deepEqual(told, []);
    });

    it('what was put last under an id, and nothing that is over', async () => {
      const journal = await writtenBy(things(3));
      journal.end('1');
      await journal.put({ ...thing('2'), work: 'another' });
      const before = await reopened();
      assert.deepEqual(ids(before), ['0', '2']);
      assert.equal(before.find(({ id }) => id === '2')!.work, 'another');
    });

    it('nothing of what was over before it was on disk', async () => {
      const { journal } = await opened();
      const puts = things(100).map((kept) => journal.put(kept));
      journal.end('1');
      await pause(0);
      for (let index = 2; index < 50; index++) journal.end(`${index}`);
      await Promise.all(puts);
      assert.deepEqual(
        ids(await reopened()),
        ids(things(100).filter(({ id }) => id === '0' || Number(id) >= 50)),
      );
    });

    it('what ended and began again under one id', async () => {
      const journal = await writtenBy([thing('a')]);
      for (let round = 0; round < 20; round++) {
        journal.end('a');
        const isWritten = journal.put({ ...thing('a'), work: round });
        if (round % 3 === 0) await isWritten;
        if (round % 3 === 1) await pause(1);
      }
      assert.deepEqual(
        (await reopened()).map(({ work }) => work),
        [19],
      );
    });

    it('a message without what no other process could use, and says nothing of it', async () => {
      await writtenBy([{ ...thing('a'), message: { payload: 1, req: { on: () => {} }, res: () => {} } }]);
      assert.deepEqual((await reopened())[0]!.message, { payload: 1 });
      assert.deepEqual(told, []);
    });

    it('a message without its functions, and says so once', async () => {
      const message = { payload: 1, on: () => {}, deep: { on: () => {} } };
      await writtenBy([thing('a'), thing('b')].map((kept) => ({ ...kept, message })));
      assert.deepEqual(
        (await reopened()).map((kept) => kept.message),
        [{ payload: 1 }, { payload: 1 }],
      );
      assert.deepEqual(told, [{ trouble: 'in-part', count: 1 }]);
    });

    it('of a message of more than a megabyte its id and topic', async () => {
      const message = { _msgid: 'm', topic: 't', payload: Buffer.alloc(1024 * 1024) };
      await writtenBy([{ ...thing('a'), message }]);
      assert.deepEqual((await reopened())[0]!.message, { _msgid: 'm', topic: 't' });
      assert.deepEqual(told, [{ trouble: 'in-part', count: 1 }]);
    });

    it('the rest where one thing cannot be written at all', async () => {
      const { journal } = await opened();
      const evil = Object.defineProperty({}, 'payload', {
        enumerable: true,
        get: () => assert.fail('must not be read'),
      });
      const written = [{ ...thing('a'), work: () => {} }, { ...thing('b'), message: evil }, thing('c')];
      assert.deepEqual(await Promise.all(written.map((kept) => journal.put(kept))), [false, false, true]);
      assert.deepEqual(ids(await reopened()), ['c']);
      assert.deepEqual(lost.sort(), ['task a', 'task b']);
    });
  });

  describe('on disk', () => {
    it('is for its owner alone, and shows nothing of what it holds', async () => {
      const secret = 'a name that must not be seen';
      await writtenBy([{ ...thing('plain-id'), message: { payload: secret } }]);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(statSync(segment()).mode & 0o777, 0o600);
      const [first, line, ...rest] = linesOf(segment());
      assert.equal(first, 'cn-verify waiting 1');
      assert.match(line!, /^[A-Za-z0-9+/]+=*$/);
      assert.deepEqual(rest, ['']);
      const bytes = Buffer.concat([readFileSync(segment()), Buffer.from(line!, 'base64')]);
      for (const hidden of [secret, 'plain-id', 'truth-poll', KEY.toString('latin1')])
        assert.equal(bytes.includes(hidden, 0, 'latin1'), false, hidden);
    });

    it('has 2,000 things within 250 ms of their coming [measured]', async () => {
      await atBest(async () => {
        folder = temporaryDirectory();
        const { journal } = await opened();
        const all = things(2_000, 300);
        const { ms, value } = await watched(() => Promise.all(all.map((kept) => journal.put(kept))));
        assert.ok(value.every(Boolean));
        await pause(0);
        return ms;
      }, 250);
    });

    it('is flushed once for all that came, before anybody is told', async () => {
      const { journal } = await opened();
      const file = await open(__filename);
      const prototype: FileHandle = Object.getPrototypeOf(file);
      await file.close();
      const { datasync } = prototype;
      const order: string[] = [];
      prototype.datasync = async function () {
        await datasync.call(this);
        order.push('flushed');
      };
      try {
        await Promise.all(things(2_000).map((kept) => journal.put(kept).then(() => order.push(kept.id))));
        await journal.put(thing('another'));
      } finally {
        prototype.datasync = datasync;
      }
      assert.equal(order[0], 'flushed');
      assert.equal(order.filter((what) => what === 'flushed').length, 2);
    });

    it('has 10,000 things without a hold of more than 50 ms once they have come [measured]', async () => {
      await atBest(async () => {
        folder = temporaryDirectory();
        const { journal } = await opened();
        const puts = things(10_000, 300).map((kept) => journal.put(kept));
        return (await watched(() => Promise.all(puts))).longest;
      }, 50);
    });

    it('is nothing where there is no folder', async () => {
      const { journal, before } = await opened({ folder: null, key: () => assert.fail() });
      assert.deepEqual(before, []);
      assert.equal(await journal.put(thing('a')), false);
      journal.end('a');
      assert.deepEqual(await journal.damaged(), []);
      assert.deepEqual(await journal.close(), []);
      assert.deepEqual(existsSync(folder), false);
    });

    it('is nothing when nothing waits', async () => {
      const journal = await writtenBy(things(3));
      for (const { id } of things(3)) journal.end(id);
      await closed();
      assert.deepEqual(readdirSync(folder), []);
    });

    it('takes at most 150 bytes of memory for a thing, beyond the thing', async () => {
      setFlagsFromString('--expose-gc');
      const gc = runInNewContext('gc') as () => void;
      const { journal } = await opened();
      const all = things(30_000, 1);
      const held = () => {
        gc();
        return process.memoryUsage().heapUsed;
      };
      held();
      const before = held();
      for (let index = 0; index < all.length; index += 1_000)
        await Promise.all(all.slice(index, index + 1_000).map((kept) => journal.put(kept)));
      await pause(50);
      const bytes = (held() - before) / all.length;
      assert.ok(bytes <= 150, `${bytes}`);
      assert.ok(bytes > 20, `${bytes}`);
      assert.equal(all.length, 30_000);
    });
  });

  describe('of a damaged file loses', () => {
    /** Six things in one segment, of which the lines are then changed. */
    const changed = async (change: (lines: string[]) => string[]) => {
      await writtenBy(things(6));
      await closed();
      const lines = linesOf(segment());
      assert.equal(lines.length, 8);
      writeFileSync(segment(), change(lines).join('\n'));
      const { before } = await opened();
      return ids(before);
    };
    const without = (...gone: string[]) => ids(things(6)).filter((id) => !gone.includes(id));

    it('a last line that was cut, and says nothing of it', async () => {
      const left = await changed((lines) => [...lines.slice(0, 6), lines[6]!.slice(0, 50)]);
      assert.deepEqual(left, without('5'));
      assert.deepEqual(told, []);
    });

    it('a line that was cut in the middle', async () => {
      const left = await changed((lines) => lines.with(3, lines[3]!.slice(0, 50)));
      assert.deepEqual(left, without('2'));
      assert.deepEqual(told, [{ trouble: 'damaged', count: 1 }]);
    });

    it('two lines of which the line end between them is gone', async () => {
      const left = await changed((lines) => [...lines.slice(0, 2), lines[2]! + lines[3]!, ...lines.slice(4)]);
      assert.deepEqual(
        left.filter((id) => id !== '1'),
        without('1', '2'),
      );
    });

    it('a line of which one letter is another', async () => {
      const other = (line: string) => line.replace(/^./, (letter) => (letter === '/' ? 'A' : '/'));
      const left = await changed((lines) => lines.with(1, other(lines[1]!)));
      assert.deepEqual(left, without('0'));
    });

    it('nothing to lines of garbage', async () => {
      const garbage = ['', 'garbage', '\0'.repeat(4096), '猫', 'QUJD', 'x'.repeat(1_000_000)];
      const left = await changed((lines) => [...lines.slice(0, 3), ...garbage, ...lines.slice(3)]);
      assert.deepEqual(left, without());
      assert.deepEqual(told, [{ trouble: 'damaged', count: garbage.length }]);
    });

    it('nothing to a first line of garbage', async () => {
      assert.deepEqual(await changed((lines) => lines.with(0, 'garbage')), without());
    });

    it('nothing, once it has been read, when it is read again', async () => {
      await changed((lines) => lines.with(3, 'garbage'));
      await journals[0]!.put(thing('another'));
      assert.deepEqual(ids(await reopened()), [...without('2'), 'another'].sort());
    });
  });

  describe('puts aside, and lists, and says how many there are', () => {
    const aside = async (journal: Journal) => {
      const damaged = await journal.damaged();
      for (const { since } of damaged) assert.ok(Math.abs(Date.now() - since) < 10_000);
      return damaged.map(({ file }) => file.replace(/^\d+-/, '')).sort();
    };

    it('a segment of another version, unread', async () => {
      await writtenBy(things(2));
      await closed();
      writeFileSync(join(folder, '00000005.log'), 'cn-verify waiting 2\nwhat it may be\n');
      const { journal, before } = await opened();
      assert.deepEqual(ids(before), ['0', '1']);
      assert.deepEqual(told, [{ trouble: 'damaged', count: 1 }]);
      assert.deepEqual(await aside(journal), ['00000005.log']);
      assert.equal(
        readFileSync(join(folder, 'damaged', (await journal.damaged())[0]!.file), 'latin1'),
        'cn-verify waiting 2\nwhat it may be\n',
      );
    });

    it('segments under another key, which can be read again with that one', async () => {
      await writtenBy(things(3));
      await closed();
      const { journal, before } = await opened({ key: () => Buffer.alloc(32, 8) });
      assert.deepEqual(before, []);
      assert.deepEqual(told, [{ trouble: 'damaged', count: 1 }]);
      const [damaged] = await journal.damaged();
      await closed();
      renameSync(join(folder, 'damaged', damaged!.file), join(folder, '00000001.log'));
      assert.deepEqual(ids((await opened()).before), ['0', '1', '2']);
    });

    it('a record that is none, although it is under our key', async () => {
      const good = thing('a');
      const key = purposeKey(KEY, 'waiting');
      const sealed = (value: unknown) => {
        const nonce = randomBytes(12);
        const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from('cn-verify waiting 1\n'));
        const parts = [nonce, cipher.update(serialize(value)), cipher.final(), cipher.getAuthTag()];
        return `${Buffer.concat(parts).toString('base64')}\n`;
      };
      const bad = [
        7,
        undefined,
        [],
        {},
        [good],
        { ...good, id: 1 },
        { ...good, node: null },
        { ...good, type: undefined },
        { ...good, since: '1' },
        { ...good, since: Number.NaN },
        { ...good, deadline: 'soon' },
        { ...good, taskIds: '1' },
        { ...good, taskIds: [1] },
        { ...good, message: null },
        { ...good, message: [] },
        { ...good, message: 'text' },
      ];
      mkdirSync(folder);
      writeFileSync(
        join(folder, '00000001.log'),
        `cn-verify waiting 1\n${[good, ...bad].map(sealed).join('')}`,
      );
      const { before } = await opened();
      assert.deepEqual(before, [good]);
      assert.deepEqual(told, [{ trouble: 'damaged', count: bad.length }]);
    });

    it('what is no segment, without opening it', async () => {
      mkdirSync(folder);
      writeFileSync(join(folder, 'notes.txt'), 'mine');
      execFileSync('mkfifo', [join(folder, '00000001.log'), join(folder, 'pipe')]);
      symlinkSync('/dev/zero', join(folder, '00000002.log'));
      mkdirSync(join(folder, '00000003.log'));
      const { journal, before } = await opened();
      assert.deepEqual(before, []);
      assert.deepEqual(told, [{ trouble: 'damaged', count: 4 }]);
      assert.deepEqual(await aside(journal), ['00000001.log', '00000002.log', 'notes.txt', 'pipe']);
      assert.equal(await journal.put(thing('a')), true);
      assert.deepEqual(ids(await reopened()), ['a']);
      assert.deepEqual(readdirSync(folder).sort(), ['00000003.log', '00000004.log', 'damaged', 'lock']);
    });

    it('a segment that cannot be read, and goes on with the others', async () => {
      chmodSync(dirname(folder), 0o777);
      const other = startProcess();
      await other.ask('becomeNobody');
      for (const id of ['a', 'b', 'c']) {
        await other.ask('open', folder);
        await other.ask('put', [thing(id)]);
        await other.ask('close');
      }
      chmodSync(join(folder, '00000002.log'), 0);
      assert.deepEqual(await other.ask('open', folder), ['a', 'c']);
      assert.deepEqual(other.said, [{ told: 'unreadable', count: 1 }]);
      assert.deepEqual(await other.ask('flush'), []);
      await other.kill();
      const { journal, before } = await opened();
      assert.deepEqual(ids(before), ['a', 'c']);
      assert.deepEqual(await aside(journal), ['00000002.log']);
    });

    it('for seven days', async () => {
      const damaged = join(folder, 'damaged');
      mkdirSync(damaged, { recursive: true });
      const day = 86_400_000;
      const names = [6.9, 7.1, 400].map((days) => `${Math.round(Date.now() - days * day)}-00000001.log`);
      for (const name of [...names, 'of-somebody']) writeFileSync(join(damaged, name), '');
      const { journal } = await opened();
      await settled(() => readdirSync(damaged).length === 2);
      assert.deepEqual(
        (await journal.damaged()).map(({ file }) => file),
        [names[0]],
      );
      assert.ok(existsSync(join(damaged, 'of-somebody')));
    });
  });

  it('reads 10,000 things without a hold of more than 100 ms [measured]', async () => {
    await writtenBy(things(10_000, 500));
    await atBest(async () => {
      await closed();
      const journal = made();
      const { value, longest } = await watched(() => journal.open());
      assert.equal(value.length, 10_000);
      return longest;
    }, 100);
  });

  it('reads past a million empty lines without a hold of more than 100 ms [measured]', async () => {
    await writtenBy(things(1));
    await closed();
    writeFileSync(join(folder, '00000002.log'), `cn-verify waiting 1\n${'\n'.repeat(1_000_000)}`);
    await atBest(async () => {
      await closed();
      const journal = made();
      const { value, longest } = await watched(() => journal.open());
      assert.deepEqual(ids(value), ['0']);
      return longest;
    }, 100);
  });

  describe('makes room', () => {
    /** Bytes of a thing's record. */
    const size = 20_000;
    const bytes = () => segments().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

    it('when what is over is more than what waits, and more than 4 MB', async () => {
      const journal = await writtenBy(things(400, size));
      const full = bytes();
      for (let index = 0; index < 190; index++) journal.end(`${index}`);
      await journal.put(thing('a'));
      await pause(200);
      assert.ok(bytes() >= full);
      for (let index = 190; index < 250; index++) journal.end(`${index}`);
      await journal.put(thing('b'));
      await settled(() => bytes() < full / 2);
      await journal.put(thing('c'));
      journal.end('300');
      const expected = [
        ...things(400)
          .slice(250)
          .filter(({ id }) => id !== '300'),
        thing('a'),
        thing('b'),
        thing('c'),
      ];
      assert.deepEqual(ids(await reopened()), ids(expected));
    });

    it('without a hold of more than 50 ms, and without letting anybody wait [measured]', async () => {
      const all = things(10_000, 500);
      const journal = await writtenBy(all);
      const putAgain = (some: Kept[]) => Promise.all(some.map((kept) => journal.put(kept)));
      await atBest(async () => {
        // What is over is not more than what waits yet.
        await putAgain(all.slice(0, 9_000));
        const [first] = segments();
        await pause(100);
        assert.equal(segments()[0], first);
        const { longest } = await watched(async () => {
          await putAgain(all.slice(9_000));
          await journal.put(all[0]!);
          for (let index = 0; segments()[0] === first; index++) {
            const start = performance.now();
            await journal.put(thing(`new ${index}`));
            assert.ok(performance.now() - start < 500);
          }
        });
        assert.notEqual(segments()[0], first);
        return longest;
      }, 50);
      assert.ok((await reopened()).length > 10_000);
    });

    it('of segments of earlier processes', async () => {
      for (let round = 0; round < 12; round++) {
        await closed();
        const { journal, before } = await opened();
        assert.equal(before.length, round);
        await journal.put(thing(`${round}`));
      }
      await settled(() => segments().length <= 9);
      assert.equal((await reopened()).length, 12);
    });

    it('oldest first, so that a kill meanwhile brings nothing back', async () => {
      await writtenBy(things(300, size));
      await closed();
      (await opened()).journal.end('0');
      await closed();
      const { journal } = await opened();
      const old = segments();
      for (let index = 1; index < 299; index++) journal.end(`${index}`);
      while (old.every((name) => segments().includes(name))) await nextTurn();
      const killed = join(temporaryDirectory(), 'waiting');
      cpSync(folder, killed, { recursive: true });
      rmSync(join(killed, 'lock'));
      assert.deepEqual(
        old.filter((name) => existsSync(join(killed, name))),
        [old[1]],
      );
      await closed();
      folder = killed;
      assert.deepEqual(ids((await opened()).before), ['299']);
      assert.deepEqual(told, []);
    });
  });

  describe('that is not alone', () => {
    it('works in memory, says so once, and reads when it gets the folder', async () => {
      const first = await writtenBy(things(3));
      const { journal, before } = await opened();
      assert.deepEqual(before, []);
      assert.equal(await journal.put(thing('mine')), false);
      assert.equal(await journal.put(thing('over')), false);
      journal.end('over');
      assert.deepEqual(told, [{ trouble: 'held-elsewhere', count: 0 }]);
      first.end('1');
      await first.close();
      await settled(() => found.length > 0);
      assert.deepEqual(ids(found[0]!), ['0', '2']);
      assert.equal(told.length, 1);
      assert.equal(await journal.put(thing('later')), true);
      assert.deepEqual(ids(await reopened()), ['0', '2', 'later', 'mine']);
      assert.deepEqual(lost, []);
    }).timeout(30_000);

    it('brings nothing back that it ended while it took the folder again', async () => {
      const journal = await writtenBy(things(3));
      const other = startProcess();
      await other.ask('take', temporaryDirectory());
      const holder = JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'));
      writeFileSync(join(folder, 'lock'), JSON.stringify({ ...holder, pid: 2 ** 30, token: 'another' }));
      assert.deepEqual(await other.ask('open', folder), ['0', '1', '2']);
      assert.equal(await journal.put(thing('mine')), false);
      await other.ask('put', [thing('of the other')]);
      await other.ask('close');
      await other.kill();
      whenFound = () => journal.end('2');
      await settled(() => found.length > 0);
      assert.deepEqual(found.map(ids), [['of the other']]);
      assert.deepEqual(ids(await reopened()), ['0', '1', 'mine', 'of the other']);
    }).timeout(30_000);

    it('says what is lost when it never got it', async () => {
      await writtenBy(things(1));
      const { journal } = await opened();
      await Promise.all([journal.put(thing('a')), journal.put(thing('b'))]);
      assert.deepEqual(await journal.close(), ['task a', 'task b']);
    });

    it('has what a dead process left at once', async () => {
      const other = startProcess();
      await other.ask('open', folder);
      assert.ok((await other.ask('put', things(50))).every(Boolean));
      const { journal, before } = await opened();
      assert.deepEqual(before, []);
      await journal.close();
      await other.kill();
      assert.equal((await opened()).before.length, 50);
    });

    it('writes nothing once the folder is another’s, and goes on with it later', async () => {
      const journal = await writtenBy(things(3));
      const before = readFileSync(segment());
      const another = JSON.stringify({
        ...JSON.parse(readFileSync(join(folder, 'lock'), 'utf8')),
        token: 'another',
      });
      writeFileSync(join(folder, 'lock'), another);
      journal.end('0');
      assert.equal(await journal.put(thing('mine')), false);
      const [first] = segments();
      assert.deepEqual(readFileSync(join(folder, first!)).subarray(0, before.length), before);
      const size = statSync(join(folder, first!)).size;
      journal.end('1');
      assert.equal(await journal.put(thing('mine too')), false);
      assert.equal(statSync(join(folder, first!)).size, size);
      rmSync(join(folder, 'lock'));
      await settled(() => segments().length > 1);
      await journal.put(thing('later'));
      assert.deepEqual(found, []);
      assert.deepEqual(ids(await reopened()), ['2', 'later', 'mine', 'mine too']);
    }).timeout(30_000);
  });

  describe('of which the folder vanished', () => {
    it('makes it again with the next thing, and writes all that waits anew', async () => {
      const journal = await writtenBy(things(100));
      journal.end('0');
      rmSync(folder, { recursive: true });
      assert.equal(await journal.put(thing('a')), true);
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.deepEqual(ids(await reopened()), ids([...things(100).slice(1), thing('a')]));
      assert.deepEqual(found, []);
    });

    it('makes it again when nothing comes', async () => {
      await writtenBy(things(100));
      rmSync(folder, { recursive: true });
      await settled(() => existsSync(folder) && segments().length > 0);
      await settled(() => linesOf(segment()).length === 102);
    });

    it('makes it again when it is closed', async () => {
      await writtenBy(things(100));
      rmSync(folder, { recursive: true });
      assert.equal((await reopened()).length, 100);
      assert.deepEqual(lost, []);
    });

    it('writes all anew where the file it writes to is gone', async () => {
      const journal = await writtenBy(things(10));
      rmSync(segment());
      assert.equal(await journal.put(thing('a')), true);
      assert.equal((await reopened()).length, 11);
    });

    it('says what is lost where it cannot be made', async () => {
      await writtenBy(things(2));
      rmSync(folder, { recursive: true });
      writeFileSync(folder, '');
      await closed();
      assert.deepEqual(lost.sort(), ['task 0', 'task 1']);
      assert.deepEqual(told, [{ trouble: 'unwritable', count: 2 }]);
    });
  });

  describe('without a key', () => {
    it('works in memory, says so, and tries again', async () => {
      let isThere = false;
      const key = () => (isThere ? KEY : assert.fail('no key'));
      const { journal, before } = await opened({ key });
      assert.deepEqual(before, []);
      assert.equal(await journal.put(thing('a')), false);
      assert.deepEqual(told, [{ trouble: 'unreadable', count: 0 }]);
      isThere = true;
      await settled(() => told.length > 1);
      assert.deepEqual(told[1], { trouble: 'written-again', count: 1 });
      assert.deepEqual(ids(await reopened()), ['a']);
    });
  });

  it('takes nothing after it was closed, and can be closed at any time', async () => {
    const unopened = made();
    await unopened.close();
    assert.equal(await unopened.put(thing('a')), false);
    const journal = made();
    const before = journal.open();
    const isWritten = journal.put(thing('a'));
    await journal.close();
    await journal.close();
    assert.deepEqual(await before, []);
    assert.equal(await isWritten, true);
    assert.equal(await journal.put(thing('b')), false);
    journal.end('a');
    assert.deepEqual(ids(await reopened()), ['a']);
  });
});
