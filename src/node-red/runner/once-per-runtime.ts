import type { Red } from './red';

/**
 * Each node has a `Red` of its own, with its own texts; all of one runtime share its events.
 * @param create makes what a runtime has once; where it throws, the next call tries again
 * @returns gives it, however many nodes ask; it lives as long as the runtime
 */
export function oncePerRuntime<Kept>(create: (red: Red) => Kept): (red: Red) => Kept {
  const kept = new WeakMap<object, Kept>();
  return (red) => {
    const found = kept.get(red.events) ?? create(red);
    kept.set(red.events, found);
    return found;
  };
}
