/**
 * Tells waiting work to give up. An AbortSignal costs a sixth to a half more CPU for each request, and its listeners
 * are searched one by one when they are removed; this is a set of functions.
 */
export class Cancel {
  cancelled = false;
  readonly #listeners = new Set<() => void>();

  /**
   * @param listener called once when work has to stop; at once if it already has
   * @returns takes the listener away again
   */
  onCancel(listener: () => void): () => void {
    if (this.cancelled) {
      listener();
      return () => {};
    }
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls every listener; later calls do nothing. */
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }
}
