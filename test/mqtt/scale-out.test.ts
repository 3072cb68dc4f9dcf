/** The example scale-out on mosquitto: several Node-RED processes, some of which die. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { paidKey } from '../../src/sandbox/server';
import {
  type Broker,
  type JournalLine,
  type Member,
  type Sandbox,
  startBroker,
  startMember,
  startSandbox,
  until,
} from './fleet';

const ID_NUMBER = '110101199001011237';
const PHOTO = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNomLAAAANEAbF61zYUAAAAAElFTkSuQmCC';

interface Job {
  action: string;
  input: unknown;
  /** As the sandbox counts it, where it may cost money. */
  paidKey?: string;
}

/** What a front end says of a job. */
interface Answer {
  id: string;
  worker?: string;
  result?: { operation: string; outcome: string; data: { taskIds: string[] } };
  error?: { code: string; message: string; cause: { charged: boolean | null } };
}

interface Answered extends Answer {
  job: Job;
  /** Unix time in milliseconds. */
  askedAt: number;
}

/** No register has a name with digits; one that chooses the sandbox's answer stays as it is. */
function nameOf(text: string): string {
  if (text.startsWith('sandbox-')) return text;
  return text.replace(/\d/g, (digit) => '零一二三四五六七八九'[Number(digit)]!).replace(/[^\p{L}·]/gu, '');
}

function personJob(action: 'face-compare' | 'westdex-three', name: string): Job {
  const provider = action === 'face-compare' ? 'tencent-market' : 'westdex';
  return {
    action,
    input: { name: nameOf(name), idNumber: ID_NUMBER, photo: PHOTO },
    paidKey: paidKey(provider, nameOf(name)),
  };
}

function photoJob(url: string): Job {
  return { action: 'truth-create', input: [url], paidKey: paidKey('xhey', url) };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Asks as a client has to: again where nothing was taken, and again where it is told to. */
async function ask(front: Member, job: Job): Promise<Answered> {
  for (;;) {
    const askedAt = Date.now();
    const response = await fetch(`${front.address}/verify/jobs`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ action: job.action, input: job.input }),
    });
    const answer = (await response.json()) as Answer;
    if (response.status === 503 && !answer.id) await pause(200);
    else if (response.status !== 202) return { ...answer, job, askedAt };
    else return { ...(await collect(front, response.headers.get('location')!)), job, askedAt };
  }
}

async function collect(front: Member, location: string): Promise<Answer> {
  for (;;) {
    await pause(500);
    const response = await fetch(`${front.address}${location}`);
    const answer = (await response.json()) as Answer;
    if (response.status !== 202) return answer;
  }
}

const idOf = ({ key }: JournalLine) => key.split('/')[0]!;

const hears = (front: Member, workers: number) => async () =>
  Object.values((await front.health()).front!.workers).filter(({ taking }) => taking).length === workers;

/** A test has no five minutes: what is not finished in two seconds is handed on. */
function impatient(node: Record<string, unknown>): void {
  if (node.type === 'truth-poll') Object.assign(node, { interval: '0.5', maxInterval: '1', timeout: '2' });
}

