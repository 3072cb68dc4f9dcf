import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Cancel } from '../../src/cancel';
import { VerifyError } from '../../src/errors';
import type { Entry } from '../../src/ledger/ledger';
import { temporaryDirectory } from '../demo-process';
import { leaksIn, PRIVATE } from '../private';
import {
  answered,
  call,
  claimed,
  closeLedgers,
  idOf,
  ledgerIn,
  linesIn,
  MASTER,
  notTaken,
  patient,
  type TestLedger,
  textIn,
  unknown,
} from './ledgers';

const DAY = 86_400_000;

describe('the ledger on disk', () => {
  let folder: string;
  let ledger: TestLedger;
  beforeEach(() => {
    folder = join(temporaryDirectory(), 'ledger');
    ledger = ledgerIn(folder);
  });
  afterEach(closeLedgers);

  const reopened = async (now = Date.now) => {
    await ledger.close();
    ledger = ledgerIn(folder, now);
    return ledger;
  };
  const look = async (key: string, maxAgeMs: number | null = null) =>
    (await ledger.look([key], maxAgeMs, patient())).get(key) ?? null;

  describe('writes', () => {
    it('a claim before it is sent, and how it ended, as lines that anybody can read', async () => {
      const id = await claimed(ledger, call(['k'], { price: 0.8 }));
      const [claim, ...none] = linesIn(folder);
      assert.deepEqual(none, []);
      const { at, ...rest } = claim!;
      assert.ok(Math.abs(Date.parse(String(at)) - Date.now()) < 5_000);
      const empty = { outcome: null, reason: null, code: null, error: null, requestId: null, orderNo: null };
      assert.deepEqual(rest, {
        ...{ id, account: 'an-account', node: 'a-node', operation: 'face-compare', state: 'claimed' },
        ...{ ...empty, charged: null, price: 0.8, durationMs: null, keys: ['k'] },
      });

      await ledger.settle(id, answered({ k: { score: 0.9 } }));
      const [, answer, end, ...more] = linesIn(folder);
      assert.deepEqual(more, []);
      assert.deepEqual(Object.keys(answer!), ['id', 'at', 'key', 'answer']);
      const { keys: _, ...entry } = claim!;
      assert.deepEqual(end, {
        ...entry,
        ...{
          state: 'settled',
          outcome: 'passed',
          code: '0',
          requestId: 'a-request',
          charged: true,
          durationMs: 12,
        },
      });
    });

    it('files for their owner alone', async () => {
      await claimed(ledger, call());
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      for (const name of readdirSync(folder)) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600);
    });

    it('no key and no answer that anybody else could read', async () => {
      const keys = await Promise.all(PRIVATE.map((value) => ledger.digest('an-account', value)));
      const id = await claimed(ledger, call(keys));
      await ledger.settle(id, answered(Object.fromEntries(keys.map((key, index) => [key, PRIVATE[index]]))));
      const text = textIn(folder);
      const inBase64 = PRIVATE.filter((value) =>
        text.includes(Buffer.from(value).toString('base64').slice(0, -4)),
      );
      assert.deepEqual([...leaksIn(text), ...inBase64], []);
      assert.equal(linesIn(folder).length, PRIVATE.length + 2);
      for (const [index, key] of keys.entries())
        assert.deepEqual(((await look(key)) as { answer: unknown }).answer, PRIVATE[index]);
    });
  });

  describe('makes of a key', () => {
    it('what tells nothing of it, and is another for another account', async () => {
      const digest = await ledger.digest('a', 'key');
      assert.match(digest, /^[\w-]{22}$/);
      assert.equal(await (await reopened()).digest('a', 'key'), digest);
      const others = [ledger.digest('b', 'key'), ledger.digest('a', 'key '), ledger.digest('a k', 'ey')];
      await ledger.close();
      const elsewhere = ledgerIn(folder, Date.now, async () => Buffer.alloc(32, 8));
      const all = await Promise.all([...others, elsewhere.digest('a', 'key')]);
      assert.equal(new Set([digest, ...all]).size, 5);
    });

    it('of a megabyte the same as of any other, in no time', async () => {
      const key = 'ж'.repeat(1024 * 1024);
      const start = performance.now();
      assert.match(await ledger.digest('a', key), /^[\w-]{22}$/);
      assert.ok(performance.now() - start < 200);
    });
  });

  describe('pays once for a key', () => {
    it('of 1,000 calls at once', async () => {
      const claims = await Promise.all(
        Array.from({ length: 1_000 }, () => ledger.claim(call(['k']), patient())),
      );
      const [first, ...more] = claims.filter(({ state }) => state === 'claimed');
      assert.equal(more.length, 0);
      const id = idOf(first!);
      for (const claim of claims) {
        if (claim.state === 'taken')
          assert.deepEqual([...claim.known], [['k', { state: 'under-way', entry: id }]]);
      }
      const waiting = Array.from({ length: 999 }, () => ledger.whenOver(id, new Cancel()));
      await ledger.settle(id, answered({ k: 'the answer' }));
      await Promise.all(waiting);
      const { at } = (await ledger.find({ id }, 1))[0]!;
      const known = { state: 'answered', entry: id, at, answer: 'the answer' };
      assert.deepEqual(await look('k'), known);
      assert.deepEqual(await ledger.claim(call(['k']), patient()), {
        state: 'taken',
        known: new Map([['k', known]]),
      });
    });

    it('after a restart too, and gives the answer as it was', async () => {
      const answer = { score: 0.5, text: '"\n…', list: [1, null, { deep: true }] };
      const id = await claimed(ledger, call(['k']));
      await ledger.settle(id, answered({ k: answer }));
      await reopened();
      const found = await look('k');
      assert.deepEqual(
        [found?.state, found?.entry, (found as { answer: unknown }).answer],
        ['answered', id, answer],
      );
    });

    it('before its end is on disk', async () => {
      const id = await claimed(ledger, call(['k']));
      const settled = ledger.settle(id, answered({ k: 1 }));
      assert.equal((await look('k'))?.state, 'answered');
      await settled;
    });

    it('of many keys with all of them or not at all', async () => {
      await ledger.settle(await claimed(ledger, call(['b'])), answered({ b: 1 }));
      const claim = await ledger.claim(call(['a', 'b', 'c']), patient());
      assert.deepEqual(claim.state === 'taken' && [...claim.known.keys()], ['b']);
      assert.equal(await look('a'), null);
      assert.equal((await ledger.claim(call(['a', 'c', 'c']), patient())).state, 'claimed');
    });

    it('unless it was not taken', async () => {
      const id = await claimed(ledger, call(['k']));
      await ledger.settle(id, notTaken);
      assert.equal(await look('k'), null);
      await reopened();
      assert.equal(await look('k'), null);
      const [entry] = await ledger.find({ id }, 1);
      assert.deepEqual([entry?.state, entry?.charged, entry?.price], ['settled', false, 0]);
      await claimed(ledger, call(['k']));
    });

    it('and a key without an answer is free again', async () => {
      await ledger.settle(await claimed(ledger, call(['a', 'b'])), answered({ a: 1 }));
      assert.equal(await look('b'), null);
      await reopened();
      assert.deepEqual([(await look('a'))?.state, await look('b')], ['answered', null]);
    });

    it('and never where nobody knows what became of it, until that is released', async () => {
      const id = await claimed(ledger, call(['k']));
      await ledger.settle(id, unknown);
      for (let round = 0; round < 2; round++) {
        assert.deepEqual(await look('k'), { state: 'uncertain', entry: id });
        assert.equal((await ledger.claim(call(['k']), patient())).state, 'taken');
        const [entry] = await ledger.uncertain();
        assert.deepEqual([entry?.id, entry?.state, entry?.error], [id, 'uncertain', 'TIMEOUT']);
        await reopened();
      }
      assert.equal(await ledger.release(id), true);
      assert.equal(await ledger.release(id), false);
      for (let round = 0; round < 2; round++) {
        assert.equal(await look('k'), null);
        assert.deepEqual(await ledger.uncertain(), []);
        assert.equal((await ledger.find({ id }, 1))[0]?.state, 'released');
        await reopened();
      }
      await claimed(ledger, call(['k']));
    });

    it('that was under way when a process ended: it is uncertain then', async () => {
      const id = await claimed(ledger, call(['k']));
      await reopened();
      assert.deepEqual(await look('k'), { state: 'uncertain', entry: id });
      assert.deepEqual(ledger.told, [{ trouble: 'uncertain', count: 1 }]);
      await reopened();
      assert.deepEqual(ledger.told, []);
      assert.deepEqual(
        linesIn(folder).map(({ state }) => state),
        ['claimed', 'uncertain'],
      );
    });

    it('for as long as somebody wants to reuse it', async () => {
      let now = Date.parse('2026-03-01T00:00:00Z');
      ledger = await reopened(() => now);
      const old = await claimed(ledger, call(['k']));
      await ledger.settle(old, answered({ k: 'old' }));
      now += 10 * DAY;
      assert.equal(await look('k', 9 * DAY), null);
      assert.equal((await look('k', 11 * DAY))?.state, 'answered');
      const id = await claimed(ledger, call(['k'], { maxAgeMs: 9 * DAY }));
      await ledger.settle(id, answered({ k: 'new' }));
      assert.equal((await look('k', 9 * DAY))?.entry, id);

      now += 100 * DAY;
      await reopened(() => now);
      assert.equal(await look('k'), null);
      assert.equal(await look('k', 99 * DAY), null);
      assert.equal((await look('k', 101 * DAY))?.entry, id);
      // What happened since counts more than what is read then.
      await ledger.settle(await claimed(ledger, call(['k'], { maxAgeMs: 1 })), unknown);
      assert.equal((await look('k', 300 * DAY))?.state, 'uncertain');
    });
  });

  it('waits for a call no longer than somebody wants', async () => {
    const id = await claimed(ledger, call(['k']));
    const cancel = new Cancel();
    const waiting = ledger.whenOver(id, cancel);
    cancel.cancel();
    await waiting;
    await ledger.whenOver('no such call', new Cancel());
    const later = ledger.whenOver(id, new Cancel());
    await ledger.close();
    await later;
  });

  it('tells each entry as it is settled', async () => {
    const heard: Entry[] = [];
    const forget = ledger.subscribe((entry) => heard.push(entry));
    await ledger.settle(await claimed(ledger, call()), answered());
    await ledger.settle(await claimed(ledger, call()), unknown);
    forget();
    await ledger.settle(await claimed(ledger, call()), answered());
    assert.deepEqual(
      heard.map(({ state }) => state),
      ['settled', 'uncertain'],
    );
    assert.deepEqual(heard[0], (await ledger.find({ id: heard[0]!.id }, 1))[0]);
  });

  it('claims nothing for somebody who is gone, or once it is closed', async () => {
    const patience = patient();
    patience.cancel.cancel();
    const cancelled = (error: unknown) =>
      error instanceof VerifyError && error.code === 'CANCELLED' && error.details.charged === false;
    await assert.rejects(ledger.claim(call(), patience), cancelled);
    await ledger.close();
    await assert.rejects(ledger.claim(call(), patient()), cancelled);
    await ledger.close();
  });

  it('says so where the secret cannot be had, and has it once it can', async () => {
    await ledger.close();
    let failure: Error | null = Object.assign(new Error('no'), { code: 'EACCES' });
    ledger = ledgerIn(folder, Date.now, async () => {
      if (failure) throw failure;
      return MASTER;
    });
    const expected = { code: 'CONFIG', problem: 'ledger-key-unreadable', values: { code: 'EACCES' } };
    await assert.rejects(ledger.claim(call(), patient()), expected);
    await assert.rejects(ledger.digest('a', 'b'), expected);
    failure = null;
    await claimed(ledger, call());
  });
});
