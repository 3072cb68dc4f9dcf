/** What was not ended when its node was closed: docs/contract.md, "Action nodes", `resume`. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import { checkError } from './five-actions';
import { untilOnDisk } from './on-disk';
import {
  accountAt,
  actionFlow,
  deploy,
  type FlowNode,
  got,
  liveNode,
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

const [PHOTO_2, PHOTO_3] = [`${PHOTO}?2`, `${PHOTO}?3`];
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe('what waits over a deploy, in a real Node-RED', () => {
  let server: ScriptedServer;
  let isFinished = false;
  const account = (properties: object = {}) => accountAt(server.baseUrl, properties);
  const poll = (properties: object = {}) =>
    actionFlow({ type: 'truth-poll', interval: 0.2, maxInterval: 0.2, ...properties }, account());
  const kept = (count: number) => untilOnDisk(userDir, count);
  const result = (message: Message | undefined) =>
    message!.payload as Result & { data: { photos: unknown[]; lastError?: Cause } };
  /** Waits for the only error. */
  const raised = async () => {
    await until(() => got('caught').length === 1);
    const [message = assert.fail()] = got('caught');
    return { ...checkError(message), message };
  };

  before(() => startRuntime());
  beforeEach(async () => {
    isFinished = false;
    server = await scriptedServer((_request, response) => {
      if (isFinished) taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
      else json(response, unfinished);
    });
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
      await kept(1);
      await until(() => server.requests.length === 1);
      await deploy(changed(nodes, { interval: 0.1 }), deployment);
      isFinished = true;
      await until(() => got('out1').length === 1);
      const [message] = got('out1');
      assert.deepEqual([message!.resumed, message!._msgid], [true, 'm']);
      assert.deepEqual(message!.photo, Buffer.from([1, 2]));
      // Debug nodes get a clone, and Node-RED clones req and res by reference.
      assert.equal(message!.res, response);
      assert.deepEqual([result(message).outcome, result(message).data.photos.length], ['passed', 1]);
      assert.ok(result(message).timing.attempts >= server.requests.length, 'those before the deploy count');
      assert.equal(got('caught').length, 0);
      await kept(0);
      await deploy(nodes);
      await pause(200);
      assert.equal(got('out1').length, 0);
    });
  }

  it('the deadline is kept, and time that ran out meanwhile is not given back', async () => {
    const nodes = poll({ timeout: 2 });
    await deploy(nodes);
    send('action', { payload: '1' });
    await kept(1);
    await until(() => server.requests.length >= 6);
    await deploy(nodes);
    await until(() => got('out2').length === 1);
    assert.equal(got('out2')[0]!.resumed, true);
    // Every 0.2 s for two seconds, once more at the end, and at once after the deploy.
    assert.ok(server.requests.length <= 13, `${server.requests.length} queries`);
    assert.equal(
      result(got('out2')[0]).timing.startedAt,
      new Date(result(got('out2')[0]).timing.startedAt).toISOString(),
    );
  });

  it('tasks whose time ran out while nothing ran are queried once more, and then go out of output 1 or 2', async () => {
    const timeout = 4;
    const nodes = poll({ timeout });
    await deploy(nodes);
    const tasksOf = (taskId: string) => [{ taskId, photoUrls: [PHOTO] }];
    for (const taskId of ['waiting', 'finished', 'refused'])
      send('action', { payload: { taskIds: [taskId], tasks: tasksOf(taskId) } });
    await kept(3);
    await deploy(EMPTY);
    await kept(3);
    await pause(timeout * 1_000);
    server.requests.length = 0;
    server.script = ({ body }, response) => {
      if (body.includes('finished')) taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
      else if (body.includes('refused')) response.writeHead(500).end();
      else json(response, unfinished);
    };
    await deploy(nodes);
    await until(() => got('out1').length === 1 && got('out2').length === 2);
    assert.equal(server.requests.length, 3);
    const came = [...got('out1'), ...got('out2')].map((message) => {
      const { outcome, data } = result(message);
      const [{ taskId, status } = assert.fail()] = data.tasks as { taskId: string; status: string }[];
      return [taskId, outcome, status, data.lastError?.httpStatus];
    });
    assert.deepEqual(came.sort(), [
      ['finished', 'passed', 'finished', undefined],
      ['refused', 'unfinished', 'waiting', 500],
      ['waiting', 'unfinished', 'waiting', undefined],
    ]);
  });

  it('a node that is disabled keeps its tasks, on disk and not in memory', async () => {
    const nodes = poll();
    await deploy(nodes);
    send('action', { payload: '1', res: 1 });
    await kept(1);
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
    await until(() => server.requests.length === 1);
    await deploy(changed(nodes, { interval: 0.1 }), 'nodes');
    const { code, cause } = await raised();
    assert.deepEqual([code, cause.taskIds, cause.retryable], ['CANCELLED', ['1'], true]);
    await kept(0);
  });

  it('in mode once, a query that was cancelled is raised at the next start', async () => {
    const nodes = poll({ mode: 'once' });
    await deploy(nodes);
    server.script = () => {};
    send('action', { payload: '1' });
    await until(() => server.requests.length === 1);
    await kept(0);
    await deploy(nodes);
    const { code, cause, message } = await raised();
    assert.deepEqual(
      [code, cause.taskIds, cause.retryable, message.resumed],
      ['CANCELLED', ['1'], true, true],
    );
    assert.equal(got('completed').length, 0);
  });

  it('a message over 1 MiB is whole after a deploy, and each deployment warns once that it would not be after a restart', async () => {
    const nodes = poll();
    const sendLarge = (...payloads: string[]) => {
      for (const payload of payloads) send('action', { payload, photo: Buffer.alloc(1_100_000) });
    };
    const warnings = () => logs.filter(({ msg }) => /1 MB/.test(String(msg))).length;
    await deploy(nodes);
    logs.length = 0;
    sendLarge('1', '2');
    const tasks = await kept(2);
    assert.deepEqual(
      tasks.map(({ message }) => Object.keys(message)),
      [['_msgid'], ['_msgid']],
    );
    assert.equal(warnings(), 1);
    await deploy(nodes);
    sendLarge('3');
    await kept(3);
    assert.equal(warnings(), 2);
    isFinished = true;
    await until(() => got('out1').length === 3);
    for (const { photo } of got('out1')) assert.equal((photo as Buffer).length, 1_100_000);
  });

  it('a context store that never answers holds up neither a deploy nor what waits', async () => {
    const nodes = poll({ task: 'x', taskType: 'flow' });
    await deploy(nodes.map((node) => (node.id === 'action' ? { ...node, task: '#:(silent)::x' } : node)));
    send('action', { payload: 'never read' });
    const others = poll();
    await pause(50);
    logs.length = 0;
    await deploy(others);
    // Node-RED says so where it gives a node up.
    assert.deepEqual(
      logs.filter(({ msg }) => /timed out/i.test(String(msg))),
      [],
    );
    // What was given up is raised by the next instance.
    const { code, cause } = await raised();
    assert.deepEqual([code, cause.charged, server.requests.length], ['CANCELLED', false, 0]);
  });

  describe('an account that cannot be used for a while', () => {
    const variable = 'CN_VERIFY_TEST_RESUME_SECRET';
    afterEach(() => delete process.env[variable]);

    it('is waited for: deleted, disabled, without its key, and there again', async () => {
      process.env[variable] = 'groupSecret';
      const nodes = actionFlow(
        { type: 'truth-poll', interval: 0.1, maxInterval: 0.1, timeout: 30 },
        account({ credentials: { groupKey: 'groupKey', groupSecret: `\${${variable}}` } }),
      );
      await deploy(nodes);
      send('action', { payload: '1' });
      await kept(1);
      const without = [
        nodes.filter(({ id }) => id !== 'account'),
        nodes.map((node) => (node.id === 'account' ? { ...node, d: true } : node)),
      ];
      for (const broken of without) {
        await deploy(broken);
        await pause(300);
        await kept(1);
      }
      delete process.env[variable];
      await deploy(nodes);
      await pause(2_300);
      assert.equal(got('caught').length, 0);
      await kept(1);
      process.env[variable] = 'groupSecret';
      isFinished = true;
      await deploy(nodes);
      await until(() => got('out1').length === 1);
      assert.equal(result(got('out1')[0]).outcome, 'passed');
    });

    describe('as it is set to another environment', () => {
      const flowIn = (environment: string, timeout: number) =>
        actionFlow(
          { type: 'truth-poll', interval: 0.1, maxInterval: 0.1, timeout },
          account({ environment }),
        );
      /** Tasks 1 and 2, of which the first is over, while the account is on the sandbox. */
      const onSandbox = async (timeout: number) => {
        server.script = ({ body }, response) => {
          if (isFinished || body.includes('"1"')) taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
          else json(response, unfinished);
        };
        await deploy(flowIn('custom', timeout));
        const tasks = ['1', '2'].map((taskId) => ({ taskId, photoUrls: [PHOTO] }));
        send('action', { payload: { taskIds: ['1', '2'], tasks } });
        await kept(1);
        await until(() => server.requests.length >= 3);
        await deploy(flowIn('sandbox', timeout));
      };

      it('does not query tasks of the first; their result keeps its name', async () => {
        await onSandbox(5);
        await until(() => got('out2').length === 1);
        const { environment, outcome, data } = result(got('out2')[0]);
        assert.deepEqual([environment, outcome, data.photos.length], ['custom', 'unfinished', 1]);
        const { problem, providerCode } = data.lastError!;
        assert.deepEqual([problem, providerCode], ['task-other-environment', null]);
        assert.equal(got('caught').length, 0);
      });

      it('is waited for until it is set back', async () => {
        await onSandbox(60);
        await pause(300);
        isFinished = true;
        await deploy(flowIn('custom', 60));
        await until(() => got('out1').length === 1);
        const { environment, outcome } = result(got('out1')[0]);
        assert.deepEqual([environment, outcome], ['custom', 'passed']);
      });
    });
  });

  it('an account is redeployed under a node that is not, in a subflow with an environment variable', async () => {
    const at = { x: 100, y: 100 };
    const sub = {
      id: 'sub',
      type: 'subflow',
      name: 'sub',
      in: [{ ...at, wires: [{ id: 'inner' }] }],
      out: [{ ...at, wires: [{ id: 'inner', port: 0 }] }],
    };
    const nodes = poll({ timeout: 30 }).flatMap((node): FlowNode[] => {
      if (node.id !== 'action') return [node];
      const env = [{ name: 'ACCOUNT', type: 'str', value: 'account' }];
      const instance = { ...at, id: 'action', type: 'subflow:sub', z: 'tab', wires: [['out1']], env };
      return [sub, { ...node, id: 'inner', z: 'sub', account: '${ACCOUNT}', wires: [[], []] }, instance];
    });
    await deploy(nodes);
    send('action', { payload: '1' });
    await kept(1);
    await until(() => server.requests.length > 0);
    // With credentials every node would be restarted.
    const without = nodes.map(({ credentials, ...node }) => node as FlowNode);
    for (const name of ['another', 'a third'])
      await deploy(
        without.map((node) => (node.id === 'account' ? { ...node, name } : node)),
        'nodes',
      );
    const before = server.requests.length;
    await until(() => server.requests.length > before);
    await kept(1);
    isFinished = true;
    await until(() => got('out1').length === 1);
    assert.deepEqual([result(got('out1')[0]).outcome, got('out1')[0]!.resumed], ['passed', undefined]);
    assert.equal(got('caught').length, 0);
  });

  describe('a paid request', () => {
    const create = (properties: object = {}) =>
      actionFlow({ type: 'truth-create', ...properties }, account());
    /** The provider answers once the node has begun to close. */
    const answerWhileClosing = () => {
      const closing = new Promise<void>((resolve) => liveNode('action').on('close', () => resolve()));
      server.script = (_request, response) => void closing.then(() => taskCreated(response));
    };

    /** Deploys, sends one message, and deploys again while it is being answered. */
    const deployAnswering = async (nodes: FlowNode[], deployAgain: () => Promise<void>, message = {}) => {
      await deploy(nodes);
      answerWhileClosing();
      send('action', { payload: PHOTO, ...message });
      await until(() => server.requests.length === 1);
      await deployAgain();
    };

    for (const deployment of ['full', 'nodes'] as const) {
      it(`that is answered while its node closes is delivered once, by the next (${deployment})`, async () => {
        const nodes = create();
        const response = { of: 'an http request' };
        await deployAnswering(nodes, () => deploy(changed(nodes, { batchSize: 8 }), deployment), {
          res: response,
        });
        await until(() => got('out1').length === 1);
        await pause(100);
        const [message] = got('out1');
        assert.deepEqual([got('out1').length, message!.resumed], [1, true]);
        assert.equal(message!.res, response);
        assert.deepEqual([result(message).outcome, server.requests.length], ['submitted', 1]);
        await kept(0);
      });
    }

    for (const { title, answer, output } of [
      { title: 'result', answer: taskCreated, output: 'out1' },
      {
        title: 'error',
        answer: (response: ServerResponse) => json(response, { code: -1, msg: 'no' }),
        output: 'caught',
      },
    ])
      it(`has the environment that was asked in its ${title}, although its account is set to another meanwhile`, async () => {
        const chosen = { accountFrom: 'chosen', accountFromType: 'msg' };
        const nodes = create(chosen).map((node) => (node.id === 'action' ? { ...node, account: '' } : node));
        const otherwise = nodes.map(({ credentials, ...node }) =>
          node.id === 'account' ? { ...node, environment: 'production' } : node,
        );
        await deploy(nodes);
        let release = () => {};
        server.script = (_request, response) => {
          release = () => answer(response);
        };
        send('action', { payload: PHOTO, chosen: 'account' });
        await until(() => server.requests.length === 1);
        // The account alone is started again: the node does not name it.
        await deploy(otherwise as FlowNode[], 'nodes');
        release();
        await until(() => got(output).length === 1);
        const [message = assert.fail()] = got(output);
        const { environment } = output === 'out1' ? result(message) : checkError(message).cause;
        assert.deepEqual([environment, message.resumed], ['custom', undefined]);
      });

    it('survives the node being disabled, on disk', async () => {
      const nodes = create({ output: 'result' });
      await deployAnswering(nodes, () => deploy(EMPTY));
      await kept(1);
      await deploy(nodes);
      await until(() => got('out1').length === 1);
      const [{ payload, result }] = got('out1') as [Message & { result: Result }];
      assert.deepEqual([payload, result.outcome, server.requests.length], [PHOTO, 'submitted', 1]);
    });

    it('is delivered by a node that can do nothing else, as its settings are wrong', async () => {
      const nodes = create();
      await deployAnswering(nodes, () =>
        deploy(nodes.map((node) => (node.id === 'action' ? { ...node, batchSize: 11 } : node))),
      );
      await until(() => got('out1').length === 1);
      assert.equal(result(got('out1')[0]).outcome, 'submitted');
    });

    it('that is not answered within 5 s is raised as CANCELLED, its outcome unknown', async () => {
      const nodes = create({ batchSize: 1 });
      await deploy(nodes);
      server.script = (_request, response, count) => {
        if (count === 1) taskCreated(response);
      };
      send('action', { payload: [PHOTO, PHOTO_2, PHOTO_3] });
      await until(() => server.requests.length === 2);
      await deploy(nodes);
      const { code, cause, message } = await raised();
      assert.deepEqual(
        [code, cause.charged, cause.retryable, message.resumed],
        ['CANCELLED', null, false, true],
      );
      assert.deepEqual(
        [cause.submitted!.length, cause.uncertain, cause.notSubmitted],
        [1, [PHOTO_2], [PHOTO_3]],
      );
    });

    it('that was not sent yet is raised as CANCELLED, not charged', async () => {
      const nodes = actionFlow({ type: 'truth-create' }, account({ maxConcurrent: 1 }));
      await deploy(nodes);
      answerWhileClosing();
      send('action', { payload: PHOTO, index: 1 });
      send('action', { payload: PHOTO, index: 2 });
      await until(() => server.requests.length === 1);
      await deploy(nodes);
      await until(() => got('out1').length === 1);
      const { code, cause, message } = await raised();
      assert.deepEqual([message.index, code, cause.charged, cause.retryable], [2, 'CANCELLED', false, true]);
      assert.equal(server.requests.length, 1);
    });

    it('that waits to be sent again was not processed, and is raised as CANCELLED', async () => {
      const nodes = create();
      await deploy(nodes);
      server.script = (_request, response) => response.writeHead(503, { 'Retry-After': '50' }).end();
      send('action', { payload: PHOTO });
      await until(() => server.requests.length === 1);
      await pause(50);
      await deploy(changed(nodes, { batchSize: 8 }), 'nodes');
      const { code, cause } = await raised();
      assert.deepEqual([code, cause.charged, cause.retryable], ['CANCELLED', false, true]);
      assert.deepEqual(cause.notSubmitted, [PHOTO]);
    });

    it('calls done for each while it closes', async () => {
      const nodes = create();
      let messages = seen.messages;
      await deployAnswering(nodes, () => {
        ({ messages } = seen);
        return deploy(changed(nodes, { batchSize: 7 }), 'nodes');
      });
      await until(() => messages.get('completed')!.length >= 1);
    });
  });

  describe('a deploy', () => {
    /** What is open in this process: a redeploy must leave nothing behind. */
    const resources = () =>
      process.getActiveResourcesInfo().filter((name) => /Timeout|TCPSocketWrap|TLSWrap/.test(name)).length;
    const create = () => actionFlow({ type: 'truth-create' }, account());
    const submit = async () => {
      await deploy(create());
      send('action', { payload: PHOTO });
      await until(() => got('out1').length === 1);
    };
    beforeEach(() => {
      server.script = (_request, response) => taskCreated(response);
    });

    it('a hundred times over leaves nothing behind', async () => {
      await submit();
      await deploy(EMPTY);
      await pause(100);
      const before = resources();
      for (let round = 0; round < 100; round++) await submit();
      await deploy(EMPTY);
      await until(() => resources() <= before + 2);
      assert.equal(server.requests.length, 101);
    });

    it('clears the status', async () => {
      await submit();
      await deploy(EMPTY);
      assert.ok(
        seen.lastStatuses.some(({ id, status }) => id === 'action' && JSON.stringify(status) === '{}'),
      );
    });
  });
});
