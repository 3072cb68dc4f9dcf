/** The ledger on disk among kills, full disks, damaged files, other processes and wrong clocks. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { VerifyError } from '../../src/errors';
import { temporaryDirectory } from '../demo-process';
import {
  answered,
  call,
  claimed,
  closeLedgers,
  ledgerIn,
  linesIn,
  patient,
  type TestLedger,
} from './ledgers';
import { type Process, startProcess } from './process';

const DAY = 86_400_000;
const KILLS = 20;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** @returns whether an error is of that problem, and says that nothing was sent */
const refused = (problem: string) => (error: unknown) => {
  assert.ok(error instanceof Error && 'problem' in error && 'details' in error, String(error));
  assert.equal(error.problem, problem);
  assert.equal((error.details as VerifyError['details']).charged, false);
  return true;
};

describe('the ledger on disk, when things go wrong:', () => {
  let folder: string;
  const processes: Process[] = [];
  const start = (environment?: Record<string, string>) => {
    const one = startProcess(environment);
    processes.push(one);
    return one;
  };
  const look = async (ledger: TestLedger, key: string) =>
    (await ledger.look([key], null, patient())).get(key) ?? null;
  /** Of this month. */
  const file = () =>
    join(
      folder,
      readdirSync(folder)
        .filter((name) => name.endsWith('.jsonl'))
        .sort()
        .at(-1)!,
    );

  beforeEach(() => {
    folder = join(temporaryDirectory(), 'ledger');
  });
  afterEach(async () => {
    await closeLedgers();
    await Promise.all(processes.splice(0).map((one) => one.kill()));
  });

  it(`${KILLS} kills under load lose no claim, and pay for no key twice`, async function () {
    this.timeout(120_000);
    const log = join(temporaryDirectory(), 'paid');
    for (let kill = 0; kill < KILLS; kill++) {
      const one = start();
      await one.ask('load', folder, log, 20_000);
      await pause(80 + Math.random() * 250);
      await one.kill();
    }
    const seen = readFileSync(log, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(' ') as [string, string, string]);
    const paid = seen.filter(([what]) => what === 'paid');
    assert.ok(paid.length > KILLS * 20, `${paid.length} are too few to mean anything`);
    assert.equal(new Set(paid.map(([, key]) => key)).size, paid.length);

    const ledger = ledgerIn(folder);
    const uncertain = new Set((await ledger.uncertain()).map(({ id }) => id));
    const states = new Map((await ledger.find({}, 1e6)).map(({ id, state }) => [id, state]));
    const ends = new Map(seen.filter(([what]) => what !== 'paid').map(([what, , id]) => [id, what]));
    let open = 0;
    for (const [, key, id] of paid) {
      const known = await look(ledger, key);
      const end = ends.get(id);
      if (end === 'answered') {
        assert.deepEqual(known?.state === 'answered' && [known.entry, known.answer], [
          id,
          `the answer for ${key}`,
        ]);
        assert.equal(states.get(id), 'settled');
      } else if (end === 'unknown' || known?.state !== 'answered') {
        assert.deepEqual(known, { state: 'uncertain', entry: id });
        assert.equal(states.get(id), 'uncertain');
        assert.ok(uncertain.has(id));
        if (!end) open++;
      }
    }
    // Those that were on disk when the kill came before they were sent are uncertain too.
    for (const id of uncertain) assert.equal(states.get(id), 'uncertain');
    const [{ calls = 0 } = {}] = await ledger.sums('month', {});
    assert.equal(calls, states.size);
    assert.ok(states.size >= paid.length);
    console.log(
      `        ${paid.length} paid, ${states.size - paid.length} claimed only, ${open} were under way`,
    );
    assert.ok(open > 0);
  });

  describe('a full disk', () => {
    const limit = (one: Process, bytes: string) =>
      execFileSync('prlimit', ['--pid', String(one.pid), `--fsize=${bytes}:unlimited`]);

    it('lets nothing be sent, keeps what has ended, and is over when there is room', async () => {
      const one = start();
      await one.ask('open', folder);
      const open = await one.ask('claim', { keys: ['a'] });
      // There is room for a part of the next line.
      limit(one, String(statSync(file()).size + 100));
      for (let round = 0; round < 3; round++) {
        await assert.rejects(one.ask('claim', { keys: ['b'] }), refused('ledger-unwritable'));
        assert.equal(await one.ask('look', 'b'), null);
      }
      const before = readFileSync(file());
      await one.ask('settle', open, { a: 'the answer' });
      assert.deepEqual(await one.ask('told'), [{ trouble: 'unwritable', count: 1 }]);
      // Others get it all the same.
      assert.equal((await one.ask('look', 'a'))?.state, 'answered');
      await pause(1_200);
      assert.deepEqual(readFileSync(file()), before);
      assert.equal(linesIn(folder).length, 1);

      limit(one, 'unlimited');
      await one.ask('claim', { keys: ['b'] });
      const [, written] = await one.ask('told');
      assert.deepEqual(written, { trouble: 'written-again', count: 0 });
      await one.kill();
      assert.deepEqual(
        linesIn(folder).map(({ id, state, key }) => [id === open, state ?? key]),
        [
          [true, 'claimed'],
          [true, 'a'],
          [true, 'settled'],
          [false, 'claimed'],
        ],
      );
    });

    it('that has room again in time is nothing that a restart would know of', async () => {
      const one = start();
      await one.ask('open', folder);
      const open = await one.ask('claim', { keys: ['a'] });
      limit(one, String(statSync(file()).size));
      await one.ask('settle', open, { a: 'the answer' });
      limit(one, 'unlimited');
      await one.ask('close');
      assert.equal((await look(ledgerIn(folder), 'a'))?.state, 'answered');
    });

    it('is told apart from a folder that cannot be made', async () => {
      writeFileSync(folder, '');
      const ledger = ledgerIn(folder);
      await assert.rejects(ledger.claim(call(), patient()), (error) => {
        assert.ok(error instanceof VerifyError);
        assert.deepEqual(error.values, { code: 'EEXIST', folder });
        return refused('ledger-unwritable')(error);
      });
      unlinkSync(folder);
      await claimed(ledger, call());
    });
  });

  describe('damage', () => {
    it('anywhere in the last line costs that line alone, and is never written into', async () => {
      let ledger = ledgerIn(folder);
      await ledger.settle(await claimed(ledger, call(['a'])), answered({ a: 'the answer' }));
      const whole = statSync(file()).size;
      const open = await claimed(ledger, call(['b']));
      const all = readFileSync(file());
      for (let size = whole; size <= all.length; size += 7) {
        await ledger.close();
        writeFileSync(file(), all);
        truncateSync(file(), size);
        ledger = ledgerIn(folder);
        const later = await claimed(ledger, call(['c']));
        assert.equal((await look(ledger, 'a'))?.state, 'answered');
        await ledger.close();
        ledger = ledgerIn(folder);
        assert.deepEqual(await look(ledger, 'c'), { state: 'uncertain', entry: later });
        const isWhole = size >= all.length - 1;
        assert.deepEqual(await look(ledger, 'b'), isWhole ? { state: 'uncertain', entry: open } : null);
        const isCut = size > whole && !isWhole;
        assert.equal(
          ledger.told.some(({ trouble }) => trouble === 'damaged'),
          isCut,
          `${size} of ${all.length}`,
        );
      }
    });

    it('in the middle is told once, and hides nothing else', async () => {
      let ledger = ledgerIn(folder);
      await ledger.settle(await claimed(ledger, call(['a'])), answered({ a: 1 }));
      await ledger.close();
      const garbage = [
        '{',
        'null',
        '[]',
        '{"id":1}',
        '{"id":"x","at":"never","state":"claimed"}',
        '\0'.repeat(5_000),
      ];
      appendFileSync(file(), `${garbage.join('\n')}\n`);
      appendFileSync(file(), Buffer.from([0xff, 0xfe, 0x0a]));
      const end = linesIn.bind(null, folder);
      assert.throws(end);
      ledger = ledgerIn(folder);
      await ledger.settle(await claimed(ledger, call(['b'])), answered({ b: 2 }));
      await ledger.close();
      ledger = ledgerIn(folder);
      assert.equal((await look(ledger, 'a'))?.state, 'answered');
      assert.equal((await look(ledger, 'b'))?.state, 'answered');
      assert.deepEqual(ledger.told, [{ trouble: 'damaged', count: garbage.length + 1 }]);
      assert.equal((await ledger.find({}, 10)).length, 2);
    });

    it('of an answer is told where somebody asks for it, and is not paid for again', async () => {
      let ledger = ledgerIn(folder);
      for (const key of ['a', 'b'])
        await ledger.settle(await claimed(ledger, call([key])), answered({ [key]: key }));
      await ledger.close();
      // Each line is as it was written, for another key.
      const text = readFileSync(file(), 'utf8');
      writeFileSync(file(), text.replaceAll('"key":"a"', '"key":"?"').replaceAll('"key":"b"', '"key":"a"'));
      ledger = ledgerIn(folder);
      await assert.rejects(look(ledger, 'a'), refused('ledger-answer-unreadable'));
      await assert.rejects(ledger.claim(call(['a']), patient()), refused('ledger-answer-unreadable'));
    });

    it('of a whole file, or a file that is none, is told, and the others count', async () => {
      const march = Date.parse('2026-03-15T00:00:00Z');
      const earlier = ledgerIn(folder, () => march);
      await earlier.settle(await claimed(earlier, call(['a'])), answered({ a: 1 }));
      await earlier.close();
      mkdirSync(join(folder, '2026-02.jsonl'));
      execFileSync('mkfifo', [join(folder, '2026-04.jsonl')]);
      writeFileSync(join(folder, '2026-13.jsonl'), 'no month');
      const ledger = ledgerIn(folder, () => march + 2 * DAY);
      assert.equal((await look(ledger, 'a'))?.state, 'answered');
      assert.deepEqual(
        ledger.told.map(({ trouble, count }) => [trouble, count]),
        [
          ['unreadable', 2],
          ['from-the-future', 1],
        ],
      );
    });

    it('a file of many megabytes without a line end is not held in memory', async () => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const name = `${new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 7)}.jsonl`;
      writeFileSync(join(folder, name), '');
      truncateSync(join(folder, name), 400 * 1024 * 1024);
      const ledger = ledgerIn(folder);
      await claimed(ledger, call(['a']), patient(15_000));
      assert.deepEqual(ledger.told, [{ trouble: 'damaged', count: 1 }]);
      assert.ok(process.memoryUsage().arrayBuffers < 200 * 1024 * 1024);
    });
  });

  describe('another process', () => {
    it('that has the folder is told, and nothing is sent before it is gone', async () => {
      const one = start();
      await one.ask('open', folder);
      const open = await one.ask('claim', { keys: ['a'] });
      const ledger = ledgerIn(folder);
      for (let round = 0; round < 3; round++)
        await assert.rejects(ledger.claim(call(['a']), patient()), refused('ledger-held-elsewhere'));
      assert.deepEqual(ledger.told, [{ trouble: 'held-elsewhere', count: 0 }]);
      await one.kill();
      assert.deepEqual(await look(ledger, 'a'), { state: 'uncertain', entry: open });
      await claimed(ledger, call(['b']));
    });

    it('that thought this one dead has no last word on what is under way here', async () => {
      const ledger = ledgerIn(folder);
      const id = await claimed(ledger, call(['a']));
      const [{ keys: _, ...claim } = {}] = linesIn(folder);
      appendFileSync(file(), `${JSON.stringify({ ...claim, state: 'uncertain' })}\n`);
      unlinkSync(join(folder, 'lock'));
      await pause(1_100);
      await claimed(ledger, call(['b']));
      assert.equal((await look(ledger, 'a'))?.state, 'under-way');
      assert.deepEqual(await ledger.uncertain(), []);
      await ledger.settle(id, answered({ a: 1 }));
      await ledger.close();
      assert.equal((await look(ledgerIn(folder), 'a'))?.state, 'answered');
    });

    it('of this process counts as one', async () => {
      await claimed(ledgerIn(folder), call());
      await assert.rejects(ledgerIn(folder).claim(call(), patient()), refused('ledger-held-elsewhere'));
    });
  });

  describe('somebody who deletes', () => {
    it('the folder cannot make a call unclaimed that is under way', async () => {
      const ledger = ledgerIn(folder);
      const first = await claimed(ledger, call(['a']));
      rmSync(folder, { recursive: true });
      const second = await claimed(ledger, call(['b']));
      const isThere = () => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.jsonl'));
      const ids = () => (isThere() ? linesIn(folder).map(({ id }) => id) : []);
      for (const deadline = performance.now() + 10_000; ids().length < 2; await pause(20))
        assert.ok(performance.now() < deadline, 'It was not written again');
      assert.equal((await ledger.claim(call(['a']), patient())).state, 'taken');
      assert.deepEqual(ids().sort(), [first, second].sort());
      await ledger.settle(first, answered({ a: 1 }));
      assert.equal((await look(ledger, 'a'))?.state, 'answered');
    });

    it('the file loses what it held, and no more', async () => {
      const ledger = ledgerIn(folder);
      const open = await claimed(ledger, call(['a']));
      unlinkSync(file());
      // It is looked at once a second.
      await pause(1_100);
      await ledger.settle(open, answered({ a: 1 }));
      await ledger.close();
      assert.equal((await look(ledgerIn(folder), 'a'))?.state, 'answered');
    });
  });

  describe('the clock', () => {
    const at = (text: string) => Date.parse(text);

    for (const zone of ['America/New_York', 'Asia/Tokyo', 'UTC']) {
      it(`of a machine in ${zone} does not change when a day or month ends: in Shanghai`, async () => {
        const before = process.env.TZ;
        process.env.TZ = zone;
        try {
          let now = at('2026-02-28T15:59:58Z');
          const ledger = ledgerIn(folder, () => now);
          await claimed(ledger, call([], { maxPerDay: 1, maxPerMonth: 1 }));
          const over = (problem: string, retryAfter: number) => (error: unknown) => {
            assert.ok(error instanceof VerifyError);
            assert.deepEqual([error.code, error.details.retryAfter], ['BUDGET', retryAfter]);
            return refused(problem)(error);
          };
          await assert.rejects(ledger.claim(call([], { maxPerDay: 1 }), patient()), over('budget-day', 2));
          await assert.rejects(
            ledger.claim(call([], { maxPerMonth: 1 }), patient()),
            over('budget-month', 2),
          );
          now = at('2026-02-28T15:59:59.001Z');
          await assert.rejects(ledger.claim(call([], { maxPerDay: 1 }), patient()), over('budget-day', 1));
          now = at('2026-02-28T16:00:00Z');
          await claimed(ledger, call([], { maxPerDay: 1, maxPerMonth: 1 }));
          await assert.rejects(
            ledger.claim(call([], { maxPerDay: 1 }), patient()),
            over('budget-day', 86_400),
          );
          const days31 = 31 * 86_400;
          await assert.rejects(
            ledger.claim(call([], { maxPerMonth: 1 }), patient()),
            over('budget-month', days31),
          );
          assert.deepEqual(readdirSync(folder).sort(), ['2026-02.jsonl', '2026-03.jsonl', 'lock']);
          const days = await ledger.sums('day', {});
          assert.deepEqual(
            days.map(({ period, calls }) => [period, calls]),
            [
              ['2026-02-28', 1],
              ['2026-03-01', 1],
            ],
          );
          assert.deepEqual(await ledger.spent('an-account'), { day: 1, month: 1 });
        } finally {
          if (before === undefined) delete process.env.TZ;
          else process.env.TZ = before;
        }
      });
    }

    it('set back over the end of a month loses nothing', async () => {
      let now = at('2026-04-01T02:00:00Z');
      let ledger = ledgerIn(folder, () => now);
      const open = await claimed(ledger, call(['a']));
      const lost = await claimed(ledger, call(['b']));
      now -= DAY;
      await ledger.settle(open, answered({ a: 'the answer' }));
      await ledger.settle(await claimed(ledger, call(['c'])), answered({ c: 1 }));
      assert.deepEqual(await ledger.spent('an-account'), { day: 1, month: 1 });
      await ledger.close();
      ledger = ledgerIn(folder, () => now);
      const known = await look(ledger, 'a');
      assert.deepEqual([known?.state, known?.entry], ['answered', open]);
      assert.deepEqual(await look(ledger, 'b'), { state: 'uncertain', entry: lost });
      assert.equal((await ledger.look(['a'], 1_000, patient())).size, 1);
      assert.ok(ledger.told.some(({ trouble }) => trouble === 'from-the-future'));
      assert.deepEqual(await ledger.spent('an-account'), { day: 1, month: 1 });
    });

    it('set forward over the end of a month while a call is under way leaves it in one piece', async () => {
      let now = at('2026-03-31T15:59:59Z');
      const ledger = ledgerIn(folder, () => now);
      const open = await claimed(ledger, call(['a']));
      now += 2_000;
      await ledger.settle(open, answered({ a: 1 }));
      assert.deepEqual(readdirSync(folder).sort(), ['2026-03.jsonl', 'lock']);
      assert.equal((await ledger.find({ id: open }, 1))[0]?.state, 'settled');
    });
  });

  it('a ledger that cannot be had in time is an error', async () => {
    const ledger = ledgerIn(folder, Date.now, () => new Promise(() => {}));
    await assert.rejects(ledger.claim(call(), patient(50)), refused('ledger-unwritable'));
    const patience = patient();
    const claim = ledger.claim(call(), patience);
    patience.cancel.cancel();
    await assert.rejects(claim, refused('cancelled'));
  });
});
