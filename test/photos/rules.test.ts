/** The verdicts a flow's owner wants, one row a case. */
import assert from 'node:assert/strict';
import gcoord from 'gcoord';
import { type PollResult, readPollResult, withPhotos } from '../../src/photos/poll-result';
import { judged, type PhotoRules, type ReportedPhoto } from '../../src/photos/rules';
import { Seen } from '../../src/photos/seen';
import { applyRules } from '../../src/photos/verdict';
import { splitPhotos } from '../../src/providers/xhey/report';
import { closeAll } from '../http/server';
import { openTestDatabase } from '../store/open';
import { HERE, polled, type Reported, taken } from './results';

const MINUTE = 60_000;
/** 2026-11-25, a quarter to eleven in Beijing. */
const NOW = Date.parse('2026-11-25T10:45:00+08:00');
const at = (time: string) => `2026年11月25日 ${time}`;

const NOTHING: PhotoRules = { maxAge: null, within: null, unseen: null, addressHolds: null };
const age = (minutes: number, at: number | null = null): Partial<PhotoRules> => ({ maxAge: { minutes, at } });
const within = (
  metres: number,
  of = HERE,
  coordinates: 'gcj02' | 'wgs84' = 'gcj02',
): Partial<PhotoRules> => ({
  within: { metres, of, coordinates },
});
const [LNG = 0, LAT = 0] = gcoord.transform([HERE.lng, HERE.lat], gcoord.GCJ02, gcoord.WGS84);
const HERE_BY_GPS = { lat: LAT, lng: LNG };
/** So many metres north of here, on the ground. */
const north = (metres: number) => {
  const [lng = 0, lat = 0] = gcoord.transform([LNG, LAT + metres / 110_861.6], gcoord.WGS84, gcoord.GCJ02);
  return { lat, lng };
};
const TOKYO = { lat: 35.681236, lng: 139.767125 };

const PASSED = 'passed authentic';
const CASES: [string, Reported | (() => ReportedPhoto), Partial<PhotoRules>, string][] = [
  // No older than.
  ['as old as it may be', { time: at('10:35') }, age(10), PASSED],
  ['perhaps as old, at the end of its minute', { time: at('10:34') }, age(10), PASSED],
  ['a minute too old', { time: at('10:33') }, age(10), 'failed too-old'],
  ['of half a minute, which a watermark cannot tell', { time: at('10:44') }, age(0.5), PASSED],
  ['old before a report, not before now', { time: at('08:10') }, age(60, NOW - 120 * MINUTE), PASSED],
  ['a clock four minutes ahead', { time: at('10:49') }, age(10), PASSED],
  ['a clock that cannot be right', { time: at('10:51') }, age(10), 'inconclusive no-time'],
  ['without a time', { time: undefined }, age(10), 'inconclusive no-time'],
  ['in Greenwich time', () => ({ ...taken(), takenAt: '2026-11-25T02:40:00Z' }), age(10), PASSED],
  ['without a zone', () => ({ ...taken(), takenAt: '2026-11-25T10:40:00' }), age(10), 'inconclusive no-time'],
  // No farther than.
  ['199 metres off', north(199), within(200), PASSED],
  ['201 metres off', north(201), within(200), 'failed too-far'],
  ['199 metres off, of a place by GPS', north(199), within(200, HERE_BY_GPS, 'wgs84'), PASSED],
  ['201 metres off, of a place by GPS', north(201), within(200, HERE_BY_GPS, 'wgs84'), 'failed too-far'],
  ['a GPS place taken for one of a map', {}, within(200, HERE_BY_GPS), 'failed too-far'],
  // Here a map is off by sixty metres.
  ['9,999 metres off', north(9999), within(10_000), PASSED],
  ['10,001 metres off', north(10_001), within(10_000), 'failed too-far'],
  ['without a place', { lat: undefined }, within(200), 'inconclusive no-place'],
  ['at 0, 0, where cameras without a place are', { lat: 0, lng: 0 }, within(200), 'inconclusive no-place'],
  ['abroad, asked by a map', TOKYO, within(200, TOKYO), PASSED],
  [
    'abroad, asked by GPS, which nobody knows there',
    TOKYO,
    within(200, TOKYO, 'wgs84'),
    'inconclusive no-place',
  ],
  // Address holds.
  ['with it in full width and with blanks', {}, { addressHolds: '软件园 Ｅ区' }, PASSED],
  ['in another district', {}, { addressHolds: '高新区' }, 'failed wrong-place'],
  ['without an address', { address: undefined }, { addressHolds: '武侯区' }, 'inconclusive no-place'],
  // Several at once.
  [
    'too old and too far',
    { time: at('09:00'), ...north(900) },
    { ...age(10), ...within(200) },
    'failed too-old',
  ],
  [
    'too far, and without a time',
    { time: undefined, ...north(900) },
    { ...age(10), ...within(200) },
    'failed too-far',
  ],
  [
    'without time and place',
    { time: undefined, lat: undefined },
    { ...within(200), ...age(10) },
    'inconclusive no-time',
  ],
  // What the provider said before.
  ['failed before', { status: -2305, time: at('09:00') }, age(10), 'failed not-watermark-camera'],
  ['inconclusive before', { status: -1, time: at('09:00') }, age(10), 'inconclusive low-resolution'],
];

