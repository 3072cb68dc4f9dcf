import { incomplete, refusalBy } from '../../contract/codes';
import type { VerifyError } from '../../contract/errors';
import { isoTimes } from '../../contract/iso-time';
import type { RequestAnswer } from '../../contract/provider-request';
import type { HttpAnswer } from '../../contract/transport';
import { envelopeOf, unwrapped } from '../../http/answer';
import { isObject } from '../../http/json';
import { conceal, type Known } from '../../input/mask';
import { CODES, SUCCESS } from './codes';

/** docs/providers/xhey.md, "Codes", 2001: at most 1000 records a query. Photos and tasks are ten at the most, and far from this. */
const MOST_ITEMS = 1000;
/** In the year 5138; in milliseconds it is in 1973. */
const MOST_SECONDS = 100_000_000_000;
/** The last millisecond that a Date has. */
const LATEST = 8.64e15;
const isoTime = isoTimes();
/** A program in Go writes a field that it does not fill as these. */
const NO_ID: ReadonlySet<string> = new Set(['', '0']);
/** Words that are looked through before others run. */
const WORDS_IN_A_TURN = 8;

/** Of two that differ, none counts. The ids that a create gives were paid for: there the last counts. */
const DECIDING_CREATE: ReadonlySet<string> = new Set(['code', 'data']);
/** The same: what an answer, a task and a photo are judged by. */
const DECIDING: ReadonlySet<string> = new Set([
  ...['code', 'data', 'status', 'taskID', 'taskStatus', 'list'],
  ...['photoUrl', 'photoTime', 'lat', 'lng', 'antiFakeCode'],
]);

/** What every answer has: docs/providers/xhey.md, the samples of both calls. */
export interface Envelope {
  code: string;
  message: string;
  data: unknown;
  /** The provider's clock when it answered, in ISO 8601; null where it does not say. */
  providerTime: string | null;
  /** The whole answer, parsed. */
  raw: Record<string, unknown>;
}

/** A success of create. */
export interface Created extends Envelope {
  taskIds: string[];
}

/** A success of query. */
export interface TaskAnswer extends Envelope {
  taskStatus: number;
  /** As the provider sent it: its words may repeat what must not be shown. */
  list: unknown[];
}

/**
 * Takes an answer apart; an envelope goes before the HTTP status.
 * @param answer of either call
 * @param known what its texts may repeat
 * @param deciding its keys that decide
 * @param mayBeLarge whether what was sent may be too large for somebody
 * @returns the envelope of a success
 * @throws VerifyError by the table of codes, PROTOCOL where what decides is there twice, or by the HTTP status where there
 *   is no envelope
 */
function readEnvelope(answer: HttpAnswer, known: Known, deciding = DECIDING, mayBeLarge = true): Envelope {
  const twice = new Set<string>();
  const raw = envelopeOf(answer, twice, mayBeLarge);
  const given = String(raw.code).trim();
  const code = CODES.has(given) ? given : conceal(given, known);
  const message = wordsOf(raw, known);
  const providerTime = timeOf(raw.timestamp);
  const data = unwrapped(raw.data, twice);
  if (code !== SUCCESS && !twice.has('code')) throw refusalBy(CODES, code, message);
  if ([...twice].some((key) => deciding.has(key))) throw incomplete(code, message);
  return { code, message, data, providerTime, raw };
}

/**
 * docs/providers/xhey.md, "POST /v2/truth_build/create": the list stands under `data` (documented) or `data.data` (observed).
 * @param answer to a create
 * @param known what its texts may repeat
 * @throws VerifyError as `readEnvelope`, by the inner words where there are any, and PROTOCOL where there is no task id
 */
export function readCreated(answer: HttpAnswer, known: Known): Created {
  const envelope = readEnvelope(answer, known, DECIDING_CREATE);
  const { message, data } = envelope;
  const taskIds = new Set<string>();
  // One task may stand there without a list round it.
  for (const item of levelsOf(data).flat()) {
    const id = isObject(item) ? item.taskID : null;
    const text = typeof id === 'string' || Number.isSafeInteger(id) ? String(id).trim() : '';
    if (text !== '') taskIds.add(text);
  }
  if (taskIds.size === 0 || taskIds.size > MOST_ITEMS)
    throw innerRefusal(data, known) ?? incomplete(SUCCESS, message);
  return { ...envelope, taskIds: [...taskIds] };
}

/**
 * docs/providers/xhey.md, "POST /v2/truth_build/query": the fields stand under `data` (observed) or at the top level (documented), and
 * each of the two may be in another object than the other.
 * @param answer to a query
 * @param taskId that it was asked with
 * @param known what its texts may repeat
 * @throws VerifyError as `readEnvelope`, by the inner words where there are any; PROTOCOL where fields are missing, or where
 *   it names another task
 */
