/** Three processes that pay over one shared ledger, while two of them are killed and the server loses its power. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { temporaryDirectory } from '../demo-process';
import { until } from '../until';
import { type Cluster, startCluster } from './cluster';

/** For a run as long as one likes. */
const MESSAGES = Number(process.env.MESSAGES || 2_400);
const KEYS = MESSAGES / 5;
/** Each message waits for a commit, and the disk may be a slow one. */
const GIVE_UP_MS = 900_000;

interface Got {
  key: string;
  person: string;
  got: string;
}

describe('processes that share a ledger', () => {
  let cluster: Cluster;
  let provider: Server;
  /** By key, the persons that were paid for. */
  const paid = new Map<string, string[]>();
  const running = new Set<ChildProcess>();

  before(async function () {
    this.timeout(120_000);
    cluster = await startCluster();
    provider = createServer(async (request, response) => {
      let text = '';
      for await (const part of request) text += part;
      const { key, person } = JSON.parse(text) as Got;
      paid.set(key, [...(paid.get(key) ?? []), person]);
      const answer = {
        outcome: 'passed',
        reason: null,
        code: '0',
        message: '',
        requestId: 'r',
        charged: true,
      };
      response.end(JSON.stringify({ ...answer, data: { person } }));
    });
    provider.listen(0, '127.0.0.1');
    await once(provider, 'listening');
  });
  after(async () => {
    for (const child of running) child.kill('SIGKILL');
    provider.close();
    provider.closeAllConnections();
    await cluster.remove();
  });

  it('pay once for each key, within exact sums, and give nobody the verdict of somebody else', async function () {
    this.timeout(GIVE_UP_MS);
    const got: Got[] = [];
    const start = (file: string, messages: number, seed: number) => {
      const child = spawn(process.execPath, [join(__dirname, 'payer.js')], {
        env: {
          ...process.env,
          URL_OF_DATABASE: cluster.url,
          SCHEMA: 'shared',
          FILE: file,
          PROVIDER: `http://127.0.0.1:${(provider.address() as AddressInfo).port}`,
          MESSAGES: String(messages),
          KEYS: String(KEYS),
          SEED: String(seed),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      running.add(child);
      createInterface({ input: child.stdout! }).on('line', (line) => got.push(JSON.parse(line) as Got));
      return child;
    };
    const ended = async (child: ChildProcess) => {
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      running.delete(child);
      return child.exitCode;
    };
    const share = MESSAGES / 3;
    const files = [1, 2, 3].map(() => join(temporaryDirectory(), 'cn-verify.db'));
    const children = files.map((file, index) => start(file, share, index + 1));

    await until(() => got.length > MESSAGES / 8, 'So many messages', GIVE_UP_MS);
    children[0]!.kill('SIGKILL');
    await ended(children[0]!);
    await until(() => got.length > MESSAGES / 4, 'So many messages', GIVE_UP_MS);
    await cluster.stop('immediate');
    await cluster.start();
    const again = start(files[0]!, share, 4);
    await until(() => got.length > MESSAGES / 2, 'So many messages', GIVE_UP_MS);
    children[1]!.kill('SIGKILL');
    await ended(children[1]!);
    for (const child of [again, children[2]!]) assert.equal(await ended(child), 0);

    assert.deepEqual(
      [...paid].filter(([, persons]) => persons.length > 1),
      [],
      'no key was paid twice',
    );
    assert.deepEqual(
      got.filter((each) => each.got.startsWith('STRANGER')),
      [],
    );
    const expected = new Set(['own', 'key-used', 'key-uncertain', 'ledger-away']);
    assert.deepEqual(
      got.filter((each) => !expected.has(each.got)),
      [],
    );
    // Who got a verdict of his own was the one that was paid for.
    for (const { key, person } of got.filter((each) => each.got === 'own'))
      assert.deepEqual(paid.get(key), [person]);

    const count = async (text: string) => Number((await cluster.query<{ count: string }>(text))[0]!.count);
    const spent = await cluster.query<{ calls: string }>(
      `SELECT calls FROM shared.spent WHERE length(period) = 7 AND account = 'account'`,
    );
    const entries = await count('SELECT count(*) FROM shared.entries WHERE charged IS DISTINCT FROM 0');
    assert.equal(Number(spent[0]!.calls), entries, 'the budget counts what may have cost');
    // What the killed processes had under way is uncertain, and only that.
    const settled = await count("SELECT count(*) FROM shared.entries WHERE state = 'settled'");
    const uncertain = await count("SELECT count(*) FROM shared.entries WHERE state = 'uncertain'");
    assert.equal(settled + uncertain, await count('SELECT count(*) FROM shared.entries'));
    assert.ok(paid.size >= settled && paid.size <= entries);
  });
});