describe('photo rules: verdicts', () => {
  it('take no result whose list of photos has gaps, or says that it has thousands of millions', () => {
    const result = polled([taken()]);
    for (const photos of [new Array(5), new Array(2 ** 32 - 1)])
      assert.throws(() => readPollResult({ ...result, data: { ...result.data, photos } }), {
        code: 'INPUT',
        problem: 'not-a-poll-result',
      });
  });

  for (const [name, given, rules, wanted] of CASES) {
    it(`${name}: ${wanted}`, () => {
      const photo = typeof given === 'function' ? given() : taken({ time: at('10:45'), ...given });
      const { outcome, reason, ...rest } = judged(
        photo,
        { ...NOTHING, ...rules },
        { submittedAt: NOW, isRepeated: false },
      );
      assert.equal(`${outcome} ${reason}`, wanted);
      const { outcome: _outcome, reason: _reason, ...before } = photo;
      assert.deepEqual(rest, before, 'keeps everything else');
    });
  }
});

describe('photo rules: photos that came before', () => {
  let seen: Seen;
  let now: number;
  beforeEach(() => {
    now = NOW;
    seen = new Seen({ database: openTestDatabase(undefined, { now: () => now }), now: () => now });
  });
  afterEach(async () => {
    seen.close();
    await closeAll();
  });

  /** @returns the reasons of a message's photos */
  async function reasons(
    photos: ReportedPhoto[],
    days = 30,
    dayOfMonth = 1,
    changes: object = {},
  ): Promise<string> {
    now = NOW + dayOfMonth * 86_400_000;
    const result = { ...polled(photos), ...changes };
    const { data } = await applyRules(result, { ...NOTHING, unseen: { days } }, seen, now);
    return data.photos.map(({ reason }) => reason).join(' ');
  }

  it('a new one passes, and another one with its code does not', async () => {
    assert.equal(await reasons([taken({ code: 'A' })]), 'authentic');
    assert.equal(await reasons([taken({ code: 'A' })]), 'seen-before');
    assert.equal(await reasons([taken({ code: 'B' })]), 'authentic');
  });

  it('counts days', async () => {
    assert.equal(await reasons([taken({ code: 'A' })], 30, 1), 'authentic');
    assert.equal(await reasons([taken({ code: 'A' })], 7, 8), 'seen-before');
    assert.equal(await reasons([taken({ code: 'A' })], 7, 16), 'authentic');
  });

  it('the same photo twice in one message: the second was seen before, if it has an address of its own', async () => {
    assert.equal(await reasons([taken({ code: 'A' }), taken({ code: 'A' })]), 'authentic seen-before');
  });

  it('an address that was given twice is one photo, whenever its message comes', async () => {
    const twice = taken({ code: 'B', url: 'https://example.com/twice.jpg', taskId: 'task-twice' });
    for (const _time of ['first', 'second'])
      assert.equal(await reasons([twice, twice]), 'authentic authentic');
    assert.equal(await reasons([taken({ code: 'B' })]), 'seen-before');
  });

  it('a message that comes again is judged as the first time', async () => {
    const message = [taken({ code: 'A' }), taken({ code: 'A' }), taken({ code: 'B' })];
    const other = [taken({ code: 'B' })];
    const first = await reasons(message);
    assert.equal(first, 'authentic seen-before authentic');
    assert.equal(await reasons(other), 'seen-before');
    assert.equal(await reasons(message), first);
    assert.equal(await reasons(message, 30, 20), first);
    assert.equal(await reasons(other), 'seen-before');
  });

  it('without a code, by time and place, which prove nothing', async () => {
    const time = '2026年11月25日 10:40';
    const bare = (more: Reported = {}) => taken({ code: undefined, time, ...more });
    assert.equal(await reasons([bare()]), 'authentic');
    assert.equal(await reasons([bare()]), 'maybe-seen');
    assert.equal(await reasons([bare({ lat: 30.539733 })]), 'authentic');
    assert.equal(await reasons([bare({ time: '2026年11月25日 10:41' })]), 'authentic');
    assert.equal(await reasons([bare({ time: undefined })]), 'no-time');
    assert.equal(await reasons([bare({ lat: undefined })]), 'no-place');
  });

  it('three photos of one visit, in one minute and without codes, are no copies of each other', async () => {
    const visit = ['a', 'b', 'c'].map(() => taken({ code: undefined, time: at('10:40') }));
    assert.equal(await reasons(visit), 'authentic maybe-seen maybe-seen');
  });

  it('remembers no photo that had not passed', async () => {
    assert.equal(await reasons([taken({ code: 'A', status: -1 })]), 'low-resolution');
    assert.equal(await reasons([taken({ code: 'A' })]), 'authentic');
  });

  it('and one that broke another rule all the same: it came', async () => {
    const rules = { ...NOTHING, ...age(1), unseen: { days: 30 } };
    const old = polled([taken({ code: 'A', time: at('08:00') })]);
    assert.equal((await applyRules(old, rules, seen, now)).reason, 'too-old');
    const again = polled([taken({ code: 'A', time: at('10:45') })]);
    assert.equal((await applyRules(again, rules, seen, now)).reason, 'seen-before');
  });

  it('keeps the sandbox and production apart', async () => {
    assert.equal(await reasons([taken({ code: 'A' })], 30, 1, { environment: 'sandbox' }), 'authentic');
    assert.equal(await reasons([taken({ code: 'A' })]), 'authentic');
    assert.equal(await reasons([taken({ code: 'A' })], 30, 1, { environment: 'sandbox' }), 'seen-before');
  });
});

