/** A ledger in one Redis, which several Node-REDs share: CONTRACT, "Ledger". */
import { VerifyError } from '../errors';
import type { Ledger } from '../ledger/ledger';
import { openRedisLedger } from '../ledger/redis';
import { readRedisUrl } from '../ledger/redis-connection';
import { masterKey } from '../waiting/key';
import { type LedgerStoreNode, publish, warnOfBudget } from './ledger-of';
import type { Node, Red } from './red';
import { requireVariable } from './settings';

/** An action has as long for what it has paid for; all nodes are closed at the same time. */
const GRACE_MS = 5_000;

/**
 * Makes a node hold a shared ledger, which is opened at first use.
 * @param red Node-RED
 * @param created the node
 */
export function holdLedgerStore(red: Red, created: Node): void {
  const node = created as LedgerStoreNode;
  // Only the closure knows the credentials: whatever prints the node must not print them (NODE-RED, "Runtime").
  const { url = '', secret = '' } = node.credentials ?? {};
  delete node.credentials;

  const { host, pathname } = readRedisUrl(url) ?? {};
  node.place = host === undefined ? null : `${host}${pathname}`;
  let ledger: Ledger | undefined;
  node.ledger = () => {
    ledger ??= open();
    return ledger;
  };
  node.master = async () => {
    requireVariable(secret);
    if (!secret) throw new VerifyError('CONFIG', 'ledger-secret-missing', {}, { charged: false });
    return masterKey('', secret);
  };
  node.on('close', (_removed, done) => {
    Promise.resolve(ledger?.close()).then(done, done);
  });

  function open(): Ledger {
    for (const credential of [url, secret]) requireVariable(credential);
    if (!readRedisUrl(url)) throw new VerifyError('CONFIG', 'ledger-url-unreadable', {}, { charged: false });
    if (!secret) throw new VerifyError('CONFIG', 'ledger-secret-missing', {}, { charged: false });
    return publish(
      openRedisLedger({
        url,
        secret,
        graceMs: GRACE_MS,
        told: (trouble, values) => node.warn(red._(`warnings.ledger.${trouble}`, values)),
        onBudget: (warning) => warnOfBudget(red, warning),
      }),
    );
  }
}
