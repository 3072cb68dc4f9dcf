/** What truth-poll does over times no test waits for: a real transport at a real server, with time passed in. */
import assert from 'node:assert/strict';
import type { Account } from '../../../src/contract/account';
import type { AskContext, Context } from '../../../src/contract/action';
import type { Cause, VerifyError } from '../../../src/contract/errors';
import { readSettings } from '../../../src/node-red/runner/settings';
import { truthPoll } from '../../../src/providers/xhey/truth-poll';
import { closeServers, json, type Script, scriptedServer, taskFinished } from '../../flows/scripted-server';
import { makeContext } from '../../http/context';
import { closeAll, open } from '../../http/server';

const ARRIVAL = { now: 0, environment: 'custom' } as const;
const SETTINGS = readSettings(truthPoll.settings, { id: '', type: '' });
const PHOTO = 'https://example.com/a.jpg';
const unknown = { code: 404, msg: 'not found', data: null };

/** Time passes only where somebody waits. */
function makeClock(changes: Partial<Context> = {}) {
  let now = 1_700_000_000_000;
  const explain = ({ details }: VerifyError) => ({ providerCode: details.providerCode }) as Cause;
  const context = makeContext({ now: () => now, explain, ...changes });
  return { context, pass: (milliseconds: number) => (now += milliseconds) };
}

/** Queries a waiting task whenever it is due, as the runner does. */
async function waitFor(account: Account, task: unknown, changes: Partial<Context> = {}) {
  const { context, pass } = makeClock(changes);
  const { waits } = truthPoll;
  const { state, timeout } = waits!.begin(await truthPoll.parse({ task }, SETTINGS, ARRIVAL))!;
  const start = context.now();
  const until = start + timeout;
  const times: number[] = [];
  for (let stepReason: AskContext['stepReason'] = 'arrived'; ; stepReason = 'again') {
    // What waits is plain JSON: nothing is lost when it goes through a disk.
    Object.assign(state, JSON.parse(JSON.stringify(state)));
    const left = () => Math.max(0, until - context.now());
    const step = await waits!.ask(() => account, state, { ...context, left, stepReason });
    if (!('nextStepIn' in step)) return { answer: step, times };
    pass(Math.min(step.nextStepIn, left()));
    times.push((context.now() - start) / 1000);
  }
}

async function accountAt(script: Script): Promise<Account> {
  const baseUrl = new URL((await scriptedServer(script)).baseUrl);
  const pairs: Account['pairs'] = [{ groupKey: 'groupKey', groupSecret: 'groupSecret' }];
  const transport = open({ baseUrl, pairs });
  return { environment: 'custom', baseUrl, pairs, secrets: [], settings: {}, transport };
}

