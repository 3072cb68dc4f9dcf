/**
 * Two processes that pay for messages of which many have the same key and other persons: docs/contract.md, "Ledger",
 * `key`. Each answer of the provider says for whom it is, so that a verdict that reaches another person is seen.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeServers, json, scriptedServer } from './flows/scripted-server';
import { jpg } from './input/pictures';
import type { NodeRed } from './node-red-process';
import { overHttp } from './over-http';

/** For a run as long as one likes: 10,000 messages are as many as the keys of twenty each. */
const MESSAGES = Number(process.env.MESSAGES || 400);
const KEYS = MESSAGES / 20;
/** Of each key. */
const PERSONS = 3;
/** Fewer than there are keys: what is under way when a process is killed stays uncertain. */
const AT_A_TIME = Math.min(32, KEYS / 2);
const LATENCY_MS = 5;
const LETTERS = [...'赵钱孙李周吴郑王冯陈'];
const ID_NUMBERS = ['110101199001011237', '11010519491231002X'] as const;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Person {
  name: string;
  idNumber: string;
}

/** The last letter of a name says which of the persons of its key it is. */
const nameOf = (key: number, person: number) =>
  [...String(key).padStart(4, '0'), person].map((digit) => LETTERS[Number(digit)]).join('');

/** What the provider answers for a person, and for nobody else. */
const orderOf = ({ name, idNumber }: Person) =>
  `5${BigInt(`0x${createHash('sha256').update(`${name} ${idNumber}`).digest('hex').slice(0, 12)}`)}`.padEnd(
    18,
    '0',
  );

/** How a message ended. */
interface End {
  code?: string;
  problem?: string;
  orderNo?: string;
  isReused?: boolean;
}

/** @param properties of the account besides its address */
function flowOf(baseUrl: string, properties: object): object[] {
  return [
    {
      id: 'account',
      type: 'tencent-market-account',
      environment: 'custom',
      baseUrl,
      scheme: 'gateway',
      maxWaiting: 10_000,
      circuit: false,
      timeout: 60,
      credentials: { secretId: 'id-of-the-test', secretKey: 'key-of-the-test' },
      ...properties,
    },
    ...overHttp('/pay', ['pay'], {
      read: `const { key, name, idNumber } = msg.payload;
        return { ...msg, key, payload: { name, idNumber, photo: '${jpg(96).toString('base64')}' } };`,
      answer: `msg.error
        ? { code: msg.error.code, problem: msg.error.cause.problem }
        : { orderNo: msg.payload.data.orderNo, isReused: msg.payload.reused !== null }`,
    }),
    {
      id: 'pay',
      z: 'tab',
      x: 1,
      y: 1,
      type: 'face-compare',
      account: 'account',
      key: 'key',
      keyType: 'msg',
      wires: [['answer']],
    },
  ];
}

/** The processes as the test has them now; one that is down is started again by it. */
export interface Processes {
  /** @returns where a message goes, once one of them is there */
  next(): Promise<NodeRed>;
  /** Kills one of them, and starts it again. */
  kill(): Promise<void>;
}

/**
 * @param start gets the flow's nodes for a provider, and deploys them in the processes
 * @param properties of the account
 */
export async function payForStrangers(
  start: (flow: object[]) => Promise<Processes>,
  properties: object = {},
): Promise<void> {
  /** For each key, the persons in the requests that the provider got. */
  const paid = new Map<string, string[]>();
  const provider = await scriptedServer(({ body }, response) => {
    const form = new URLSearchParams(body);
    const [name, idNumber] = [form.get('name')!, form.get('idcard')!];
    const key = name.slice(0, -1);
    paid.set(key, [...(paid.get(key) ?? []), `${name} ${idNumber}`]);
    const data = { order_no: orderOf({ name, idNumber }), score: 0.82, msg: '', incorrect: 100 };
    setTimeout(() => json(response, { msg: '', success: true, code: 200, data }), LATENCY_MS);
  });
  provider.requests.length = 0;
  const processes = await start(flowOf(provider.baseUrl, properties));
  const ends = new Map<string, number>();
  const strangers: string[] = [];
  let sent = 0;
  const worker = async () => {
    while (sent++ < MESSAGES) {
      const key = Math.floor(Math.random() * KEYS);
      const name = nameOf(key, Math.floor(Math.random() * PERSONS));
      const idNumber = ID_NUMBERS[Math.random() < 0.8 ? 0 : 1];
      for (;;) {
        const { address } = await processes.next();
        // Who gets no answer asks again, as a broker delivers again.
        const end = await fetch(`${address}/pay`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify({ key: `key ${key}`, name, idNumber }),
        })
          .then((response) => response.json() as Promise<End>)
          .catch(() => null);
        if (end === null || end.code === 'CANCELLED') {
          await pause(50);
          continue;
        }
        if (end.orderNo && end.orderNo !== orderOf({ name, idNumber })) strangers.push(`${key} ${name}`);
        const kind = end.orderNo ? (end.isReused ? 'reused' : 'paid') : `${end.code} ${end.problem}`;
        ends.set(kind, (ends.get(kind) ?? 0) + 1);
        break;
      }
    }
  };
  const killer = async () => {
    // As long as there are keys that nobody was paid for.
    while (paid.size < KEYS / 2) await pause(2);
    await processes.kill();
  };
  await Promise.all([killer(), ...Array.from({ length: AT_A_TIME }, worker)]);
  console.log(`        ${MESSAGES} messages, ${KEYS} keys: ${JSON.stringify(Object.fromEntries(ends))}`);
  assert.deepEqual(strangers, []);
  const known = new Set(['paid', 'reused', 'INPUT key-used', 'UNCERTAIN key-uncertain']);
  assert.deepEqual(
    [...ends.keys()].filter((kind) => !known.has(kind)),
    [],
  );
  assert.ok(ends.get('reused')! > 0 && ends.get('INPUT key-used')! > 0);
  assert.deepEqual(
    [...paid].filter(([, persons]) => persons.length > 1),
    [],
    'nobody is paid for twice, and nobody beside the first under a key',
  );
  closeServers();
}
