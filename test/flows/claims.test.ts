/** What a message says of tasks that are over counts only with truth-poll's seal: docs/contract.md, "Action nodes". */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Result } from '../../src/contract/result';
import { claimText, type PollData } from '../../src/providers/xhey/report';
import { Seal } from '../../src/store/seal';
import { secretOf } from '../../src/store/secret';
import { accountAt, actionFlow, ask, deploy, logs, startRuntime, until, userDir } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';
const WARNING = 30;

type Polled = Result & { data: PollData };

describe('results that a message carries into truth-poll, in a real Node-RED', () => {
  let server: ScriptedServer;
  /** What the provider answers about each task. */
  const answers = new Map<string, object[] | null>();
  before(() => startRuntime());
  beforeEach(async () => {
    answers.clear();
    answers.set('1', [{ photoUrl: A, status: -2305, lat: '30.539732', lng: '104.066506' }]).set('2', null);
    server = await scriptedServer(({ body }, response) => {
      const list = answers.get(JSON.parse(body).taskID);
      json(response, { code: 200, msg: 'success', data: { taskStatus: list ? 5 : 2, list: list ?? [] } });
    });
    await deploy(actionFlow({ type: 'truth-poll', mode: 'once' }, accountAt(server.baseUrl)));
    logs.length = 0;
  });
  afterEach(closeServers);

  const poll = async (payload: unknown): Promise<Polled> => {
    server.requests.length = 0;
    const { out1, out2, caught } = await ask({ payload });
    assert.deepEqual(
      caught.map(({ error }) => error),
      [],
    );
    return (out1[0] ?? out2[0])!.payload as Polled;
  };
  const queried = () => server.requests.map(({ body }) => JSON.parse(body).taskID).sort();
  const outcomes = ({ data }: Polled) => data.photos.map(({ url, outcome }) => [url, outcome]);
  /** What comes out of 2: task 1 is over, task 2 is not. */
  const half = async (): Promise<Polled> => {
    const tasks = [
      { taskId: '1', photoUrls: [A] },
      { taskId: '2', photoUrls: [B] },
    ];
    const unfinished = await poll({ data: { taskIds: ['1', '2'], tasks } });
    assert.deepEqual([unfinished.outcome, outcomes(unfinished)], ['unfinished', [[A, 'failed']]]);
    answers.set('2', [{ photoUrl: B, status: 0 }]);
    return unfinished;
  };
  const changed = (result: Polled, change: (data: PollData) => unknown): Polled => {
    const copy = structuredClone(result);
    change(copy.data);
    return copy;
  };

  it('are not queried again where they come out of truth-poll', async () => {
    const done = await poll(await half());
    assert.deepEqual(queried(), ['2']);
    assert.deepEqual(
      [done.outcome, outcomes(done)],
      [
        'failed',
        [
          [A, 'failed'],
          [B, 'passed'],
        ],
      ],
    );
  });

  it('are not either after they went through JSON, in another order', async () => {
    const { data, ...rest } = await half();
    const { lat, lng } = data.photos[0]!.location!.gcj02;
    const photos = data.photos.map((photo) => Object.fromEntries(Object.entries(photo).reverse()));
    Object.assign(photos[0]!, { location: { ...data.photos[0]!.location, gcj02: { lng, lat } } });
    await poll(JSON.stringify({ data: { ...data, photos }, ...rest }));
    assert.deepEqual(queried(), ['2']);
    await poll(Buffer.from(JSON.stringify({ ...rest, data: { ...data, photos } })));
    assert.deepEqual(queried(), ['2']);
  });

  const forgeries: [string, (data: PollData) => unknown][] = [
    [
      'a verdict',
      ({ photos }) => Object.assign(photos[0]!, { outcome: 'passed', reason: 'authentic', status: 0 }),
    ],
    [
      'the time it was taken',
      ({ photos }) => Object.assign(photos[0]!, { takenAt: '2026-11-30T08:00:00+08:00' }),
    ],
    ['the place', ({ photos }) => Object.assign(photos[0]!.location!.gcj02, { lat: 31 })],
    ['a photo more', ({ photos }) => photos.push({ ...photos[0]!, url: `${A}?2`, outcome: 'passed' })],
    ['a photo less', ({ photos }) => photos.splice(0)],
    ['its address', ({ tasks }) => Object.assign(tasks[0]!, { photoUrls: [B] })],
    ['that it is only a part', ({ tasks }) => Object.assign(tasks[0]!, { partial: true })],
    [
      'the other task',
      (data) => Object.assign(data.tasks[1]!, { status: 'finished' }) && data.taskIds.splice(0, 1, '3'),
    ],
    [
      'the time they were submitted',
      (data) => Object.assign(data, { submittedAt: '2026-11-29T00:00:00.000Z' }),
    ],
    ['the seal', (data) => Object.assign(data, { seal: 'AAAAAAAAAAAAAAAAAAAAAA' })],
    ['the seal away', (data) => Object.assign(data, { seal: undefined })],
    ['the seal to null', (data) => Object.assign(data, { seal: null })],
  ];
  for (const [what, change] of forgeries) {
    it(`are queried again where somebody changed ${what}`, async () => {
      answers.set('3', null);
      const forged = changed(await half(), change);
      const done = await poll(forged);
      assert.ok(queried().includes('1'), String(queried()));
      assert.ok(done.data.photos.some(({ taskId, outcome }) => taskId === '1' && outcome === 'failed'));
      assert.ok(!done.data.photos.some(({ taskId, outcome }) => taskId === '1' && outcome === 'passed'));
      assert.equal(logs.filter(({ level, msg }) => level === WARNING && /seal/.test(String(msg))).length, 1);
    });
  }

  it('are queried again where a message makes up all of it', async () => {
    const photo = { taskId: '1', url: A, outcome: 'passed', reason: 'authentic', status: 0 };
    const done = await poll({ data: { taskIds: ['2'], photos: [photo] } });
    assert.deepEqual([queried(), outcomes(done)], [['1', '2'], [[A, 'failed']]]);
  });

  it('carry along when they were submitted, which nobody else can say', async () => {
    const first = await half();
    const submittedAt = first.data.submittedAt!;
    assert.ok(submittedAt >= first.timing.startedAt);
    await until(() => Date.now() > Date.parse(submittedAt));
    answers.set('2', null);
    const second = await poll(first);
    assert.deepEqual([second.outcome, second.data.submittedAt], ['unfinished', submittedAt]);
    answers.set('2', [{ photoUrl: B, status: 0 }]);
    const done = await poll(second);
    assert.deepEqual([done.outcome === 'unfinished', done.data.submittedAt], [false, submittedAt]);
    const { data } = await poll({ data: { taskIds: ['1'], submittedAt: '2026-11-29T00:00:00.000Z' } });
    assert.equal(data.submittedAt, undefined);
  });

  it('are refused where the sandbox made them and the provider would be queried, or the other way round', async () => {
    const results = [
      ['sandbox', accountAt(server.baseUrl)],
      ['production', { ...accountAt(server.baseUrl), environment: 'sandbox' }],
      ['custom', { ...accountAt(server.baseUrl), environment: 'sandbox' }],
    ] as const;
    for (const mode of ['once', 'wait']) {
      for (const [environment, account] of results) {
        await deploy(actionFlow({ type: 'truth-poll', mode }, account));
        const result = { environment, data: { taskIds: ['1'], tasks: [{ taskId: '1', photoUrls: [A] }] } };
        for (const payload of [result, JSON.stringify(result)]) {
          const { caught } = await ask({ payload });
          const { code, cause } = caught[0]!.error as { code: string; cause: Record<string, unknown> };
          assert.deepEqual([code, cause.problem, cause.charged], ['CONFIG', 'task-other-environment', false]);
        }
      }
    }
    assert.deepEqual(server.requests, []);
    await deploy(actionFlow({ type: 'truth-poll', mode: 'once' }, accountAt(server.baseUrl)));
    // An address of one's own is the provider's, too.
    const { outcome } = await poll({ environment: 'production', data: { taskIds: ['1'] } });
    assert.deepEqual([outcome, queried()], ['failed', ['1']]);
  });

  it('count on every machine with the same key, and only for the environment that they were queried in', async () => {
    const { data } = await half();
    const place = `custom ${new URL(server.baseUrl).href}`;
    const elsewhere = new Seal(await secretOf(join(userDir, 'cn-verify/key'), ''));
    assert.equal(
      data.seal,
      elsewhere.digest('claim', claimText(place, data.tasks, data.photos, data.submittedAt)),
    );
    const sandbox = elsewhere.digest(
      'claim',
      claimText('sandbox', data.tasks, data.photos, data.submittedAt),
    );
    await poll({ data: { ...data, seal: sandbox } });
    assert.deepEqual(queried(), ['1', '2']);
    // An address of one's own may be anybody's.
    const other = accountAt(`${server.baseUrl}/other`);
    await deploy(actionFlow({ type: 'truth-poll', mode: 'once' }, other));
    await poll({ data });
    assert.deepEqual(queried(), ['1', '2']);
  });
});
