import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VerifyError } from '../../src/contract/errors';
import { secretOf } from '../../src/store/secret';
import { temporaryDirectory } from '../demo-process';

describe('store: the secret', () => {
  let file: string;
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify/key');
  });

  it('that is configured may be any long text, and leaves no file', async () => {
    const one = await secretOf(file, '一把足够长的、没有人猜得到的钥匙');
    assert.equal(one.length, 32);
    assert.deepEqual(await secretOf('/nowhere', '一把足够长的、没有人猜得到的钥匙'), one);
    assert.notDeepEqual(await secretOf(file, '另一把足够长的、没有人猜得到的钥匙'), one);
    assert.deepEqual(readdirSync(dirname(dirname(file))), []);
    await assert.rejects(secretOf(file, 'change-me'), { code: 'CONFIG', problem: 'secret-too-short' });
  });

  it('is otherwise made once, for its owner alone', async () => {
    const made = await secretOf(file, '');
    assert.equal(made.length, 32);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(file)), ['key']);
    assert.deepEqual(await secretOf(file, undefined), made);
    assert.notDeepEqual(await secretOf(join(temporaryDirectory(), 'key'), ''), made);
  });

  it('is the same for all who make it at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => secretOf(file, '')));
    assert.equal(new Set(made.map((each) => each.toString('hex'))).size, 1);
    assert.equal(readFileSync(file, 'latin1'), made[0]!.toString('hex'));
  });

  it('is made again as it was, where its file was removed from under a process', async () => {
    const made = await secretOf(file, '');
    rmSync(dirname(file), { recursive: true });
    assert.deepEqual(await secretOf(file, '', made), made);
    assert.equal(readFileSync(file, 'latin1'), made.toString('hex'));
    const another = 'ab'.repeat(32);
    writeFileSync(file, another);
    assert.equal((await secretOf(file, '', made)).toString('hex'), another);
  });

  it('may have been written by hand', async () => {
    const made = await secretOf(file, '');
    writeFileSync(file, `${made.toString('hex')}\n`);
    assert.deepEqual(await secretOf(file, ''), made);
  });

  for (const [what, text] of [
    ['is empty', ''],
    ['is too short', 'ab'.repeat(31)],
    ['is too long', 'ab'.repeat(33)],
    ['is something else', 'x'.repeat(64)],
  ] as const) {
    it(`is refused, and left, where its file ${what}`, async () => {
      mkdirSync(dirname(file));
      writeFileSync(file, text);
      await assert.rejects(
        secretOf(file, ''),
        ({ problem, values }: VerifyError) => problem === 'secret-unreadable' && values.file === file,
      );
      assert.equal(readFileSync(file, 'latin1'), text);
    });
  }

  it('is not waited for where a pipe has its name', async () => {
    mkdirSync(dirname(file));
    execFileSync('mkfifo', [file]);
    await assert.rejects(secretOf(file, ''), { problem: 'secret-unreadable' });
  });
});
