/** The calendar of Asia/Shanghai, in which budgets are counted: UTC+8 without summer time, whatever the machine's zone. */
import { isoTimes } from '../contract/iso-time';

const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

export type Period = 'day' | 'month';

const isoTime = isoTimes();

/**
 * @param milliseconds Unix time
 * @returns such as `2026-11-25T21:32:01`
 */
export function secondOf(milliseconds: number): string {
  return isoTime(Math.floor((milliseconds + OFFSET_MS) / 1000) * 1000).slice(0, 19);
}

/** Most that happens happens on one day. */
let latest = { day: Number.NaN, text: '' };

/**
 * @param milliseconds Unix time
 * @returns such as `2026-11-25`
 */
export function dayOf(milliseconds: number): string {
  const day = Math.floor((milliseconds + OFFSET_MS) / DAY_MS);
  if (day !== latest.day) latest = { day, text: secondOf(milliseconds).slice(0, 10) };
  return latest.text;
}

/**
 * @param milliseconds Unix time
 * @returns such as `2026-11`
 */
export function monthOf(milliseconds: number): string {
  return dayOf(milliseconds).slice(0, 7);
}

/**
 * @param month such as `2026-11`
 * @param months how many later; earlier where negative
 */
export function monthAfter(month: string, months: number): string {
  const [year, number] = month.split('-').map(Number);
  return new Date(Date.UTC(year!, number! - 1 + months)).toISOString().slice(0, 7);
}

/**
 * @param now Unix milliseconds
 * @returns whole seconds until the next day or month begins, at least 1
 */
export function secondsToNext(period: Period, now: number): number {
  const next =
    period === 'day'
      ? Date.parse(dayOf(now + DAY_MS)) - OFFSET_MS
      : Date.parse(`${monthAfter(monthOf(now), 1)}-01`) - OFFSET_MS;
  return Math.ceil((next - now) / 1000);
}
