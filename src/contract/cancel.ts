import { Ongoing } from './ongoing';

/** What is called when a signal aborts, by signal. */
const callbacks = new WeakMap<AbortSignal, Ongoing<() => void>>();

/**
 * All messages of a node share one signal. A signal compares each listener that is added or removed with those that it
 * has, so that three thousand messages would spend seconds on it; here it has one.
 * @param signal of the node, or of one query
 * @param callback called once when it aborts, or in a microtask if it has aborted already; it must not throw
 * @returns takes the callback away, so that it is not called any more
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const all = callbacks.get(signal) ?? listenTo(signal);
  const forget = all.add(callback);
  if (signal.aborted) queueMicrotask(() => forget() && callback());
  return forget;
}

function listenTo(signal: AbortSignal): Ongoing<() => void> {
  const all = new Ongoing<() => void>();
  callbacks.set(signal, all);
  signal.addEventListener('abort', () => {
    for (let callback = all.shift(); callback; callback = all.shift()) callback();
  });
  return all;
}
