/** What waits: plain data in one map, in the order it is due, and on disk as far as it must survive. */
import { randomBytes } from 'node:crypto';
import type { Journal, Kept } from './journal';

/** A kill between this node and the next must not lose a message that was just sent. */
const KEPT_AFTER_SENDING_MS = 2_000;
/** Woken in one turn of the event loop, so that ten thousand due at once do not hold it. */
const MOST_AT_A_TIME = 64;
/** A timer further away than this would overflow; it is set again. */
const LONGEST_TIMER_MS = 3_600_000;
/** CONTRACT: what has no node any more goes after this. */
const KEPT_WITHOUT_NODE_MS = 7 * 24 * 3_600_000;

/** The instance that has a thing in hand. Only who still is an entry's holder may change or end it. */
export interface Holder {
  /** An entry of its is due. */
  due(entry: Entry): void;
  /** An operator ends one. */
  drop(entry: Entry): void;
}

/** One thing that waits. */
export interface Entry extends Kept {
  holder: Holder | null;
  /** When it is due, on the clock of `performance.now()`; Infinity: only when somebody says so. */
  dueAt: number;
  /** When its time is over, on the same clock, whatever the wall clock did. */
  until: number;
  /** It is being asked after at this moment. */
  asking: boolean;
  /** Its place in the book's order, or -1. */
  slot: number;
}

/** How an entry begins. */
export interface Beginning extends Omit<Kept, 'id' | 'orphanedAt'> {
  /** false: it is not written down, and ends with its holder. */
  durable: boolean;
}

export class Book {
  readonly #journal: Journal;
  readonly #entries = new Map<string, Entry>();
  /** Those that are not on disk because nobody asked for it. */
  readonly #fleeting = new WeakSet<Entry>();
  /** A binary heap of those that are due at a time: none is before its parent. */
  readonly #heap: Entry[] = [];
  /** In the order they were sent. */
  readonly #sent: { id: string; at: number }[] = [];
  #sweeper: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;

  /** @param journal under it, which may keep nothing */
  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** @param found on disk; what is known already stays as it is */
  found(found: readonly Kept[]): void {
    for (const kept of found) {
      if (!this.#entries.has(kept.id)) this.#entries.set(kept.id, entryOf(kept, null));
    }
  }

  /**
   * @param beginning of what is to wait
   * @param holder that has it in hand; null leaves it to the next one
   * @returns the entry, and whether it is safe on disk once that is known
   */
  enter({ durable, ...kept }: Beginning, holder: Holder | null): { entry: Entry; written: Promise<boolean> } {
    // A UUID is kept as the fourteen pieces it is put together from, which take more memory than the rest.
    const id = randomBytes(12).toString('hex');
    const entry = entryOf({ id, ...kept, orphanedAt: null }, holder);
    this.#entries.set(id, entry);
    if (!durable) this.#fleeting.add(entry);
    return { entry, written: durable ? this.#journal.put(entry) : Promise.resolve(false) };
  }

  /**
   * Takes in hand what waits for a node and is nobody's.
   * @param node its id
   * @param type an id may become that of another node
   * @param holder the instance of the node
   * @returns the entries, oldest first
   */
  hold(node: string, type: string, holder: Holder): Entry[] {
    const held = [...this.#entries.values()].filter(
      (entry) => entry.node === node && entry.type === type && !entry.holder,
    );
    for (const entry of held) {
      entry.holder = holder;
      if (entry.orphanedAt === null) continue;
      entry.orphanedAt = null;
      void this.#journal.put(entry);
    }
    return held.sort((a, b) => a.since - b.since);
  }

  /**
   * Lets go of all that a holder has; what is not durable is forgotten.
   * @param mayReturn false: its node is gone, so what only this process has of a message is let go, too
   * @returns what was forgotten
   */
  detach(holder: Holder, mayReturn: boolean): Entry[] {
    const forgotten: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.holder !== holder) continue;
      entry.holder = null;
      this.#schedule(entry, Number.POSITIVE_INFINITY);
      if (this.#fleeting.has(entry)) {
        this.#entries.delete(entry.id);
        forgotten.push(entry);
      } else if (!mayReturn) {
        const { req: _req, res: _res, ...message } = entry.message;
        entry.message = message;
      }
    }
    return forgotten;
  }

  /**
   * @param entry whose holder is told
   * @param milliseconds from now, or until its time is over where that is sooner
   */
  due(entry: Entry, milliseconds: number): void {
    this.#schedule(entry, Math.min(performance.now() + Math.max(0, milliseconds), entry.until));
  }

