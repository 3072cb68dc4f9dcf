/**
 * Properties that hold for any message that another node may make: it ends in exactly one of output, Catch and log, and
 * the next one is handled. fast-check prints the seed of a failure.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import type { Message } from '../../src/node-red/runner/red';
import { jpg } from '../input/pictures';
import { HERE, polled, taken } from '../photos/results';
import { actionOf, EVERY_ACTION, type FiveAction, flowOf } from './five-actions';
import { deep, ODDITIES, PLACES, throwing } from './odd-messages';
import { actionFlow, deploy, type FlowNode, got, liveNode, logs, send, startRuntime, until } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const ERROR = 20;

const RUNS = 6;
const AT_ONCE = 8;

/** Each node, with a message that it can handle. */
interface Row {
  type: string;
  name?: string;
  flow(): FlowNode[];
  payload: unknown;
  success?: FiveAction['success'];
}

let provider: ScriptedServer;

/** What leaves the node goes to two others, so that Node-RED copies it. */
const other = (type: string, properties: object): FlowNode[] => {
  const nodes = actionFlow({ type, ...properties }, null);
  const copy = { ...nodes.find(({ id }) => id === 'out1')!, id: 'copy' };
  const wires = [['out1', 'copy'], ['out2']];
  return [...nodes.map((node) => (node.id === 'action' ? { ...node, account: '', wires } : node)), copy];
};
const ROWS: Row[] = [
  ...EVERY_ACTION.map((action) => ({
    type: action.type,
    ...(action.title ? { name: action.title } : {}),
    flow: () => flowOf(action, provider.baseUrl, { timeout: 5 }),
    payload: action.payload,
    success: action.success,
  })),
  {
    type: 'truth-poll',
    name: 'truth-poll that waits',
    flow: () => flowOf(actionOf('truth-poll'), provider.baseUrl, { timeout: 5 }, { mode: 'wait' }),
    payload: '1916812048797622272',
  },
  {
    type: 'truth-create',
    name: 'truth-create with a photo store that fits',
    flow: () => [
      ...flowOf(actionOf('truth-create'), provider.baseUrl, { timeout: 5 }, { store: 'store' }),
      { id: 'store', type: 'photo-store', kind: 'local', publicUrl: 'https://flows.example.com', fit: true },
    ],
    payload: [{ photo: jpg(), name: 'a.jpg' }, 'https://example.com/a.jpg'],
  },
  {
    type: 'face-compare',
    name: 'face-compare with a key that fits the photo',
    flow: () =>
      flowOf(
        actionOf('face-compare'),
        provider.baseUrl,
        { timeout: 5 },
        { fit: true, key: 'topic', keyType: 'msg', reuse: 1 },
      ),
    payload: actionOf('face-compare').payload,
  },
  { type: 'verify-ledger', flow: () => other('verify-ledger', {}), payload: { sum: 'day' } },
  {
    type: 'photo-rules',
    flow: () =>
      other('photo-rules', { within: 200, latitude: String(HERE.lat), longitude: String(HERE.lng) }),
    payload: polled([taken()]),
  },
  { type: 'verify-call', flow: () => other('verify-call', {}), payload: { job: 'none' } },
  { type: 'verify-return', flow: () => other('verify-return', {}), payload: 1 },
];

/** Answers as each provider documents it. */
function answer(action: Row): void {
  const success = action.success ?? actionOf(action.type)?.success;
  provider.script = (_asked, response) => json(response, success?.() ?? {});
}

/** How often a message came out where; a node whose two wires both have it counts once. */
interface Ends {
  out1: number;
  out2: number;
  caught: number;
}

let sent = 0;
const has = (list: readonly Message[], id: string) => list.filter(({ _msgid }) => _msgid === id).length;

function endsOf(id: string): Ends {
  assert.equal(has(got('copy'), id), has(got('out1'), id));
  return {
    out1: has(got('out1'), id),
    out2: has(got('out2'), id),
    caught: has(got('caught'), id),
  };
}

