/**
 * A line of a ledger's file, JSON: an entry as it was claimed, with its keys; the same entry as it ended; or the
 * encrypted answer for a key, which stands before the end of its entry.
 */
import { ERRORS } from '../errors';
import type { Entry, EntryState } from './ledger';

export interface EntryRecord {
  entry: Entry;
  /** Of a claim; empty otherwise. */
  keys: readonly string[];
}

export interface AnswerRecord {
  /** Of the entry. */
  id: string;
  /** ISO 8601, when the entry was claimed. */
  at: string;
  key: string;
  /** As `Secret.seal` gives it. */
  answer: string;
}

const STATES: Readonly<Record<EntryState, true>> = {
  claimed: true,
  settled: true,
  uncertain: true,
  released: true,
};

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isNumber: Check = (value) => Number.isFinite(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const isTime: Check = (value) => typeof value === 'string' && Number.isFinite(Date.parse(value));

const ENTRY: Readonly<Record<keyof Entry, Check>> = {
  id: isText,
  at: isTime,
  account: isText,
  node: isText,
  operation: isText,
  state: (value) => typeof value === 'string' && Object.hasOwn(STATES, value),
  outcome: orNull(isText),
  reason: orNull(isText),
  code: orNull(isText),
  error: orNull((value) => typeof value === 'string' && Object.hasOwn(ERRORS, value)),
  requestId: orNull(isText),
  orderNo: orNull(isText),
  charged: orNull((value) => typeof value === 'boolean'),
  price: isNumber,
  durationMs: orNull(isNumber),
};
const NAMES = Object.keys(ENTRY);

/** @returns the line with its end */
export function entryLine({ entry, keys }: EntryRecord): string {
  return `${JSON.stringify(keys.length > 0 ? { ...entry, keys } : entry)}\n`;
}

/** @returns the line with its end */
export function answerLine({ id, at, key, answer }: AnswerRecord): string {
  return `${JSON.stringify({ id, at, key, answer })}\n`;
}

/** @returns null where a line is anything else */
export function readRecord(line: string): EntryRecord | AnswerRecord | null {
  try {
    const found: unknown = JSON.parse(line);
    if (typeof found !== 'object' || found === null) return null;
    return isAnswer(found) ? found : entryOf(found);
  } catch {
    return null;
  }
}

/** @returns null where it is anything else; a later version may write more into an entry than this one knows */
export function entryOf(found: object): EntryRecord | null {
  if (!isEntry(found)) return null;
  const { keys = [], ...entry } = found;
  return Array.isArray(keys) && keys.every(isText) ? { entry, keys } : null;
}

function isAnswer(found: object): found is AnswerRecord {
  const { id, at, key, answer }: Partial<Record<keyof AnswerRecord, unknown>> = found;
  return isText(id) && isTime(at) && isText(key) && isText(answer);
}

function isEntry(found: object): found is Entry & { keys?: unknown } {
  const fields: Record<string, unknown> = { ...found };
  return NAMES.every((name) => ENTRY[name as keyof Entry](fields[name]));
}
