/**
 * The ledger of many Node-REDs, in one Redis: a claim, its budgets and its rate are one script. A process holds a lease;
 * once that is over, what it had claimed is uncertain. What could not be settled, as Redis was away, is settled later.
 */
import { randomUUID } from 'node:crypto';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { masterKey } from '../waiting/key';
import { overBudget, type Spent, WARN_FROM } from './budget';
import { dayOf, type Period } from './calendar';
import { begun, ended, NOT_SENT } from './ends';
import type {
  BudgetWarning,
  Call,
  Claim,
  Entry,
  Known,
  KnownKeys,
  Ledger,
  Patience,
  Query,
  Settlement,
  Sum,
} from './ledger';
import { cancelled, pause } from './patience';
import { entryOf } from './record';
import { RedisConnection, type RedisProblems, type RedisTrouble } from './redis-connection';
import { PREFIX, SCRIPTS } from './scripts';
import { Secret } from './secret';
import { columnOf, emptySum, PRICE_STEPS, sumsBy } from './sums';

const DAY_MS = 86_400_000;
const REMEMBERED_MS = 31 * DAY_MS;
const KEPT_MS = 13 * 31 * DAY_MS;
const LEASE_MS = 30_000;
const TRY_AGAIN_MS = 50;
const SETTLE_AGAIN_MS = 500;
const WATCH_MS = 250;
const WATCHED_AT_ONCE = 1_000;
const PAGE = 500;
const CLOSE_MS = 4_000;
const READER: Patience = { timeoutMs: 10_000, cancel: new Cancel() };
const ONCE: Patience = { timeoutMs: 0, cancel: new Cancel() };

const PROBLEMS: RedisProblems = {
  unreadable: () => new VerifyError('CONFIG', 'ledger-url-unreadable', {}, { charged: false }),
  refused: (code) => new VerifyError('CONFIG', 'ledger-refused', { code }, { charged: false }),
  away: (seconds, code) => new VerifyError('NETWORK', 'ledger-away', { seconds, code }, { charged: false }),
  secretDiffers: () => new VerifyError('CONFIG', 'ledger-secret-differs', {}, { charged: false }),
};

export interface RedisLedgerOptions {
  /** `redis:` or `rediss:`, with user name, password and database. */
  url: string;
  /** The same text in every process. */
  secret: string;
  /** `place`: host and port; `count`: ends of calls that wait to be written. */
  told(trouble: RedisTrouble, values: { place: string; count: number; code: string }): void;
  onBudget(warning: BudgetWarning): void;
  /** Milliseconds without a sign of life after which a process counts as dead. */
  leaseMs?: number;
  /** Milliseconds for which calls that are under way may still end when it is closed; none where it is left out. */
  graceMs?: number;
}

/** How a call ended, on its way to Redis. */
interface Ending {
  id: string;
  keys: string[];
  parameters: string[];
  isAbandoned: boolean;
}

interface Mine {
  entry: Entry;
  keys: readonly string[];
}

/** @returns a ledger that connects at first use */
export function openRedisLedger(options: RedisLedgerOptions): Ledger {
  return new RedisLedger(options);
}

