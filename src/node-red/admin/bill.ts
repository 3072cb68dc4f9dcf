/** A bill that is dropped on the sidebar: docs/contract.md, "Editor sidebar". */
import { VerifyError } from '../../contract/errors';
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
  const { account: payer, month: billed, ...sides } = await answerBill(ledger, question, () => true);
  const shown = Object.entries(sides).map(([kind, side]) => {
    const most = kind === 'matched' ? 0 : MOST_CALLS;
    return [kind, { ...side, calls: side.calls.slice(0, most) }];
  });
  return { account: payer, month: billed, ...Object.fromEntries(shown) };
}
