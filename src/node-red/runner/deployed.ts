/** What is deployed in a runtime, and when all of it runs. */
import { asVerifyError, textOf } from './flow-error';
import { oncePerRuntime } from './once-per-runtime';
import type { Node, NodeConfig, Red } from './red';
import type { NodeStatus } from './status';

/** @returns all nodes as they were deployed, disabled ones among them */
export function configsOf({ nodes }: Red): NodeConfig[] {
  const configs: NodeConfig[] = [];
  nodes.eachNode((config) => configs.push(config));
  return configs;
}

/**
 * @param red Node-RED
 * @param type whose ending the nodes' types have
 * @param property that such a node has once it runs
 * @returns the nodes that run
 */
export function nodesOf<Kind extends object>(red: Red, type: string, property: keyof Kind): Kind[] {
  return configsOf(red).flatMap((config) => {
    const node = config.type.endsWith(type) ? (red.nodes.getNode(config.id) as Kind | null) : null;
    return node && property in node ? [node] : [];
  });
}

/** Callbacks for the next start; one listener serves all nodes. */
const atStart = oncePerRuntime(({ events }) => {
  const callbacks = new Set<() => void>();
  events.on('flows:started', () => {
    const all = [...callbacks];
    callbacks.clear();
    for (const callback of all) callback();
  });
  return callbacks;
});

/**
 * Flows start node by node; what a node sends before all of them are there may arrive nowhere.
 * @param red Node-RED
 * @param callback called once, when all flows have started
 * @returns takes the callback away again
 */
export function onceStarted(red: Red, callback: () => void): () => void {
  const callbacks = atStart(red);
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

/**
 * What is wrong with a node itself is said when it is deployed, and not only when the first message fails.
 * @param red Node-RED
 * @param node that was created
 * @param status of the node
 * @param check throws what is wrong
 * @returns takes the check away again
 */
export function checkOnceStarted(red: Red, node: Node, status: NodeStatus, check: () => void): () => void {
  return onceStarted(red, () => {
    try {
      check();
    } catch (reason) {
      const error = asVerifyError(red, node, reason);
      // There is no message yet, so other errors may be due to its content.
      if (error.code !== 'CONFIG') return;
      node.warn(textOf(red, error));
      status.misconfigured();
    }
  });
}
