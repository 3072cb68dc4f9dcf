/** photo-rules in a real Node-RED: what it takes, what it sends, and what it raises. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../../src/node-red/runner/red';
import type { PollResult } from '../../src/photos/poll-result';
import { HERE, polled, taken } from '../photos/results';
import { errorOf, type Raised } from './five-actions';
import { actionFlow, ask, deploy, logs, seen, settledStatus, startRuntime, userDir } from './runtime';

const WARNING = 30;
const AGE = { maxAge: 10 };
const SLOT = { within: 200, latitude: String(HERE.lat), longitude: String(HERE.lng) };

const rules = (properties: object) => deploy(actionFlow({ type: 'photo-rules', ...properties }, null));

async function judged(message: Message): Promise<PollResult> {
  const { out1, caught } = await ask(message);
  assert.equal(out1[0], message, JSON.stringify(caught[0]?.error));
  return message.payload as PollResult;
}

async function raised(message: Message): Promise<Raised> {
  const error = await errorOf(message);
  const { provider, operation, charged } = error.cause;
  assert.deepEqual([provider, operation, charged], [null, 'photo-rules', false]);
  return error;
}

describe('photo-rules, in a real Node-RED', () => {
  before(() => startRuntime());

  it('judges each photo, and changes nothing else of the message or of what was in it', async () => {
    await rules({ ...AGE, ...SLOT });
    const photos = [
      taken(),
      taken({ minutesAgo: 30 }),
      taken({ lat: 30.6 }),
      taken({ time: undefined }),
      taken({ status: -1 }),
    ];
    const given = { ...polled(photos), raw: { list: [] } };
    const copy = structuredClone(given);
    const result = await judged({ payload: given, topic: 'site 7' });
    assert.deepEqual(given, copy);
    assert.deepEqual(
      result.data.photos.map(({ outcome, reason }) => `${outcome} ${reason}`),
      [
        'passed authentic',
        'failed too-old',
        'failed too-far',
        'inconclusive no-time',
        'inconclusive low-resolution',
      ],
    );
    assert.deepEqual(
      { ...result, outcome: '', reason: '', data: { ...result.data, photos: [], summary: {} } },
      { ...copy, outcome: '', reason: '', data: { ...copy.data, photos: [], summary: {} } },
    );
    assert.deepEqual([result.outcome, result.reason], ['failed', null]);
    assert.deepEqual(result.data.summary, { total: 5, passed: 1, failed: 2, inconclusive: 2 });
  });

  it('names a ledger store of its own that is not there, and not that of an account', async () => {
    await rules({ unseen: 30, ledger: 'nowhere' });
    const { cause, message } = await raised({ payload: polled([taken()]) });
    assert.equal(cause.problem, 'ledger-store-missing');
    assert.doesNotMatch(message, /account/);
  });

  it('takes a result from another property, and as JSON, and puts its own elsewhere', async () => {
    await rules({ ...AGE, input: 'verified', inputType: 'msg', output: 'site.verdict' });
    const message: Message = { payload: 'kept', verified: JSON.stringify(polled([taken()])) };
    const { out1 } = await ask(message);
    const { payload, site } = out1[0] as { payload: unknown; site: { verdict: PollResult } };
    assert.deepEqual([payload, site.verdict.outcome], ['kept', 'passed']);
    await rules(AGE);
    const bytes = Buffer.from(JSON.stringify(polled([taken()])));
    assert.equal((await judged({ payload: bytes })).outcome, 'passed');
  });

  it('takes place and time from the message', async () => {
    const typed = { latitude: 'site.lat', longitude: 'site.lng', at: 'reported', addressHolds: 'district' };
    const types = { latitudeType: 'msg', longitudeType: 'msg', atType: 'msg', addressHoldsType: 'msg' };
    await rules({ ...AGE, within: 50, ...typed, ...types });
    const now = Date.now();
    const photos = [taken({ minutesAgo: 125 })];
    const at = { payload: polled(photos), site: { lat: `${HERE.lat}`, lng: HERE.lng }, district: '武侯区' };
    assert.equal((await judged({ ...at, reported: now - 120 * 60_000 })).reason, 'authentic');
    assert.equal((await judged({ ...at, reported: new Date(now).toISOString() })).reason, 'too-old');
    assert.equal(
      (await judged({ ...at, reported: now - 120 * 60_000, site: { lat: 30.6, lng: 104 } })).reason,
      'too-far',
    );
    assert.equal(
      (await judged({ ...at, reported: now - 120 * 60_000, district: '锦江区' })).reason,
      'wrong-place',
    );

    const wrong: [string, object, string][] = [
      ['no latitude', { site: { lng: HERE.lng } }, 'rule-value latitude'],
      ['a longitude that is no number', { site: { lat: 30, lng: 'east' } }, 'rule-value longitude'],
      ['a latitude beyond the pole', { site: { lat: 104, lng: 30 } }, 'rule-value latitude'],
      ['a place that was not filled in', { site: { lat: 0, lng: 0 } }, 'rule-value latitude'],
      ['no time', { reported: undefined }, 'rule-empty at'],
      ['a time that cannot be read', { reported: 'yesterday' }, 'time-unreadable at'],
      ['Unix seconds', { reported: Math.floor(now / 1000) }, 'time-unreadable at'],
      ['no address', { district: ' ' }, 'rule-empty addressHolds'],
    ];
    for (const [what, change, wanted] of wrong) {
      const { code, cause } = await raised({ ...at, reported: now, ...change });
      assert.deepEqual([code, `${cause.problem} ${cause.values.name}`], ['INPUT', wanted], what);
    }
  });

  it('raises INPUT for what is no finished result of truth-poll', async () => {
    await rules(AGE);
    const result = polled([taken()]);
    const photo = result.data.photos[0]!;
    const wrongPhotos = [
      ...[
        { ...photo, takenAt: 5 },
        { ...photo, location: { lat: 1, lng: 2 } },
        { ...photo, outcome: 'fine' },
      ],
      null,
    ];
    for (const payload of [
      ...[undefined, null, 7, 'text', '{', [], {}, { data: { photos: [] } }],
      ...[
        { ...result, operation: 'truth-create' },
        { ...result, data: null },
        { ...result, outcome: 'good' },
      ],
      { ...result, data: { photos: 'none' } },
      ...wrongPhotos.map((each) => ({ ...result, data: { ...result.data, photos: [each] } })),
    ]) {
      const { code, cause } = await raised({ payload });
      assert.deepEqual([code, cause.problem], ['INPUT', 'not-a-poll-result'], JSON.stringify(payload));
    }
    const { cause } = await raised({ payload: { ...result, outcome: 'unfinished' } });
    assert.equal(cause.problem, 'poll-unfinished');
    const readOnly = Object.defineProperty({} as Message, 'payload', { value: result });
    assert.equal((await raised(readOnly)).cause.problem, 'message-read-only');
  });

  it('says nothing of what only a message brings, and takes a variable that is set', async () => {
    process.env.CN_VERIFY_TEST_LATITUDE = String(HERE.lat);
    logs.length = 0;
    await rules({
      ...SLOT,
      latitude: 'CN_VERIFY_TEST_LATITUDE',
      latitudeType: 'env',
      longitude: 'lng',
      longitudeType: 'msg',
    });
    assert.deepEqual(
      logs.filter(({ level }) => level === WARNING),
      [],
    );
    assert.equal((await judged({ payload: polled([taken()]), lng: HERE.lng })).outcome, 'passed');
    delete process.env.CN_VERIFY_TEST_LATITUDE;
  });

  it('shows its verdict', async () => {
    await rules(AGE);
    const shown = async (photo: ReturnType<typeof taken>) => {
      await judged({ payload: polled([photo]) });
      return settledStatus();
    };
    assert.deepEqual(await shown(taken()), { fill: 'green', shape: 'dot', text: 'passed' });
    assert.deepEqual(await shown(taken({ minutesAgo: 99 })), { fill: 'red', shape: 'dot', text: 'failed' });
    const unclear = await shown(taken({ time: undefined }));
    assert.deepEqual(unclear, { fill: 'yellow', shape: 'dot', text: 'inconclusive' });
  });

  it('knows a photo again after a deploy, from another node too, and forgives a message that comes twice', async () => {
    await rules({ unseen: 30 });
    const first = polled([taken({ code: 'ONE' })]);
    assert.equal((await judged({ payload: first })).reason, 'authentic');
    assert.equal((await judged({ payload: polled([taken({ code: 'ONE' })]) })).reason, 'seen-before');
    await rules({ unseen: 7 });
    assert.equal((await judged({ payload: first })).reason, 'authentic');
    // The same task again, where a later message was given it by `reuse`: somebody handed the photo in once more.
    const tasks = first.data.tasks as object[];
    const reused = {
      ...first.data,
      tasks: tasks.map((task) => ({ ...task, reusedAt: new Date().toISOString() })),
    };
    for (const _time of [1, 2])
      assert.equal((await judged({ payload: { ...first, data: reused } })).reason, 'seen-before');
    const uncoded = () => polled([taken({ code: undefined, time: '2026年11月25日 10:40' })]);
    assert.equal((await judged({ payload: uncoded() })).reason, 'authentic');
    const { outcome, reason } = await judged({ payload: uncoded() });
    assert.deepEqual([outcome, reason], ['inconclusive', 'maybe-seen']);
    assert.equal((await judged({ payload: polled([taken({ code: 'ONE' })]) })).reason, 'seen-before');
    assert.ok(existsSync(join(userDir, 'cn-verify/cn-verify.db')));
    assert.ok(!JSON.stringify([seen.statuses, logs]).includes('ONE'));
  });
});
