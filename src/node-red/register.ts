/**
 * What Node-RED loads when it starts: the types and the admin routes. Everything else is loaded with the first node that
 * a flow really has, so that a palette nobody uses costs nothing.
 */
import type { AccountDefinition, Action, Probe, SettingDefinitions } from '../action';
import { registerAccountRoutes } from './account-routes';
import { registerLedgerRoutes } from './ledger-routes';
import { twinOf } from './pairs';
import { registerPhotoRoutes } from './photo-routes';
import { registerQueueRoutes } from './queue-routes';
import type { Node, NodeConfig, Red } from './red';
import { registerTasksRoutes } from './tasks-route';
import { withTexts } from './texts';

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
  registerLedgerRoutes(red, actionTypes);
  actionTypes.add(type);
  red.nodes.registerType(type, function (config) {
    red.nodes.createNode(this, config);
    const { runAction } = require('./action-node') as typeof import('./action-node');
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
      const { holdAccount } = require('./account-node') as typeof import('./account-node');
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
    const { holdPhotoStore } = require('./photo-store') as typeof import('./photo-store');
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
    const { holdQueue } = require('./verify-queue') as typeof import('./verify-queue');
    return holdQueue;
  };
  registerOther(nodeRed, type, load, ['url']);
}

function passwords(names: readonly string[]): Record<string, { type: 'password' }> {
  return Object.fromEntries(names.map((name) => [name, { type: 'password' as const }]));
}
