/** Calls, keys and what is asked under them: docs/contract.md, "Ledger". */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VerifyError } from '../../src/contract/errors';
import { FIELDS } from '../../src/ledger/columns';
import { createEntry, newId, settleEntry } from '../../src/ledger/entry';
import { temporaryDirectory } from '../demo-process';
import { closeAll } from '../http/server';
import { leaksIn, PRIVATE } from '../private';
import {
  ACCOUNT,
  answered,
  call,
  claim,
  claimed,
  done,
  idOf,
  notProcessed,
  openLedger,
  rowsIn,
  type TestLedger,
  unknown,
} from './ledgers';

const DAY = 86_400_000;

describe('an entry', () => {
  it('has nothing of a call, and of how it ended, but its columns', () => {
    const more = { photo: PRIVATE };
    const now = Date.now();
    const entry = createEntry(newId(now), { ...call(['k'], { purpose: 'access' }), ...more }, now);
    const settled = settleEntry(entry, { ...answered({ k: 1 }), ...more });
    for (const one of [entry, settled]) assert.deepEqual(Object.keys(one).sort(), FIELDS.toSorted());
    assert.deepEqual([settled.purpose, settled.outcome], ['access', 'passed']);
  });
});

describe('the ledger', () => {
  let file: string;
  let ledger: TestLedger;
  beforeEach(() => {
    file = join(temporaryDirectory(), 'cn-verify.db');
    ledger = openLedger(file);
  });
  afterEach(closeAll);

  const reopen = async (now = Date.now) => {
    await ledger.close();
    ledger = openLedger(file, { now });
  };
  const entryOf = async (id: string) => (await ledger.ledger.find({ id }, 1))[0];

  describe('writes', () => {
    it('a claim before it is sent, and how it ended', async () => {
      const before = Date.now();
      const id = await claimed(ledger, call(['k'], { price: 0.8 }));
      const open = await entryOf(id);
      const { at } = open!;
      assert.ok(Date.parse(at) >= before && Date.parse(at) <= Date.now());
      const entry = {
        ...Object.fromEntries(FIELDS.map((field) => [field, null])),
        id,
        account: ACCOUNT,
        node: 'a-node',
        operation: 'face-compare',
        state: 'claimed',
        price: 0.8,
        at,
      };
      assert.deepEqual(open, entry);

      await ledger.ledger.settle(id, answered({ k: { score: 0.9 } }));
      const settled = { state: 'settled', outcome: 'passed', code: '0', requestId: 'a-request' };
      assert.deepEqual(await entryOf(id), { ...entry, ...settled, charged: true, durationMs: 12 });
    });

    it('no key, no content and no answer that anybody else could read', async () => {
      for (const value of PRIVATE)
        await done(
          ledger,
          call([], { keys: [{ key: value, content: value }] }),
          answered({ [value]: value }),
        );
      for (const value of PRIVATE)
        assert.equal(((await ledger.look(value, value)) as { answer: unknown }).answer, value);
      await ledger.close();
      const text =
        readFileSync(file).toString('latin1') + JSON.stringify(rowsIn(file, 'SELECT digest FROM keys'));
      assert.deepEqual(leaksIn(text), []);
      assert.deepEqual(leaksIn(readFileSync(file, 'utf8')), []);
      assert.equal(rowsIn(file, 'SELECT digest FROM keys').length, PRIVATE.length);
    });

    it('ids that sort as time, also within a millisecond and over another clock', async () => {
      let now = Date.parse('2026-03-01T00:00:00.998Z');
      await reopen(() => now);
      const ids: string[] = [];
      for (let index = 0; index < 60; index++) {
        ids.push(await claimed(ledger, call()));
        if (index % 20 === 19) now++;
      }
      assert.deepEqual(ids, [...new Set(ids)].sort());
      for (const id of ids) assert.match(id, /^20260301-0800(?:00|01)-[0-9a-f]{12}$/);
      assert.deepEqual(
        (await ledger.ledger.find({}, 100)).map(({ id }) => id),
        ids.reverse(),
      );
    });
  });

  it('makes another key of the same text for another account', async () => {
    await done(ledger, call(['k']), answered({ k: 1 }));
    assert.equal((await claim(ledger, call(['k'], { account: 'another' }))).state, 'claimed');
    assert.equal((await claim(ledger, call(['k'], { account: `${ACCOUNT} k` }))).state, 'claimed');
  });

  describe('pays once for a key', () => {
    it('of 1,000 calls at once', async () => {
      const claims = await Promise.all(Array.from({ length: 1_000 }, () => claim(ledger, call(['k']))));
      const [first, ...more] = claims.filter(({ state }) => state === 'claimed');
      assert.equal(more.length, 0);
      const id = idOf(first!);
      for (const each of claims) {
        if (each.state === 'known')
          assert.deepEqual([...each.keys], [['k', { state: 'under-way', entry: id }]]);
      }
      const waiting = Array.from({ length: 999 }, () =>
        ledger.ledger.whenOver(id, new AbortController().signal),
      );
      await ledger.ledger.settle(id, answered({ k: 'the answer' }));
      await Promise.all(waiting);
      const { at } = (await entryOf(id))!;
      const known = { state: 'answered', entry: id, at, answer: 'the answer' };
      assert.deepEqual(await ledger.look('k'), known);
      assert.deepEqual(await claim(ledger, call(['k'])), { state: 'known', keys: new Map([['k', known]]) });
    });

    it('and gives everybody who waits the answer as it was, whatever a flow does to its own', async () => {
      const id = await claimed(ledger, call(['k']));
      const found = { score: 0.9 };
      const settled = ledger.ledger.settle(id, answered({ k: found }));
      found.score = 0;
      const known = await Promise.all([ledger.look('k'), ledger.look('k')]);
      for (const state of known) {
        assert.ok(state?.state === 'answered');
        const answer = state.answer as typeof found;
        assert.equal(answer.score, 0.9);
        answer.score = 0;
      }
      await settled;
      assert.deepEqual((await ledger.look('k')) as object, { ...known[0], answer: { score: 0.9 } });
    });

    it('of many keys with all of them or not at all', async () => {
      await done(ledger, call(['b']), answered({ b: 1 }));
      const one = await claim(ledger, call(['a', 'b', 'c']));
      assert.deepEqual(one.state === 'known' && [...one.keys.keys()], ['b']);
      assert.equal(await ledger.look('a'), null);
      assert.equal((await claim(ledger, call(['a', 'c', 'c']))).state, 'claimed');
    });

    it('and a key without an answer is free again', async () => {
      await done(ledger, call(['a', 'b']), answered({ a: 1 }));
      assert.equal(await ledger.look('b'), null);
      await reopen();
      assert.deepEqual([(await ledger.look('a'))?.state, await ledger.look('b')], ['answered', null]);
    });

    it('that was under way when a process ended: it is uncertain then', async () => {
      const id = await claimed(ledger, call(['k']));
      await reopen();
      assert.deepEqual(await ledger.look('k'), { state: 'uncertain', entry: id });
      assert.deepEqual(ledger.notices, ['uncertain']);
      await reopen();
      assert.equal((await ledger.look('k'))?.state, 'uncertain');
      assert.deepEqual(ledger.notices, []);
    });

    it('for as long as somebody wants to reuse it', async () => {
      let now = Date.parse('2026-03-01T00:00:00Z');
      await reopen(() => now);
      await done(ledger, call(['k']), answered({ k: 'old' }));
      now += 10 * DAY;
      assert.equal(await ledger.look('k', 'request', 9 * DAY), null);
      assert.equal((await ledger.look('k', 'request', 11 * DAY))?.state, 'answered');
      const id = await done(ledger, call(['k'], { maxAgeMs: 9 * DAY }), answered({ k: 'new' }));
      assert.equal((await ledger.look('k', 'request', 9 * DAY))?.entry, id);

      // What is uncertain is never too old.
      now += 300 * DAY;
      const second = await done(ledger, call(['k'], { maxAgeMs: DAY }), unknown);
      now += 300 * DAY;
      assert.deepEqual(await ledger.look('k', 'request', 1), { state: 'uncertain', entry: second });
    });
  });

  describe('knows what was asked under a key', () => {
    const asking = (content: string, changes = {}) => call([], { keys: [{ key: 'k', content }], ...changes });

    it('while the end is not on disk, too', async () => {
      const id = await claimed(ledger, asking('one person'));
      assert.deepEqual(await ledger.look('k', 'another person'), { state: 'under-way', entry: id });
      const settled = ledger.ledger.settle(id, answered({ k: 'the verdict' }));
      assert.equal((await ledger.look('k', 'another person'))?.state, 'other-content');
      assert.equal((await ledger.look('k', 'one person'))?.state, 'answered');
      await settled;
    });

    it('and finds all calls that had a key, newest first', async () => {
      const ids = [
        await done(ledger, asking('a'), notProcessed),
        await done(ledger, asking('b'), unknown),
        '',
        '',
      ];
      await ledger.ledger.release([ids[1]!]);
      ids[2] = await done(ledger, asking('c'), answered({ k: 1 }, { keepsKeys: false }));
      ids[3] = await done(ledger, asking('d'), answered({ k: 2 }));
      await done(ledger, call(['another']), answered({ another: 1 }));
      await reopen();
      const found = (await ledger.ledger.find({ account: ACCOUNT, key: 'k' }, 10)).map(({ id }) => id);
      assert.deepEqual(found, ids.reverse());
      assert.equal((await ledger.ledger.find({ account: ACCOUNT, key: 'k' }, 2)).length, 2);
      assert.deepEqual(await ledger.ledger.find({ account: 'another', key: 'k' }, 10), []);
    });
  });

  it('asks again for what turned out to be no answer, under either name', async () => {
    const keys = [
      { key: 'photo', content: '', alias: 'address' },
      { key: 'other', content: '' },
    ];
    await done(ledger, call([], { keys }), answered({ photo: 'seen', other: 'seen' }));
    assert.equal((await ledger.look('address', ''))?.state, 'answered');
    await ledger.ledger.discard(ACCOUNT, [
      { key: 'address', holds: 'seen' },
      { key: 'nobody knows it', holds: 'seen' },
      // It has another answer by now.
      { key: 'other', holds: 'unseen' },
    ]);
    for (const key of ['photo', 'address']) assert.equal(await ledger.look(key, ''), null);
    assert.equal((await ledger.look('other', ''))?.state, 'answered');
    const id = await claimed(ledger, call([], { keys: [keys[0]!] }));
    // What is under way is nobody's to discard.
    await ledger.ledger.discard(ACCOUNT, [{ key: 'photo', holds: 'seen' }]);
    assert.deepEqual(await ledger.look('photo', ''), { state: 'under-way', entry: id });
  });

  it('waits for a call no longer than somebody wants', async () => {
    const id = await claimed(ledger, call(['k']));
    const cancel = new AbortController();
    const waiting = ledger.ledger.whenOver(id, cancel.signal);
    cancel.abort();
    await waiting;
    await ledger.ledger.whenOver('no such call', new AbortController().signal);
    const later = ledger.ledger.whenOver(id, new AbortController().signal);
    await ledger.close();
    await later;
  });

  it('claims nothing for somebody who is gone, or once it is closed', async () => {
    const cancelled = (error: unknown) =>
      error instanceof VerifyError && error.code === 'CANCELLED' && error.details.charged === false;
    const gone = new AbortController();
    gone.abort();
    await assert.rejects(ledger.ledger.claim(call(), gone.signal), cancelled);
    // Whoever goes while the claim is written has not sent it.
    const going = new AbortController();
    const claiming = ledger.ledger.claim(call(['k']), going.signal);
    going.abort();
    await assert.rejects(claiming, cancelled);
    while ((await ledger.look('k')) !== null) await new Promise((resolve) => setTimeout(resolve, 5));
    const [entry] = await ledger.ledger.find({}, 2);
    assert.deepEqual([entry?.state, entry?.error, entry?.charged], ['settled', 'CANCELLED', false]);
    await ledger.close();
    await assert.rejects(claim(ledger, call()), cancelled);
  });

  it('lets messages wait that come while it opens', async () => {
    await done(ledger, call(['k']), answered({ k: 1 }));
    await ledger.close();
    let give = () => {};
    const secret = new Promise<Uint8Array>((resolve) => {
      give = () => resolve(Buffer.alloc(32, 7));
    });
    ledger = openLedger(file, { secret: () => secret });
    const [known, other] = [claim(ledger, call(['k'])), claim(ledger, call(['another']))];
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(ledger.database.state(), 'opening');
    give();
    assert.deepEqual([(await known).state, (await other).state], ['known', 'claimed']);
  });
});