describe('scale-out: three workers, one of which dies, and a broker that goes away', function () {
  this.timeout(240_000);
  const EACH = 600;
  const AT_A_TIME = 120;

  let broker: Broker;
  let sandbox: Sandbox;
  let workers: Member[] = [];
  let front: Member;
  const answers: Answered[] = [];
  /** Jobs that truth-poll had on disk when their worker was killed. */
  let spooled: string[] = [];
  let restartedAt = 0;

  before(async () => {
    [broker, sandbox] = await Promise.all([startBroker(), startSandbox(100)]);
    const environment = {
      ...sandbox.environment,
      MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
      WAIT_SECONDS: '3',
      DEADLINE_SECONDS: '15',
      PHOTO_DEADLINE_SECONDS: '40',
    };
    workers = await Promise.all(
      ['one', 'two', 'three'].map((name) => startMember(name, 'worker', environment, impatient)),
    );
    front = await startMember('front', 'front', environment);
    await until(hears(front, 3), 'The front end does not hear three workers.');
  });

  after(async () => {
    for (const each of [...workers, front, sandbox, broker]) await each?.stop();
  });

  /** What became of a job, for whoever reads a failure. */
  function history(id: string): string {
    return workers
      .flatMap((worker) => worker.journal().map((line) => ({ worker: worker.name, ...line })))
      .filter(({ key }) => key.startsWith(id))
      .map((line) => JSON.stringify({ ...line, message: line.message?.topic }))
      .join('\n');
  }

  it('answers 3,000 jobs over all five actions', async () => {
    const urls = Array.from({ length: EACH }, (_, number) => {
      // Every fourth is not finished at the first query, every eighth not before it is handed on.
      const slow = number % 8 === 0 ? 'sandbox/slow-6/' : number % 4 === 0 ? 'sandbox/slow-2/' : '';
      return `https://example.com/${slow}${number}.jpg`;
    });
    const jobs: Job[] = urls.flatMap((url, number) => [
      photoJob(url),
      { action: 'get-token', input: { sequenceId: `order ${number}` } },
      personJob('face-compare', `测试甲${number}`),
      personJob('westdex-three', `测试乙${number}`),
      // Asks after photos that another job has submitted.
      { action: 'truth-poll', input: null },
    ]);
    assert.equal(jobs.length, 3000);
    const submitted: string[] = [];

    let next = 0;
    const client = async () => {
      while (next < jobs.length) {
        const number = next++;
        const job = jobs[number]!;
        if (job.action === 'truth-poll') {
          await until(() => submitted.length > 0, 'No photo job was ever answered.');
          job.input = submitted[number % submitted.length];
        }
        const answer = await ask(front, job);
        if (job.action === 'truth-create' && answer.result) submitted.push(answer.result.data.taskIds[0]!);
        answers.push(answer);
      }
    };
    const clients = Promise.all(Array.from({ length: AT_A_TIME }, client));

    await Promise.race([until(() => answers.length >= 800, 'Too slow.', 120_000), clients]);
    await workers[1]!.kill();
    spooled = await workers[1]!.spooled();
    await workers[1]!.start();
    restartedAt = Date.now();
    await Promise.race([until(() => answers.length >= 1800, 'Too slow.', 120_000), clients]);
    await broker.stop();
    await pause(1000);
    await broker.start();
    await clients;
    assert.equal(answers.length, 3000);
  });

  it('ends every job as a result or as unanswered', () => {
    const others = answers.filter(({ result, error }) => !result && error?.code !== 'UNANSWERED');
    assert.deepEqual(others, []);
    for (const { job, error } of answers) {
      if (!error) continue;
      const text = job.paidKey ? 'unanswered, may have been charged' : 'unanswered';
      assert.deepEqual([error.message, error.cause.charged], [text, job.paidKey ? null : false]);
    }
  });

  it('leaves unanswered only what died with its worker or on its way through the broker', function () {
    const lines = workers.flatMap((worker) => worker.journal());
    const results = lines.filter(({ message }) => message?.topic.startsWith('verify/results/'));
    const answered = new Set(results.map(idOf));
    const unanswered = answers.filter(({ error }) => error);
    const taken = unanswered.filter(({ id }) =>
      workers.some((each) => each.journal().some((line) => idOf(line) === id)),
    );
    const killed = new Set(workers[1]!.journal().map(idOf));
    for (const { id } of taken) assert.ok(killed.has(id) && !answered.has(id), id);
    const onTheirWay = unanswered.filter((each) => !taken.includes(each));
    const toKilled = onTheirWay.filter(({ askedAt }) => askedAt < restartedAt).length;
    note(
      this,
      `${unanswered.length}: ${taken.length} died with their worker, ${toKilled} on their way to it, ${onTheirWay.length - toKilled} with the broker's connections`,
    );
  });

  it('brings back every photo task that was created, those on the disk of the killed worker too', function () {
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    const created = workers.flatMap((worker) =>
      worker
        .journal()
        .filter(({ submitted }) => submitted)
        .map(idOf),
    );
    const lost = created.filter((id) => !byId.get(id)!.result);
    assert.deepEqual(lost.map(history), []);
    const waiting = spooled.filter((id) => byId.has(id));
    assert.ok(waiting.length > 0, 'nothing was waiting');
    note(this, `${created.length} created, ${waiting.length} on that disk`);
  });

  it('pays once for every job that came once', async function () {
    const paid = await sandbox.paid();
    const lines = workers.flatMap((worker) =>
      worker.journal().map((line) => ({ ...line, worker: worker.name })),
    );
    const takers = new Map<string, Set<string>>();
    for (const { at, key, worker } of lines) {
      if (!at || !key.endsWith('/0')) continue;
      const id = key.split('/')[0]!;
      takers.set(id, (takers.get(id) ?? new Set()).add(worker));
    }
    const twice: string[] = [];
    for (const { id, job } of answers) {
      if (!job.paidKey) continue;
      const calls = paid[job.paidKey] ?? 0;
      const deliveries = takers.get(id)?.size ?? 0;
      assert.ok(calls <= Math.max(deliveries, 1), `${id}: ${calls} calls, ${deliveries} deliveries`);
      if (calls > 1) twice.push(id);
    }
    const again = lines.filter(({ again }) => again).length;
    const elsewhere = [...takers.values()].filter(({ size }) => size > 1).length;
    note(
      this,
      `${again} came again to the same worker, ${elsewhere} to two workers (sent again when the broker came back), ${twice.length} of these were paid twice`,
    );
  });

  it('gives every worker at least a fifth', function () {
    const counts = workers.map(({ name }) => answers.filter(({ worker }) => worker === name).length);
    note(this, `one, two, three: ${counts.join(', ')}`);
    for (const count of counts) assert.ok(count >= answers.length / 5, counts.join(', '));
  });

  it('hands on what a worker did not finish', () => {
    const handedOn = workers
      .flatMap((worker) => worker.journal())
      .filter(({ message }) => message?.topic.startsWith('verify/jobs/'));
    assert.ok(handedOn.length > 0);
  });

  it('answers for every job at a front end that has just started', async () => {
    await front.kill();
    await front.start();
    const asked = [answers[0]!, answers.at(-1)!, ...answers.filter(({ error }) => error).slice(0, 3)];
    for (const { id, result, error } of asked) {
      const response = await fetch(`${front.address}/verify/jobs/${id}`);
      const answer = (await response.json()) as Answer;
      assert.deepEqual([response.status, answer.error?.code], [result ? 200 : 504, error?.code]);
    }
    assert.equal((await fetch(`${front.address}/verify/jobs/unheard-of`)).status, 404);
  });
});

