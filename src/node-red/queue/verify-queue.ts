/** A queue in one Redis, which callers and workers share: docs/contract.md, "Queue". */
import { VerifyError } from '../../contract/errors';
import type { SettingDefinitions } from '../../contract/settings';
import { isLoopback } from '../../http/address';
import type { QueueOptions } from '../../queue/bull';
import type { JobCalls } from '../../queue/calls';
import type { RedisServer } from '../../queue/redis-connection';
import { readRedisUrl, redisServer } from '../../queue/redis-url';
import { JobSecret } from '../../queue/sealed';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import { tlsOptions } from '../runner/connection';
import { secretFor } from '../runner/database-of';
import type { Node, NodeConfig, Red } from '../runner/red';
import { readSettings, requireVariable, takeCredentials } from '../runner/settings';

/** Where a newly installed Redis listens. */
const LOCAL = 'redis://127.0.0.1:6379';
const DEFAULT_NAME = 'verification';
const NOTHING_SENT = { charged: false } as const;
/** BullMQ separates the parts of its keys with colons. */
const NAME = /^[^:\s]{1,64}$/;

/** The form is built from it, too. */
export const SETTINGS = {
  keep: { type: 'number', default: 3_600, min: 60, max: 604_800, integer: true },
  /** Whether another host may be reached over `redis:`. */
  unencrypted: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

export interface QueueNode extends Node {
  /** @throws VerifyError CONFIG where it is not set up */
  options(): QueueOptions;
  /** @throws VerifyError CONFIG where it is not set up */
  calls(): JobCalls;
  /** Of BullMQ's queue. */
  queueName: string;
}

/**
 * Makes a node hold a queue, which is opened at first use.
 * @param red Node-RED
 * @param created the node
 * @param config as it was deployed
 */
export function createQueue(red: Red, created: Node, config: NodeConfig): void {
  const node = created as QueueNode;
  const url = takeCredentials(node).url || LOCAL;

  node.queueName = config.name || DEFAULT_NAME;
  let calls: JobCalls | undefined;
  let secret: Promise<JobSecret> | undefined;
  node.options = () => {
    for (const value of [url, config.name]) requireVariable(value);
    const { keep, unencrypted } = readSettings(SETTINGS, config);
    const server = serverOf(unencrypted);
    if (!NAME.test(node.queueName)) throw new VerifyError('CONFIG', 'queue-name-unusable', {}, NOTHING_SENT);
    return {
      server,
      name: node.queueName,
      keep,
      secret: () => {
        secret ??= readSecret().catch((error) => {
          secret = undefined;
          throw error;
        });
        return secret;
      },
      notify: (notice, { place, code }) => node.warn(red._(`warnings.queue.${notice}`, { place, code })),
    };
  };
  node.calls = () => {
    calls ??= openCalls(node.options());
    return calls;
  };
  node.on('close', (_removed, done) => {
    Promise.resolve(calls?.close()).then(done, done);
  });

  function serverOf(unencrypted: boolean): RedisServer {
    const address = readRedisUrl(url);
    if (!address) throw new VerifyError('CONFIG', 'queue-url-unreadable', {}, NOTHING_SENT);
    const isPlain = address.protocol === 'redis:' && !isLoopback(address.hostname);
    if (isPlain && !unencrypted) throw new VerifyError('CONFIG', 'queue-unencrypted', {}, NOTHING_SENT);
    return redisServer(address, tlsOptions(red, config.tls));
  }

  /** docs/contract.md, "Ledger": the shared store's secret, else that of this Node-RED. */
  async function readSecret(): Promise<JobSecret> {
    if (!config.ledger) return new JobSecret(await secretFor(red));
    const store = red.nodes.getNode(String(config.ledger)) as LedgerStoreNode | null;
    if (!store?.master) throw new VerifyError('CONFIG', 'queue-store-missing', {}, NOTHING_SENT);
    return new JobSecret(await store.master());
  }
}

/** Loaded at first use: many flows have no queue. */
function openCalls(options: QueueOptions): JobCalls {
  const { JobCalls: Calls } = require('../../queue/calls') as typeof import('../../queue/calls');
  return new Calls(options);
}

/**
 * @param red Node-RED
 * @param id of the node
 * @throws VerifyError CONFIG where it is missing
 */
export function queueNode(red: Red, id: unknown): QueueNode {
  const node = id ? (red.nodes.getNode(String(id)) as QueueNode | null) : null;
  if (!node?.calls) throw new VerifyError('CONFIG', 'queue-missing', {}, NOTHING_SENT);
  return node;
}