describe('photo rules: when a photo was submitted', () => {
  const submitted = Date.parse('2026-11-25T10:00:00+08:00');
  const startedAt = new Date(submitted).toISOString();
  const reasonOf = async (time: string, timing: unknown, rules = age(60), now = NOW) => {
    const result = { ...polled([taken({ time })]), timing } as ReturnType<typeof polled>;
    return (await applyRules(result, { ...NOTHING, ...rules }, null, now)).reason;
  };

  it('the provider may take as long as it likes', async () => {
    assert.equal(await reasonOf(at('09:01'), { startedAt }), 'authentic');
    assert.equal(await reasonOf(at('08:58'), { startedAt }), 'too-old');
    assert.equal(await reasonOf(at('09:01'), { startedAt }, age(60), NOW + 9 * 3_600_000), 'authentic');
  });

  it('a truth-poll that had the task before counts, not the last one', async () => {
    const last = { startedAt: new Date(submitted + 40 * MINUTE).toISOString() };
    const result = { ...polled([taken({ time: at('09:01') })]), timing: last } as ReturnType<typeof polled>;
    const carried = { ...result, data: { ...result.data, submittedAt: startedAt } };
    const reason = async (given: typeof result) =>
      (await applyRules(given, { ...NOTHING, ...age(60) }, null, NOW)).reason;
    assert.deepEqual([await reason(result), await reason(carried)], ['too-old', 'authentic']);
  });

  it('a photo cannot be taken after it was submitted', async () => {
    assert.equal(await reasonOf(at('10:05'), { startedAt }), 'authentic');
    assert.equal(await reasonOf(at('10:06'), { startedAt }), 'no-time');
  });

  it('the message counts where nobody says when, or says a time that has not come yet', async () => {
    for (const timing of [undefined, {}, { startedAt: 'yesterday' }, { startedAt: '2027-11-25T00:00:00Z' }]) {
      assert.equal(await reasonOf(at('09:44'), timing), 'authentic');
      assert.equal(await reasonOf(at('09:43'), timing), 'too-old');
    }
  });
});

