import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';

/** @returns the error of the contract that something throws; anything else fails the test */
export function refusalOf(read: () => unknown): VerifyError {
  let result: unknown;
  try {
    result = read();
  } catch (error) {
    assert.ok(error instanceof VerifyError, String(error));
    return error;
  }
  return assert.fail(`It was read as ${JSON.stringify(result)}`);
}

/** @returns the problem of the INPUT error that something throws; anything else fails the test */
export function problemOf(read: () => unknown): string {
  const { code, problem } = refusalOf(read);
  assert.equal(code, 'INPUT');
  return problem;
}

/** @param problem of the INPUT error that `read` should throw */
export function assertProblem(read: () => unknown, problem: string, message?: string): void {
  assert.equal(problemOf(read), problem, message);
}
