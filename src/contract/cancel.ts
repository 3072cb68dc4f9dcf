/**
 * Tells waiting work to give up. An AbortSignal costs a sixth to a half more CPU for each request, and its listeners
 * are searched one by one when they are removed; this is a set of functions, made when there are two of them.
 */
export class Cancel {
  cancelled = false;
  #only: (() => void) | undefined;
  #more: Set<() => void> | undefined;

  /**
   * @param listener called once when work has to stop; at once if it already has
   * @returns takes the listener away again
   */
  onCancel(listener: () => void): () => void {
    if (this.cancelled) {
      listener();
      return () => {};
    }
    if (this.#only || this.#more) {
      this.#more ??= new Set();
      this.#more.add(listener);
    } else this.#only = listener;
    return () => {
      if (this.#only === listener) this.#only = undefined;
      else this.#more?.delete(listener);
    };
  }

  /** Calls every listener; later calls do nothing. */
  cancel(): void {
    if (this.cancelled) return;
    this.cancelled = true;
    const only = this.#only;
    const more = this.#more;
    this.#only = undefined;
    this.#more = undefined;
    only?.();
    for (const listener of more ?? []) listener();
  }
}
