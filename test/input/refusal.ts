import assert from 'node:assert/strict';
import { inspect } from 'node:util';
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

/** A row of a table: what comes of each of these values. */
type Row = readonly [expected: string, values: readonly unknown[]];

/** @param rows the problem of the INPUT error, and values that are refused with it */
export function itRefuses(read: (value: unknown) => unknown, rows: readonly Row[]): void {
  for (const [problem, values] of rows)
    for (const value of values)
      it(`refuses ${shown(value)}: ${problem}`, () => assertProblem(() => read(value), problem));
}

/**
 * @param read gives the value as it is sent, and the names of the fields that were repaired
 * @param rows what is sent, and values that are repaired to it
 */
export function itRepairs(read: (value: unknown) => unknown, field: string, rows: readonly Row[]): void {
  for (const [expected, values] of rows)
    for (const value of values)
      it(`repairs ${shown(value)}`, () => assert.deepEqual(read(value), [expected, [field]]));
}

/** As JSON has it what nobody sees, and short. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : inspect(value, { breakLength: Infinity });
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
