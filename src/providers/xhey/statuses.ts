import type { Outcome } from '../../result';

export type PhotoOutcome = Extract<Outcome, 'passed' | 'failed' | 'inconclusive'>;

/** xhey.md, "POST /v2/truth_build/query", `status` of a photo that is still being looked at. */
export const IN_PROGRESS = 1;

/** xhey.md, "POST /v2/truth_build/query", the table of a photo's `status`. */
export const STATUSES: ReadonlyMap<number, readonly [PhotoOutcome, string]> = new Map([
  [0, ['passed', 'authentic']],
  [-1, ['inconclusive', 'low-resolution']],
  [-1001, ['inconclusive', 'photo-unreadable']],
  [-1002, ['inconclusive', 'provider-error']],
  [-1003, ['inconclusive', 'provider-error']],
  [-2300, ['inconclusive', 'provider-error']],
  [-2301, ['failed', 'no-anti-fake-code']],
  [-2302, ['inconclusive', 'ocr-error']],
  [-2303, ['failed', 'bad-anti-fake-code']],
  [-2305, ['failed', 'not-watermark-camera']],
  [-2306, ['inconclusive', 'photo-unreachable']],
  [-2307, ['inconclusive', 'unsupported-format']],
  [-2308, ['inconclusive', 'low-resolution']],
]);

/** Any `status` that is not in the table. */
export const UNKNOWN_STATUS: readonly [PhotoOutcome, string] = ['inconclusive', 'unknown-status'];

/** xhey.md, "POST /v2/truth_build/query", `taskStatus`. */
export const TASK_STATUSES: ReadonlyMap<number, 'waiting' | 'finished' | 'revoked'> = new Map([
  [1, 'waiting'],
  [2, 'waiting'],
  [5, 'finished'],
  [6, 'revoked'],
]);
