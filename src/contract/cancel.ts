/**
 * A callback that waits for its signal; null once it is taken away. V8 links each table that a `Set` or `Map` outgrows to the next one: once a full
 * collection has moved one of them to the old space, whatever stands in the `Set` from then on stays in memory until the next
 * full collection. So what every message enters and leaves holds a box, which is emptied.
 */
interface Box {
  callback: (() => void) | null;
}

/** What is called when a signal aborts, by signal. */
const boxes = new WeakMap<AbortSignal, Set<Box>>();

/**
 * All messages of a node share one signal. A signal compares each listener that is added or removed with those that it
 * has, so that three thousand messages would spend seconds on it; here it has one.
 * @param signal of the node, or of one query
 * @param callback called once when it aborts, or in a microtask if it has aborted already; it must not throw
 * @returns takes the callback away, so that it is not called any more
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const all = boxes.get(signal) ?? listenTo(signal);
  const box: Box = { callback };
  all.add(box);
  if (signal.aborted) queueMicrotask(() => box.callback?.());
  return () => {
    box.callback = null;
    all.delete(box);
  };
}

function listenTo(signal: AbortSignal): Set<Box> {
  const all = new Set<Box>();
  boxes.set(signal, all);
  signal.addEventListener('abort', () => {
    for (const { callback } of all) callback?.();
  });
  return all;
}
