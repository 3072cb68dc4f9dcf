/** By signal, who wants to know that it aborts. */
const callbacks = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * All messages of a node share one signal. A signal compares each listener that is added or removed with those that it
 * has, so that three thousand messages would spend seconds on it; here it has one.
 * @param signal of the node, or of one query
 * @param callback called once when it aborts, soon if it has; it must not throw
 * @returns takes the callback away again
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) queueMicrotask(callback);
  let all = callbacks.get(signal);
  if (!all) {
    const added = new Set<() => void>();
    all = added;
    callbacks.set(signal, added);
    signal.addEventListener('abort', () => {
      for (const each of added) each();
    });
  }
  const set = all.add(callback);
  return () => set.delete(callback);
}
