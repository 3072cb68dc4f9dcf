/** What waits in a Node-RED whose disk, clock, folder or neighbour is not as it should be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createCipheriv, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { masterKey, purposeKey } from '../../src/waiting/key';
import { jpg } from '../input/pictures';
import { type NodeRed, READER } from '../node-red-process';
import { onDisk, untilOnDisk } from './on-disk';
import { closeServers, json } from './scripted-server';
import { startWaiting, type Waiting } from './waiting-process';

const DAY_MS = 86_400_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const count = (text: string, words: RegExp) => text.split('\n').filter((line) => words.test(line)).length;
const UNWRITABLE = /cannot be written to/;
const WRITTEN_AGAIN = /can be written again/;
const LOST = /are not on disk.*Task ids: (.*)/;

describe('what waits, in a Node-RED of its own', function () {
  this.timeout(60_000);
  let waiting: Waiting;
  let nodeRed: NodeRed;
  const running: NodeRed[] = [];
  const start = async (environment?: Record<string, string>) => {
    nodeRed = await waiting.start(environment);
    running.push(nodeRed);
  };
  const folder = () => join(waiting.userDir, 'cn-verify/waiting');
  const segment = () =>
    join(
      folder(),
      readdirSync(folder())
        .filter((name) => name.endsWith('.log'))
        .sort()
        .at(-1)!,
    );
  const idsOnDisk = async () => (await onDisk(waiting.userDir)).flatMap(({ taskIds }) => taskIds);
  const idsLost = () => LOST.exec(nodeRed.output())?.[1]?.trim().split(', ') ?? [];
  const all = (tasks: number) => Array.from({ length: tasks }, (_, index) => `${index}`).sort();

  beforeEach(async () => {
    waiting = await startWaiting();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
    closeServers();
  });

  it('is on disk before it is asked after, 2,000 tasks that come at once', async () => {
    await start();
    await waiting.deploy(nodeRed);
    let before: { ids: string[]; at: number } | undefined;
    const { script } = waiting.provider;
    waiting.provider.script = (asked, response, index) => {
      if (index > 1) return script(asked, response, index);
      const at = performance.now();
      void idsOnDisk().then((ids) => {
        before = { ids, at };
        script(asked, response, index);
      });
    };
    const came = performance.now();
    await waiting.come(nodeRed, 2_000);
    await waiting.until(() => before !== undefined);
    console.log(`        ${Math.round(before!.at - came)} ms from their coming to the first query`);
    assert.equal(before!.ids.length, 2_000);
    await nodeRed.stop('SIGKILL');
    assert.equal((await idsOnDisk()).length, 2_000);
  });

  describe('while its disk is full', () => {
    const limit = (bytes: number | 'unlimited') =>
      execFileSync('prlimit', ['--pid', `${nodeRed.pid}`, `--fsize=${bytes}:`]);
    beforeEach(async () => {
      await start();
      await waiting.deploy(nodeRed);
      await waiting.come(nodeRed, 20);
      await untilOnDisk(waiting.userDir, 20);
      limit(statSync(segment()).size + 1_000);
      await waiting.come(nodeRed, 100);
      await waiting.until(() => waiting.asked.size === 120);
      await pause(1_500);
      assert.equal(count(nodeRed.output(), UNWRITABLE), 1);
      assert.equal(count(nodeRed.output(), WRITTEN_AGAIN), 0);
    });

    it('is written when there is room again, and survives a kill then', async () => {
      limit('unlimited');
      await waiting.until(() => count(nodeRed.output(), WRITTEN_AGAIN) === 1);
      await nodeRed.stop('SIGKILL');
      assert.deepEqual((await idsOnDisk()).sort(), all(120));
      assert.equal(count(nodeRed.output(), UNWRITABLE), 1);
    });

    it('is written when it stops, where there is room by then', async () => {
      limit('unlimited');
      await nodeRed.stop();
      assert.deepEqual((await idsOnDisk()).sort(), all(120));
      assert.deepEqual(idsLost(), []);
    });

    it('is named by task id when it stops, where it cannot be written', async () => {
      await nodeRed.stop();
      const kept = await idsOnDisk();
      assert.ok(kept.length >= 20 && idsLost().length > 90, `${kept.length} and ${idsLost().length}`);
      assert.deepEqual([...new Set([...kept, ...idsLost()])].sort(), all(120));
    });
  });

  it('is written anew when it stops, where its folder was deleted', async () => {
    await start();
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 50);
    await untilOnDisk(waiting.userDir, 50);
    rmSync(join(waiting.userDir, 'cn-verify'), { recursive: true });
    await nodeRed.stop();
    assert.equal(existsSync(join(folder(), 'lock')), false);
    assert.deepEqual((await idsOnDisk()).sort(), all(50));
    assert.deepEqual(idsLost(), []);
  });

  it('is named when it stops where the folder may only be read, and written when that is over', async () => {
    chmodSync(waiting.userDir, 0o777);
    mkdirSync(join(waiting.userDir, 'cn-verify'), { mode: 0o555 });
    await start({ BE_NOBODY: '1' });
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 5);
    await waiting.until(() => waiting.asked.size === 5);
    await nodeRed.stop();
    assert.deepEqual(idsLost().sort(), all(5));
    assert.equal(count(nodeRed.output(), /cannot all be read from|cannot be written to/), 1);
    await start({ BE_NOBODY: '1' });
    await waiting.come(nodeRed, 5);
    await waiting.until(() => waiting.asked.size === 10);
    chmodSync(join(waiting.userDir, 'cn-verify'), 0o777);
    await waiting.until(() => count(nodeRed.output(), WRITTEN_AGAIN) === 1);
    await nodeRed.stop('SIGKILL');
    assert.equal((await idsOnDisk()).length, 5);
  });

  for (const [what, shift] of [
    ['behind', -DAY_MS],
    ['ahead', DAY_MS],
  ] as const) {
    it(`waits no longer than its time where the clock is a day ${what} at the next start`, async () => {
      await start();
      await waiting.deploy(nodeRed, { timeout: 4 });
      await waiting.come(nodeRed, 1);
      await untilOnDisk(waiting.userDir, 1);
      await nodeRed.stop('SIGKILL');
      const asked = waiting.provider.asked.length;
      await start({ CLOCK_SHIFT: String(shift) });
      await waiting.until(() => waiting.told.length === 1, 8_000);
      assert.deepEqual(waiting.told, [{ index: 0, resumed: true, outcome: 'unfinished' }]);
      assert.ok(waiting.provider.asked.length > asked);
    });
  }

  it('has nobody in it of a paid call whose node is gone, and goes after seven days', async () => {
    const [name, idNumber] = ['欧阳小明', '11010519491231002X'];
    const photo = jpg().toString('base64');
    const at = { z: 'tab', x: 1, y: 1 };
    waiting.provider.script = (_asked, response) => {
      const data = { order_no: '1', score: 0.82, msg: '系统判断为同一人', incorrect: 100 };
      setTimeout(json, 500, response, { msg: '成功', success: true, code: 200, data });
    };
    const flow = (nodes: object[]) => [
      { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['answer', 'compare']] },
      { id: 'answer', ...at, type: 'http response', wires: [] },
      {
        ...{ id: 'account', type: 'tencent-market-account', environment: 'custom', scheme: 'cloudmarket' },
        ...{ baseUrl: waiting.provider.baseUrl, credentials: { secretId: 'i', secretKey: 'k' } },
      },
      ...nodes,
    ];
    await start();
    await nodeRed.deploy(
      flow([{ id: 'compare', ...at, type: 'face-compare', account: 'account', wires: [[]] }]),
    );
    await fetch(`${nodeRed.address}/start`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, idNumber, photo }),
    });
    await waiting.until(() => waiting.provider.asked.length === 1);
    await nodeRed.deploy(flow([]));
    const [kept] = await untilOnDisk(waiting.userDir, 1);
    const { message, work } = kept!;
    assert.ok(
      !('payload' in message) && !('req' in message) && !('res' in message),
      `${Object.keys(message)}`,
    );
    assert.equal((work as { result: { outcome: string } }).result.outcome, 'passed');
    for (const text of [readFileSync(segment(), 'latin1'), serialize(kept).toString('latin1')])
      for (const secret of [name, idNumber, photo.slice(0, 24)])
        assert.ok(!text.includes(Buffer.from(secret).toString('latin1')), secret);
    await nodeRed.stop();

    await start({ CLOCK_SHIFT: String(6.9 * DAY_MS) });
    await waiting.until(() => /1 things wait for nodes that are deleted/.test(nodeRed.output()));
    await nodeRed.stop();
    assert.equal((await onDisk(waiting.userDir)).length, 1);
    await start({ CLOCK_SHIFT: String(7.1 * DAY_MS) });
    await waiting.until(() => /1 things that waited had no node for 7 days/.test(nodeRed.output()));
    await untilOnDisk(waiting.userDir, 0);
  });

  it('starts and stops over a record without a message, a pipe and a segment of the future, which are listed for a week', async () => {
    await start();
    await waiting.deploy(nodeRed);
    await nodeRed.stop();
    const key = purposeKey(await masterKey(waiting.userDir), 'waiting');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from('cn-verify waiting 1\n'));
    const record = {
      ...{ id: 'a', node: 'poll', type: 'truth-poll', since: Date.now(), deadline: Date.now() + 60_000 },
      ...{ orphanedAt: null, taskIds: ['1'], work: { state: {} }, message: null },
    };
    const line = Buffer.concat([
      nonce,
      cipher.update(serialize(record)),
      cipher.final(),
      cipher.getAuthTag(),
    ]);
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), '00000091.log'), `cn-verify waiting 1\n${line.toString('base64')}\n`);
    execFileSync('mkfifo', [join(folder(), '00000092.log'), join(folder(), 'entry')]);
    writeFileSync(join(folder(), '00000093.log'), 'cn-verify waiting 2\nsomething of the future\n');

    await start();
    const damaged = async (token?: string | null) => nodeRed.ask('/cn-verify/damaged', undefined, token);
    await waiting.until(() => /4 things in .* are damaged/.test(nodeRed.output()));
    const listed = (await (await damaged(READER)).json()) as { file: string; since: number }[];
    assert.deepEqual(listed.map(({ file }) => file.replace(/^\d+-/, '')).sort(), [
      '00000091.log',
      '00000092.log',
      '00000093.log',
      'entry',
    ]);
    for (const { since } of listed) assert.ok(Math.abs(Date.now() - since) < 20_000);
    assert.equal((await damaged(null)).status, 401);
    await waiting.come(nodeRed, 1);
    await untilOnDisk(waiting.userDir, 1);
    const stopping = Date.now();
    await nodeRed.stop();
    assert.ok(Date.now() - stopping < 5_000);

    await start({ CLOCK_SHIFT: String(7.1 * DAY_MS) });
    await waiting.until(async () => ((await (await damaged()).json()) as []).length === 0);
    assert.deepEqual(readdirSync(join(folder(), 'damaged')), []);
  });

  it('is delivered once where two processes have one userDir: the second says so, and goes on when the first has ended', async () => {
    await start();
    const first = nodeRed;
    await waiting.deploy(first);
    await waiting.come(first, 50);
    await untilOnDisk(waiting.userDir, 50);
    await start();
    const second = nodeRed;
    await waiting.until(() => /Another process uses/.test(second.output()));
    await waiting.come(second, 50);
    await waiting.until(() => waiting.asked.size === 100);
    waiting.finish((taskId) => Number(taskId) % 2 === 0);
    await waiting.until(() => waiting.told.length === 50);
    // What was sent is on disk for a while: a kill at once might come before the next node has it.
    await pause(2_500);
    await first.stop('SIGKILL');
    waiting.finish();
    await waiting.until(() => waiting.told.length === 100, 30_000);
    await pause(1_000);
    assert.equal(new Set(waiting.told.map(({ index }) => index)).size, 100);
    assert.equal(waiting.told.length, 100);
    // Those of the first came from the disk.
    assert.equal(waiting.told.filter(({ resumed }) => resumed).length, 25);
    assert.equal(count(second.output(), /Another process uses/), 1);
  });
});
