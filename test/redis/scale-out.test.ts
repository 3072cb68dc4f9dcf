/**
 * The example scale-out as deploy/ has it, on a real Redis and a real PostgreSQL: several Node-RED processes, one of which
 * dies, networks that break, and both servers killed.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { paidKey } from '../../src/sandbox/server';
import { temporaryDirectory } from '../demo-process';
import { type Cluster, startCluster } from '../postgres/cluster';
import { until } from '../until';
import {
  type Cable,
  type FlowNode,
  healthOf,
  type Member,
  type Sandbox,
  startCable,
  startMember,
  startSandbox,
} from './fleet';
import { type RedisServer, SECRET, startRedis } from './server';

const EACH = 100;
const AT_A_TIME = 100;
const CUT_MS = 5_000;
const ID_NUMBER = '110101199001011237';
const PHOTO = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNomLAAAANEAbF61zYUAAAAAElFTkSuQmCC';

/** A bucket as deploy/verify.env has one, which no provider would reach by the workers' own address. */
const PHOTOS = {
  PHOTOS_ENDPOINT: 'https://10.0.0.5:9000',
  PHOTOS_PUBLIC_URL: 'https://photos.example.com',
  PHOTOS_PUBLIC_STYLE: 'domain',
  PHOTOS_REGION: 'a',
  PHOTOS_BUCKET: 'photos',
  PHOTOS_STYLE: 'path',
  PHOTOS_ACCESS_KEY_ID: 'id',
  PHOTOS_SECRET_ACCESS_KEY: 'secret',
};

/**
 * What a worker reads before Node-RED starts in it: after this signal it dies as in a power cut, as soon as the answer to a
 * comparison arrives, which is paid for then and not settled.
 * https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */
const DIES_PAYING = `
process.once('SIGPWR', () =>
  require('node:diagnostics_channel').subscribe('undici:request:headers', ({ request }) => {
    if (request.path.startsWith('/tencent-market')) process.kill(process.pid, 'SIGKILL');
  }),
);
`;

interface Job {
  action: string;
  input: object;
  /** As the sandbox counts it, where it may cost money. */
  paidKey?: string;
}

type Answer = Partial<Result<{ taskIds: string[]; tasks: object[] }>> & {
  code?: string;
  cause?: Cause;
};

interface Answered {
  job: Job;
  status: number;
  answer: Answer;
}

/** No register has a name with digits. */
const nameOf = (number: number) =>
  `王${String(number).replace(/\d/g, (digit) => '零一二三四五六七八九'[Number(digit)]!)}`;

/** A test has no two seconds between queries, and no five minutes. */
function hasten(node: FlowNode): void {
  if (node.type === 'truth-poll') Object.assign(node, { interval: '0.5', maxInterval: '1', timeout: '60' });
  if (node.type === 'verify-call') node.wait = '3';
}

