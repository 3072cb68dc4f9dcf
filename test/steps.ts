/** How much a piece of work looks at, whatever the machine is busy with. */

const METHODS = [
  'includes',
  'lastIndexOf',
  'match',
  'matchAll',
  'normalize',
  'replace',
  'replaceAll',
  'search',
  'split',
  'toLowerCase',
  'trim',
] as const;

/**
 * Counts one step for each character that is read by itself, and one for each character of a text that a built-in method
 * or a pattern goes over, or that is copied into a Buffer or out of one. What a pattern does beside that cannot be seen: those that are quadratic must not see long texts.
 * @param work synchronous; what it throws is ignored
 * @returns the steps it took
 */
export function stepsOf(work: () => unknown): number {
  let steps = 0;
  const count = (length: number) => {
    steps += length;
  };
  const prototypes = String.prototype as unknown as Record<string, (...given: unknown[]) => unknown>;
  const originals = METHODS.map((name) => [name, prototypes[name]!] as const);
  const { charCodeAt, indexOf } = String.prototype;
  const { test } = RegExp.prototype;
  const { from } = Buffer;
  const writeOut = Buffer.prototype.toString;
  for (const [name, original] of originals) {
    prototypes[name] = function (this: string, ...given) {
      count(this.length);
      return original.apply(this, given);
    };
  }
  String.prototype.charCodeAt = function (this: string, index) {
    count(1);
    return charCodeAt.call(this, index);
  };
  String.prototype.indexOf = function (this: string, wanted, start = 0) {
    const found = indexOf.call(this, wanted, start);
    count((found < 0 ? this.length : found + 1) - start);
    return found;
  };
  RegExp.prototype.test = function (text) {
    const start = this.sticky || this.global ? this.lastIndex : 0;
    const isFound = test.call(this, text);
    // A sticky one looks no further than it matches.
    count(this.sticky ? Math.max(1, this.lastIndex - start) : text.length - start);
    return isFound;
  };
  Object.assign(Buffer, {
    from: (...given: Parameters<typeof from>) => {
      if (typeof given[0] === 'string') count((given[0] as string).length);
      return from.apply(Buffer, given);
    },
  });
  Buffer.prototype.toString = function (this: Buffer, ...given: Parameters<typeof writeOut>) {
    const text = writeOut.apply(this, given);
    count(text.length);
    return text;
  };
  try {
    work();
  } catch {
    // A refusal takes steps, too.
  } finally {
    for (const [name, original] of originals) prototypes[name] = original;
    Object.assign(String.prototype, { charCodeAt, indexOf });
    RegExp.prototype.test = test;
    Object.assign(Buffer, { from });
    Buffer.prototype.toString = writeOut;
  }
  return steps;
}
