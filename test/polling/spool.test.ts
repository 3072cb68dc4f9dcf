import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Spool, type SpoolTrouble } from '../../src/polling/spool';
import { decode, encode, type Kept } from '../../src/polling/spool-file';
import { nodesWithSpool, spoolOf } from '../../src/polling/spools';
import { temporaryDirectory } from '../demo-process';

const kept = (message: Record<string, unknown>, changes: Partial<Kept> = {}): Kept => ({
  type: 'truth-poll',
  since: 1_700_000_000_000,
  deadline: 1_700_000_300_000,
  taskIds: ['1'],
  work: { fields: { task: '1' } },
  message,
  ...changes,
});

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function settled(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !condition(); await pause(5)) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${condition}`);
  }
}

describe('polling: the spool', () => {
  let folder: string;
  const troubles: SpoolTrouble[] = [];
  const pickUp = (spool: Spool) => spool.pickUp((trouble) => troubles.push(trouble));
  const files = () => (existsSync(folder) ? readdirSync(folder) : []);
  const written = (count: number) =>
    settled(() => files().filter((name) => name.endsWith('.task')).length === count);

  beforeEach(() => {
    folder = join(temporaryDirectory(), 'spool', 'node');
    troubles.length = 0;
  });

  describe('a file', () => {
    it('brings back whatever a message may hold', () => {
      const circle: Record<string, unknown> = {
        at: new Date(0),
        map: new Map([[1, 2n]]),
        nothing: undefined,
      };
      circle.self = circle;
      const photo = Buffer.from([0, 255, 10, 13]);
      const message = {
        _msgid: 'a',
        payload: { photo, bytes: new Uint8Array([1, 2]) },
        circle,
        number: Number.NaN,
      };
      const { bytes, whole } = encode(kept(message));
      assert.equal(whole, true);
      const back = decode(bytes)!;
      assert.deepEqual(back, kept(message));
      assert.ok(Buffer.isBuffer((back.message.payload as { photo: unknown }).photo));
    });

    it('leaves out what belongs to a request over HTTP, and what cannot be written', () => {
      const message = {
        _msgid: 'a',
        req: {},
        res: {},
        payload: 1,
        callback: () => {},
        nested: { symbol: Symbol('s') },
      };
      const { bytes, whole } = encode(kept(message));
      assert.equal(whole, false);
      assert.deepEqual(decode(bytes)!.message, { _msgid: 'a', payload: 1 });
      assert.equal(encode(kept({ req: {}, res: {} })).whole, true);
    });

    it('of a message over 1 MiB has the tasks, _msgid and topic', () => {
      const message = { _msgid: 'a', topic: 't', payload: Buffer.alloc(1024 * 1024), other: 1 };
      const { bytes, whole } = encode(kept(message));
      assert.equal(whole, false);
      assert.ok(bytes.length < 2_000);
      assert.deepEqual(decode(bytes), kept({ _msgid: 'a', topic: 't' }));
      const small = encode(kept({ ...message, payload: Buffer.alloc(1024 * 1024 - 1_000) }));
      assert.equal(small.whole, true);
    });

    it('that was damaged anywhere is not taken for a message', () => {
      const { bytes } = encode(kept({ payload: 'something' }));
      for (let at = 0; at < bytes.length; at += 7) {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1;
        assert.equal(decode(changed), null);
        assert.equal(decode(bytes.subarray(0, at)), null);
      }
    });
  });

  it('writes one file a message, which nobody else may read, and knows nobody by its name', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    spool.keep(kept({ payload: 'photo-of-somebody' }));
    spool.keep(kept({ payload: 2 }, { taskIds: ['张三'] }));
    await written(2);
    for (const name of files()) {
      assert.match(name, /^[0-9a-f-]{36}\.task$/);
      assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    }
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, '..')).mode & 0o777, 0o700);
    assert.deepEqual(troubles, []);
  });

  it('gives another process everything, oldest first', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    for (const since of [3, 1, 2]) spool.keep(kept({ since }, { since }));
    await written(3);
    const found = await pickUp(new Spool(folder));
    assert.deepEqual(
      [...found.values()].map(({ message }) => message.since),
      [1, 2, 3],
    );
    assert.deepEqual(
      [...found.keys()].sort(),
      files()
        .map((name) => name.replace('.task', ''))
        .sort(),
    );
  });

  it('keeps a file for 2 s after its message was sent, and what was sent before it was written as well', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    const first = spool.keep(kept({ payload: 1 }));
    await written(1);
    spool.sent(first);
    spool.sent(spool.keep(kept({ payload: 2 })));
    await written(2);
    await pause(1_500);
    assert.equal(files().length, 2);
    await written(0);
  });

  it('removes what is dropped, whether it is written, being written or not yet', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    const ids = Array.from({ length: 20 }, (_, index) => spool.keep(kept({ index })));
    await settled(() => files().length > 2);
    for (const id of ids) spool.remove(id);
    await spool.close(false);
    assert.deepEqual(files(), []);
  });

  it('has written everything when it has closed, and leaves nothing of what was sent', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    const ids = Array.from({ length: 100 }, (_, index) => spool.keep(kept({ index })));
    for (const id of ids.slice(50)) spool.sent(id);
    await spool.close(false);
    assert.equal(files().length, 50);
    assert.equal((await pickUp(spool)).size, 50);
  });

  it('gives the next instance of the node the very message, with what is never written', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    const message = { payload: 1, res: {} };
    const id = spool.keep(kept(message));
    await spool.close(true);
    const found = await pickUp(spool);
    assert.equal(found.get(id)!.message, message);
    // It is held now, so nobody gets it a second time.
    assert.equal((await pickUp(spool)).size, 0);
  });

  it('does not give an instance what came in while it was picking up', async () => {
    const spool = new Spool(folder);
    const found = pickUp(spool);
    spool.keep(kept({ payload: 1 }));
    assert.equal((await found).size, 0);
    await written(1);
  });

  it('moves damaged and foreign files aside with one warning, leaves what it cannot read, and goes on', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    spool.keep(kept({ payload: 1 }));
    await written(1);
    const [good] = files();
    writeFileSync(join(folder, 'notes.txt'), 'somebody was here');
    writeFileSync(join(folder, '00000000-0000-0000-0000-000000000000.task'), '{}\n');
    writeFileSync(join(folder, '.hidden'), '');
    mkdirSync(join(folder, 'folder'));
    symlinkSync('/nowhere/at/all', join(folder, 'link'));
    const again = new Spool(folder);
    const counts: number[] = [];
    let unreadable = 0;
    const found = await again.pickUp((trouble, { count }) => {
      if (trouble === 'damaged') counts.push(count);
      else unreadable++;
    });
    assert.equal(found.size, 1);
    assert.deepEqual(counts, [3]);
    assert.deepEqual(unreadable, 1);
    assert.deepEqual(readdirSync(join(folder, 'damaged')).sort(), [
      '.hidden',
      '00000000-0000-0000-0000-000000000000.task',
      'notes.txt',
    ]);
    assert.deepEqual(files().sort(), [good, 'damaged', 'folder', 'link'].sort());
  });

  it('throws away what a kill left half written, and does not warn', async () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '00000000-0000-0000-0000-000000000000.task.unfinished'), 'half');
    assert.equal((await pickUp(new Spool(folder))).size, 0);
    assert.deepEqual([files(), troubles], [[], []]);
  });

  it('warns once where it cannot write, and keeps the message in memory for the next instance', async () => {
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'a file where a folder should be');
    const spool = new Spool(folder);
    await pickUp(spool);
    troubles.length = 0;
    const ids = [1, 2, 3].map((index) => spool.keep(kept({ index })));
    await spool.close(true);
    assert.deepEqual(troubles, ['unwritable']);
    assert.deepEqual([...(await pickUp(spool)).keys()], ids);
    rmSync(folder);
  });

  it('without a folder keeps messages from one instance to the next', async () => {
    const spool = new Spool(null);
    await pickUp(spool);
    const id = spool.keep(kept({ payload: 1 }));
    spool.sent(spool.keep(kept({ payload: 2 })));
    await spool.close(true);
    assert.deepEqual([...(await pickUp(spool)).keys()], [id]);
    assert.deepEqual(troubles, []);
  });

  it('lists and discards what a node that is not running left', async () => {
    const spool = new Spool(folder);
    await pickUp(spool);
    spool.keep(kept({ payload: 1 }, { taskIds: ['7'] }));
    await spool.close(false);
    const other = new Spool(folder);
    const listed = await other.list();
    assert.deepEqual(
      [...listed.values()].map(({ taskIds }) => taskIds),
      [['7']],
    );
    await other.discard([...listed.keys()][0]!);
    assert.deepEqual(files(), []);
  });

  it('has a folder for each node, wherever its id would lead', async () => {
    const userDir = temporaryDirectory();
    const ids = ['a', '../../elsewhere', '..', '.', 'sub-flow', 'a/b', 'ä*'];
    for (const id of ids) {
      const spool = spoolOf({ userDir }, id);
      assert.equal(spoolOf({ userDir }, id), spool);
      await pickUp(spool);
      spool.keep(kept({ id }));
      await spool.close(false);
    }
    assert.deepEqual(readdirSync(userDir), ['cn-verify']);
    assert.equal(readdirSync(join(userDir, 'cn-verify')).length, ids.length);
    const found = await nodesWithSpool({ userDir });
    for (const id of ids) assert.ok(found.includes(id), id);
  });

  it('is where settings.js says', async () => {
    const userDir = temporaryDirectory();
    const spool = spoolOf({ userDir, spoolDir: 'tasks' }, 'n');
    await pickUp(spool);
    spool.keep(kept({ payload: 1 }));
    await spool.close(false);
    assert.equal(readdirSync(join(userDir, 'tasks', 'n')).length, 1);
    const nowhere = spoolOf({ userDir, spoolDir: false }, 'n');
    await pickUp(nowhere);
    nowhere.keep(kept({ payload: 1 }));
    await nowhere.close(false);
    assert.deepEqual(readdirSync(userDir), ['tasks']);
  });
});