class RedisLedger implements Ledger {
  readonly #options: RedisLedgerOptions;
  readonly #process = randomUUID();
  readonly #leaseMs: number;
  /** Claims of this process that are under way. */
  readonly #mine = new Map<string, Mine>();
  readonly #outbox = new Map<string, Ending>();
  /** By the id of a call, who waits for its end. */
  readonly #waiters = new Map<string, Set<() => void>>();
  readonly #listeners = new Set<(entry: Entry) => void>();
  /** By account, the last claim of those that go one by one, as there is a limit of them a second. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #redis: RedisConnection;
  #secret: Promise<Secret> | null = null;
  #again: NodeJS.Timeout | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #pulseAt = 0;
  #isClosed = false;

  constructor(options: RedisLedgerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#redis = new RedisConnection({
      url: options.url,
      problems: PROBLEMS,
      signKey: named('secret'),
      sign: () => this.digest('', 'cn-verify'),
      told: (trouble, code) =>
        options.told(trouble, { place: this.#place(), count: this.#outbox.size, code }),
    });
  }

  async digest(account: string, key: string): Promise<string> {
    return (await this.#keyed()).digest(account, key);
  }

  async look(keys: readonly string[], maxAgeMs: number | null, patience: Patience): Promise<KnownKeys> {
    if (keys.length === 0) return new Map();
    const names = [named('processes'), ...keys.map(keyName)];
    return this.#known(keys, await this.#redis.run(SCRIPTS.look, names, [age(maxAgeMs)], patience));
  }

  claim(call: Call, patience: Patience): Promise<Claim> {
    if (this.#isClosed) return Promise.reject(cancelled());
    return call.maxPerSecond > 0 ? this.#claimInTurn(call, patience) : this.#claim(call, patience);
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const mine = this.#mine.get(id);
    if (!mine) return;
    const secret = await this.#keyed();
    if (!this.#mine.delete(id)) return;
    const entry = ended(mine.entry, settlement);
    const answers = mine.keys.map((key) =>
      settlement.fate === 'answered' && settlement.answers.has(key)
        ? `=${secret.seal(settlement.answers.get(key), key)}`
        : '',
    );
    const delivered = this.#deliver(endingOf(mine, entry, answers, this.#process));
    for (const listener of this.#listeners) listener(entry);
    // Those who wait ask Redis then, and what is on its way there goes first.
    await delivered;
    this.#over(id);
  }

  async whenOver(id: string, cancel: Cancel): Promise<void> {
    if (cancel.cancelled || this.#isClosed) return;
    const waiters = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, waiters);
    await new Promise<void>((resolve) => {
      const end = () => {
        forget();
        waiters.delete(end);
        if (waiters.size === 0) this.#waiters.delete(id);
        resolve();
      };
      const forget = cancel.onCancel(end);
      waiters.add(end);
      this.#beat(WATCH_MS);
    });
  }

  async release(id: string): Promise<boolean> {
    const [found] = await this.#read([id]);
    if (!found) return false;
    const names = [entryName(id), named('open'), named('processes'), ...found.keys.map(keyName)];
    return (await this.#redis.run(SCRIPTS.release, names, [id], READER)) === 1;
  }

  async uncertain(): Promise<Entry[]> {
    const ids = await this.#redis.do((redis) => redis.zrevrange(named('open'), 0, -1), READER);
    const found: Entry[] = [];
    for (let from = 0; from < ids.length; from += PAGE)
      for (const { entry } of await this.#read(ids.slice(from, from + PAGE)))
        if (entry.state === 'uncertain') found.push(entry);
    return found;
  }

  async *entries(query: Query): AsyncIterable<Entry> {
    for await (const page of this.#pages(query, false)) yield* page;
  }

  async find(query: Query, limit: number): Promise<Entry[]> {
    const found: Entry[] = [];
    for await (const page of this.#pages(query, true)) {
      found.push(...page);
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  async sums(by: Period, query: Query): Promise<Sum[]> {
    const fields = await this.#redis.do((redis) => redis.hgetall(named('sums')), READER);
    const days = new Map<string, Sum>();
    for (const [field, count] of Object.entries(fields)) {
      const parts = field.split('|');
      // An account's id may hold anything.
      const [day, account] = [parts[0]!, parts.slice(1, -2).join('|')];
      const [operation, column] = parts.slice(-2);
      const key = field.slice(0, field.lastIndexOf('|'));
      const sum = days.get(key) ?? emptySum(day, account, operation!);
      days.set(key, sum);
      if (column === 'price') sum.price = Number(count) / PRICE_STEPS;
      else if (
        column === 'charged' ||
        column === 'uncharged' ||
        column === 'unknown' ||
        column === 'uncertain'
      ) {
        sum[column] = Number(count);
        sum.calls += Number(count);
      }
    }
    return sumsBy(by, days.values(), query);
  }

  async spent(account: string): Promise<Spent> {
    const [seconds] = await this.#redis.do((redis) => redis.time(), READER);
    const day = dayOf(Number(seconds) * 1000);
    const fields = [`${day}|${account}`, `${day.slice(0, 7)}|${account}`];
    const [ofDay, ofMonth] = await this.#redis.do((redis) => redis.hmget(named('budget'), ...fields), READER);
    return { day: Number(ofDay ?? 0), month: Number(ofMonth ?? 0) };
  }

  subscribe(listener: (entry: Entry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#pulse);
    for (const id of [...this.#waiters.keys()]) this.#over(id);
    const grace = performance.now() + (this.#options.graceMs ?? 0);
    while (this.#mine.size > 0 && performance.now() < grace) await pause(TRY_AGAIN_MS, new Cancel());
    const until = performance.now() + CLOSE_MS;
    while (this.#outbox.size > 0 && performance.now() < until) {
      await this.#drain();
      if (this.#outbox.size > 0) await pause(TRY_AGAIN_MS, new Cancel());
    }
    clearTimeout(this.#again);
    await this.#redis.close((redis) => redis.hdel(named('processes'), this.#process));
  }

  /** One by one, so that those who have to wait do not all ask again at once. */
  #claimInTurn(call: Call, patience: Patience): Promise<Claim> {
    const { account } = call;
    const before = this.#turns.get(account) ?? Promise.resolve();
    const arrived = performance.now();
    const turn = before.then(() => {
      if (patience.cancel.cancelled || this.#isClosed) throw cancelled();
      // Who came while those before him waited in vain does not wait as long again after them.
      const timeoutMs = patience.timeoutMs - this.#redis.awayFor(arrived);
      if (timeoutMs <= 0) throw this.#redis.away(patience);
      return this.#claim(call, { ...patience, timeoutMs });
    });
    const over = turn.then(
      () => {},
      () => {},
    );
    this.#turns.set(account, over);
    void over.then(() => {
      if (this.#turns.get(account) === over) this.#turns.delete(account);
    });
    return turn;
  }

  async #claim(call: Call, patience: Patience): Promise<Claim> {
    const { account, operation, price, keys } = call;
    // When it is claimed Redis says.
    const entry = { ...begun(call, Date.now()), at: '' };
    const { id } = entry;
    const names = ['entries', 'open', 'processes', 'budget', 'sums', 'warned'].map(named);
    const all = [entryName(id), ...names, named(`rate:${account}`), ...keys.map(keyName)];
    const parameters = [
      ...[id, this.#process, String(this.#leaseMs), JSON.stringify(entry), account, operation],
      ...[price * PRICE_STEPS, call.maxPerDay, call.maxPerMonth, call.maxPerSecond].map((each) =>
        String(Math.round(each)),
      ),
      ...[age(call.maxAgeMs), remembered(call), String(KEPT_MS), keys.join(' '), String(WARN_FROM)],
    ];
    const [state, time, found] = await this.#answer(all, parameters, patience).catch((error) => {
      // It may have been claimed all the same.
      const none = keys.map(() => '');
      void this.#deliver(endingOf({ entry, keys }, ended(entry, NOT_SENT), none, this.#process));
      throw error;
    });
    if (state === 'taken') return { state, known: await this.#known(keys, found) };
    const now = Number(time);
    const [ofDay, ofMonth] = listOf(found).map(Number);
    if (state === 'budget')
      throw overBudget(call, { day: ofDay ?? 0, month: ofMonth ?? 0 }, now) ?? cancelled();
    const at = new Date(now).toISOString();
    this.#mine.set(id, { entry: { ...entry, at }, keys });
    this.#beat(this.#leaseMs / 3);
    if (ofDay) this.#warn(call, 'day', call.maxPerDay, ofDay);
    if (ofMonth) this.#warn(call, 'month', call.maxPerMonth, ofMonth);
    return { state: 'claimed', id, at };
  }

