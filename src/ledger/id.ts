/** An entry's id tells the second of its claim in Shanghai, and with that the month it is kept under. */
import { randomUUID } from 'node:crypto';
import { secondOf } from './calendar';

const ID = /^(\d{4})(0[1-9]|1[0-2])\d{2}-\d{6}-[0-9a-f]{12}$/;

/** Many begin within one second. */
let latest = { second: Number.NaN, text: '' };

/**
 * @param now Unix milliseconds
 * @returns such as `20261125-213201-9f86d081884c`
 */
export function newId(now: number): string {
  const second = Math.floor(now / 1000);
  if (second !== latest.second)
    latest = { second, text: secondOf(now).replace(/[-:]/g, '').replace('T', '-') };
  // All of these digits are random.
  return `${latest.text}-${randomUUID().slice(0, 13).replace('-', '')}`;
}

/** @returns such as `2026-11`, or null where it is no id */
export function monthOfId(id: string): string | null {
  const [, year, month] = ID.exec(id) ?? [];
  return year && month ? `${year}-${month}` : null;
}
