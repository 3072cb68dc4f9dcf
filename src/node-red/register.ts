/**
 * What Node-RED loads when it starts: the types and the admin routes. Everything else is loaded with the first node that
 * a flow really has, so that a palette nobody uses costs nothing.
 */
import { existsSync } from 'node:fs';
import type { AccountDefinition } from '../contract/account';
import type { Action, ActionOfAccount } from '../contract/action';
import type { SettingDefinitions } from '../contract/settings';
import type { AccountHalves } from './account/account-node';
import { twinOf } from './account/pairs';
import { registerRoutes } from './admin/routes';
import { serveHealth } from './admin/serve-health';
import { servePhotos } from './photos/serve-photos';
import { addAction } from './runner/actions';
import { migrate } from './runner/migrate';
import { databaseFile } from './runner/own-settings';
import type { Node, NodeConfig, Red } from './runner/red';
import { withTexts } from './runner/texts';

/** By its admin application, each runtime once. */
const prepared = new WeakSet<object>();

/**
 * Registers the node of an action.
 * @param nodeRed Node-RED
 * @param type of the node
 * @param load gives what it does with a message
 */
export function registerAction<Input, Definitions extends SettingDefinitions>(
  nodeRed: Red,
  type: string,
  load: () => Action<Input, Definitions> | ActionOfAccount<Input, Definitions>,
): void {
  addAction(type, load);
  register(nodeRed, type, [], (red, node, config) => {
    const { runAction } = require('./runner/action-node') as typeof import('./runner/action-node');
    runAction(red, node, config, load());
  });
}

/**
 * Registers a provider's account node.
 * @param nodeRed Node-RED
 * @param type of the node
 * @param definition of the provider's account
 * @param halves what else there is of the provider
 */
export function registerAccount(
  nodeRed: Red,
  type: string,
  definition: AccountDefinition,
  halves: AccountHalves = {},
): void {
  const { credentials } = definition;
  register(nodeRed, type, [...credentials, ...credentials.map(twinOf)], (red, node, config) => {
    const { createAccount } = require('./account/account-node') as typeof import('./account/account-node');
    createAccount(red, node, config, definition, halves);
  });
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
  register(nodeRed, type, credentials, (red, node, config) => load()(red, node, config));
}

function register(
  nodeRed: Red,
  type: string,
  credentials: readonly string[],
  create: (red: Red, node: Node, config: NodeConfig) => void,
): void {
  const red = prepare(nodeRed, type);
  red.nodes.registerType(
    type,
    function (config) {
      red.nodes.createNode(this, config);
      create(red, this, migrate(config));
    },
    { credentials: Object.fromEntries(credentials.map((name) => [name, { type: 'password' }])) },
  );
}

/** Prepares a runtime for the first type that comes, and gives each its own texts. */
function prepare(nodeRed: Red, type: string): Red {
  const { httpAdmin, events } = nodeRed;
  if (!prepared.has(httpAdmin)) {
    prepared.add(httpAdmin);
    registerRoutes(nodeRed);
    servePhotos(withTexts(nodeRed, 'photo-store'));
    serveHealth(withTexts(nodeRed, ''));
    // If all nodes with pending tasks are gone, nothing else reads the tasks and deletes them in time.
    events.on('flows:starting', () => {
      const file = databaseFile(nodeRed);
      if (!file || !existsSync(file)) return;
      const { pendingTasksOf } =
        require('./runner/pending-tasks-of') as typeof import('./runner/pending-tasks-of');
      pendingTasksOf(withTexts(nodeRed, ''));
    });
  }
  return withTexts(nodeRed, type);
}