describe('scale-out', function () {
  this.timeout(180_000);
  let redis: RedisServer;
  let books: Cluster;
  let sandbox: Sandbox;
  let cable: Cable;
  let workers: Member[] = [];
  let front: Member;
  let operator: Member;
  const answers: Answered[] = [];

  before(async () => {
    [redis, books, sandbox] = await Promise.all([startRedis(), startCluster(), startSandbox(100)]);
    cable = await startCable(redis.url);
    const environment = { ...sandbox.environment, DATABASE_URL: books.url, CN_VERIFY_SECRET: SECRET };
    const preload = join(temporaryDirectory(), 'preload.js');
    writeFileSync(preload, DIES_PAYING);
    const differences = [
      { REDIS_URL: redis.url, NODE_OPTIONS: `--require ${preload}` },
      { REDIS_URL: cable.url },
      { REDIS_URL: redis.url },
    ];
    workers = await Promise.all(
      differences.map((ofOne) => startMember('worker', { ...environment, ...ofOne }, hasten)),
    );
    [front, operator] = await Promise.all([
      startMember('front', { ...environment, REDIS_URL: redis.url }, hasten),
      startMember('operator', {
        ...environment,
        ...PHOTOS,
        REDIS_URL: redis.url,
        OPERATOR_PASSWORD: 'right',
      }),
    ]);
  });
  after(async () => {
    await Promise.all([...workers, front, operator, sandbox].map((each) => each?.stop()));
    cable?.close();
    await redis?.stop();
    await books?.remove();
  });

  /** Asks as a client has to: it repeats what was not taken, and follows a `Location`. */
  async function ask(job: Job): Promise<Answered> {
    for (;;) {
      let response = await fetch(`${front.address}/verify/${job.action}`, {
        method: 'POST',
        // A connection that was idle may be closed by the server in the moment it is used.
        headers: { 'Content-Type': 'application/json', 'X-Client': 'the test', Connection: 'close' },
        body: JSON.stringify(job.input),
      });
      while (response.status === 202) {
        await response.text();
        response = await fetch(`${front.address}${response.headers.get('location')}`, {
          headers: { Connection: 'close' },
        });
      }
      const answer = (await response.json()) as Answer;
      if (response.status !== 503) return { job, status: response.status, answer };
      await pause(200);
    }
  }

  /** @returns the comparisons that were paid for and whose answers the worker that died did not get */
  async function uncertain(): Promise<Answered[]> {
    const paid = await sandbox.paid();
    const rows = await books.query<{ id: string }>(
      "SELECT id FROM cn_verify.entries WHERE state = 'uncertain' AND operation = 'face-compare'",
    );
    const ids = new Set<unknown>(rows.map(({ id }) => id));
    return answers.filter(({ job, answer }) => ids.has(answer.cause?.ledger) && paid[job.paidKey!]);
  }

  it('says of each process that it is ready, without a login, and names nobody', async () => {
    for (const { address } of [...workers, front]) {
      await until(async () => (await healthOf(address)).status === 200, `${address} is not ready`);
      const { health } = await healthOf(address);
      assert.deepEqual(Object.keys(health), [
        ...['ready', 'flows', 'database', 'ledger', 'redis', 'providers'],
      ]);
    }
    const { health } = await healthOf(workers[0]!.address);
    assert.deepEqual(health, {
      ready: true,
      flows: 'running',
      database: 'ready',
      ledger: 'ready',
      redis: 'ready',
      providers: { xhey: 'up', linkface: 'up', 'tencent-market': 'up', westdex: 'up' },
    });
    // A front end calls no provider, and so needs no ledger.
    const { health: ofFront } = await healthOf(front.address);
    assert.deepEqual([ofFront.ledger, ofFront.redis, ofFront.providers], [null, 'ready', {}]);
  });

  it('says what a process misses while a server is away, and is ready again afterwards', async () => {
    const says = (member: Member, part: 'ledger' | 'redis', problem: string) =>
      until(async () => {
        const { status, health } = await healthOf(member.address);
        return status === (problem === 'ready' ? 200 : 503) && health[part] === problem;
      }, `${part} ${problem}`);
    await books.stop('immediate');
    await says(workers[0]!, 'ledger', 'ledger-away');
    assert.equal((await healthOf(front.address)).status, 200);
    await books.start();
    await says(workers[0]!, 'ledger', 'ready');
    await redis.kill();
    await says(front, 'redis', 'queue-away');
    await redis.start();
    await says(front, 'redis', 'ready');
    await Promise.all(workers.map((worker) => says(worker, 'redis', 'ready')));
  });

  it('ends jobs of all five actions while a worker dies, another is cut off, PostgreSQL is killed, and Redis is set back', async () => {
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, number) => ask(photos(`https://example.com/earlier/${number}.jpg`))),
    );
    const tasks = created.map(({ answer }) => answer.data!.taskIds[0]!);
    const jobs: Job[] = [];
    for (let number = 0; number < EACH; number++) {
      jobs.push(
        photos(`https://example.com/site/${number}.jpg`),
        person('face-compare', 'tencent-market', number),
        person('westdex-three', 'westdex', number),
        { action: 'get-token', input: { sequenceId: `sequence-${number}` } },
        { action: 'truth-poll', input: { data: { taskIds: [tasks[number % tasks.length]!] } } },
      );
    }
    let next = 0;
    const began = performance.now();
    const client = async () => {
      while (next < jobs.length) {
        const job = jobs[next++]!;
        answers.push(await ask(job));
      }
    };
    const clients = Promise.all(Array.from({ length: AT_A_TIME }, client));
    await until(() => answers.length >= jobs.length / 6, 'A sixth of the jobs');
    cable.cut();
    const mended = pause(CUT_MS).then(() => cable.mend());
    await until(() => answers.length >= jobs.length / 3, 'A third of the jobs');
    process.kill(workers[0]!.pid, 'SIGPWR');
    await until(() => !workers[0]!.isRunning(), 'The end of a worker');
    redis.remember();
    await until(() => answers.length >= jobs.length / 2, 'Half of the jobs');
    await redis.kill();
    // Jobs that are over since are there again, and those that came since are not.
    redis.setBack();
    await redis.start();
    await books.stop('immediate');
    await books.start();
    await clients;
    await mended;
    console.log(`        ${jobs.length} jobs in ${Math.round((performance.now() - began) / 1000)} s`);
    assert.equal(answers.length, jobs.length);
  });

  it('pays for nothing twice, as the sandbox counts it', async () => {
    const paid = await sandbox.paid();
    assert.deepEqual(
      Object.entries(paid).filter(([, times]) => times !== 1),
      [],
    );
    for (const { job, answer } of answers) {
      if (job.paidKey && answer.outcome) assert.equal(paid[job.paidKey], 1, JSON.stringify(answer));
    }
  });

  it('gives an error only to those that Redis forgot or that a worker had then, and says what they were paying for', async () => {
    const failed = answers.filter(({ status }) => status !== 200);
    const isForgotten = ({ answer }: Answered) =>
      ['job-vanished', 'job-unknown'].includes(answer.cause?.problem ?? '');
    const lost = failed.filter((each) => !isForgotten(each));
    console.log(
      `        ${lost.length} of them were with a worker, ${failed.length - lost.length} forgotten`,
    );
    for (const { job, status, answer } of lost) {
      assert.deepEqual([status, answer.code], [409, 'UNCERTAIN'], JSON.stringify(answer));
      // What may be repeated went to another worker.
      assert.ok(job.paidKey, job.action);
    }
    const known = lost.flatMap(({ answer }) => answer.cause?.ledger ?? []);
    const rows = await books.query<{ id: string }>('SELECT id FROM cn_verify.entries');
    const entries = new Set(rows.map(({ id }) => id));
    for (const id of known) assert.ok(entries.has(id), id);
  });

  it('gives every photo whose task was created its result', () => {
    for (const { job, answer } of answers) {
      if (job.action !== 'truth-create' || !answer.operation) continue;
      assert.deepEqual([answer.operation, answer.outcome], ['truth-poll', 'passed']);
    }
  });

  it('answers a key whose job was lost with what is known of it, and pays nothing', async () => {
    const lost = answers.filter(({ status, answer }) => status !== 200 && answer.cause?.ledger);
    const before = await sandbox.paid();
    const again = await Promise.all(lost.map(({ job }) => ask(job)));
    for (const { answer } of again) {
      // The photos of one whose task was created before its worker died go on to their result.
      const isKnown = answer.reused || answer.operation === 'truth-poll';
      assert.ok(answer.code === 'UNCERTAIN' || isKnown, JSON.stringify(answer));
    }
    const unknown = await uncertain();
    assert.ok(unknown.length > 0);
    for (const { job } of unknown) {
      const { answer } = again.find((each) => each.job === job) ?? assert.fail();
      assert.equal(answer.code, 'UNCERTAIN', JSON.stringify(answer));
    }
    assert.deepEqual(await sandbox.paid(), before);
  });

  it('lets an operator see what all workers spent, and release a call, but not change the flow', async () => {
    const login = (password: string) =>
      fetch(`${operator.address}/auth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: 'node-red-editor',
          grant_type: 'password',
          scope: '',
          username: 'operator',
          password,
        }),
      });
    assert.equal((await login('wrong')).status, 403);
    const { access_token: token } = (await (await login('right')).json()) as { access_token: string };
    const asOperator = (path: string, method = 'GET') =>
      fetch(operator.address + path, { method, headers: { Authorization: `Bearer ${token}` } });
    assert.equal((await fetch(`${operator.address}/cn-verify/ledger`)).status, 401);
    assert.equal((await asOperator('/flows', 'POST')).status, 401);
    const { accounts } = (await (await asOperator('/cn-verify/ledger')).json()) as {
      accounts: { month: { spent: number } }[];
    };
    const spent = accounts.reduce((sum, { month }) => sum + month.spent, 0);
    assert.ok(spent >= Object.keys(await sandbox.paid()).length, String(spent));
    const { unready, stores } = (await (await asOperator('/cn-verify/check')).json()) as Record<
      string,
      unknown
    >;
    assert.deepEqual([unready, stores], [[], []]);

    const [{ job, answer } = assert.fail()] = await uncertain();
    const released = await asOperator(`/cn-verify/ledger/${answer.cause!.ledger}/release`, 'POST');
    assert.deepEqual(await released.json(), { released: true });
    assert.equal((await ask(job)).answer.outcome, 'passed');
    assert.equal((await sandbox.paid())[job.paidKey!], 2);
  });

  it('refuses what is no action', async () => {
    const response = await fetch(`${front.address}/verify/face-swap`, { method: 'POST' });
    assert.equal(response.status, 404);
  });
});

function photos(url: string): Job {
  return { action: 'truth-create', input: { photoUrls: [url], key: url }, paidKey: paidKey('xhey', url) };
}

function person(action: string, provider: string, number: number): Job {
  const name = nameOf(number);
  return {
    action,
    input: { name, idNumber: ID_NUMBER, photo: PHOTO, key: `order ${number}` },
    paidKey: paidKey(provider, name),
  };
}