describe('scale-out: one process that is both', function () {
  this.timeout(120_000);
  let broker: Broker;
  let sandbox: Sandbox;
  let both: Member;

  before(async () => {
    [broker, sandbox] = await Promise.all([startBroker(), startSandbox(400)]);
    both = await startMember('both', 'both', {
      ...sandbox.environment,
      MQTT_URL: `mqtt://127.0.0.1:${broker.port}`,
      MAX_WAITING: '10',
      DEADLINE_SECONDS: '5',
    });
    await until(hears(both, 1), 'It does not hear itself.');
  });

  after(async () => {
    for (const each of [both, sandbox, broker]) await each?.stop();
  });

  const deliver = (id: string, name: string) => {
    const { action, input } = personJob('face-compare', name);
    const job = { action, input, deadline: Date.now() + 600_000 };
    const parameters = ['-V', '5', '-h', '127.0.0.1', '-p', String(broker.port), '-q', '1'];
    execFileSync('mosquitto_pub', [...parameters, '-t', `verify/jobs/${id}`, '-m', JSON.stringify(job)]);
  };
  const calls = async (name: string) => (await sandbox.paid())[paidKey('tencent-market', nameOf(name))];
  const lines = (id: string, wanted: keyof JournalLine) =>
    both.journal().filter((line) => idOf(line) === id && line[wanted]).length;

  it('takes no more than it can do, and takes again when it can', async () => {
    let stopped = false;
    const watch = setInterval(async () => {
      const { worker } = await both.health();
      if (!worker!.taking) stopped = true;
    }, 20);
    const asked: Promise<Answered>[] = [];
    for (let number = 0; number < 40; number++) {
      asked.push(ask(both, personJob('face-compare', `测试丙${number}`)));
      await pause(15);
    }
    const answered = await Promise.all(asked);
    clearInterval(watch);
    assert.deepEqual(
      answered.map(({ result }) => result?.outcome),
      answered.map(() => 'passed'),
    );
    assert.ok(stopped);
    await until(hears(both, 1), 'It does not take jobs again.');
  });

  it('answers a job that comes again from the first result, after a restart too', async () => {
    deliver('again', '测试丁');
    await until(() => lines('again', 'sent') === 1, 'No result was published.');
    deliver('again', '测试丁');
    await until(() => lines('again', 'sent') === 2, 'The result was not published again.');
    await both.kill();
    await both.start();
    await until(hears(both, 1), 'It did not come back.');
    deliver('again', '测试丁');
    await until(() => lines('again', 'sent') === 3, 'The result was not published after the restart.');
    assert.equal(await calls('测试丁'), 1);
  });

  it('does not pay again for a job that it was killed with, and says so', async () => {
    const asked = ask(both, personJob('face-compare', 'sandbox-timeout'));
    asked.catch(() => {});
    await until(async () => (await calls('sandbox-timeout')) === 1, 'The call did not reach the sandbox.');
    const id = idOf(both.journal().findLast(({ at }) => at)!);
    await both.kill();
    await both.start();
    await until(hears(both, 1), 'It did not come back.');
    deliver(id, 'sandbox-timeout');
    await until(() => lines(id, 'again') === 1, 'It was not delivered again.');
    const answer = await collect(both, `/verify/jobs/${id}`);
    assert.equal(answer.error!.message, 'unanswered, may have been charged');
    assert.equal(await calls('sandbox-timeout'), 1);
  });

  it('keeps the person out of what it publishes and what it notes', async () => {
    const written = JSON.stringify(both.journal());
    for (const personal of ['测试', ID_NUMBER, PHOTO]) assert.ok(!written.includes(personal));
  });
});

/** Stands behind the test's name, so that a run can be read. */
function note({ test }: Mocha.Context, text: string): void {
  test!.title += ` (${text})`;
}
