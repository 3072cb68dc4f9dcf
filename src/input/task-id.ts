/** Task ids: docs/contract.md, "What an input may look like", Task id. */
import { VerifyError } from '../contract/errors';
import { readText } from './text';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST_ID = 128;
const TASK_ID = /^[\w-]+$/;

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
  // Nearly every id, and there may be a hundred thousand.
  if (typeof value === 'string' && value.length <= LONGEST_ID && TASK_ID.test(value)) return value;
  if (typeof value !== 'string') throw new VerifyError('INPUT', 'not-a-task-id', { position });
  const taskId = readText(value, 'task', LONGEST_ID, repaired);
  if (/^[a-z]+:\/\//i.test(taskId)) throw new VerifyError('INPUT', 'task-id-is-url', { position });
  if (/[,;，；、\s]/.test(taskId)) throw new VerifyError('INPUT', 'task-ids-glued', { position });
  if (!TASK_ID.test(taskId)) throw new VerifyError('INPUT', 'not-a-task-id', { position });
  return taskId;
}
