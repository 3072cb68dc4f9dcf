/** The id of an entry is the millisecond of its claim in Shanghai and then random, so that ids sort as time does. */
import { randomInt } from 'node:crypto';
import { secondOf } from './calendar';

/** Hexadecimal digits behind the milliseconds, of which the first is not drawn: room to count on. */
const RANDOM_DIGITS = 9;
const RANDOM = 2 ** 32;

let latest = { time: Number.NaN, prefix: '', tail: 0 };

/**
 * @param now Unix milliseconds
 * @returns such as `20261125-213201-0479f86d0818`; within one millisecond each is greater than the one before
 */
export function newId(now: number): string {
  if (latest.time === now) latest.tail++;
  else latest = { time: now, prefix: idFloor(now), tail: randomInt(RANDOM) };
  return latest.prefix + latest.tail.toString(16).padStart(RANDOM_DIGITS, '0');
}

/**
 * @param time Unix milliseconds
 * @returns what no id of that time or later is less than, and every earlier one is
 */
export function idFloor(time: number): string {
  const second = secondOf(time).replace(/[-:]/g, '').replace('T', '-');
  const milliseconds = ((time % 1000) + 1000) % 1000;
  return `${second}-${String(Math.floor(milliseconds)).padStart(3, '0')}`;
}
