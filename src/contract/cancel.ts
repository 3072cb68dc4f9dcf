/** What is called when a signal aborts, by signal. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * All messages of a node share one signal. A signal compares each listener that is added or removed with those that it
 * has, so that three thousand messages would spend seconds on it; here it has one.
 * @param signal of the node, or of one query
 * @param callback called once when it aborts, or in a microtask if it has aborted already; it must not throw
 * @returns takes the callback away, so that it is not called any more
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const all = callbacks.get(signal) ?? listenTo(signal);
  all.add(callback);
  if (signal.aborted) queueMicrotask(() => all.has(callback) && callback());
  return () => all.delete(callback);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const all = new Set<() => void>();
  callbacks.set(signal, all);
  signal.addEventListener('abort', () => {
    for (const each of all) each();
  });
  return all;
}
