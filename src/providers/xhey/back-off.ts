/** How the pause between two queries grows. */

const GROWTH = 1.5;
const JITTER = 0.2;

export interface BackOff {
  /** Milliseconds before the second query. */
  interval: number;
  /** Milliseconds at the most. */
  maxInterval: number;
}

/**
 * @param backOff first and longest pause
 * @param queries made so far, from 1
 * @param random a number from 0 up to 1
 * @returns milliseconds to the next query: growing by half each time, and up to a fifth shorter, so that tasks which
 *   came together drift apart
 */
export function nextPause({ interval, maxInterval }: BackOff, queries: number, random: number): number {
  const longest = Math.max(interval, maxInterval);
  const pause = Math.min(longest, interval * GROWTH ** (queries - 1));
  return pause * (1 - JITTER * random);
}
