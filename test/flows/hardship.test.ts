/** What waits in a Node-RED whose disk, clock, folder or neighbour is not as it should be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { jpg } from '../input/pictures';
import type { NodeRed } from '../node-red-process';
import { databaseIn, onDisk, untilOnDisk } from './on-disk';
import { closeServers, json } from './scripted-server';
import { startWaiting, type Waiting } from './waiting-process';

const DAY_MS = 86_400_000;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const count = (text: string, words: RegExp) => text.split('\n').filter((line) => words.test(line)).length;
const UNWRITABLE = /cannot be written \(/;
const WRITTEN_AGAIN = /can be written again/;
const HELD_ELSEWHERE = /Another process uses the database/;
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
  const idsOnDisk = async () => (await onDisk(waiting.userDir)).flatMap(({ taskIds }) => taskIds);
  /** Bytes that a file of the process may have: 0 is a full disk. */
  const limit = (bytes: number | 'unlimited') =>
    execFileSync('prlimit', ['--pid', `${nodeRed.pid}`, `--fsize=${bytes}:`]);
  const idsLost = () => LOST.exec(nodeRed.output())?.[1]?.trim().split(', ') ?? [];
  const all = (tasks: number) => Array.from({ length: tasks }, (_, index) => `${index}`).sort();

  beforeEach(async () => {
    waiting = await startWaiting();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop('SIGKILL')));
    closeServers();
  });

  it('is on disk before its first query, 2,000 tasks that come at once', async () => {
    await start();
    await waiting.deploy(nodeRed);
    const looks: { taskId: string; ids: string[] }[] = [];
    const { script } = waiting.provider;
    waiting.provider.script = (asked, response, index) => {
      script(asked, response, index);
      if (![1, 400, 800, 1_200, 1_600].includes(index)) return;
      const look = { taskId: JSON.parse(asked.body).taskID, ids: [] as string[] };
      looks.push(look);
      // What is copied here may be newer than the query by what the copy takes, and no more.
      void idsOnDisk().then((ids) => look.ids.push(...ids));
    };
    await waiting.come(nodeRed, 2_000);
    await waiting.until(() => looks.length === 5 && looks.every(({ ids }) => ids.length > 0));
    for (const { taskId, ids } of looks) assert.ok(ids.includes(taskId), taskId);
    await untilOnDisk(waiting.userDir, 2_000);
    await nodeRed.stop('SIGKILL');
    assert.equal((await idsOnDisk()).length, 2_000);
  });

  describe('while its disk is full', () => {
    beforeEach(async () => {
      await start();
      await waiting.deploy(nodeRed);
      await waiting.come(nodeRed, 20);
      await untilOnDisk(waiting.userDir, 20);
      limit(0);
      await waiting.come(nodeRed, 100);
      await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 0);
      await pause(1_500);
      assert.equal(waiting.asked.size, 20);
      assert.equal(count(nodeRed.output(), UNWRITABLE), 1);
      assert.equal(count(nodeRed.output(), WRITTEN_AGAIN), 0);
    });

    it('is written when there is room again, and survives a kill then', async () => {
      limit('unlimited');
      await waiting.until(() => waiting.asked.size === 120);
      assert.equal(count(nodeRed.output(), WRITTEN_AGAIN), 1);
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
      assert.equal(kept.length, 20);
      assert.deepEqual([...kept, ...idsLost()].sort(), all(120));
    });
  });

  it('is queried once when its time is over, where its disk was full until then', async () => {
    await start();
    await waiting.deploy(nodeRed, { timeout: 3 });
    await waiting.come(nodeRed, 1);
    await untilOnDisk(waiting.userDir, 1);
    limit(0);
    waiting.finish((taskId) => taskId === '2');
    await waiting.come(nodeRed, 2);
    await waiting.until(() => waiting.told.length === 3);
    assert.deepEqual(waiting.told.map(({ index, outcome }) => `${index} ${outcome}`).sort(), [
      '0 unfinished',
      '1 unfinished',
      '2 passed',
    ]);
    const queries = waiting.provider.asked.map(({ body }) => JSON.parse(body).taskID);
    assert.equal(queries.filter((taskId) => taskId !== '0').length, 2);
  });

  it('is written anew when it stops, where its folder was deleted', async () => {
    await start();
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 50);
    await untilOnDisk(waiting.userDir, 50);
    rmSync(join(waiting.userDir, 'cn-verify'), { recursive: true });
    await nodeRed.stop();
    assert.deepEqual((await idsOnDisk()).sort(), all(50));
    assert.deepEqual(idsLost(), []);
  });

  it('is named when it stops where the folder may only be read, and written when that is over', async () => {
    chmodSync(waiting.userDir, 0o777);
    mkdirSync(join(waiting.userDir, 'cn-verify'), { mode: 0o555 });
    await start({ BE_NOBODY: '1' });
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 5);
    await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 0);
    await nodeRed.stop();
    assert.deepEqual(idsLost().sort(), all(5));
    assert.equal(count(nodeRed.output(), UNWRITABLE), 1);
    assert.equal(waiting.asked.size, 0);
    await start({ BE_NOBODY: '1' });
    await waiting.come(nodeRed, 5);
    await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 0);
    chmodSync(join(waiting.userDir, 'cn-verify'), 0o777);
    await waiting.until(() => waiting.asked.size === 5);
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
      await waiting.until(() => waiting.told.length === 1);
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
    const texts = ['', '-wal'].map((suffix) => databaseIn(waiting.userDir) + suffix).filter(existsSync);
    for (const text of [
      ...texts.map((file) => readFileSync(file, 'latin1')),
      serialize(kept).toString('latin1'),
    ])
      for (const secret of [name, idNumber, photo.slice(0, 24)])
        assert.ok(!text.includes(Buffer.from(secret).toString('latin1')), secret);
    await nodeRed.stop();

    await start({ CLOCK_SHIFT: String(6.9 * DAY_MS) });
    await waiting.until(() => /1 waiting messages cannot go on/.test(nodeRed.output()));
    await nodeRed.stop();
    assert.equal((await onDisk(waiting.userDir)).length, 1);
    await start({ CLOCK_SHIFT: String(7.1 * DAY_MS) });
    await waiting.until(() => /1 waiting messages had no node for 7 days/.test(nodeRed.output()));
    await untilOnDisk(waiting.userDir, 0);
  });

  it('is delivered once where two processes have one userDir: the second says so, and goes on when the first has ended', async () => {
    await start();
    const first = nodeRed;
    await waiting.deploy(first);
    await waiting.come(first, 50);
    await untilOnDisk(waiting.userDir, 50);
    await start();
    const second = nodeRed;
    await waiting.until(() => HELD_ELSEWHERE.test(second.output()));
    await waiting.come(second, 50);
    await waiting.until(() => waiting.asked.size === 100);
    waiting.finish((taskId) => Number(taskId) % 2 === 0);
    await waiting.until(() => waiting.told.length === 50);
    // What was sent is on disk for a while: a kill at once might come before the next node has it.
    await pause(2_500);
    await first.stop('SIGKILL');
    waiting.finish();
    await waiting.until(() => waiting.told.length === 100);
    await pause(1_000);
    assert.equal(new Set(waiting.told.map(({ index }) => index)).size, 100);
    assert.equal(waiting.told.length, 100);
    // Those of the first came from the disk.
    assert.equal(waiting.told.filter(({ resumed }) => resumed).length, 25);
    assert.equal(count(second.output(), HELD_ELSEWHERE), 1);
  });
});
