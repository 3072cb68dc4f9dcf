import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/sandbox/store';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('sandbox: the store', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    file = join(folder, 'store.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('remembers from one process to the next, each provider by itself', () => {
    const first = openStore(file);
    first.of('xhey').created = 3;
    first.of('westdex').created = 4;
    first.changed();
    first.save();
    const second = openStore(file);
    assert.deepEqual(second.of('xhey'), { created: 3 });
    assert.deepEqual(second.of('westdex'), { created: 4 });
    assert.deepEqual(second.of('linkface'), {});
    assert.deepEqual(readdirSync(folder), ['store.json']);
  });

  it('is readable to its owner alone', () => {
    if (process.platform === 'win32') return;
    const store = openStore(file);
    store.changed();
    store.save();
    assert.equal(statSync(file).mode & 0o777, 0o600);
  });

  it('writes by itself, and many changes once', async () => {
    const store = openStore(file);
    for (let index = 0; index < 100; index++) {
      store.of('xhey').created = index;
      store.changed();
      assert.ok(!existsSync(file));
    }
    await pause(700);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { xhey: { created: 99 } });
    for (const created of [100, 101]) {
      store.of('xhey').created = created;
      store.changed();
      if (created === 100) store.save();
    }
    await pause(700);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { xhey: { created: 101 } });
  });

  it('forgets all of it', () => {
    const first = openStore(file);
    first.of('xhey').created = 3;
    first.changed();
    first.clear();
    first.save();
    assert.deepEqual([first.of('xhey'), openStore(file).of('xhey')], [{}, {}]);
  });

  it('writes nothing where nothing changed', () => {
    openStore(file).save();
    assert.ok(!existsSync(file));
  });

  it('counts what is damaged as empty', () => {
    for (const damaged of ['', '{', 'null', '5', '[1]', '{"xhey":5}', '{"xhey":[1]}', '\u0000']) {
      writeFileSync(file, damaged);
      const store = openStore(file);
      assert.deepEqual(store.of('xhey'), {}, damaged);
      store.of('xhey').created = 1;
      store.changed();
      store.save();
      assert.deepEqual(openStore(file).of('xhey'), { created: 1 }, damaged);
    }
  });

  it('goes on without a memory where the disk cannot be written', () => {
    const store = openStore(join(folder, 'missing', 'store.json'));
    store.of('xhey').created = 1;
    store.changed();
    store.save();
    assert.deepEqual(store.of('xhey'), { created: 1 });
  });

  it('keeps nothing without a file', () => {
    const store = openStore(null);
    store.changed();
    store.save();
    assert.deepEqual(readdirSync(folder), []);
  });
});
