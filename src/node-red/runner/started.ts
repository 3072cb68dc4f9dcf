import type { Red } from './red';

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
