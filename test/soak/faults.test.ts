/** A bad afternoon: hundreds of messages to each of the five nodes at providers of whose answers nine in ten are faults. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Message } from '../../src/node-red/runner/red';
import { checkError, checkResult, FIVE, type FiveAction } from '../flows/five-actions';
import { deploy, type FlowNode, got, logs, seen, send, startRuntime, until } from '../flows/runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from '../flows/scripted-server';

const MESSAGES = 600;
const WARMING_UP = 100;
/** Of one node at a time. */
const IN_FLIGHT = 100;
const SINKS = ['out1', 'out2', 'caught', 'completed'] as const;

type Fault = (response: ServerResponse, action: FiveAction) => unknown;

const healthy: Fault = (response, action) => json(response, action.success());
const FAULTS: Fault[] = [
  (response) => response.socket?.resetAndDestroy(),
  () => {},
  (response) => response.writeHead(500).end('<html>'),
  (response) => response.writeHead(429, random() < 0.5 ? { 'Retry-After': '0' } : {}).end(),
  (response, action) =>
    random() < 0.5
      ? response.end(JSON.stringify(action.success()).slice(0, 30))
      : response.socket?.end('garbage\r\n\r\n'),
  (response, action) => setTimeout(healthy, 100, response, action),
];
const SHARE = 0.15;

let seed = Date.now() % 2 ** 31;
/** A number from 0 up to 1, the same ones after the same seed. */
function random(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

/** What came out for each message: results, errors, and done without an error. */
type Tally = Map<string, { results: number; errors: number; done: number; code?: string }>;

describe('mixed faults under load, in a real Node-RED', () => {
  let servers: ScriptedServer[] = [];
  before(async () => {
    await startRuntime();
    servers = await Promise.all(FIVE.map(() => scriptedServer(() => {})));
  });
  after(closeServers);

  function flow(): FlowNode[] {
    const at = { z: 'tab', x: 100, y: 100 };
    const tuned = { interval: 0.1, maxInterval: 0.3, timeout: 1.5, mode: 'wait' };
    return [
      { id: 'tab', type: 'tab', label: 'test' },
      ...FIVE.flatMap(({ type, account, action }, index): FlowNode[] => [
        {
          id: `account-${type}`,
          environment: 'custom',
          baseUrl: servers[index]!.baseUrl,
          // Faults are not to be spared by a circuit that a busy machine opened.
          timeout: 0.5,
          circuit: false,
          ...account,
        },
        {
          ...action,
          ...(type === 'truth-poll' ? tuned : {}),
          ...at,
          id: type,
          type,
          account: `account-${type}`,
          wires: [['out1'], ['out2']],
        },
      ]),
      { id: 'catch', ...at, type: 'catch', scope: null, wires: [['caught']] },
      {
        id: 'complete',
        ...at,
        type: 'complete',
        scope: FIVE.map(({ type }) => type),
        wires: [['completed']],
      },
      ...SINKS.map((id) => ({ id, ...at, type: 'debug', active: false, tosidebar: false, wires: [] })),
    ];
  }

  function serve(share: number): void {
    for (const [index, action] of FIVE.entries()) {
      const server = servers[index]!;
      server.script = (_request, response) => {
        server.requests.length = 0;
        response.on('error', () => {});
        (FAULTS[Math.floor(random() / share)] ?? healthy)(response, action);
      };
    }
  }

  /** Takes what came out, so that the test itself keeps nothing. */
  function drain(tally: Tally): void {
    const count = (name: 'results' | 'errors' | 'done', message: Message) => {
      const found = tally.get(String(message.index)) ?? { results: 0, errors: 0, done: 0 };
      found[name]++;
      tally.set(String(message.index), found);
    };
    for (const id of ['out1', 'out2']) {
      for (const message of got(id).splice(0)) {
        checkResult(message);
        count('results', message);
      }
    }
    for (const message of got('caught').splice(0)) {
      const { code } = checkError(message);
      count('errors', message);
      tally.get(String(message.index))!.code = code;
    }
    for (const message of got('completed').splice(0)) count('done', message);
    seen.statuses.splice(0);
    assert.ok(!logs.splice(0).some(({ msg }) => /Internal error/.test(String(msg))));
  }

  /** Sends so many messages to each node and waits for the end of all. */
  async function load(messages: number): Promise<Tally> {
    const tally: Tally = new Map();
    const sent = new Map(FIVE.map(({ type }) => [type, 0]));
    const ended = new Map(FIVE.map(({ type }) => [type, 0]));
    await until(
      () => {
        drain(tally);
        for (const { type } of FIVE) ended.set(type, 0);
        for (const [index, { errors, done }] of tally) {
          const type = index.replace(/ .*/, '');
          if (errors + done > 0) ended.set(type, ended.get(type)! + 1);
        }
        for (const { type, payload } of FIVE) {
          while (sent.get(type)! < messages && sent.get(type)! - ended.get(type)! < IN_FLIGHT) {
            const index = sent.get(type)!;
            sent.set(type, index + 1);
            // Tasks of their own, so that whatever a node remembers of them would pile up.
            const task = type === 'truth-poll' ? { payload: `19168120487976${index}` } : { payload };
            send(type, { ...task, index: `${type} ${index}` });
          }
        }
        return [...ended.values()].every((count) => count === messages);
      },
      undefined,
      400_000,
    );
    // Nothing is under way any more: whatever came out twice has come.
    await until(isCalm);
    drain(tally);
    return tally;
  }

  let atRest: ReturnType<typeof resources>;
  function isCalm(): boolean {
    const { tcp, timers } = resources();
    return tcp <= atRest.tcp && timers <= atRest.timers + 1;
  }
  function resources(): { tcp: number; timers: number } {
    const counts: Record<string, number> = {};
    for (const name of process.getActiveResourcesInfo()) counts[name] = (counts[name] ?? 0) + 1;
    return { tcp: (counts.TCPSocketWrap ?? 0) + (counts.TCPWRAP ?? 0), timers: counts.Timeout ?? 0 };
  }

  it('ends every message once, and gives back what it took', async () => {
    const first = seed;
    await deploy(flow());
    atRest = resources();
    serve(SHARE);
    await load(WARMING_UP);
    const tally = await load(MESSAGES);
    assert.equal(tally.size, FIVE.length * MESSAGES, `seed ${first}`);
    const wrong = [...tally].filter(
      ([, { results, errors, done }]) => results !== done || results + errors !== 1,
    );
    assert.deepEqual(wrong, [], `seed ${first}`);
    for (const name of ['results', 'errors'] as const) {
      assert.ok(
        [...tally.values()].some((each) => each[name] === 1),
        `no ${name}`,
      );
    }

    serve(0);
    await until(async () => [...(await load(16)).values()].every(({ results }) => results === 1));
  });
});
