/** The routes over waiting tasks, in a real Node-RED with its admin interface. */
import assert from 'node:assert/strict';
import { DEPLOYER, type NodeRed, postingNode, READER, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { untilOnDisk } from './on-disk';
import { closeServers, json, type ScriptedServer, scriptedServer, taskFinished } from './scripted-server';

const PATH = '/cn-verify/tasks';

interface Summary {
  node: string;
  running: boolean;
  count: number;
  oldest: number | null;
  nextQuery: number | null;
}

interface Task {
  id: string;
  taskIds: string[];
  since: number;
  deadline: number;
  nextQuery: number | null;
}

describe('the routes over waiting tasks, in a real Node-RED', function () {
  this.timeout(60_000);
  let nodeRed: NodeRed;
  let provider: ScriptedServer;
  /** What came out of the flow. */
  let receiver: ScriptedServer;

  const at = { z: 'tab', x: 1, y: 1 };
  const flow = (polls: readonly string[]) => [
    {
      id: 'account',
      type: 'xhey-account',
      environment: 'custom',
      baseUrl: provider.baseUrl,
      credentials: { groupKey: 'k', groupSecret: 's' },
    },
    { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['answer', ...polls]] },
    { id: 'answer', ...at, type: 'http response', wires: [] },
    ...polls.map((id) => ({
      id,
      ...at,
      type: 'truth-poll',
      account: 'account',
      interval: 60,
      wires: [['report'], []],
    })),
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['report']] },
    postingNode(
      'report',
      receiver.baseUrl,
      '{ outcome: msg.payload.outcome, code: msg.error?.code, cause: msg.error?.cause }',
    ),
  ];
  const start = (taskId: string) =>
    fetch(`${nodeRed.address}/start`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ taskIds: [taskId] }),
    });
  const list = async (): Promise<Summary[]> => (await nodeRed.ask(PATH)).json() as Promise<Summary[]>;
  const tasksOf = async (id: string): Promise<Task[]> => {
    const { tasks } = (await (await nodeRed.ask(`${PATH}/${id}`)).json()) as { tasks: Task[] };
    return tasks;
  };
  const waiting = async (count: number) => {
    let all: Summary[] = [];
    await until(
      async () => {
        all = await list();
        const sum = all.reduce((sum, each) => sum + each.count, 0);
        return sum === count && all.every((each) => each.nextQuery !== 0);
      },
      () => `not ${count} waiting: ${JSON.stringify(all)}`,
    );
    return all;
  };
  const queried = async (count: number) => {
    await until(() => provider.asked.length >= count);
    assert.equal(provider.asked.length, count);
  };
  const heard = async (count: number): Promise<Record<string, unknown>[]> => {
    await until(() => receiver.asked.length >= count);
    return receiver.asked.map(({ body }) => JSON.parse(body));
  };

  before(async () => {
    provider = await scriptedServer((_asked, response) =>
      json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] }),
    );
    receiver = await scriptedServer((_asked, response) => response.end());
    nodeRed = await startNodeRed();
  });
  beforeEach(async () => {
    await nodeRed.deploy(flow(['poll-a', 'poll-b']));
    receiver.asked.length = 0;
  });
  afterEach(async () => {
    for (const { node } of await list()) await nodeRed.ask(`${PATH}/${node}`, undefined, DEPLOYER, 'DELETE');
    await waiting(0);
  });
  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it('list what waits: how many, since when, until when, and when the next query is', async () => {
    const before = Date.now();
    await start('1');
    await start('2');
    const all = await waiting(4);
    assert.deepEqual(all.map(({ node, running, count }) => [node, running, count]).sort(), [
      ['poll-a', true, 2],
      ['poll-b', true, 2],
    ]);
    for (const { oldest } of all) assert.ok(oldest! >= before && oldest! <= Date.now());
    const tasks = await tasksOf('poll-a');
    assert.deepEqual(
      tasks.map(({ taskIds }) => taskIds),
      [['1'], ['2']],
    );
    for (const { since, deadline } of tasks) assert.ok(Math.abs(deadline - since - 300_000) < 1_000);
    assert.deepEqual(Object.keys(tasks[0]!).sort(), ['deadline', 'id', 'nextQuery', 'since', 'taskIds']);
  });

  it('have all, or one, queried at once', async () => {
    await start('1');
    await start('2');
    await waiting(4);
    // Each was queried once, and is again in a minute.
    await until(async () => (await list()).every(({ nextQuery }) => nextQuery! > Date.now()));
    const asked = provider.asked.length;
    assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-a/ask`, {})).json(), { asked: 2 });
    const [first] = await tasksOf('poll-b');
    assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-b/${first!.id}/ask`, {})).json(), { asked: 1 });
    assert.deepEqual(await (await nodeRed.ask(`${PATH}/poll-b/nobody/ask`, {})).json(), { asked: 0 });
    await queried(asked + 3);
    provider.script = (_asked, response) =>
      taskFinished(response, [{ photoUrl: 'https://example.com/a', status: 0 }]);
    await nodeRed.ask(`${PATH}/poll-a/ask`, {});
    assert.deepEqual(
      (await heard(2)).map(({ outcome }) => outcome),
      ['passed', 'passed'],
    );
    provider.script = (_asked, response) =>
      json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
  });

  it('drop one or all, which goes to Catch nodes', async () => {
    await start('1');
    await start('2');
    await waiting(4);
    const [first] = await tasksOf('poll-a');
    const drop = async (path: string) =>
      (await nodeRed.ask(`${PATH}/${path}`, undefined, DEPLOYER, 'DELETE')).json() as Promise<{
        dropped: number;
      }>;
    assert.deepEqual(await drop(`poll-a/${first!.id}`), { dropped: 1 });
    assert.deepEqual(await drop('poll-b'), { dropped: 2 });
    await waiting(1);
    const errors = (await heard(3)) as { code: string; cause: { taskIds: string[]; hint: string } }[];
    assert.deepEqual(errors.map(({ code, cause }) => `${code} ${cause.taskIds}`).sort(), [
      'CANCELLED 1',
      'CANCELLED 1',
      'CANCELLED 2',
    ]);
    await nodeRed.deploy(flow(['poll-a', 'poll-b']));
    await waiting(1);
  });

  it('list and drop what was not handed out yet after a deploy', async () => {
    provider.asked.length = 0;
    for (let index = 0; index < 30; index++) await start(`${index}`);
    await waiting(60);
    await queried(60);
    await nodeRed.deploy(flow(['poll-a', 'poll-b']));
    assert.deepEqual((await list()).map(({ node, count }) => [node, count]).sort(), [
      ['poll-a', 30],
      ['poll-b', 30],
    ]);
    const response = await nodeRed.ask(`${PATH}/poll-a`, undefined, DEPLOYER, 'DELETE');
    assert.deepEqual(await response.json(), { dropped: 30 });
    const errors = (await heard(30)) as { code: string; cause: { taskIds: string[] } }[];
    assert.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['CANCELLED']));
    assert.equal(new Set(errors.map(({ cause }) => `${cause.taskIds}`)).size, 30);
    await nodeRed.deploy(flow(['poll-a', 'poll-b']));
    await waiting(30);
  });

  it('list and drop what nodes left that are gone', async () => {
    await start('1');
    await waiting(2);
    await nodeRed.deploy(flow(['poll-a']));
    const [, lost] = (await waiting(2)).sort((a, b) => a.node.localeCompare(b.node));
    assert.deepEqual([lost!.node, lost!.running, lost!.count, lost!.nextQuery], ['poll-b', false, 1, null]);
    assert.deepEqual((await tasksOf('poll-b'))[0]!.taskIds, ['1']);
    const response = await nodeRed.ask(`${PATH}/poll-b`, undefined, DEPLOYER, 'DELETE');
    assert.deepEqual(await response.json(), { dropped: 1 });
    await untilOnDisk(nodeRed.userDir, 1);
  });

  it('need permission: to read, and to write', async () => {
    await start('1');
    await waiting(2);
    assert.equal((await nodeRed.ask(PATH, undefined, READER)).status, 200);
    assert.equal((await nodeRed.ask(`${PATH}/poll-a`, undefined, READER)).status, 200);
    assert.equal((await nodeRed.ask(`${PATH}/poll-a/ask`, {}, READER)).status, 401);
    assert.equal((await nodeRed.ask(`${PATH}/poll-a`, undefined, READER, 'DELETE')).status, 401);
    for (const [path, method] of [
      [PATH, 'GET'],
      [`${PATH}/poll-a`, 'GET'],
      [`${PATH}/poll-a/ask`, 'POST'],
      [`${PATH}/poll-a`, 'DELETE'],
    ] as const)
      assert.equal((await nodeRed.ask(path, undefined, null, method)).status, 401, `${method} ${path}`);
    await waiting(2);
  });
});
