/** Messages a second and CPU a message of every action node, against what else one could write. */
import { Pool } from 'undici';
import { compare, measure, type Round, table } from './measure';
import { type Provider, startProvider } from './provider';
import { ACTIONS, type ActionBench } from './requests';
import { type FlowNode, type Runtime, startRuntime } from './runtime';

const ROUNDS = 7;
const IN_FLIGHT = [1, 16, 64];
const MESSAGES = 2_000;

/** `cnVerify` in settings.js, which an account reads before it pays for its first call. */
const CN_VERIFY: { ledger?: false } = {};
/** Which write each call down before it is sent. */
const PAID = ['truth-create', 'face-compare', 'westdex-three'];

/** A node that does no more than it must, on global `fetch`. */
const FETCH_NODE = `
const { ACTIONS } = require(${JSON.stringify(`${__dirname}/requests.js`)});
module.exports = (RED) => {
  RED.nodes.registerType('fetch-node', function (config) {
    RED.nodes.createNode(this, config);
    const { request } = ACTIONS[config.action];
    this.on('input', (msg, send, done) => {
      const { path, headers, body } = request(msg.payload);
      fetch(config.baseUrl + path, { method: 'POST', headers, body })
        .then((response) => response.text())
        .then((text) => {
          const { code, msg: message, data } = JSON.parse(text);
          msg.payload = { outcome: 'ok', code, message, data };
          send(msg);
          done();
        })
        .catch(done);
    });
  });
};`;

/** The requests as a loop makes them that does nothing else. */
async function bare(
  pool: Pool,
  { payload, request }: ActionBench,
  count: number,
  inFlight: number,
): Promise<void> {
  let sent = 0;
  const loop = async (): Promise<void> => {
    while (sent < count) {
      const { path, headers, body } = request(payload(sent++) as never);
      const { body: answer } = await pool.request({ path, method: 'POST', headers, body });
      const { code, msg: message, data } = JSON.parse(await answer.text());
      if (!code) throw new Error(message + data);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
}

/** The path stands behind the base URL where the provider's account wants one endpoint. */
export function ours(
  type: string,
  { account, node }: ActionBench,
  baseUrl: string,
  inFlight: number,
): FlowNode[] {
  const endpoint = type === 'face-compare' ? `${baseUrl}/compare` : baseUrl;
  const limits = { maxConcurrent: Math.max(inFlight, 16), maxWaiting: 5_000 };
  return [
    { id: 'account', environment: 'custom', baseUrl: endpoint, ...limits, ...account },
    {
      id: 'in',
      type,
      account: 'account',
      ...node,
      wires: type === 'truth-poll' ? [['out'], ['out']] : [['out']],
    },
  ];
}

/** What a user wires by hand; connections are kept alive. */
export function byHand(action: string, baseUrl: string): FlowNode[] {
  return [
    {
      id: 'in',
      type: 'function',
      wires: [['request']],
      func: `const { path, headers, body } = global.get('requests')[${JSON.stringify(action)}].request(msg.payload);
        msg.url = ${JSON.stringify(baseUrl)} + path; msg.headers = headers; msg.payload = body; return msg;`,
    },
    { id: 'request', type: 'http request', method: 'POST', ret: 'txt', persist: true, wires: [['json']] },
    { id: 'json', type: 'json', property: 'payload', action: '', wires: [['normalise']] },
    {
      id: 'normalise',
      type: 'function',
      wires: [['out']],
      func: `const { code, msg: message, data } = msg.payload;
        delete msg.headers; msg.payload = { outcome: 'ok', code, message, data }; return msg;`,
    },
  ];
}

function withoutLedger(run: () => Promise<Round>): () => Promise<Round> {
  return async () => {
    CN_VERIFY.ledger = false;
    const round = await run();
    delete CN_VERIFY.ledger;
    return round;
  };
}

/** @returns ratios against bare undici, by contender */
async function contest(
  runtime: Runtime,
  { baseUrl }: Provider,
  type: string,
  inFlight: number,
  count: number,
  rounds: number,
): Promise<Record<string, Round>> {
  const bench = ACTIONS[type]!;
  const pool = new Pool(baseUrl, { connections: inFlight, pipelining: 1 });
  const flow =
    (nodes: FlowNode[], messages = count) =>
    async () => {
      await runtime.deploy(nodes);
      const drive = (many: number) =>
        runtime.drive(many, inFlight, (index) => ({ payload: bench.payload(index) }));
      // Connections are there before the clock runs, for all alike.
      await drive(inFlight * 2);
      return measure(messages, () => drive(messages));
    };
  const result = await compare(
    {
      'bare undici': async () => {
        await bare(pool, bench, inFlight * 2, inFlight);
        return measure(count, () => bare(pool, bench, count, inFlight));
      },
      'this node': flow(ours(type, bench, baseUrl, inFlight)),
      ...(PAID.includes(type)
        ? { 'without a ledger': withoutLedger(flow(ours(type, bench, baseUrl, inFlight))) }
        : {}),
      'by hand': flow(byHand(type, baseUrl), Math.ceil(count / 4)),
      'node on fetch': flow(
        [{ id: 'in', type: 'fetch-node', action: type, baseUrl, wires: [['out']] }],
        Math.ceil(count / 2),
      ),
    },
    rounds,
  );
  await pool.close();
  return result;
}

/** @param chosen types of the nodes to measure, and how many messages are in flight; all of either without any */
export async function throughput(chosen: readonly string[]): Promise<void> {
  const types = chosen.filter((each) => each in ACTIONS);
  const numbers = chosen.map(Number).filter(Boolean);
  const provider = await startProvider();
  const runtime = await startRuntime(
    { 'fetch-node': FETCH_NODE },
    { functionGlobalContext: { requests: ACTIONS }, cnVerify: CN_VERIFY },
  );
  const rows: (string | number)[][] = [];
  for (const type of types.length > 0 ? types : Object.keys(ACTIONS)) {
    for (const inFlight of numbers.length > 0 ? numbers : IN_FLIGHT) {
      const count = inFlight === 1 ? MESSAGES / 4 : MESSAGES;
      const result = await contest(runtime, provider, type, inFlight, count, ROUNDS);
      for (const [name, { rate, cpu }] of Object.entries(result).slice(1))
        rows.push([type, String(inFlight), name, rate, cpu]);
    }
  }
  table(['action', 'in flight', 'against bare undici', 'messages/s', 'CPU/message'], rows);

  await provider.setLatency(20);
  const behind: (string | number)[][] = [];
  for (const type of ['truth-create', 'face-compare'].filter(
    (each) => types.length === 0 || types.includes(each),
  )) {
    const result = await contest(runtime, provider, type, 64, 6_400, 5);
    behind.push([type, result['this node']!.rate, result['by hand']!.rate]);
  }
  table(['20 ms latency, 64 in flight', 'this node', 'by hand'], behind);
  await runtime.stop();
  provider.stop();
}
