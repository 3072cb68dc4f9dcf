/** The node that answers what was paid for, and sends each call as it is settled: docs/contract.md, "Ledger". */
import { VerifyError } from '../../contract/errors';
import type { Entry, Sum } from '../../ledger/entry';
import type { Ledger } from '../../ledger/ledger';
import { answerInput } from '../runner/answer-input';
import { idOfAccount, isAccount } from '../runner/choices';
import { configsOf } from '../runner/deployed';
import { sendNew } from '../runner/handle-input';
import { folderForFlows } from '../runner/own-settings';
import type { Message, Node, NodeConfig, Red } from '../runner/red';
import { requireVariable } from '../runner/settings';
import { answerBill, type BillAnswer, readBillQuestion } from './bill-question';
import { ledgerOf } from './ledger-of';
import { answerOf, asksForFolder, readQuestion } from './ledger-question';

/**
 * Makes a node answer for a ledger.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runVerifyLedger(red: Red, node: Node, config: NodeConfig): void {
  let unsubscribe = () => {};
  answerInput(red, node, {
    operation: 'verify-ledger',
    mayCost: false,
    check() {
      unsubscribe = openLedger(red, config).subscribe((entry) => {
        sendNew(red, node, [null, { payload: { ...entry } }]);
      });
    },
    answer: async (message) => ({ value: await answer(red, config, message), outcome: 'answered' }),
    close: () => unsubscribe(),
  });
}

async function answer(
  red: Red,
  config: NodeConfig,
  message: Message,
): Promise<Entry[] | Sum[] | BillAnswer | { folder: string | null }> {
  if (asksForFolder(message.payload)) return { folder: folderForFlows(red) };
  // Entries of deleted accounts are found, too.
  const accountId = (named: string) => idOfAccount(red, named, null) ?? named;
  const { payload } = message;
  if (typeof payload === 'object' && payload !== null && 'bill' in payload) {
    for (const head of Object.values(config.billColumns ?? {})) requireVariable(head);
    return answerBill(
      openLedger(red, config),
      readBillQuestion({ ...payload }, config.billColumns, accountId),
      (id) => idOfAccount(red, id, null) === id,
    );
  }
  const question = readQuestion(message.payload, accountId);
  const accounts = configsOf(red)
    .filter(({ type, ledger }) => isAccount(type) && (ledger || '') === (config.ledger || ''))
    .map(({ id }) => id);
  return answerOf(openLedger(red, config), question, accounts);
}

/** @throws VerifyError CONFIG */
function openLedger(red: Red, config: NodeConfig): Ledger {
  const ledger = ledgerOf(red, config.ledger);
  if (!ledger) throw new VerifyError('CONFIG', 'ledger-off');
  return ledger;
}
