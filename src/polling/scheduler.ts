/** Wakes waiting tasks when they are due: one timer for all of them, and never too many in one turn of the event loop. */

/** Woken in one turn of the event loop, so that ten thousand tasks due at once do not hold it. */
const MOST_AT_A_TIME = 64;
/** A timer further away than this would overflow; it is set again. */
const LONGEST_TIMER_MS = 3_600_000;

interface Entry {
  due: number;
  wake: (() => void) | undefined;
}

export class Scheduler {
  /** A binary heap: no entry is due before its parent. */
  #heap: Entry[] = [];
  /** Entries in the heap that were taken away. */
  #dead = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = 0;

  /**
   * @param milliseconds from now
   * @param wake called once, when they are over
   * @returns takes the entry away again
   */
  after(milliseconds: number, wake: () => void): () => void {
    const entry: Entry = { due: performance.now() + Math.max(0, milliseconds), wake };
    this.#push(entry);
    this.#arm();
    return () => {
      if (!entry.wake) return;
      entry.wake = undefined;
      this.#dead++;
      if (this.#dead === this.#heap.length || (this.#dead > 1024 && this.#dead * 2 > this.#heap.length))
        this.#bury();
    };
  }

  /** Most deadlines are taken away long before they are due; without this they would pile up until then. */
  #bury(): void {
    this.#heap = this.#heap.filter(({ wake }) => wake).sort((a, b) => a.due - b.due);
    this.#dead = 0;
    if (this.#heap.length > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(): void {
    while (this.#heap[0] && !this.#heap[0].wake) {
      this.#pop();
      this.#dead--;
    }
    const first = this.#heap[0];
    if (!first || (this.#timer && this.#timerDue <= first.due)) return;
    clearTimeout(this.#timer);
    this.#timerDue = first.due;
    const milliseconds = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(first.due - performance.now())));
    this.#timer = setTimeout(() => this.#wakeDue(), milliseconds);
  }

  #wakeDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let woken = 0; woken < MOST_AT_A_TIME; ) {
      const first = this.#heap[0];
      if (!first || first.due > now) break;
      this.#pop();
      const { wake } = first;
      if (!wake) {
        this.#dead--;
        continue;
      }
      woken++;
      first.wake = undefined;
      wake();
    }
    this.#arm();
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(entry);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.due <= entry.due) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.due < heap[child]!.due) child++;
      if (heap[child]!.due >= last.due) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

/** One for the whole process: ten thousand tasks wait on one timer. */
export const scheduler = new Scheduler();
