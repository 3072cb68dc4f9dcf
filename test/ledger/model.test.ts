/** The ledger against a model of it, over random claims, ends, kills, full disks and wrong clocks. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import * as fc from 'fast-check';
import type { KeyState } from '../../src/ledger/entry';
import { temporaryDirectory } from '../demo-process';
import { type End, type LedgerProcess, startProcess } from './process';

const DAY_MS = 86_400_000;
const NOON = Date.parse('2026-03-10T04:00:00Z');
const KEYS = ['a', 'b', 'c'];
const CONTENTS = ['one person', 'another person'];
/** A clock that is wrong for as long as one process runs. */
const BEHIND = [0, NOON - 3 * 365 * DAY_MS];
const AHEAD = NOON + 2 * 365 * DAY_MS;

interface ModelEntry {
  id: string;
  key: string;
  content: string;
  state: 'open' | 'answered' | 'unkept' | 'free' | 'uncertain' | 'released';
  day: string;
  isCounted: boolean;
  /** Its end is in memory only. */
  isUnwritten: boolean;
}

class Model {
  readonly entries: ModelEntry[] = [];
  readonly owners = new Map<string, ModelEntry>();
  now = NOON;
  isFull = false;

  look(key: string, content: string): [string, string] | null {
    const owner = this.owners.get(key);
    // Whoever asks for a key that is free only in memory waits until the disk can be written.
    const freed = this.entries.find((each) => each.key === key && each.state === 'free' && each.isUnwritten);
    if (!owner) return freed ? ['under-way', freed.id] : null;
    const { id, state } = owner;
    if (state === 'open') return ['under-way', id];
    if (state === 'uncertain') return [state, id];
    if (owner.content === content) return ['answered', id];
    if (state === 'answered') return ['other-content', id];
    return owner.isUnwritten ? ['under-way', id] : null;
  }

  claim(id: string, key: string, content: string): void {
    const entry = { id, key, content, state: 'open', day: dayOf(this.now), isCounted: true } as const;
    this.entries.push({ ...entry, isUnwritten: false });
    this.owners.set(key, this.entries.at(-1)!);
  }

  settle(entry: ModelEntry, end: End): void {
    entry.isUnwritten = this.isFull;
    entry.state = end === 'unknown' ? 'uncertain' : end === 'notProcessed' ? 'free' : end;
    entry.isCounted = end !== 'notProcessed';
    if (entry.state === 'free' && this.owners.get(entry.key) === entry) this.owners.delete(entry.key);
  }

  release(entry: ModelEntry): void {
    entry.state = 'released';
    if (this.owners.get(entry.key) === entry) this.owners.delete(entry.key);
  }

  /** What was only in memory is lost, and what was under way is uncertain. */
  restart(isKilled: boolean): void {
    for (const entry of this.entries) {
      const isLost = entry.isUnwritten && isKilled;
      entry.isUnwritten = false;
      if (!isLost && entry.state !== 'open') continue;
      if (entry.state === 'free') this.owners.set(entry.key, entry);
      entry.state = 'uncertain';
      entry.isCounted = true;
    }
    this.isFull = false;
    this.now += DAY_MS;
  }

  spent(): number {
    return this.entries.filter(({ day, isCounted }) => isCounted && day === dayOf(this.now)).length;
  }
}

class Real {
  process = startProcess();
  constructor(readonly file: string) {}

  ask: LedgerProcess['ask'] = (name, ...parameters) => this.process.ask(name, ...parameters);
}

type Command = fc.AsyncCommand<Model, Real>;

const dayOf = (time: number) => new Date(time + 8 * 3_600_000).toISOString().slice(0, 10);
const shown = (state: KeyState | null | undefined) => (state ? [state.state, state.entry] : null);
const always = { check: () => true };
const show = (text: string) => ({ toString: () => text });

const looks = (key: string, content: string): Command => ({
  ...show(`look(${key}, ${content})`),
  ...always,
  async run(model, real) {
    assert.deepEqual(shown(await real.ask('look', key, content)), model.look(key, content));
  },
});

const claims = (key: string, content: string): Command => ({
  ...show(`claim(${key}, ${content})`),
  check: ({ entries, isFull }) => !isFull || !entries.some((each) => each.key === key && each.isUnwritten),
  async run(model, real) {
    const wanted = model.look(key, content);
    const claim = real.ask('claim', { keys: [{ key, content }] });
    if (model.isFull && !wanted) {
      await assert.rejects(claim, { code: 'CONFIG', problem: 'database-unwritable' });
      return;
    }
    const answer = await claim;
    if (answer.state === 'known') assert.deepEqual(shown(answer.keys.get(key)), wanted);
    else {
      assert.equal(wanted, null, 'paid for twice');
      model.claim(answer.id, key, content);
    }
  },
});

