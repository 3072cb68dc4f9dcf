/** One place in the list; without a value it is its end. */
interface Link<Value> {
  value: Value | undefined;
  before: Link<Value>;
  after: Link<Value>;
}

/**
 * What is under way, the oldest first, for lists that every message enters and leaves. V8 links each table that a `Set` or
 * `Map` outgrows to the next one: once a full collection has moved one of them to the old space, whatever stands in the
 * `Set` from then on is copied there too, and stays until the next full collection.
 */
export class Ongoing<Value> {
  readonly #end: Link<Value>;

  constructor() {
    const end = { value: undefined } as Link<Value>;
    end.before = end;
    end.after = end;
    this.#end = end;
  }

  /** @returns takes it away again, and says whether it was still there */
  add(value: Value): () => boolean {
    const after = this.#end;
    const link = { value, before: after.before, after };
    link.before.after = link;
    after.before = link;
    return () => remove(link);
  }

  /** @returns the oldest, which is taken away; undefined where there is none */
  shift(): Value | undefined {
    const { after } = this.#end;
    const { value } = after;
    if (after !== this.#end) remove(after);
    return value;
  }

  /** None may be taken away meanwhile. */
  *[Symbol.iterator](): Iterator<Value> {
    for (let link = this.#end.after; link !== this.#end; link = link.after) yield link.value!;
  }
}

function remove<Value>(link: Link<Value>): boolean {
  if (link.before === link) return false;
  link.before.after = link.after;
  link.after.before = link.before;
  // A dead link must not lead to those that live.
  link.before = link;
  link.after = link;
  link.value = undefined;
  return true;
}
