/** A bill that is dropped on the sidebar: docs/contract.md, "Editor sidebar". */
import { VerifyError } from '../../contract/errors';
import type { BillComparison, BillKind, BillSide } from '../../ledger/bill';
import { readBillFile } from '../../ledger/bill-rows';
import type { AccountNode } from '../account/account-node';
import { answerBill, readBillQuestion } from '../ledger/bill-question';
import type { AdminQuestion } from './question';

/** Nobody looks through more; `verify-ledger` gives all of them. */
const MOST_CALLS = 100;

/**
 * @param question `account` (id), `month` and the heads of columns in the address, the file in the body
 * @returns the comparison, with at most a hundred calls of each difference and none of what matched
 * @throws VerifyError INPUT, or why the ledger cannot be read
 */
export async function compare({ red, query, body }: AdminQuestion): Promise<unknown> {
  const { account, month, ...columns } = query;
  const file = await readBillFile(body);
  const question = readBillQuestion({ bill: file, account, month, columns }, null, (id) => id);
  const node = red.nodes.getNode(question.account) as AccountNode | null;
  const ledger = node && 'terms' in node ? node.terms().ledger : null;
  if (!ledger) throw new VerifyError('CONFIG', 'ledger-off');
  const answer = await answerBill(ledger, question, () => true);
  const shown = (kind: BillKind, most: number): BillSide => {
    const side = (answer as BillComparison)[kind];
    return { ...side, calls: side.calls.slice(0, most) };
  };
  return {
    account: answer.account,
    month: answer.month,
    matched: shown('matched', 0),
    missing: shown('missing', MOST_CALLS),
    unbilled: shown('unbilled', MOST_CALLS),
    dearer: shown('dearer', MOST_CALLS),
    twice: shown('twice', MOST_CALLS),
  };
}