const settles = (index: number, end: End): Command => ({
  ...show(`settle(${index}, ${end})`),
  check: ({ entries }) => entries[index]?.state === 'open',
  async run(model, real) {
    const entry = model.entries[index]!;
    await real.ask('settle', entry.id, end, [entry.key]);
    model.settle(entry, end);
  },
});

const releases = (index: number): Command => ({
  ...show(`release(${index})`),
  check: ({ entries, isFull }) => entries[index] !== undefined && !isFull,
  async run(model, real) {
    const entry = model.entries[index]!;
    const released = await real.ask('release', [entry.id]);
    assert.deepEqual(released, entry.state === 'uncertain' ? [entry.id] : []);
    if (entry.state === 'uncertain') model.release(entry);
  },
});

const restarts = (isKilled: boolean, wrong: number | undefined): Command => ({
  ...show(`${isKilled ? 'kill' : 'close'}(${wrong ?? 'right clock'})`),
  check: () => true,
  async run(model, real) {
    if (isKilled) {
      await real.process.kill();
      real.process = startProcess();
    } else {
      real.process.limit('unlimited');
      await real.ask('close');
    }
    model.restart(isKilled);
    const right = model.now;
    if (wrong !== undefined) {
      model.now = wrong;
      await real.ask('open', real.file, wrong);
      for (const key of KEYS) await looks(key, CONTENTS[0]!).run(model, real);
      await claims(`under ${wrong}`, CONTENTS[0]!).run(model, real);
      const last = model.entries.at(-1)!;
      if (last.state === 'open') await settles(model.entries.length - 1, 'answered').run(model, real);
      await real.ask('close');
      model.now = right;
    }
    await real.ask('open', real.file, right);
    for (const { key } of model.entries) await looks(key, CONTENTS[0]!).run(model, real);
  },
});

const fills = (isFull: boolean): Command => ({
  ...show(isFull ? 'full disk' : 'room on the disk'),
  check: (model) => model.isFull !== isFull,
  async run(model, real) {
    real.process.limit(isFull ? 0 : 'unlimited');
    model.isFull = isFull;
    if (isFull) return;
    for (const entry of model.entries.filter(({ isUnwritten }) => isUnwritten)) {
      // What is kept in memory is written within a second or so.
      while ((await real.ask('find', entry.id))?.state === 'claimed')
        await new Promise((resolve) => setTimeout(resolve, 50));
      entry.isUnwritten = false;
    }
  },
});

const counts = (): Command => ({
  ...show('spent'),
  check: ({ isFull }) => !isFull,
  async run(model, real) {
    assert.equal((await real.ask('spent')).day, model.spent());
    const uncertain = model.entries.filter(({ state }) => state === 'uncertain').map(({ id }) => id);
    const { entries, count } = await real.ask('uncertain');
    assert.deepEqual([entries.map(({ id }) => id).sort(), count], [uncertain.sort(), uncertain.length]);
  },
});

const key = fc.constantFrom(...KEYS);
const content = fc.constantFrom(...CONTENTS);
const index = fc.nat(12);
const end = fc.constantFrom<End>('answered', 'answered', 'unkept', 'notProcessed', 'unknown');

describe('the ledger', () => {
  it('is what its model is', async function () {
    this.timeout(300_000);
    const commands = fc.commands(
      [
        fc.tuple(key, content).map((each) => claims(...each)),
        fc.tuple(key, content).map((each) => claims(...each)),
        fc.tuple(key, content).map((each) => looks(...each)),
        fc.tuple(index, end).map((each) => settles(...each)),
        fc.tuple(index, end).map((each) => settles(...each)),
        index.map(releases),
        fc.tuple(fc.boolean(), fc.constantFrom(undefined, ...BEHIND, AHEAD)).map((each) => restarts(...each)),
        fc.boolean().map(fills),
        fc.constant(counts()),
      ],
      { maxCommands: 40, size: 'max' },
    );
    await fc.assert(
      fc.asyncProperty(commands, async (all) => {
        const real = new Real(join(temporaryDirectory(), 'cn-verify.db'));
        await real.ask('open', real.file, NOON);
        try {
          const model = new Model();
          await claims('first', CONTENTS[0]!).run(model, real);
          await settles(0, 'answered').run(model, real);
          await fc.asyncModelRun(() => ({ model, real }), all);
        } finally {
          await real.process.kill();
        }
      }),
      { numRuns: 10, endOnFailure: true },
    );
  });
});
