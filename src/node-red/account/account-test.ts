/** What the test button of an account's form starts: whether the account works, as it is deployed. */
import type { Account, Probe } from '../../contract/account';
import { ERRORS, type ErrorCode, type VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import type { Credentials } from '../../contract/settings';
import type { CallContext, HttpAnswer } from '../../contract/transport';
import { offsetAskedBy } from '../../http/clock-offset';
import { asVerifyError, textOf } from '../runner/flow-error';
import type { Node, Red } from '../runner/red';

/** What the form shows; without secrets and without a person. */
export interface TestResult {
  /** refused: by the provider. unreachable: nothing that is an answer of the provider. not-set-up: nothing was sent. */
  state: 'works' | 'refused' | 'unreachable' | 'not-set-up';
  /** In the language of the reader. */
  text: string;
  /** Seconds the provider's clock is ahead of this machine's; null where it is not known or within 30 s. */
  clockOffsetSeconds: number | null;
}

/** As much of an account node as its test uses. */
interface TestedNode extends Node {
  environment: Environment;
  onNextPair: boolean;
  open(): Account | Promise<Account>;
}

/** The outcome of a test, without a text. */
interface Found {
  error: VerifyError | null;
  clockOffsetSeconds: number | null;
}

/** The provider refused the account; with any other code the answer did not come from the provider. */
const REFUSED: ReadonlySet<ErrorCode> = new Set(['CONFIG', 'INPUT', 'AUTH', 'ACCOUNT', 'RATE_LIMITED']);

export class AccountTest {
  readonly #red: Red;
  readonly #node: TestedNode;
  readonly #probe: Probe;
  readonly #closing = new AbortController();
  #running: Promise<Found> | undefined;

  /**
   * @param red Node-RED, with the catalogue of the account's node
   * @param node of the account
   * @param probe of its provider
   */
  constructor(red: Red, node: TestedNode, probe: Probe) {
    this.#red = red;
    this.#node = node;
    this.#probe = probe;
  }

  /**
   * Tests the account; a second call while a test is running gets the result of that test.
   * @param language of the reader; without one, that of the runtime
   */
  async run(language?: string): Promise<TestResult> {
    this.#running ??= this.#test().finally(() => {
      this.#running = undefined;
    });
    const { error, clockOffsetSeconds } = await this.#running;
    if (error) return { state: stateOf(error), text: this.#explain(error, language), clockOffsetSeconds };
    const onNextPair = this.#node.onNextPair ? 'test.works-next-pair' : 'test.works';
    const works = this.#node.environment === 'sandbox' ? 'test.works-sandbox' : onNextPair;
    return { state: 'works', text: this.#red._(works, { lng: language }), clockOffsetSeconds };
  }

  /** Ends a test that is running. */
  close(): void {
    this.#closing.abort();
  }

  async #test(): Promise<Found> {
    let clockOffsetSeconds: number | null = null;
    const watch = (answer: HttpAnswer) => {
      const offset = offsetAskedBy(answer, Date.now(), 0);
      clockOffsetSeconds = offset === null ? null : Math.round(offset / 1000);
    };
    try {
      const account = await this.#node.open();
      await this.#probe(watched(account, watch), this.#context());
      return { error: null, clockOffsetSeconds };
    } catch (reason) {
      const error = asVerifyError(this.#red, this.#node, reason);
      return { error, clockOffsetSeconds };
    }
  }

  #context(): CallContext {
    return {
      now: Date.now,
      random: Math.random,
      closing: this.#closing.signal,
      signal: this.#closing.signal,
      attempted: () => {},
      // A call that is sent once waits for nothing.
      wait: async () => {},
    };
  }

  /** Hints about a message that failed are left out, because a test has no message. */
  #explain(error: VerifyError, language: string | undefined): string {
    const { code, problem, values, details } = error;
    const aboutAccount = code !== 'INPUT' && (!ERRORS[code].retryable || details.charged === false);
    if (aboutAccount) return textOf(this.#red, error, language);
    return this.#red._(`errors.${problem}.text`, { ...values, lng: language });
  }
}

function stateOf({ code, problem, details }: VerifyError): TestResult['state'] {
  if (code === 'CONFIG' && problem !== 'refused.CONFIG') return 'not-set-up';
  return REFUSED.has(code) || details.envelope === true ? 'refused' : 'unreachable';
}

/** The same account, with calls that are sent once and answers that are shown to `watch` first. */
function watched(account: Account, watch: (answer: HttpAnswer) => void): Account {
  const { transport } = account;
  return {
    ...account,
    transport: {
      takeSlot: () => transport.takeSlot(),
      send: (call, context) => {
        const read = (answer: HttpAnswer, credentials: Credentials) => {
          watch(answer);
          return call.read(answer, credentials);
        };
        return transport.send({ ...call, once: true, read }, context);
      },
      close: () => transport.close(),
    },
  };
}
