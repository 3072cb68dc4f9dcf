/** A message that brings a bill: docs/contract.md, "Ledger", node `verify-ledger`. */
import { VerifyError } from '../../contract/errors';
import { readId } from '../../input/text';
import { type BillComparison, compareBill, spanOfBill } from '../../ledger/bill';
import { BILL_COLUMNS, type BillColumns, readBill } from '../../ledger/bill-rows';
import type { Entry } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { readMonth } from './ledger-query';

const NAMES: ReadonlySet<string> = new Set(['bill', 'account', 'month', 'columns']);

interface BillQuestion {
  /** As `readBill` takes it. */
  bill: unknown;
  account: string;
  month: { month: string; from: number; to: number };
  columns: BillColumns;
}

export interface BillAnswer extends BillComparison {
  account: string;
  /** Such as `2026-11`. */
  month: string;
}

/**
 * @param given `bill`, `account`, `month`, and `columns` where the heads are others than the node's
 * @param columns of the node
 * @param accountId gives the id of an account that goes by this name or id
 * @throws VerifyError INPUT, or what `accountId` throws
 */
export function readBillQuestion(
  given: Readonly<Record<string, unknown>>,
  columns: unknown,
  accountId: (named: string) => string,
): BillQuestion {
  const account = readId(given.account, 'account');
  const month = readId(given.month, 'month');
  if (!account || !month || Object.keys(given).some((name) => !NAMES.has(name)))
    throw new VerifyError('INPUT', 'bill-question');
  return {
    bill: given.bill,
    account: accountId(account),
    month: readMonth(month, 0),
    columns: { ...readColumns(columns), ...readColumns(given.columns) },
  };
}

/**
 * @param ledger that is asked
 * @param question of a message
 * @param isAccount whether there is an account of this id
 * @throws VerifyError INPUT, or what the ledger throws
 */
export async function answerBill(
  ledger: Ledger,
  question: BillQuestion,
  isAccount: (id: string) => boolean,
): Promise<BillAnswer> {
  const { account, month } = question;
  const rows = await readBill(question.bill, question.columns);
  const entries: Entry[] = [];
  for await (const entry of ledger.entries({ ...spanOfBill(month), account })) entries.push(entry);
  // With a mistyped name all of the bill would be missing. A deleted account is known by its calls.
  if (entries.length === 0 && !isAccount(account)) throw new VerifyError('INPUT', 'bill-account');
  return { account, month: month.month, ...(await compareBill(rows, entries, month)) };
}

/** @throws VerifyError INPUT */
function readColumns(value: unknown): BillColumns {
  const columns: BillColumns = {};
  if (typeof value !== 'object' || value === null) return columns;
  for (const name of BILL_COLUMNS) {
    const head = readId((value as Record<string, unknown>)[name], name);
    if (head) columns[name] = head;
  }
  return columns;
}