  /** @returns what the script says once it says anything but that it is too early */
  async #answer(keys: string[], parameters: string[], patience: Patience): Promise<unknown[]> {
    for (;;) {
      const answer = listOf(await this.#redis.run(SCRIPTS.claim, keys, parameters, patience));
      if (answer[0] !== 'wait') return answer;
      await pause(Number(listOf(answer[2])[0]) / 1000, patience.cancel);
    }
  }

  #warn({ account }: Call, period: Period, limit: number, spent: number): void {
    this.#options.onBudget({ account, period, limit, spent });
  }

  async #known(keys: readonly string[], found: unknown): Promise<KnownKeys> {
    const secret = await this.#keyed();
    const known = new Map<string, Known>();
    for (const each of listOf(found)) {
      const [index, state, entry, at, answer] = listOf(each).map(String);
      const key = keys[Number(index)];
      if (key === undefined || entry === undefined) continue;
      if (state !== 'answered') known.set(key, { state: state === 'under-way' ? state : 'uncertain', entry });
      else known.set(key, { state, entry, at: isoOf(at), answer: this.#opened(secret, answer ?? '', key) });
    }
    return known;
  }

  #opened(secret: Secret, answer: string, key: string): unknown {
    try {
      return secret.open(answer, key);
    } catch {
      throw new VerifyError(
        'CONFIG',
        'ledger-answer-unreadable',
        { code: 'EBADMSG', folder: this.#place() },
        { charged: false },
      );
    }
  }

  async #read(ids: readonly string[]): Promise<Mine[]> {
    const names = [named('processes'), ...ids.map(entryName)];
    const found = listOf(await this.#redis.run(SCRIPTS.read, names, [], READER)).map((each) => {
      const [text, at, state, digests] = listOf(each).map(String);
      const call: unknown = JSON.parse(text ?? 'null');
      if (typeof call !== 'object') return null;
      return entryOf({ ...call, at: isoOf(at), state, keys: (digests ?? '').split(' ').filter(Boolean) });
    });
    return found.filter((record) => record !== null);
  }

  async *#pages(query: Query, isNewestFirst: boolean): AsyncIterable<Entry[]> {
    const { id, key, from = 0, to = Number.MAX_SAFE_INTEGER, account, operation } = query;
    const isAsked = ({ at, ...entry }: Entry) =>
      (account === undefined || account === entry.account) &&
      (operation === undefined || operation === entry.operation) &&
      Date.parse(at) >= from &&
      Date.parse(at) < to;
    const pageOf = async (ids: readonly string[]) =>
      (await this.#read(ids)).map(({ entry }) => entry).filter(isAsked);

    if (key !== undefined) {
      const holder = await this.#redis.do((redis) => redis.hget(keyName(key), 'entry'), READER);
      if (holder && (id ?? holder) === holder) yield await pageOf([holder]);
      return;
    }
    if (id !== undefined) return yield await pageOf([id]);
    for (let offset = 0; ; offset += PAGE) {
      const ids = await this.#redis.do(
        (redis) =>
          isNewestFirst
            ? redis.zrevrangebyscore(named('entries'), `(${to}`, from, 'LIMIT', offset, PAGE)
            : redis.zrangebyscore(named('entries'), from, `(${to}`, 'LIMIT', offset, PAGE),
        READER,
      );
      if (ids.length > 0) yield await pageOf(ids);
      if (ids.length < PAGE) return;
    }
  }

  /** Tries once; what fails is tried again until it works. Never rejects. */
  async #deliver(ending: Ending): Promise<void> {
    const { id, keys, parameters, isAbandoned } = ending;
    this.#outbox.set(id, ending);
    try {
      await this.#redis.run(SCRIPTS.settle, keys, parameters, ONCE);
      this.#outbox.delete(id);
    } catch (error) {
      // There was nothing to claim then.
      if (isAbandoned && error instanceof VerifyError && error.code === 'CONFIG') this.#outbox.delete(id);
      else if (!this.#again) this.#again = setTimeout(() => void this.#drain(), SETTLE_AGAIN_MS).unref();
    }
  }

  async #drain(): Promise<void> {
    this.#again = undefined;
    for (const ending of [...this.#outbox.values()]) {
      await this.#deliver(ending);
      if (this.#outbox.has(ending.id)) return;
    }
  }

  #over(id: string): void {
    for (const end of this.#waiters.get(id) ?? []) end();
  }

  /** Shows that this process lives, and looks after the calls of others that somebody waits for. */
  #beat(within: number): void {
    const at = performance.now() + within;
    if (this.#pulse && this.#pulseAt <= at) return;
    clearTimeout(this.#pulse);
    this.#pulseAt = at;
    this.#pulse = setTimeout(() => void this.#onBeat(), within).unref();
  }

  async #onBeat(): Promise<void> {
    const ids = [...this.#waiters.keys()].filter((id) => !this.#mine.has(id)).slice(0, WATCHED_AT_ONCE);
    const names = [named('processes'), ...ids.map(entryName)];
    try {
      const underWay = listOf(
        await this.#redis.run(SCRIPTS.renew, names, [this.#process, String(this.#leaseMs)], ONCE),
      );
      for (const [index, id] of ids.entries())
        if (underWay[index] === 0 && !this.#outbox.has(id)) this.#over(id);
    } catch {
      // Whoever needs Redis is told by what he asks for.
    }
    this.#pulse = undefined;
    if (this.#isClosed) return;
    if (this.#waiters.size > 0) this.#beat(WATCH_MS);
    else this.#beat(this.#leaseMs / 3);
  }

  #place(): string {
    return this.#redis.url?.host ?? '';
  }

  #keyed(): Promise<Secret> {
    if (!this.#options.secret)
      return Promise.reject(new VerifyError('CONFIG', 'ledger-secret-missing', {}, { charged: false }));
    this.#secret ??= masterKey('', this.#options.secret).then((master) => new Secret(master));
    return this.#secret;
  }
}

function endingOf(mine: Mine, entry: Entry, answers: readonly string[], process: string): Ending {
  const { id, account, operation, state } = entry;
  const isAbandoned = mine.entry.at === '';
  const names = [entryName(id), ...['entries', 'open', 'budget', 'sums'].map(named)];
  const at = isAbandoned ? '0' : String(Date.parse(entry.at));
  return {
    id,
    isAbandoned,
    keys: [...names, ...mine.keys.map(keyName)],
    parameters: [
      ...[id, process, state, JSON.stringify(entry), at, columnOf(entry), account, operation],
      ...[String(Math.round(mine.entry.price * PRICE_STEPS)), String(REMEMBERED_MS), String(KEPT_MS)],
      ...[mine.keys.join(' '), isAbandoned ? '1' : '', ...answers],
    ],
  };
}

function named(name: string): string {
  return `${PREFIX}${name}`;
}

function entryName(id: string): string {
  return named(`entry:${id}`);
}

function keyName(key: string): string {
  return named(`key:${key}`);
}

function age(maxAgeMs: number | null): string {
  return maxAgeMs === null ? '' : String(maxAgeMs);
}

function remembered({ maxAgeMs }: Call): string {
  return String(Math.min(Math.max(REMEMBERED_MS, maxAgeMs ?? 0), KEPT_MS));
}

function isoOf(milliseconds: string | undefined): string {
  return new Date(Number(milliseconds)).toISOString();
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
