/**
 * What Node-RED loads when it starts: the types and the admin routes. Everything else is loaded with the first node that
 * a flow really has, so that a palette nobody uses costs nothing.
 */
import type { AccountDefinition, Probe } from '../contract/account';
import type { Action } from '../contract/action';
import type { SettingDefinitions } from '../contract/settings';
import { twinOf } from './account/pairs';
import { registerAccountRoutes } from './admin/account-routes';
import { registerDatabaseRoutes } from './admin/database-routes';
import { registerLedgerRoutes } from './admin/ledger-routes';
import { registerPhotoRoutes } from './admin/photo-routes';
import { registerQueueRoutes } from './admin/queue-routes';
import { registerTasksRoutes } from './admin/tasks-route';
import type { Node, NodeConfig, Red } from './runner/red';
import { withTexts } from './runner/texts';

/** Of the nodes that raise what a Catch is for. */
const actionTypes = new Set<string>();

/**
 * Registers the node of an action.
 * @param nodeRed Node-RED
 * @param type of the node
 * @param load gives what it does with a message
 */
export function registerAction<Input, Definitions extends SettingDefinitions>(
  nodeRed: Red,
  type: string,
  load: () => Action<Input, Definitions>,
): void {
  const red = withTexts(nodeRed, type);
  registerTasksRoutes(red);
  registerDatabaseRoutes(red);
  registerLedgerRoutes(red, actionTypes);
  actionTypes.add(type);
  red.nodes.registerType(type, function (config) {
    red.nodes.createNode(this, config);
    const { runAction } = require('./runner/action-node') as typeof import('./runner/action-node');
    runAction(red, this, config, load());
  });
}

/**
 * Registers a provider's account node.
 * @param nodeRed Node-RED
 * @param type of the node
 * @param definition of the provider's account
 * @param loadProbe gives what to test an account with, where the provider has a call that costs nothing
 */
export function registerAccount(
  nodeRed: Red,
  type: string,
  definition: AccountDefinition,
  loadProbe?: () => Probe,
): void {
  const red = withTexts(nodeRed, type);
  registerAccountRoutes(red);
  red.nodes.registerType(
    type,
    function (config) {
      red.nodes.createNode(this, config);
      const { holdAccount } = require('./account/account-node') as typeof import('./account/account-node');
      holdAccount(red, this, config, definition, loadProbe?.());
    },
    { credentials: passwords([...definition.credentials, ...definition.credentials.map(twinOf)]) },
  );
}

/**
 * Registers a node that asks no provider.
 * @param nodeRed Node-RED
 * @param type of the node
 * @param load gives what makes a node what it is
 * @param credentials names of its credentials
 */
export function registerOther(
  nodeRed: Red,
  type: string,
  load: () => (red: Red, node: Node, config: NodeConfig) => void,
  credentials: readonly string[] = [],
): void {
  const red = withTexts(nodeRed, type);
  red.nodes.registerType(
    type,
    function (config) {
      red.nodes.createNode(this, config);
      load()(red, this, config);
    },
    { credentials: passwords(credentials) },
  );
}

/**
 * Registers the node of a photo store.
 * @param nodeRed Node-RED
 * @param type of the node
 */
export function registerPhotoStore(nodeRed: Red, type: string): void {
  registerPhotoRoutes(withTexts(nodeRed, type));
  const load = () => {
    const { holdPhotoStore } = require('./photos/photo-store') as typeof import('./photos/photo-store');
    return holdPhotoStore;
  };
  registerOther(nodeRed, type, load, ['accessKeyId', 'secretAccessKey']);
}

/**
 * Registers the node of a queue.
 * @param nodeRed Node-RED
 * @param type of the node
 */
export function registerQueue(nodeRed: Red, type: string): void {
  registerQueueRoutes(withTexts(nodeRed, type));
  const load = () => {
    const { holdQueue } = require('./queue/verify-queue') as typeof import('./queue/verify-queue');
    return holdQueue;
  };
  registerOther(nodeRed, type, load, ['url']);
}

function passwords(names: readonly string[]): Record<string, { type: 'password' }> {
  return Object.fromEntries(names.map((name) => [name, { type: 'password' as const }]));
}
