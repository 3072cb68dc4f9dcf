/** What a message may ask of a ledger: docs/contract.md, "Ledger", node `verify-ledger`. */
import { VerifyError } from '../../contract/errors';
import { parseJsonText } from '../../input/json-text';
import { readId, textInBytes } from '../../input/text';
import type { Period } from '../../ledger/calendar';
import type { Entry, Query, Sum } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { paidOperations } from '../runner/actions';
import { readKey } from '../runner/choices';
import { messageKey } from '../runner/payments';
import { oneOf, readTimes } from './ledger-query';

const MOST_ENTRIES = 1_000;
/** Of a question as JSON. */
const LONGEST_JSON = 10_000;

const PERIODS = ['day', 'month'] as const satisfies readonly Period[];
const NAMES: ReadonlySet<string> = new Set(['key', 'id', 'sum', 'from', 'to', 'account', 'operation']);

interface Question extends Omit<Query, 'key'> {
  /** As the message had it. */
  key: string | null;
  sum: Period | null;
}

/** @returns whether a message asks where a flow may keep files: `{folder: true}`, and nothing beside it */
export function asksForFolder(value: unknown): boolean {
  const question = objectOf(value);
  return question?.folder === true && Object.keys(question).length === 1;
}

/**
 * @param value of `msg.payload`; a text is read as JSON, as MQTT brings it, in a Buffer too
 * @param accountId gives the id of an account that goes by this name or id
 * @throws VerifyError INPUT, or what `accountId` throws
 */
export function readQuestion(value: unknown, accountId: (named: string) => string): Question {
  const question = objectOf(value);
  if (!question || Object.keys(question).some((name) => !NAMES.has(name))) throw notAQuestion();
  const [id, account, key] = [
    readId(question.id, 'id'),
    readId(question.account, 'account'),
    readKey(question.key),
  ];
  const times = readTimes(question);
  const { from, to } = times;
  const sum = oneOf(question.sum, 'sum', PERIODS);
  const operation = oneOf(question.operation, 'operation', paidOperations());
  const kinds = [id, key, sum].filter(Boolean);
  if (kinds.length > 1 || (kinds.length === 0 && from === undefined && to === undefined))
    throw notAQuestion();
  if (from !== undefined && to !== undefined && from >= to) throw new VerifyError('INPUT', 'times-crossed');
  return {
    key,
    sum,
    ...times,
    ...(id && { id }),
    ...(account && { account: accountId(account) }),
    ...(operation && { operation }),
  };
}

/**
 * @param ledger that is asked
 * @param question of a message
 * @param accounts ids of those that pay into it; a key is another one for each
 * @returns entries, newest first and 1,000 at the most, or sums
 * @throws VerifyError what the ledger throws
 */
export async function answerOf(
  ledger: Ledger,
  { key, sum, ...query }: Question,
  accounts: readonly string[],
): Promise<Entry[] | Sum[]> {
  if (sum) return ledger.sums(sum, query);
  if (key === null) return ledger.find(query, MOST_ENTRIES);
  const { account, operation } = query;
  const found: Entry[] = [];
  for (const payer of account === undefined ? accounts : [account])
    for (const paid of operation === undefined ? paidOperations() : [operation])
      found.push(...(await ofKey(ledger, query, payer, paid, key)));
  return found.sort((a, b) => (a.id < b.id ? 1 : -1)).slice(0, MOST_ENTRIES);
}

/** The calls of one message are numbered, so they are looked up until one is missing. */
async function ofKey(
  ledger: Ledger,
  query: Query,
  account: string,
  operation: string,
  key: string,
): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let part = 0; found.length < MOST_ENTRIES; part++) {
    const ofPart = await ledger.find(
      { ...query, account, operation, key: messageKey(operation, key, part) },
      MOST_ENTRIES,
    );
    if (ofPart.length === 0) break;
    found.push(...ofPart);
  }
  return found;
}

/** Other bytes are no question, and to list the names of their properties takes seconds: there is one for each byte. */
function objectOf(value: unknown): Record<string, unknown> | null {
  const given = textInBytes(value, LONGEST_JSON);
  const object = typeof given === 'string' ? parsed(given) : given;
  const isBytes = ArrayBuffer.isView(object);
  return typeof object === 'object' && object !== null && !Array.isArray(object) && !isBytes
    ? { ...object }
    : null;
}

function parsed(text: string): unknown {
  try {
    return text.length > LONGEST_JSON ? null : parseJsonText(text);
  } catch {
    return null;
  }
}

function notAQuestion(): VerifyError {
  return new VerifyError('INPUT', 'ledger-question');
}
