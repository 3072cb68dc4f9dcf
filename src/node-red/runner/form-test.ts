/** What the test button of a form starts: a test of the node as it is deployed. */
import { setTimeout } from 'node:timers/promises';
import type { CallContext } from '../../contract/transport';

/** What a form shows; without secrets and without a person. */
export interface TestResult {
  /** refused: by the other side. unreachable: no answer of the other side. not-set-up: nothing was sent. */
  state: 'works' | 'refused' | 'unreachable' | 'not-set-up';
  /** In the language of the reader. */
  text: string;
}

export interface FormTest<Result extends TestResult> {
  /**
   * Runs the test; a second call meanwhile gets the result of the same test.
   * @param language of the reader; without one, that of the runtime
   */
  run(language?: string): Promise<Result>;
  /** Ends a test that is running. */
  close(): void;
}

/** @param test runs once at a time, never throws, and returns a function that words the result in a language */
export function formTest<Result extends TestResult>(
  test: (context: CallContext) => Promise<(language?: string) => Result>,
): FormTest<Result> {
  const closing = new AbortController();
  const context: CallContext = {
    now: Date.now,
    random: Math.random,
    closing: closing.signal,
    signal: closing.signal,
    attempted: () => {},
    wait: (milliseconds) => setTimeout(milliseconds),
  };
  let running: ReturnType<typeof test> | undefined;
  return {
    async run(language) {
      running ??= test(context).finally(() => {
        running = undefined;
      });
      return (await running)(language);
    },
    close: () => closing.abort(),
  };
}
