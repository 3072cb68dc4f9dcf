/** How much a piece of work looks at, whatever the machine is busy with. */

const METHODS = [
  'includes',
  'indexOf',
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
 * or a pattern goes over. What a pattern does beside that cannot be seen: those that are quadratic must not see long texts.
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
  const { charCodeAt } = String.prototype;
  const { test } = RegExp.prototype;
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
  RegExp.prototype.test = function (text) {
    count(text.length);
    return test.call(this, text);
  };
  try {
    work();
  } catch {
    // A refusal takes steps, too.
  } finally {
    for (const [name, original] of originals) prototypes[name] = original;
    String.prototype.charCodeAt = charCodeAt;
    RegExp.prototype.test = test;
  }
  return steps;
}