describe('photo rules: the whole', () => {
  const fails = (photo: ReportedPhoto): ReportedPhoto => ({ ...photo, outcome: 'failed', reason: 'too-old' });
  const unclear = (photo: ReportedPhoto): ReportedPhoto => ({
    ...photo,
    outcome: 'inconclusive',
    reason: 'no-time',
  });
  const [first, second] = [taken(), taken()];

  const wholes: [string, ReturnType<typeof polled>, ReportedPhoto[], string][] = [
    ['all pass', polled([first, second]), [first, second], 'passed authentic 2 0 0'],
    ['one fails', polled([first, second]), [first, fails(second)], 'failed null 1 1 0'],
    ['all fail alike', polled([first, second]), [fails(first), fails(second)], 'failed too-old 0 2 0'],
    ['one is unclear', polled([first, second]), [first, unclear(second)], 'inconclusive null 1 0 1'],
    [
      'one fails, one is unclear',
      polled([first, second]),
      [fails(first), unclear(second)],
      'failed null 0 1 1',
    ],
    [
      'there is no photo',
      polled([], [{ taskId: 'x', photoUrls: [], status: 'revoked', photos: [] }]),
      [],
      'inconclusive revoked 0 0 0',
    ],
    [
      'a task was revoked beside one that passed',
      polled([first], [{ taskId: 'x', photoUrls: [], status: 'revoked', photos: [] }]),
      [first],
      'inconclusive null 1 0 0',
    ],
    [
      'a task was revoked beside photos that fail alike, of which another photo-rules found one',
      polled([first, fails(second)], [{ taskId: 'x', photoUrls: [], status: 'revoked', photos: [] }]),
      [fails(first), fails(second)],
      'failed null 0 2 0',
    ],
    [
      'a task is empty beside one that passed',
      polled([first], [{ taskId: 'x', photoUrls: [], status: 'finished', photos: [] }]),
      [first],
      'inconclusive null 1 0 0',
    ],
  ];
  for (const [name, result, photos, wanted] of wholes) {
    it(name, () => {
      const { outcome, reason, data } = withPhotos(result, photos);
      const { passed, failed, inconclusive } = data.summary as Record<string, number>;
      assert.equal(
        [outcome, reason, passed, failed, inconclusive].join(' ').replace(/ {2}/, ' null '),
        wanted,
      );
      assert.deepEqual(
        withPhotos(result, result.data.photos),
        result,
        'where nothing is judged, nothing is different',
      );
    });
  }
});

describe('photo rules: the whole, where the message has not all photos any more', () => {
  const judge = async (result: PollResult, rules: Partial<PhotoRules>) => {
    const { outcome, reason, data } = await applyRules(result, { ...NOTHING, ...rules }, null, NOW);
    return { outcome, reason, data };
  };
  const rule = { addressHolds: '武侯' };
  const cutTo = (result: PollResult, photos: ReportedPhoto[]) => ({
    ...result,
    data: { ...result.data, photos },
  });

  it('of a split message follows from its photo and from what it knows of the others', async () => {
    const photos = [
      taken(),
      taken({ address: '锦江区' }),
      taken({ address: undefined }),
      taken({ status: -1 }),
    ];
    const wholes = [];
    for (const split of splitPhotos(polled(photos)) as PollResult[])
      wholes.push((await judge(split, rule)).data.whole);
    assert.deepEqual(wholes, [
      { outcome: 'inconclusive', reason: null, summary: { total: 4, passed: 3, failed: 0, inconclusive: 1 } },
      { outcome: 'failed', reason: null, summary: { total: 4, passed: 2, failed: 1, inconclusive: 1 } },
      { outcome: 'inconclusive', reason: null, summary: { total: 4, passed: 2, failed: 0, inconclusive: 2 } },
      { outcome: 'inconclusive', reason: null, summary: { total: 4, passed: 3, failed: 0, inconclusive: 1 } },
    ]);
    const [alone] = splitPhotos(polled([taken({ address: '锦江区' })])) as PollResult[];
    const { data } = await judge(alone!, rule);
    const summary = { total: 1, passed: 0, failed: 1, inconclusive: 0 };
    assert.deepEqual(data.whole, { outcome: 'failed', reason: 'wrong-place', summary });
    const [kept] = splitPhotos(polled([taken()])) as PollResult[];
    assert.deepEqual((await judge(kept!, rule)).data.whole, kept!.data.whole);
  });

  it('is no verdict where a function took all photos out', async () => {
    const { outcome, reason, data } = await judge(cutTo(polled([taken()]), []), rule);
    const summary = { total: 0, passed: 0, failed: 0, inconclusive: 0 };
    assert.deepEqual([outcome, reason, data.summary], ['inconclusive', null, summary]);
  });

  it('has the reason of the photos that a function left in it', async () => {
    const photos = [taken(), taken({ status: -2301 }), taken({ status: -2301 })];
    const { outcome, reason } = await judge(cutTo(polled(photos), photos.slice(1)), rule);
    assert.deepEqual([outcome, reason], ['failed', photos[1]!.reason]);
    const failed = await judge(cutTo(polled(photos), photos.slice(0, 1)), rule);
    assert.deepEqual([failed.outcome, failed.reason], ['inconclusive', null]);
  });
});