export function readTask(answer: HttpAnswer, taskId: string, known: Known): TaskAnswer {
  const { code, message, data, providerTime, raw } = readEnvelope(answer, known, DECIDING, false);
  const levels = [...levelsOf(data), raw];
  const taskStatus = toNumber(fieldIn(levels, 'taskStatus'));
  const given = unwrapped(fieldIn(levels, 'list')) ?? levels.find(Array.isArray);
  const refusal = innerRefusal(data, known);
  const list = given ?? (taskStatus !== null && !refusal ? [] : null);
  // With a list beside it, only what can mean nothing but a failure is one.
  const isFailed = refusal !== null && Number(refusal.details.providerCode) < 0;
  if (isFailed || taskStatus === null || !Array.isArray(list) || list.length > MOST_ITEMS)
    throw refusal ?? incomplete(SUCCESS, message);
  const named = levels
    .map((level) => (isObject(level) ? String(level.taskID ?? '').trim() : ''))
    .find((id) => !NO_ID.has(id));
  if (named !== undefined && named !== taskId) throw incomplete(SUCCESS, message);
  // Written out: of ten thousand objects that are spread into another, each has a shape of its own.
  return { code, message, data, providerTime, raw, taskStatus, list };
}

/**
 * Looking through the words of a photo may take a millisecond, and an answer has a thousand photos.
 * @param list of a task
 * @param known what its words may repeat
 * @returns it without that, made while others run
 */
export async function concealedList(list: readonly unknown[], known: Known): Promise<unknown[]> {
  // What is said of one photo is usually said of many.
  const harmless = new Map<string, string>();
  const items: unknown[] = [];
  for (const item of list) {
    if (!isObject(item) || typeof item.msg !== 'string') {
      items.push(item);
      continue;
    }
    const { msg } = item;
    if (!harmless.has(msg)) {
      if (harmless.size % WORDS_IN_A_TURN === WORDS_IN_A_TURN - 1) await new Promise(setImmediate);
      harmless.set(msg, conceal(msg, known));
    }
    items.push({ ...item, msg: harmless.get(msg) });
  }
  return items;
}

/**
 * docs/providers/xhey.md, "Other paths": what stands in it is not documented.
 * @param answer to any request
 * @param known what its texts may repeat
 * @returns what stands under `data`, or the whole where nothing does
 * @throws VerifyError as `readEnvelope`, and by the inner words where `data.data` is null
 */
export function readAnything(answer: HttpAnswer, known: Known): RequestAnswer {
  const { code, message, data, raw } = readEnvelope(answer, known);
  const inner = isObject(data) && data.data === null ? innerRefusal(data, known) : null;
  if (inner) throw inner;
  const result = data ?? raw;
  return { code, message, requestId: null, orderNo: null, charged: null, result, raw };
}

/** What may hold an answer's fields, the innermost first: `data` comes with another `data` in it, and without. */
function levelsOf(data: unknown): unknown[] {
  return isObject(data) && data.data != null ? [unwrapped(data.data), data] : [data];
}

/** @returns the first that is there */
function fieldIn(levels: readonly unknown[], name: string): unknown {
  for (const level of levels) if (isObject(level) && level[name] != null) return level[name];
  return undefined;
}

/**
 * "`{code:200,data:{data:null,status:-1,msg:"…"}}` was seen: the inner words are the reason": docs/providers/xhey.md, "Observed since".
 * @returns the error they stand for, or null where they stand for success
 */
function innerRefusal(data: unknown, known: Known): VerifyError | null {
  const status = isObject(data) ? toNumber(data.status) : null;
  if (!isObject(data) || status === null || status === 0 || String(status) === SUCCESS) return null;
  const code = String(status);
  return refusalBy(CODES, code, wordsOf(data, known));
}

function wordsOf(fields: Record<string, unknown>, known: Known): string {
  return typeof fields.msg === 'string' ? conceal(fields.msg, known) : '';
}

/** The samples of both calls have seconds; what is far too late in seconds is in milliseconds. */
function timeOf(timestamp: unknown): string | null {
  const time = toNumber(timestamp);
  if (time === null || time <= 0) return null;
  const milliseconds = time < MOST_SECONDS ? time * 1000 : time;
  return milliseconds <= LATEST ? isoTime(milliseconds) : null;
}

/** @returns the number that a number or a decimal string is, else null */
export function toNumber(value: unknown): number | null {
  const decimal = typeof value === 'string' && /^\s*-?\d+(?:\.\d+)?\s*$/.test(value);
  if (typeof value !== 'number' && !decimal) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}