  /**
   * It was sent on. A kill between this node and the next must not lose it, so that the disk forgets it a little later.
   * @param holder that had it in hand; what has another one since is not over
   */
  sent(entry: Entry, holder: Holder): void {
    if (entry.holder !== holder || !this.#entries.delete(entry.id)) return;
    this.#schedule(entry, Number.POSITIVE_INFINITY);
    entry.holder = null;
    if (this.#fleeting.has(entry)) return;
    this.#sent.push({ id: entry.id, at: performance.now() + KEPT_AFTER_SENDING_MS });
    this.#sweeper ??= setTimeout(() => this.#sweep(performance.now()), KEPT_AFTER_SENDING_MS);
  }

  /** It is over, without a word. */
  end(entry: Entry): void {
    if (!this.#entries.delete(entry.id)) return;
    this.#schedule(entry, Number.POSITIVE_INFINITY);
    this.#journal.end(entry.id);
  }

  /**
   * An operator wants entries asked after now; what is being asked after already is not asked after twice.
   * @returns how many have a node to do it
   */
  ask(entries: readonly Entry[]): number {
    const held = entries.filter(({ holder }) => holder);
    for (const entry of held) if (!entry.asking) this.due(entry, 0);
    return held.length;
  }

  /**
   * An operator ends entries.
   * @returns how many there were
   */
  drop(entries: readonly Entry[]): number {
    for (const entry of entries) {
      if (entry.holder) entry.holder.drop(entry);
      else this.end(entry);
    }
    return entries.length;
  }

  /**
   * @param node only of this one
   * @param id only this one
   * @returns what waits, whoever has it in hand
   */
  list(node?: string, id?: string): Entry[] {
    return [...this.#entries.values()].filter(
      (entry) => (node === undefined || entry.node === node) && (id === undefined || entry.id === id),
    );
  }

  /**
   * Looks after what has no node any more.
   * @param exists whether there is such a node
   * @param now Unix time in milliseconds
   * @returns what is still kept, and what was kept long enough and has gone
   */
  orphans(exists: (node: string, type: string) => boolean, now: number): { kept: Entry[]; gone: Entry[] } {
    const kept: Entry[] = [];
    const gone: Entry[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.holder || exists(entry.node, entry.type)) continue;
      if (entry.orphanedAt === null) {
        entry.orphanedAt = now;
        void this.#journal.put(entry);
      }
      (now - entry.orphanedAt >= KEPT_WITHOUT_NODE_MS ? gone : kept).push(entry);
    }
    for (const entry of gone) this.end(entry);
    return { kept, gone };
  }

  /**
   * Everything that can be on disk is, and what was sent is forgotten there: only a kill could still need it.
   * @returns task ids of what is in memory alone
   */
  settle(): Promise<readonly string[]> {
    this.#sweep(Number.POSITIVE_INFINITY);
    return this.#journal.flush();
  }

  #sweep(until: number): void {
    clearTimeout(this.#sweeper);
    this.#sweeper = undefined;
    const later = this.#sent.findIndex(({ at }) => at > until);
    const over = this.#sent.splice(0, later < 0 ? this.#sent.length : later);
    for (const { id } of over) this.#journal.end(id);
    const [first] = this.#sent;
    if (first) this.#sweeper = setTimeout(() => this.#sweep(performance.now()), first.at - until);
  }

  #schedule(entry: Entry, at: number): void {
    entry.dueAt = at;
    if (at === Number.POSITIVE_INFINITY) this.#unqueue(entry);
    else this.#settle(entry, entry.slot < 0 ? this.#heap.length : entry.slot);
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (first && this.#timerAt <= first.dueAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = first?.dueAt ?? Number.POSITIVE_INFINITY;
    if (!first) return;
    const milliseconds = Math.ceil(first.dueAt - performance.now());
    this.#timer = setTimeout(() => this.#wake(), Math.min(LONGEST_TIMER_MS, Math.max(0, milliseconds)));
  }

  #wake(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let woken = 0; woken < MOST_AT_A_TIME; woken++) {
      const first = this.#heap[0];
      if (!first || first.dueAt > now) break;
      this.#unqueue(first);
      first.dueAt = Number.POSITIVE_INFINITY;
      first.holder?.due(first);
    }
    this.#arm();
  }

  #unqueue(entry: Entry): void {
    const { slot } = entry;
    if (slot < 0) return;
    entry.slot = -1;
    const last = this.#heap.pop()!;
    if (last !== entry) this.#settle(last, slot);
  }

  /** Puts an entry where it belongs, starting from a place that is free or its own. */
  #settle(entry: Entry, slot: number): void {
    const heap = this.#heap;
    let at = slot;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]!.dueAt > entry.dueAt; parent = (at - 1) >> 1) {
      this.#place(heap[parent]!, at);
      at = parent;
    }
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.dueAt < heap[child]!.dueAt) child++;
      if (heap[child]!.dueAt >= entry.dueAt) break;
      this.#place(heap[child]!, at);
      at = child;
    }
    this.#place(entry, at);
  }

  #place(entry: Entry, slot: number): void {
    this.#heap[slot] = entry;
    entry.slot = slot;
  }
}

/** Not a copy: ten thousand of them are made in one go. */
function entryOf(kept: Kept, holder: Holder | null): Entry {
  const until = untilOf(kept);
  return Object.assign(kept, { holder, dueAt: Number.POSITIVE_INFINITY, until, asking: false, slot: -1 });
}

/** What is left is never more than what there was at first, whatever the clock did since. */
function untilOf({ since, deadline }: Pick<Kept, 'since' | 'deadline'>): number {
  if (deadline === null) return Number.POSITIVE_INFINITY;
  return performance.now() + Math.max(0, Math.min(deadline - Date.now(), deadline - since));
}
