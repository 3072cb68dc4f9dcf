/** The node that is asked what was paid for, and tells each call as it is settled: CONTRACT, "Ledger". */
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import type { Entry, Sum } from '../ledger/entry';
import type { Ledger } from '../ledger/ledger';
import { idOfAccount } from './choices';
import { causeOf, textOf } from './explain';
import { FlowError } from './flow-error';
import { ledgerOf } from './ledger-of';
import { answerOf, readQuestion } from './ledger-question';
import { canHold } from './output';
import type { Message, Node, NodeConfig, Red } from './red';
import { onceStarted } from './started';
import { NodeStatus } from './status';
import { unexpected } from './unexpected';

const ASKED = { provider: null, operation: 'verify-ledger', mayCost: false };

/**
 * Makes a node answer for a ledger.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runVerifyLedger(red: Red, node: Node, config: NodeConfig): void {
  const status = new NodeStatus(red, node, () => false);
  const closing = new Cancel();
  let unsubscribe = () => {};
  const forget = onceStarted(red, () => {
    try {
      unsubscribe = openLedger(red, config).subscribe((entry) => {
        node.send([null, { payload: { ...entry } }]);
      });
    } catch (reason) {
      node.warn(textOf(red, asError(red, node, reason)));
      status.misconfigured();
    }
  });

  // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
  node.on('input', (message, send, done) => {
    status.started();
    let isOver = false;
    let stop = () => {};
    const end = (error: VerifyError | null) => {
      if (isOver) return;
      isOver = true;
      stop();
      if (error) status.failed(error.code);
      else status.finished('answered');
      done(error ? flowError(red, error) : undefined);
    };
    stop = closing.onCancel(() => end(new VerifyError('CANCELLED', 'cancelled')));
    answer(red, config, message)
      .then((payload) => {
        if (isOver) return;
        message.payload = payload;
        send(message);
        end(null);
      })
      .catch((reason) => end(asError(red, node, reason)));
  });
  node.on('close', (_removed, done) => {
    forget();
    unsubscribe();
    closing.cancel();
    status.close();
    done();
  });
}

async function answer(red: Red, config: NodeConfig, message: Message): Promise<Entry[] | Sum[]> {
  if (!canHold(red, message, 'payload'))
    throw new VerifyError('INPUT', 'message-read-only', { output: 'payload' });
  // An account that is not there any more has entries all the same.
  const accountId = (named: string) => idOfAccount(red, named, isAccount) ?? named;
  const question = readQuestion(message.payload, accountId);
  const accounts: string[] = [];
  red.nodes.eachNode(({ id, type, ledger }) => {
    if (isAccount(type) && (ledger || '') === (config.ledger || '')) accounts.push(id);
  });
  return answerOf(openLedger(red, config), question, accounts);
}

function isAccount(type: string): boolean {
  return type.endsWith('-account');
}

/** @throws VerifyError CONFIG */
function openLedger(red: Red, config: NodeConfig): Ledger {
  const ledger = ledgerOf(red, config.ledger);
  if (!ledger) throw new VerifyError('CONFIG', 'ledger-off');
  return ledger;
}

function asError(red: Red, node: Node, reason: unknown): VerifyError {
  return reason instanceof VerifyError ? reason : unexpected(red, node, reason);
}

function flowError(red: Red, error: VerifyError): FlowError {
  return new FlowError(textOf(red, error), error.code, causeOf(red, ASKED, error, null, 0));
}
