/** Task ids: docs/contract.md, "What an input may look like", Task id. */
import { VerifyError } from '../contract/errors';
import { readText } from './text';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST_ID = 128;
const TASK_ID = /^[\w-]+$/;
/** Quotation marks, brackets and what keeps Excel from making a number of it. */
const AROUND = /^[^\w/\\-]{1,16}|[^\w/\\-]{1,16}$/g;
/** What programs write where there is no value. */
const NOTHING = /^(?:undefined|null|NaN|None)$/;

/**
 * @param value as a message has it
 * @param position in the message, from 1
 * @param repaired gets `task` where the id was changed
 * @returns the id as it is sent
 * @throws VerifyError INPUT
 */
export function readTaskId(value: unknown, position: number, repaired: Set<string>): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new VerifyError('INPUT', 'task-id-inexact', { position });
    return String(value);
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'string' || NOTHING.test(value))
    throw new VerifyError('INPUT', 'not-a-task-id', { position });
  // Nearly every id, and there may be a hundred thousand.
  if (value.length <= LONGEST_ID && TASK_ID.test(value)) return value;
  const text = readText(value, 'task', LONGEST_ID, repaired);
  if (/^[a-z]+:\/\//i.test(text)) throw new VerifyError('INPUT', 'task-id-is-url', { position });
  const taskId = text.normalize('NFKC').replace(AROUND, '');
  if (taskId !== text) repaired.add('task');
  if (/[,;，；、\s]/.test(taskId)) throw new VerifyError('INPUT', 'task-ids-glued', { position });
  if (!TASK_ID.test(taskId)) throw new VerifyError('INPUT', 'not-a-task-id', { position });
  return taskId;
}
