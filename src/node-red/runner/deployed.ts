/** What is deployed in a runtime, and when all of it runs. */
import type { NodeConfig, Red } from './red';

/** @returns all nodes as they were deployed, disabled ones among them */
export function configsOf({ nodes }: Red): NodeConfig[] {
  const configs: NodeConfig[] = [];
  nodes.eachNode((config) => configs.push(config));
  return configs;
}

/**
 * @param red Node-RED
 * @param type whose ending the nodes' types have
 * @param mark a property that such a node has once it runs
 * @returns the nodes that run
 */
export function nodesOf<Kind extends object>(red: Red, type: string, mark: keyof Kind): Kind[] {
  return configsOf(red).flatMap((config) => {
    const node = config.type.endsWith(type) ? (red.nodes.getNode(config.id) as Kind | null) : null;
    return node && mark in node ? [node] : [];
  });
}

/** One listener a runtime: a flow may have hundreds of nodes. */
const waiting = new WeakMap<object, Set<() => void>>();

/**
 * Flows start node by node; what a node sends before all of them are there may arrive nowhere.
 * @param red Node-RED
 * @param callback called once, when all flows have started
 * @returns takes the callback away again
 */
export function onceStarted({ events }: Red, callback: () => void): () => void {
  let callbacks = waiting.get(events);
  if (!callbacks) {
    const all = new Set<() => void>();
    callbacks = all;
    waiting.set(events, all);
    events.on('flows:started', () => {
      const due = [...all];
      all.clear();
      for (const each of due) each();
    });
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}
