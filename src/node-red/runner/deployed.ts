/** What is deployed in a runtime. */
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
