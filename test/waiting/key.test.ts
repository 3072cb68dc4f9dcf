import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { masterKey, purposeKey } from '../../src/waiting/key';
import { temporaryDirectory } from '../demo-process';
import { startProcess } from './process';

describe('waiting: the key', () => {
  let userDir: string;
  const file = () => join(userDir, 'cn-verify/key');
  beforeEach(() => {
    userDir = temporaryDirectory();
  });

  it('that is configured may be any text, and leaves no file', async () => {
    const one = await masterKey(userDir, '一把钥匙');
    assert.equal(one.length, 32);
    assert.deepEqual(await masterKey('/nowhere', '一把钥匙'), one);
    assert.notDeepEqual(await masterKey(userDir, '另一把'), one);
    assert.deepEqual(readdirSync(userDir), []);
  });

  it('is otherwise made once, for its owner alone', async () => {
    const made = await masterKey(userDir);
    assert.equal(made.length, 32);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
    assert.equal(statSync(join(userDir, 'cn-verify')).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(join(userDir, 'cn-verify')), ['key']);
    assert.deepEqual(await masterKey(userDir, ''), made);
    assert.notDeepEqual(await masterKey(temporaryDirectory()), made);
  });

  it('is the same for processes that make it at once', async () => {
    const processes = Array.from({ length: 4 }, startProcess);
    await Promise.all(processes.map((one) => one.ask('masterKey', temporaryDirectory())));
    for (let round = 0; round < 10; round++) {
      userDir = temporaryDirectory();
      const keys = await Promise.all(processes.map((one) => one.ask('masterKey', userDir)));
      assert.equal(new Set(keys.map((key) => Buffer.from(key).toString('hex'))).size, 1);
      assert.equal(readFileSync(file(), 'latin1'), Buffer.from(keys[0]!).toString('hex'));
    }
    await Promise.all(processes.map((one) => one.kill()));
  });

  it('may have been written by hand', async () => {
    const made = await masterKey(userDir);
    writeFileSync(file(), `${made.toString('hex')}\n`);
    assert.deepEqual(await masterKey(userDir), made);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['is too short', 'ab'.repeat(31)],
    ['is too long', 'ab'.repeat(33)],
    ['is something else', 'x'.repeat(64)],
  ] as const) {
    it(`is refused, and left, where its file ${what}`, async () => {
      mkdirSync(join(userDir, 'cn-verify'));
      writeFileSync(file(), text);
      await assert.rejects(masterKey(userDir), (error: Error) => error.message.startsWith(file()));
      assert.equal(readFileSync(file(), 'latin1'), text);
    });
  }

  it('is not waited for where a pipe has its name', async () => {
    mkdirSync(join(userDir, 'cn-verify'));
    execFileSync('mkfifo', [file()]);
    await assert.rejects(masterKey(userDir));
  });

  it('is another for each purpose', async () => {
    const master = await masterKey(userDir);
    const [waiting, ledger] = ['waiting', 'ledger'].map((purpose) => purposeKey(master, purpose));
    assert.notDeepEqual(waiting, ledger);
    assert.notDeepEqual(waiting, master);
    assert.deepEqual(purposeKey(master, 'waiting'), waiting);
    assert.equal(waiting!.length, 32);
  });
});
