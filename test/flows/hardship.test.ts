/** What waits in a Node-RED whose disk, clock, folder or neighbour is not as it should be. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { serialize } from 'node:v8';
import { WITH_PERMISSIONS } from '../command-process';
import { jpg } from '../input/pictures';
import type { NodeRed } from '../node-red-process';
import { databaseIn, onDisk, untilOnDisk } from './on-disk';
import { closeServers, json } from './scripted-server';
import { startWaiting, type Waiting } from './waiting-process';

const DAY_MS = 86_400_000;
const TASKS = 20;
const MANY = 200;
const KILLS = 2;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const count = (text: string, words: RegExp) => text.split('\n').filter((line) => words.test(line)).length;
const UNWRITABLE = /cannot be written \(/;
const WRITTEN_AGAIN = /can be written again/;
const HELD_ELSEWHERE = /Another process uses the database/;
const LOST = /are not on disk.*Task ids: (.*)/;

describe('what waits, in a Node-RED of its own', () => {
  let waiting: Waiting;
  let nodeRed: NodeRed;
  const running: NodeRed[] = [];
  const start = async (...parameters: Parameters<Waiting['start']>) => {
    nodeRed = await waiting.start(...parameters);
    running.push(nodeRed);
  };
  /** Looks up to three times for one task: a copy of a database that is being written to may lack what is in it. */
  const idsOnDisk = async (wanted?: string) => {
    for (let looks = 1; ; looks++) {
      const tasks = await onDisk(waiting.userDir).catch((error: Error) => error);
      const ids = tasks instanceof Error ? [] : tasks.flatMap(({ taskIds }) => taskIds);
      if (wanted === undefined ? !(tasks instanceof Error) : ids.includes(wanted)) return ids;
      if (looks === 3) throw tasks instanceof Error ? tasks : new Error(`Task ${wanted} is not on disk.`);
    }
  };
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

  it(`is on disk before its first query, ${TASKS} tasks at once, and written again where its folder was deleted, at the next task and when it stops`, async () => {
    await start();
    await waiting.deploy(nodeRed);
    const looks: Promise<Error | null>[] = [];
    const { script } = waiting.provider;
    waiting.provider.script = (request, response, index) => {
      script(request, response, index);
      if (index % (TASKS / 5) !== 1 || index > TASKS) return;
      // What is copied here may be newer than the query by what the copy takes, and no more.
      const look = idsOnDisk(JSON.parse(request.body).taskID);
      looks.push(
        look.then(
          () => null,
          (error) => error,
        ),
      );
    };
    await waiting.come(nodeRed, TASKS);
    await waiting.until(() => looks.length === 5);
    assert.deepEqual(await Promise.all(looks), Array(5).fill(null));
    // What was queried is on disk for good, and no write is under way.
    await waiting.until(() => waiting.queried.size === TASKS);
    const deleteFolder = () => rmSync(join(waiting.userDir, 'cn-verify'), { recursive: true });
    deleteFolder();
    await waiting.come(nodeRed, 1);
    await waiting.until(() => waiting.queried.size === TASKS + 1);
    await untilOnDisk(waiting.userDir, TASKS + 1);
    deleteFolder();
    await nodeRed.stop();
    assert.deepEqual((await idsOnDisk()).sort(), all(TASKS + 1));
    assert.deepEqual(idsLost(), []);
  });

  it('is written when a full disk has room again; what cannot be written is named by task id when it stops', async () => {
    await start();
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 5);
    await untilOnDisk(waiting.userDir, 5);
    limit(0);
    await waiting.come(nodeRed, 15);
    await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 0);
    await pause(1_500);
    assert.equal(waiting.queried.size, 5);
    assert.equal(count(nodeRed.output(), UNWRITABLE), 1);
    assert.equal(count(nodeRed.output(), WRITTEN_AGAIN), 0);
    limit('unlimited');
    await waiting.until(() => waiting.queried.size === 20);
    assert.equal(count(nodeRed.output(), WRITTEN_AGAIN), 1);
    assert.deepEqual((await idsOnDisk()).sort(), all(20));

    limit(0);
    await waiting.come(nodeRed, 10);
    await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 1);
    await nodeRed.stop();
    const kept = await idsOnDisk();
    assert.equal(kept.length, 20);
    assert.deepEqual([...kept, ...idsLost()].sort(), all(30));
  });

  it('is queried only once the folder may be written to', async () => {
    mkdirSync(join(waiting.userDir, 'cn-verify'), { mode: 0o555 });
    await start({}, waiting.userDir, WITH_PERMISSIONS);
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, 5);
    await waiting.until(() => count(nodeRed.output(), UNWRITABLE) > 0);
    assert.equal(waiting.queried.size, 0);
    chmodSync(join(waiting.userDir, 'cn-verify'), 0o700);
    await waiting.until(() => waiting.queried.size === 5);
    await nodeRed.stop('SIGKILL');
    assert.equal((await idsOnDisk()).length, 5);
  });

  it('waits no longer than its time where the clock is a day behind at the next start, or ahead', async () => {
    await start();
    await waiting.deploy(nodeRed, { timeout: 8 });
    for (const [index, environment] of [{ CLOCK_SHIFT: String(-DAY_MS) }, {}].entries()) {
      await waiting.come(nodeRed, 1);
      await untilOnDisk(waiting.userDir, 1);
      await nodeRed.stop('SIGKILL');
      const before = waiting.provider.requests.length;
      await start(environment);
      await waiting.until(() => waiting.delivered.length === index + 1);
      assert.deepEqual(waiting.delivered[index], { index, resumed: true, outcome: 'unfinished' });
      assert.ok(waiting.provider.requests.length > before);
      await untilOnDisk(waiting.userDir, 0);
    }
  });

  it('has nobody in it of a paid call whose node is gone, and goes after seven days', async () => {
    const [name, idNumber] = ['欧阳小明', '11010519491231002X'];
    const photo = jpg().toString('base64');
    const at = { z: 'tab', x: 1, y: 1 };
    waiting.provider.script = (_request, response) => {
      const data = { order_no: '1', score: 0.82, msg: '系统判断为同一人', incorrect: 100 };
      setTimeout(json, 500, response, { msg: '成功', success: true, code: 200, data });
    };
    const flow = (nodes: object[]) => [
      { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['answer', 'compare']] },
      { id: 'answer', ...at, type: 'http response', wires: [] },
      {
        id: 'account',
        type: 'tencent-market-account',
        environment: 'custom',
        scheme: 'cloudmarket',
        baseUrl: waiting.provider.baseUrl,
        credentials: { secretId: 'i', secretKey: 'k' },
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
    await waiting.until(() => waiting.provider.requests.length === 1);
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

    await start({ CLOCK_SHIFT: String(7.1 * DAY_MS) });
    await waiting.until(() => /1 waiting messages had no node for 7 days/.test(nodeRed.output()));
    await untilOnDisk(waiting.userDir, 0);
  });

  it('is delivered once where two processes have one userDir: the second says so, and goes on when the first has ended', async () => {
    await start();
    const first = nodeRed;
    await waiting.deploy(first);
    await waiting.come(first, 10);
    await untilOnDisk(waiting.userDir, 10);
    await start();
    const second = nodeRed;
    await waiting.until(() => HELD_ELSEWHERE.test(second.output()));
    await waiting.come(second, 10);
    await waiting.until(() => waiting.queried.size === 20);
    waiting.finish((taskId) => Number(taskId) % 2 === 0);
    await waiting.until(() => waiting.delivered.length === 10);
    // What was sent is on disk for a while: a kill at once might come before the next node has it.
    await untilOnDisk(waiting.userDir, 5);
    await first.stop('SIGKILL');
    waiting.finish();
    await waiting.until(() => waiting.delivered.length === 20);
    await pause(1_000);
    assert.equal(new Set(waiting.delivered.map(({ index }) => index)).size, 20);
    assert.equal(waiting.delivered.length, 20);
    // Those of the first came from the disk.
    assert.equal(waiting.delivered.filter(({ resumed }) => resumed).length, 5);
    assert.equal(count(second.output(), HELD_ELSEWHERE), 1);
  });

  it(`comes out although its Node-RED is killed ${KILLS} times over`, async function () {
    this.timeout(180_000);
    await start();
    await waiting.deploy(nodeRed);
    await waiting.come(nodeRed, MANY);
    await untilOnDisk(waiting.userDir, MANY);
    // Before each kill a share of the tasks finishes, so that some are being delivered when it comes.
    for (let kill = 1; kill <= KILLS; kill++) {
      const delivered = waiting.delivered.length;
      waiting.finish((taskId) => Number(taskId) < (kill / (KILLS + 1)) * MANY);
      await waiting.until(() => waiting.delivered.length > delivered);
      await nodeRed.stop('SIGKILL');
      await start();
    }
    waiting.finish();
    await waiting.until(() => new Set(waiting.delivered.map(({ index }) => index)).size === MANY);
    assert.ok(waiting.delivered.every(({ outcome }) => outcome === 'passed'));
    assert.ok(waiting.delivered.filter(({ resumed }) => resumed).length > MANY / 10);
    // Nothing is left for the next start.
    await untilOnDisk(waiting.userDir, 0);
  });
});
