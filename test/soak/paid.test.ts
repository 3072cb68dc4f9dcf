/** Paid calls under load with kills: docs/contract.md, "Ledger", through a Node-RED of its own process. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { closeServers, json, scriptedServer } from '../flows/scripted-server';
import { jpg } from '../input/pictures';
import { rowsIn } from '../ledger/ledgers';
import { type NodeRed, startNodeRed } from '../node-red-process';
import { overHttp } from '../over-http';

const CALLS = 3_000;
const KILLS = 5;
const AT_A_TIME = 32;
const LATENCY_MS = 15;
/** No name of the sandbox, and as many as there are calls: four of these. */
const LETTERS = [...'赵钱孙李周吴郑王冯陈褚卫'];

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const nameOf = (index: number) =>
  [0, 1, 2, 3].map((place) => LETTERS[Math.floor(index / LETTERS.length ** place) % LETTERS.length]).join('');

describe('paid calls under load', function () {
  this.timeout(300_000);
  let nodeRed: NodeRed | undefined;
  after(async () => {
    await nodeRed?.stop();
    closeServers();
  });

  it(`${CALLS} with ${KILLS} kills: none paid twice, all written down, and what nobody knows is listed`, async () => {
    /** By name, as the provider has it. */
    const paid = new Map<string, number>();
    const provider = await scriptedServer(({ body }, response) => {
      const name = new URLSearchParams(body).get('name')!;
      paid.set(name, (paid.get(name) ?? 0) + 1);
      const data = {
        order_no: `9${String(paid.size).padStart(17, '0')}`,
        score: 0.82,
        msg: '',
        incorrect: 100,
      };
      setTimeout(() => json(response, { msg: '', success: true, code: 200, data }), LATENCY_MS);
    });
    const userDir = temporaryDirectory();
    const flow = flowOf(provider.baseUrl);
    const start = async () => {
      nodeRed = await startNodeRed({}, undefined, userDir);
    };
    await start();
    await nodeRed!.deploy(flow);

    const ends = new Map<string, string>();
    let next = 0;
    let isDown: Promise<void> | null = null;
    const worker = async () => {
      for (let index = next++; index < CALLS; index = next++) {
        const name = nameOf(index);
        for (;;) {
          if (isDown) await isDown;
          // Who gets no answer asks again, as a broker delivers again.
          const end = await fetch(`${nodeRed!.address}/pay`, { method: 'POST', body: name })
            .then((response) => response.text())
            .catch(() => null);
          if (end === null || end === 'CANCELLED' || end.startsWith('<')) {
            await pause(50);
            continue;
          }
          ends.set(name, end);
          break;
        }
      }
    };
    const killer = (async () => {
      for (let kill = 1; kill <= KILLS; kill++) {
        while (next < (kill * CALLS) / (KILLS + 1)) await pause(5);
        const back = (async () => {
          await nodeRed!.stop('SIGKILL');
          await start();
        })();
        isDown = back;
        await back;
        isDown = null;
      }
    })();
    await Promise.all([killer, ...Array.from({ length: AT_A_TIME }, worker)]);

    const tally = (end: string) => [...ends.values()].filter((each) => each === end).length;
    const requests = [...paid.values()].reduce((sum, count) => sum + count, 0);
    await nodeRed!.stop();
    const rows = rowsIn(join(userDir, 'cn-verify/cn-verify.db'), 'SELECT id, state FROM entries');
    const claims = new Set(rows.map(({ id }) => id));
    const uncertain = new Set(rows.filter(({ state }) => state === 'uncertain').map(({ id }) => id));
    console.log(
      `        ${requests} requests of ${claims.size} claims; ${tally('passed')} passed, ${tally('UNCERTAIN')} UNCERTAIN; ${uncertain.size} listed as uncertain`,
    );
    assert.equal(ends.size, CALLS);
    assert.equal(tally('passed') + tally('UNCERTAIN'), CALLS, JSON.stringify([...new Set(ends.values())]));
    assert.ok(tally('UNCERTAIN') <= KILLS * AT_A_TIME);
    assert.deepEqual(
      [...paid].filter(([, count]) => count > 1),
      [],
    );
    // A claim that was written down just before a kill may never have been sent; nothing was sent without one.
    assert.ok(
      requests <= claims.size && claims.size - requests <= uncertain.size,
      `${requests} ${claims.size}`,
    );
    assert.equal(uncertain.size, tally('UNCERTAIN'));
  });
});

/** One call over HTTP, paid for once for each name. */
function flowOf(baseUrl: string): object[] {
  return [
    {
      id: 'account',
      type: 'tencent-market-account',
      environment: 'custom',
      baseUrl,
      scheme: 'gateway',
      maxWaiting: 10_000,
      credentials: { secretId: 'id-of-the-test', secretKey: 'key-of-the-test' },
    },
    ...overHttp('/pay', ['pay'], {
      read: `msg.name = String(msg.payload);
        msg.payload = { name: msg.name, idNumber: '110101199001011237', photo: '${jpg(96).toString('base64')}' };
        return msg;`,
      answer: 'msg.error ? msg.error.code : msg.payload.outcome',
    }),
    {
      id: 'pay',
      z: 'tab',
      x: 1,
      y: 1,
      type: 'face-compare',
      account: 'account',
      key: 'name',
      keyType: 'msg',
      wires: [['answer']],
    },
  ];
}