describe('xhey truth-poll, over time', () => {
  afterEach(async () => {
    await closeAll();
    closeServers();
  });

  it('a task answered 404 counts as not started for 30 s, then its photos are unknown-task and the others go on', async () => {
    let queries = 0;
    const account = await accountAt(({ body }, response) => {
      if (body.includes('"1"')) json(response, unknown);
      else if (++queries < 12) json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
      else taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
    });
    const tasks = ['1', '2'].map((taskId) => ({ taskId, photoUrls: [`${PHOTO}?${taskId}`] }));
    const { answer, times } = await waitFor(account, { data: { taskIds: ['1', '2'], tasks } });
    const { outcome, reason, data } = answer;
    const { photos } = data as { photos: { reason: string }[] };
    assert.deepEqual(
      [outcome, reason, photos.map((photo) => photo.reason)],
      ['inconclusive', null, ['unknown-task', 'authentic']],
    );
    assert.ok(times.some((time) => time > 30));
  });

  it('goes on where something on the way answers 413, and where an answer does not fill its task id', async () => {
    let queries = 0;
    const list = [{ photoUrl: PHOTO, status: 0 }];
    const account = await accountAt((_asked, response) => {
      if (++queries === 1) json(response, {}, 413);
      else json(response, { code: 200, msg: 'success', data: { taskID: '', taskStatus: 5, list } });
    });
    const { answer } = await waitFor(account, { data: { taskIds: ['1'] } });
    assert.deepEqual([answer.outcome, queries], ['passed', 2]);
  });

  it('takes tasks with a thousand photos in all, those of a batch once, and not one more', async () => {
    const urls = (count: number, site: string) =>
      Array.from({ length: count }, (_, index) => `https://example.com/${site}/${index}.jpg`);
    const shared = urls(400, 'shared');
    const tasksOf = (more: number) => [
      { taskId: '1', photoUrls: shared, batch: '1' },
      { taskId: '2', photoUrls: shared, batch: '1' },
      { taskId: '3', photoUrls: urls(more, 'own') },
    ];
    const parse = (tasks: { taskId: string }[]) =>
      truthPoll.parse({ task: { taskIds: tasks.map(({ taskId }) => taskId), tasks } }, SETTINGS, ARRIVAL);
    assert.equal((await parse(tasksOf(600))).state.tasks.length, 3);
    const tooMany = { code: 'INPUT', problem: 'too-many-photos' };
    assert.throws(() => parse(tasksOf(601)), tooMany);
    assert.throws(
      () => parse([{ taskId: '1', photoUrls: urls(300_000, 'own') } as { taskId: string }]),
      tooMany,
    );
    // Those that only say that they are of one batch are each counted.
    const forged = ['a', 'b'].map((site) => ({ taskId: site, photoUrls: urls(501, site), batch: 'a' }));
    assert.throws(() => parse(forged), tooMany);
  });

  it('in mode once a task stays unknown from one message to the next', async () => {
    const account = await accountAt((_asked, response) => json(response, unknown));
    const { context, pass } = makeClock();
    const once = { ...SETTINGS, mode: 'once' } as const;
    const ask = async () => {
      const { outcome, code, message, data } = await truthPoll.run(
        account,
        await truthPoll.parse({ task: '1' }, once, ARRIVAL),
        context,
      );
      // The provider's own words, whatever is made of them.
      assert.deepEqual([code, message], ['404', 'not found']);
      return [outcome, (data.lastError as Cause | undefined)?.providerCode];
    };
    assert.deepEqual(await ask(), ['unfinished', '404']);
    pass(29_000);
    assert.deepEqual(await ask(), ['unfinished', '404']);
    pass(2_000);
    assert.deepEqual(await ask(), ['inconclusive', undefined]);
  });

  it('a finished task with a photo still in progress is waited for, with a warning, and the photo is in-progress', async () => {
    const list = [
      { photoUrl: PHOTO, status: 0 },
      { photoUrl: `${PHOTO}?2`, status: 1 },
    ];
    const warned: string[] = [];
    const warnOnce = (key: string) => void warned.push(key);
    const account = await accountAt((_asked, response, count) =>
      taskFinished(response, count < 3 ? list : list.map((photo) => ({ ...photo, status: 0 }))),
    );
    const task = { data: { taskIds: ['1'], tasks: [{ taskId: '1', photoUrls: [PHOTO, `${PHOTO}?2`] }] } };
    const { context } = makeClock({ warnOnce });
    const once = await truthPoll.run(
      account,
      await truthPoll.parse({ task }, { ...SETTINGS, mode: 'once' }, ARRIVAL),
      context,
    );
    const reasonsOf = ({ data }: { data: Record<string, unknown> }) =>
      (data.photos as { url: string; reason: string }[]).map(({ url, reason }) => [url, reason]);
    assert.equal(once.outcome, 'unfinished');
    assert.deepEqual(reasonsOf(once), [
      [PHOTO, 'authentic'],
      [`${PHOTO}?2`, 'in-progress'],
    ]);
    assert.deepEqual(warned, ['photo-in-progress']);
    const { answer } = await waitFor(account, task);
    assert.equal(answer.outcome, 'passed');
  });

  it("gives the time of the provider's clock at the latest answer", async () => {
    for (const [timestamp, expected] of [
      [1_629_099_324, '2021-08-16T07:35:24.000Z'],
      ['1629099324', '2021-08-16T07:35:24.000Z'],
      [1_629_099_324_567, '2021-08-16T07:35:24.567Z'],
      [undefined, null],
      ['soon', null],
      [-1, null],
      [1e300, null],
    ]) {
      const account = await accountAt((_asked, response) =>
        json(response, { code: 200, msg: '', data: { taskStatus: 5, list: [] }, timestamp }),
      );
      const { answer } = await waitFor(account, '1');
      assert.equal(answer.data.providerTime, expected, String(timestamp));
    }
  });

  it('asks a last time one interval before the deadline', async () => {
    const account = await accountAt((_asked, response) =>
      json(response, { code: 200, msg: 'success', taskStatus: 1, list: [] }),
    );
    const { answer, times } = await waitFor(account, '1', { random: () => 0 });
    assert.equal(answer.outcome, 'unfinished');
    assert.deepEqual(times.slice(0, 3), [2, 5, 9.5]);
    assert.ok(
      times.some((time) => Math.abs(time - 298) < 0.01),
      times.join(' '),
    );
  });

  it('waits as long as Retry-After says', async () => {
    const account = await accountAt((_asked, response, count) => {
      if (count === 1) response.writeHead(429, { 'Retry-After': '100' }).end();
      else taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
    });
    const { times } = await waitFor(account, '1');
    assert.deepEqual(times, [100]);
  });
});
