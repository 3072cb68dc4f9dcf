/** What truth-poll does over times no test waits for: a real transport at a real server, with time passed in. */
import assert from 'node:assert/strict';
import type { Account, Context } from '../../../src/action';
import { VerifyError } from '../../../src/errors';
import { truthPoll } from '../../../src/providers/xhey/truth-poll';
import { closeServers, json, type Script, scriptedServer, taskFinished } from '../../flows/scripted-server';
import { makeContext } from '../../http/context';
import { closeAll, open } from '../../http/server';

const ARRIVAL = { now: 0, environment: 'custom' } as const;
const SETTINGS = {
  interval: 2,
  maxInterval: 15,
  timeout: 300,
  mode: 'wait',
  resume: true,
  split: false,
} as const;
const PHOTO = 'https://example.com/a.jpg';
const unknown = { code: 404, msg: 'not found', data: null };

/** Waiting moves the clock; nothing takes time. */
function makeClock(changes: Partial<Context> = {}) {
  let now = 1_700_000_000_000;
  const times: number[] = [];
  const start = now;
  const context = makeContext({
    now: () => now,
    wait: async (milliseconds) => {
      now += milliseconds;
      times.push((now - start) / 1000);
      if (now - start > 300_000) throw new VerifyError('CANCELLED', 'cancelled');
    },
    within: async (_milliseconds, work) => {
      try {
        await work(context);
        return true;
      } catch (error) {
        if (error instanceof VerifyError && error.code === 'CANCELLED') return false;
        throw error;
      }
    },
    ...changes,
  });
  return { context, times };
}

async function accountAt(script: Script): Promise<Account> {
  const baseUrl = new URL((await scriptedServer(script)).baseUrl);
  const credentials = { groupKey: 'groupKey', groupSecret: 'groupSecret' };
  return { environment: 'custom', baseUrl, credentials, settings: {}, transport: open({ baseUrl }) };
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
    const { context, times } = makeClock();
    const tasks = ['1', '2'].map((taskId) => ({ taskId, photoUrls: [`${PHOTO}?${taskId}`] }));
    const input = truthPoll.parse({ task: { data: { taskIds: ['1', '2'], tasks } } }, SETTINGS, ARRIVAL);
    const { outcome, reason, data } = await truthPoll.run(account, input, context);
    const { photos } = data as { photos: { reason: string }[] };
    assert.deepEqual(
      [outcome, reason, photos.map((photo) => photo.reason)],
      ['inconclusive', null, ['unknown-task', 'authentic']],
    );
    assert.ok(times.some((time) => time > 30));
  });

  it('in mode once a task stays unknown from one message to the next', async () => {
    const account = await accountAt((_asked, response) => json(response, unknown));
    const { context } = makeClock();
    const once = { ...SETTINGS, mode: 'once' } as const;
    const ask = async () =>
      (await truthPoll.run(account, truthPoll.parse({ task: '1' }, once, ARRIVAL), context)).outcome;
    assert.equal(await ask(), 'unfinished');
    await context.wait(29_000);
    assert.equal(await ask(), 'unfinished');
    await context.wait(2_000);
    assert.equal(await ask(), 'inconclusive');
  });

  it('asks a last time one interval before the deadline', async () => {
    const account = await accountAt((_asked, response) =>
      json(response, { code: 200, msg: 'success', taskStatus: 1, list: [] }),
    );
    const { context, times } = makeClock({ random: () => 0 });
    const { outcome } = await truthPoll.run(
      account,
      truthPoll.parse({ task: '1' }, SETTINGS, ARRIVAL),
      context,
    );
    assert.equal(outcome, 'unfinished');
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
    const { context, times } = makeClock();
    await truthPoll.run(account, truthPoll.parse({ task: '1' }, SETTINGS, ARRIVAL), context);
    assert.deepEqual(times, [100]);
  });
});
