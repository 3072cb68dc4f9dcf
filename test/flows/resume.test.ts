/** What was not ended when its node was closed: CONTRACT, "Action nodes", `resume`. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cause } from '../../src/errors';
import type { Message } from '../../src/node-red/red';
import type { Result } from '../../src/result';
import {
  actionFlow,
  deploy,
  type FlowNode,
  got,
  logs,
  seen,
  send,
  startRuntime,
  until,
  userDir,
} from './runtime';
import {
  closeServers,
  json,
  type ScriptedServer,
  scriptedServer,
  taskCreated,
  taskFinished,
} from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';
const EMPTY = [{ id: 'tab', type: 'tab' }];
const unfinished = { code: 200, msg: 'success', taskStatus: 2, list: [] };

/** Credentials in a deploy count as a change of the account, and that as a full deploy. */
function changed(nodes: FlowNode[], changes: object): FlowNode[] {
  return nodes.map(
    ({ credentials, ...node }) => (node.id === 'action' ? { ...node, ...changes } : node) as FlowNode,
  );
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('what waits over a deploy, in a real Node-RED', () => {
  let server: ScriptedServer;
  let isFinished = false;
  const account = (properties: object = {}) => ({
    environment: 'custom',
    baseUrl: server.baseUrl,
    credentials: { groupKey: 'groupKey', groupSecret: 'groupSecret' },
    ...properties,
  });
  const poll = (properties: object = {}) =>
    actionFlow({ type: 'truth-poll', interval: 0.2, maxInterval: 0.2, ...properties }, account());
  const spooled = (id = 'action') => {
    const folder = join(userDir, 'cn-verify', id);
    return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.task')) : [];
  };
  const result = (message: Message | undefined) =>
    message!.payload as Result & { data: { photos: unknown[] } };

  before(() => startRuntime());
  beforeEach(async () => {
    isFinished = false;
    server = await scriptedServer((_asked, response) => {
      if (isFinished) taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
      else json(response, unfinished);
    });
    rmSync(join(userDir, 'cn-verify'), { recursive: true, force: true });
  });
  afterEach(async () => {
    await deploy(EMPTY);
    closeServers();
  });

  for (const deployment of ['full', 'nodes'] as const) {
    it(`a waiting task survives a deploy of ${deployment === 'full' ? 'all' : 'that node'}`, async () => {
      const nodes = poll();
      await deploy(nodes);
      const response = { of: 'an http request' };
      send('action', { _msgid: 'm', payload: '7', photo: Buffer.from([1, 2]), res: response });
      await until(() => spooled().length === 1 && server.asked.length === 1);
      await deploy(changed(nodes, { interval: 0.1 }), deployment);
      isFinished = true;
      await until(() => got('out1').length === 1);
      const [message] = got('out1');
      assert.deepEqual([message!.resumed, message!._msgid], [true, 'm']);
      assert.deepEqual(message!.photo, Buffer.from([1, 2]));
      // Debug nodes get a clone, and Node-RED clones req and res by reference.
      assert.equal(message!.res, response);
      assert.deepEqual([result(message).outcome, result(message).data.photos.length], ['passed', 1]);
      assert.equal(got('caught').length, 0);
      await until(() => spooled().length === 0);
      await deploy(nodes);
      await pause(200);
      assert.equal(got('out1').length, 0);
    });
  }

  it('the deadline is kept, and time that ran out meanwhile is not given back', async () => {
    const nodes = poll({ timeout: 1 });
    await deploy(nodes);
    const start = Date.now();
    send('action', { payload: ['1', '2'] });
    await until(() => spooled().length === 1);
    await deploy(nodes);
    await until(() => got('out2').length === 1);
    assert.ok(Date.now() - start < 1_900, `${Date.now() - start} ms`);
    assert.equal(got('out2')[0]!.resumed, true);
    assert.equal(
      result(got('out2')[0]).timing.startedAt,
      new Date(result(got('out2')[0]).timing.startedAt).toISOString(),
    );
    assert.ok(result(got('out2')[0]).timing.durationMs >= 900);
  });

  for (const [outcome, output] of [
    ['unfinished', 'out2'],
    ['passed', 'out1'],
  ] as const) {
    it(`a task whose time ran out while nothing ran is asked for once more, and goes out as ${outcome}`, async () => {
      const nodes = poll({ timeout: 0.5 });
      await deploy(nodes);
      send('action', { payload: { taskIds: ['1'], tasks: [{ taskId: '1', photoUrls: [PHOTO] }] } });
      await until(() => spooled().length === 1);
      await deploy(EMPTY);
      assert.equal(spooled().length, 1);
      await pause(500);
      isFinished = outcome === 'passed';
      const asked = server.asked.length;
      await deploy(nodes);
      await until(() => got(output).length === 1);
      assert.equal(server.asked.length, asked + 1);
      assert.equal(result(got(output)[0]).outcome, outcome);
      assert.deepEqual(result(got(output)[0]).data.tasks, [{ taskId: '1', photoUrls: [PHOTO] }]);
    });
  }

  it('trouble in that last query goes out of output 2 as well', async () => {
    const nodes = poll({ timeout: 0.3 });
    await deploy(nodes);
    send('action', { payload: '1' });
    await until(() => spooled().length === 1);
    await deploy(EMPTY);
    await pause(300);
    server.script = (_asked, response) => response.writeHead(500).end();
    await deploy(nodes);
    await until(() => got('out2').length === 1);
    const { lastError } = result(got('out2')[0]).data as unknown as { lastError: Cause };
    assert.equal(lastError.httpStatus, 500);
  });

  it('photos that were carried along come out again', async () => {
    const nodes = poll();
    await deploy(nodes);
    const carried = {
      taskId: '1',
      url: PHOTO,
      outcome: 'failed',
      reason: 'no-anti-fake-code',
      status: -2301,
    };
    send('action', { payload: { data: { taskIds: ['2'], photos: [carried] } } });
    await until(() => spooled().length === 1);
    await deploy(nodes);
    isFinished = true;
    await until(() => got('out1').length === 1);
    assert.equal(result(got('out1')[0]).data.photos.length, 2);
    assert.equal(result(got('out1')[0]).outcome, 'failed');
  });

  it('many tasks come back spread over the interval, each once', async () => {
    const nodes = poll({ interval: 1 });
    await deploy(nodes);
    for (let index = 0; index < 200; index++) send('action', { payload: String(index), index });
    await until(() => spooled().length === 200);
    await deploy(EMPTY);
    server.asked.length = 0;
    isFinished = true;
    await deploy(nodes);
    await pause(300);
    const early = server.asked.length;
    assert.ok(early > 10 && early < 150, `${early} in the first 300 ms of a second`);
    await until(() => got('out1').length === 200);
    assert.deepEqual(
      got('out1')
        .map(({ index }) => index as number)
        .sort((a, b) => a - b),
      Array.from({ length: 200 }, (_, index) => index),
    );
    assert.equal(server.asked.length, 200);
  });

  it('they come back spread over the default interval where a flow has none', async () => {
    const nodes = actionFlow({ type: 'truth-poll' }, account());
    await deploy(nodes);
    for (let index = 0; index < 40; index++) send('action', { payload: String(index) });
    await until(() => spooled().length === 40);
    await deploy(EMPTY);
    server.asked.length = 0;
    isFinished = true;
    await deploy(nodes);
    await pause(300);
    assert.ok(server.asked.length < 30, `${server.asked.length} in the first 300 ms of two seconds`);
    await until(() => got('out1').length === 40);
  });

  it('a node that is disabled keeps its tasks, on disk and not in memory', async () => {
    const nodes = poll();
    await deploy(nodes);
    send('action', { payload: '1', res: 1 });
    await until(() => spooled().length === 1);
    await deploy(changed(nodes, { d: true }));
    await deploy(nodes);
    isFinished = true;
    await until(() => got('out1').length === 1);
    assert.equal('res' in got('out1')[0]!, false);
  });

  it('without `resume` a waiting task is CANCELLED, and nothing is written', async () => {
    const nodes = poll({ resume: false });
    await deploy(nodes);
    send('action', { payload: '1' });
    await until(() => server.asked.length === 1);
    await deploy(changed(nodes, { interval: 0.1 }), 'nodes');
    await until(() => got('caught').length === 1);
    const { code, cause } = got('caught')[0]!.error as { code: string; cause: Cause };
    assert.deepEqual([code, cause.taskIds, cause.retryable], ['CANCELLED', ['1'], true]);
    assert.equal(existsSync(join(userDir, 'cn-verify')), false);
  });

  it('in mode once, a query that was cancelled is raised at the next start', async () => {
    const nodes = poll({ mode: 'once' });
    await deploy(nodes);
    server.script = () => {};
    send('action', { payload: '1' });
    await until(() => server.asked.length === 1);
    assert.equal(spooled().length, 0);
    await deploy(nodes);
    await until(() => got('caught').length === 1);
    const [{ error, resumed }] = got('caught') as [Message & { error: { code: string; cause: Cause } }];
    assert.deepEqual(
      [error.code, error.cause.taskIds, error.cause.retryable, resumed],
      ['CANCELLED', ['1'], true, true],
    );
    assert.equal(got('completed').length, 0);
  });

  it('a message over 1 MiB comes back with its tasks, _msgid and topic, and one warning says so', async () => {
    const nodes = poll();
    await deploy(nodes);
    logs.length = 0;
    for (const payload of ['1', '2'])
      send('action', { _msgid: `m${payload}`, topic: 't', payload, photo: Buffer.alloc(1_100_000) });
    await until(() => spooled().length === 2);
    for (const name of spooled()) {
      const { size } = statSync(join(userDir, 'cn-verify/action', name));
      assert.ok(size < 2_000, `${size}`);
    }
    assert.equal(logs.filter(({ msg }) => /1 MB/.test(String(msg))).length, 1);
    await deploy(EMPTY);
    isFinished = true;
    await deploy(nodes);
    await until(() => got('out1').length === 2);
    const [{ payload, ...message }] = got('out1') as [Message];
    assert.deepEqual(message, { _msgid: 'm1', topic: 't', resumed: true });
    assert.deepEqual((payload as Result).data.taskIds, ['1']);
  });

  it('damaged and foreign files stop nothing, and one warning says where they went', async () => {
    const folder = join(userDir, 'cn-verify/action');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'foreign.txt'), '');
    writeFileSync(join(folder, 'damaged.task'), 'x');
    logs.length = 0;
    await deploy(poll());
    await until(() => logs.some(({ msg }) => /2 files in .*damaged/.test(String(msg))));
    assert.deepEqual(readdirSync(join(folder, 'damaged')).sort(), ['damaged.task', 'foreign.txt']);
  });

  it('a disk that cannot be written means one warning, and the work goes on', async () => {
    writeFileSync(join(userDir, 'cn-verify'), 'in the way');
    const nodes = poll();
    await deploy(nodes);
    logs.length = 0;
    send('action', { payload: '1' });
    send('action', { payload: '2' });
    await until(() => server.asked.length >= 2);
    await pause(50);
    assert.equal(logs.filter(({ msg }) => /cannot be written/.test(String(msg))).length, 1);
    // From one deploy to the next, memory is enough.
    await deploy(nodes);
    isFinished = true;
    await until(() => got('out1').length === 2);
    rmSync(join(userDir, 'cn-verify'));
  });

  describe('a paid request', () => {
    const create = (properties: object = {}) =>
      actionFlow({ type: 'truth-create', ...properties }, account());

    for (const deployment of ['full', 'nodes'] as const) {
      it(`that is answered while its node closes is told once, by the next (${deployment})`, async () => {
        const nodes = create();
        await deploy(nodes);
        const answers: (() => void)[] = [];
        server.script = (_asked, response) => answers.push(() => taskCreated(response));
        const response = { of: 'an http request' };
        send('action', { payload: PHOTO, res: response });
        await until(() => answers.length === 1);
        const deployed = deploy(changed(nodes, { batchSize: 8 }), deployment);
        await pause(200);
        answers[0]!();
        await deployed;
        await until(() => got('out1').length === 1);
        await pause(100);
        const [message] = got('out1');
        assert.deepEqual([got('out1').length, message!.resumed], [1, true]);
        assert.equal(message!.res, response);
        assert.deepEqual([result(message).outcome, server.asked.length], ['submitted', 1]);
        await until(() => spooled().length === 0);
      });
    }

    it('survives the node being disabled, on disk', async () => {
      const nodes = create({ output: 'result' });
      await deploy(nodes);
      server.script = (_asked, response) => setTimeout(taskCreated, 300, response);
      send('action', { payload: PHOTO });
      await until(() => server.asked.length === 1);
      await deploy(EMPTY);
      assert.equal(spooled().length, 1);
      await deploy(nodes);
      await until(() => got('out1').length === 1);
      const [{ payload, result: told }] = got('out1') as [Message & { result: Result }];
      assert.deepEqual([payload, told.outcome, server.asked.length], [PHOTO, 'submitted', 1]);
    });

    it('is told by a node that can do nothing else, as its settings are wrong', async () => {
      const nodes = create();
      await deploy(nodes);
      server.script = (_asked, response) => setTimeout(taskCreated, 200, response);
      send('action', { payload: PHOTO });
      await until(() => server.asked.length === 1);
      await deploy(nodes.map((node) => (node.id === 'action' ? { ...node, batchSize: 11 } : node)));
      await until(() => got('out1').length === 1);
      assert.equal(result(got('out1')[0]).outcome, 'submitted');
    });

    it('that is not answered within 5 s is raised as CANCELLED, fate unknown', async () => {
      const nodes = create({ batchSize: 1 });
      await deploy(nodes);
      server.script = (_asked, response, count) => {
        if (count === 1) taskCreated(response);
      };
      send('action', { payload: [PHOTO, `${PHOTO}?2`, `${PHOTO}?3`] });
      await until(() => server.asked.length === 2);
      const start = Date.now();
      await deploy(nodes);
      assert.ok(Date.now() - start >= 4_900 && Date.now() - start < 8_000);
      await until(() => got('caught').length === 1);
      const [message] = got('caught') as [Message & { error: { code: string; cause: Cause } }];
      const { code, cause } = message.error;
      assert.deepEqual(
        [code, cause.charged, cause.retryable, message.resumed],
        ['CANCELLED', null, false, true],
      );
      assert.deepEqual(
        [cause.submitted!.length, cause.uncertain, cause.notSubmitted],
        [1, [`${PHOTO}?2`], [`${PHOTO}?3`]],
      );
    });

    it('that was not sent yet is raised as CANCELLED, not charged', async () => {
      const nodes = actionFlow({ type: 'truth-create' }, account({ maxConcurrent: 1 }));
      await deploy(nodes);
      server.script = (_asked, response) => setTimeout(taskCreated, 200, response);
      send('action', { payload: PHOTO, index: 1 });
      send('action', { payload: PHOTO, index: 2 });
      await until(() => server.asked.length === 1);
      await deploy(nodes);
      await until(() => got('caught').length === 1 && got('out1').length === 1);
      const [message] = got('caught') as [Message & { error: { code: string; cause: Cause } }];
      const { code, cause } = message.error;
      assert.deepEqual([message.index, code, cause.charged, cause.retryable], [2, 'CANCELLED', false, true]);
      assert.equal(server.asked.length, 1);
    });

    it('calls done for each while it closes', async () => {
      const nodes = create();
      await deploy(nodes);
      server.script = (_asked, response) => setTimeout(taskCreated, 200, response);
      send('action', { payload: PHOTO });
      await until(() => server.asked.length === 1);
      const { messages } = seen;
      await deploy(changed(nodes, { batchSize: 7 }), 'nodes');
      await until(() => messages.get('completed')!.length >= 1);
    });
  });
});