const total = ({ out1, out2, caught }: Ends) => out1 + out2 + caught;
const nextId = () => `message ${++sent}`;

async function endOf(message: Message): Promise<Ends> {
  const id = message._msgid as string;
  send('action', message);
  await until(() => total(endsOf(id)) > 0);
  return endsOf(id);
}

const ordinary = ({ payload }: Row): Message => ({
  _msgid: nextId(),
  payload: structuredClone(payload),
  req: {},
  res: {},
});

describe('any message, in a real Node-RED', () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);

  before(async () => {
    await startRuntime();
    provider = await scriptedServer(() => {});
    process.prependListener('uncaughtException', note);
    process.prependListener('unhandledRejection', note);
  });

  after(() => {
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    return closeServers();
  });

  afterEach(() => assert.deepEqual(unhandled.splice(0), []));

  for (const row of ROWS) {
    const { name = row.type } = row;
    it(`${name} ends each one once, and handles the next`, async () => {
      answer(row);
      await deploy(row.flow());
      assert.equal(total(await endOf(ordinary(row))), 1);
      const ids: string[] = [];
      const arbitrary = fc.record({
        odd: fc.constantFrom(...Object.keys(ODDITIES)),
        place: fc.constantFrom(...Object.keys(PLACES)),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(arbitrary, { minLength: 1, maxLength: AT_ONCE }), async (all) => {
          const messages = all.map(({ odd, place }) => PLACES[place]!(ordinary(row), ODDITIES[odd]!()));
          ids.push(...messages.map(({ _msgid }) => _msgid as string));
          const ends = await Promise.all(messages.map(endOf));
          assert.deepEqual(
            ends.map(total),
            ends.map(() => 1),
          );
          assert.equal(total(await endOf(ordinary(row))), 1);
        }),
        { numRuns: RUNS },
      );
      // What ended does not end once more.
      assert.deepEqual(
        ids.map((id) => total(endsOf(id))),
        ids.map(() => 1),
      );
    });

    it(`${name} gives Catch the id and the HTTP request of one that cannot be copied`, async () => {
      answer(row);
      await deploy(row.flow());
      for (const odd of ['nested 20,000 deep', 'a getter that throws', 'a Proxy that throws']) {
        const [req, res] = [{}, {}];
        const message: Message = {
          _msgid: nextId(),
          payload: row.payload,
          req,
          res,
          extra: ODDITIES[odd]!(),
        };
        assert.deepEqual(await endOf(message), { out1: 0, out2: 0, caught: 1 }, odd);
        const caught = got('caught').at(-1)!;
        assert.ok(caught.req === req && caught.res === res && 'error' in caught);
        assert.deepEqual(Object.keys(caught).sort(), ['_msgid', 'error', 'req', 'res']);
      }
    });

    it(`${name} logs the error where there is no Catch`, async () => {
      answer(row);
      await deploy(row.flow().filter(({ type }) => type !== 'catch'));
      const errors = () => logs.filter(({ level }) => level === ERROR).length;
      const before = errors();
      send('action', { _msgid: nextId(), payload: row.payload, extra: deep(20_000) });
      await until(() => errors() > before);
      assert.equal(errors(), before + 1);
      assert.deepEqual(got('out1'), []);
    });
  }

  it('answers the HTTP request of a message that nothing can be said of', async () => {
    const [row] = ROWS;
    await deploy(row!.flow());
    const error = () => throwing();
    // A logger of the user's may throw, too.
    Object.assign(liveNode('action'), { error, log: error });
    const server = createServer((_request, res) => {
      // As core's HTTP In hands it on.
      send('action', { _msgid: nextId(), payload: [], res: { _res: res } });
    }).listen(0, '127.0.0.1');
    try {
      await once(server, 'listening');
      const { status } = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      assert.equal(status, 500);
    } finally {
      server.close();
    }
  });
});
