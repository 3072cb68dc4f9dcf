/** Secrets and persons are looked for wherever somebody might find them: docs/contract.md, "Errors" and "Status". */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { openDebugSidebar } from '../demo-process';
import { FEW_NODES, type NodeRed, startNodeRed } from '../node-red-process';
import { filesIn, leaksIn } from '../private';
import {
  checkResult,
  EVERY_ACTION,
  type FiveAction,
  flowOf,
  ID_NUMBER,
  isAboutPerson,
  NAME,
  NEXT_SECRET,
  SECRET,
  withNextPair,
} from './five-actions';
import { untilOnDisk } from './on-disk';
import { actionFlow, ask, deploy, got, liveNode, send, startRuntime, until } from './runtime';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type Script,
  type ScriptedServer,
  scriptedServer,
} from './scripted-server';

/** What the keys made of a request: a signature in a header or a form, encrypted values. */
const sealedIn = ({ headers, body }: ReceivedRequest) =>
  [JSON.stringify(headers), body].flatMap((text) =>
    Array.from(
      text.matchAll(
        /(?:signature\\?"[:=]\\?"|"(?:xM|gMSFZHM|name|idcard)":"|name="sign"\s+)([\w+/=]{24,})/gi,
      ),
      ([, value]) => value!,
    ),
  );

/** All that a provider could repeat: what it was sent, also in the clear, and what it knows the account by. */
const echo = (action: FiveAction, request: ReceivedRequest) => {
  const { url, headers, body } = request;
  return `${sealedIn(request).join(' ')} ${isAboutPerson(action) ? `${NAME} ${ID_NUMBER}` : ''} ${SECRET} ${NEXT_SECRET} ${url} ${JSON.stringify(headers)} ${body}`;
};

const SCRIPTS: Readonly<Record<string, (action: FiveAction) => Script>> = {
  'a success that repeats everything': (action) => (request, response) =>
    json(response, action.success(echo(action, request))),
  'a failure that repeats everything': (action) => (request, response) =>
    json(response, action.failure(echo(action, request))),
  'both pairs of keys refused in words that repeat everything': (action) => (request, response) =>
    json(response, ...action.refusal(echo(action, request))),
  'a page that repeats everything': (action) => (request, response) =>
    response.end(`<html>${echo(action, request)}</html>`),
  'a server that fails and repeats everything': (action) => (request, response) =>
    response.writeHead(500).end(echo(action, request)),
  'a connection that breaks': () => (_request, response) => response.destroy(),
  'an answer that does not come': () => () => {},
};

/** At any depth. */
const everythingOf = (value: unknown) =>
  inspect(value, { depth: 30, maxArrayLength: null, maxStringLength: null });

describe('leaks', function () {
  this.timeout(60_000);
  let server: ScriptedServer;
  before(async () => {
    await startRuntime();
    server = await scriptedServer(() => {});
  });
  after(async () => {
    closeServers();
    // Node-RED keeps the credentials that a node had before, until there is no such node.
    await deploy([]);
  });

  describe('in what a flow can reach', () => {
    for (const action of EVERY_ACTION) {
      it(`${action.title ?? action.type}: nodes and errors show nothing, while they work and afterwards`, async () => {
        await deploy(flowOf(action, server.baseUrl, { ...withNextPair(action), timeout: 0.3 }));
        for (const [what, script] of Object.entries(SCRIPTS)) {
          server.script = script(action);
          const { out1, caught } = await ask({ payload: action.payload });
          for (const message of out1) checkResult(message);
          for (const { error } of caught) {
            const { submitted, notSubmitted, uncertain, ...cause } = (error as { cause: object })
              .cause as Record<string, unknown>;
            const told = everythingOf({ ...(error as object), cause });
            assert.deepEqual(leaksIn(told), [], what);
            const sealed = server.requests.flatMap(sealedIn).map((value) => value.replace(/=+$/, ''));
            assert.deepEqual(
              sealed.filter((value) => told.includes(value)),
              [],
              what,
            );
          }
          assert.deepEqual(leaksIn(everythingOf(liveNode('account'))), [], what);
        }
        server.script = (request, response) =>
          setTimeout(() => json(response, action.success(echo(action, request))), 100);
        const requestsBefore = server.requests.length;
        const ended = () => got('out1').length + got('caught').length;
        const before = ended();
        send('action', { payload: action.payload });
        await until(() => server.requests.length > requestsBefore);
        for (const id of ['action', 'account']) {
          const shown = everythingOf(liveNode(id));
          // Node-RED's own objects lead everywhere, also to debug nodes that hold messages.
          assert.deepEqual(leaksIn(shown.replaceAll(JSON.stringify(action.payload), '')), [], id);
        }
        await until(() => ended() > before);
      });
    }
  });

  describe('in what a process leaves', () => {
    let nodeRed: NodeRed;
    before(async () => {
      nodeRed = await startNodeRed({}, { lang: 'en-US' }, undefined, FEW_NODES);
    });
    after(() => nodeRed?.stop());

    it('logs, debug messages, statuses, exported flows, admin routes, files and their names show nothing', async () => {
      await nodeRed.deploy(flows(server.baseUrl));
      const sidebar = await openDebugSidebar(nodeRed.address);
      const post = async (index: number, body: object) => {
        const response = await fetch(`${nodeRed.address}/act/${index}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(body),
        });
        assert.ok(response.ok);
      };
      const seen: string[] = [];
      for (const script of Object.values(SCRIPTS)) {
        for (const [index, action] of EVERY_ACTION.entries()) {
          server.script = script(action);
          const { payload } = action;
          const body = JSON.stringify(payload, (_key, value) =>
            value?.type === 'Buffer' ? Buffer.from(value.data).toString('base64') : value,
          );
          await post(index, { payload: JSON.parse(body) });
          seen.push(JSON.stringify(await sidebar.next('shown')));
        }
      }
      assert.equal(seen.length, EVERY_ACTION.length * Object.keys(SCRIPTS).length);

      // Something waits, and is written down.
      server.script = (_request, response) =>
        json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
      await post(EVERY_ACTION.length, { payload: '1', person: NAME, idNumber: ID_NUMBER });
      await untilOnDisk(nodeRed.userDir, 1);

      for (const path of [
        '/flows',
        '/nodes',
        '/settings',
        '/cn-verify/tasks',
        '/cn-verify/tasks/waits',
        '/cn-verify/ledger',
        '/cn-verify/ledger.csv',
        '/cn-verify/check',
        '/diagnostics',
      ])
        seen.push(await (await nodeRed.ask(path)).text());
      await nodeRed.stop();
      seen.push(nodeRed.output(), ...filesIn(nodeRed.userDir));
      for (const text of seen) assert.deepEqual(leaksIn(text), [], text.slice(0, 4_000));
      sidebar.close();
    });
  });
});

/** `POST /<index>` leads to an action, or behind the last one to a task that waits; the debug node shows what came out. */
function flows(baseUrl: string): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  const actions = EVERY_ACTION.flatMap((action, index) => {
    const [, account, node] = actionFlow(
      { type: action.type, ...action.action },
      {
        environment: 'custom',
        baseUrl,
        timeout: 0.3,
        circuit: false,
        ...action.account,
        ...withNextPair(action),
      },
    );
    const own = `account-${index}`;
    return [
      { ...account, id: own },
      { ...node, id: `action-${index}`, account: own, wires: [['keep'], ['keep']] },
    ];
  });
  return [
    ...actions,
    { id: 'waits', ...at, type: 'truth-poll', account: 'account-0', wires: [[], []] },
    { id: 'in', ...at, type: 'http in', url: '/act/:index', method: 'post', wires: [['choose', 'answer']] },
    { id: 'answer', ...at, type: 'http response', wires: [] },
    {
      id: 'choose',
      ...at,
      type: 'function',
      outputs: EVERY_ACTION.length + 1,
      wires: [...EVERY_ACTION.map((_, index) => [`action-${index}`]), ['waits']],
      func: `const outputs = [];
        outputs[msg.req.params.index] = { ...msg, ...msg.payload };
        return outputs;`,
    },
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['keep']] },
    {
      id: 'keep',
      ...at,
      type: 'function',
      wires: [['shown']],
      // What the caller gave, and a flow was promised, may be shown: docs/contract.md, "Errors", the three lists, and "Result".
      func: `const { error, payload } = msg;
        if (!error) {
          delete payload.data;
          return { payload };
        }
        const { submitted, notSubmitted, uncertain, ...cause } = error.cause;
        return { payload: { ...error, cause } };`,
    },
    {
      id: 'shown',
      ...at,
      type: 'debug',
      active: true,
      tosidebar: true,
      console: true,
      tostatus: true,
      complete: 'payload',
      targetType: 'msg',
      statusVal: 'payload',
      statusType: 'auto',
      wires: [],
    },
  ];
}
