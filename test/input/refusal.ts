import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';

/** @returns the problem of the INPUT error that something throws; anything else fails the test */
export function problemOf(read: () => unknown): string {
  let result: unknown;
  try {
    result = read();
  } catch (error) {
    assert.ok(error instanceof VerifyError, String(error));
    assert.equal(error.code, 'INPUT');
    return error.problem;
  }
  return assert.fail(`It was read as ${JSON.stringify(result)}`);
}

/** @param problem of the INPUT error that `read` should throw */
export function assertProblem(read: () => unknown, problem: string, message?: string): void {
  assert.equal(problemOf(read), problem, message);
}
