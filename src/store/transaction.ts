/** Requests that came together are one transaction, in which one that fails does not fail the others. */
import { type SentOutcome, type SentRequest, sentOf } from './messages';
import type { SqliteSql } from './sql';
import { faultOf } from './sqlite-fault';

/** Transactions that wrote something: src/store/mark.ts. */
const NEXT_COUNT = "UPDATE meta SET content = CAST(content AS INTEGER) + 1 WHERE name = 'count'";
const KEPT: SentOutcome = { ended: 'kept' };

/**
 * @param request whose operation is run
 * @returns its answer
 * @throws VerifyError of the operation, or Error of SQLite
 */
type RunOperation = (sql: SqliteSql, request: SentRequest) => Promise<unknown>;

/**
 * All in one transaction. What fails after it has written is left out, and the others run once more.
 * @throws Error that concerns the file
 */
export async function runTogether(
  sql: SqliteSql,
  requests: readonly SentRequest[],
  run: RunOperation,
): Promise<{ outcomes: SentOutcome[]; isWritten: boolean }> {
  const failed = new Map<number, SentOutcome>();
  for (;;) {
    const outcomes: SentOutcome[] = [];
    const before = sql.writes;
    let isSpoilt = false;
    try {
      sql.control('BEGIN');
      for (const [index, request] of requests.entries()) {
        const { writes } = sql;
        const outcome = failed.get(index) ?? (await outcomeOf(sql, request, run));
        outcomes.push(outcome);
        isSpoilt = outcome.ended === 'refused' && sql.writes > writes;
        if (!isSpoilt) continue;
        failed.set(index, outcome);
        break;
      }
      const isWritten = sql.writes > before && !isSpoilt;
      if (isWritten) sql.control(NEXT_COUNT);
      sql.control(isSpoilt ? 'ROLLBACK' : 'COMMIT');
      if (!isSpoilt) return { outcomes, isWritten };
    } catch (error) {
      rollBack(sql);
      throw error;
    }
  }
}

/**
 * Answers a read although nothing can be written.
 * @param reason why nothing can be written
 */
export async function readAlone(
  sql: SqliteSql,
  request: SentRequest,
  run: RunOperation,
  reason: unknown,
): Promise<SentOutcome> {
  sql.refusesWrites = reason;
  try {
    sql.control('BEGIN');
    return await outcomeOf(sql, request, run);
  } catch {
    return KEPT;
  } finally {
    sql.refusesWrites = null;
    rollBack(sql);
  }
}

/** @throws Error that concerns the file */
async function outcomeOf(sql: SqliteSql, request: SentRequest, run: RunOperation): Promise<SentOutcome> {
  try {
    return { ended: 'answered', value: await run(sql, request) };
  } catch (error) {
    if (faultOf(error)) throw error;
    return { ended: 'refused', value: sentOf(error) };
  }
}

function rollBack(sql: SqliteSql): void {
  try {
    sql.control('ROLLBACK');
  } catch {
    // SQLite rolls back by itself after some errors.
  }
}
