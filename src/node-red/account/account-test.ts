/** What the test button of an account's form starts: whether the account works. */
import type { Account, Probe } from '../../contract/account';
import { ERRORS, type ErrorCode, type VerifyError } from '../../contract/errors';
import type { Credentials } from '../../contract/settings';
import type { HttpAnswer } from '../../contract/transport';
import { offsetAskedBy } from '../../http/signing';
import { asVerifyError, textOf } from '../runner/flow-error';
import { type FormTest, formTest, type TestResult } from '../runner/form-test';
import type { Red } from '../runner/red';
import type { AccountNode } from './account-node';

export interface AccountTestResult extends TestResult {
  /** Seconds the provider's clock is ahead of this machine's; null where it is not known or within 30 s. */
  clockOffsetSeconds: number | null;
}

/** The provider refused the account; with any other code the answer did not come from the provider. */
const REFUSED: ReadonlySet<ErrorCode> = new Set(['CONFIG', 'INPUT', 'AUTH', 'ACCOUNT', 'RATE_LIMITED']);

/**
 * @param red Node-RED, with the catalogue of the account's node
 * @param node of the account
 * @param probe of its provider
 */
export function accountTest(red: Red, node: AccountNode, probe: Probe): FormTest<AccountTestResult> {
  return formTest(async (context) => {
    let clockOffsetSeconds: number | null = null;
    const watch = (answer: HttpAnswer) => {
      const offset = offsetAskedBy(answer, Date.now(), 0);
      clockOffsetSeconds = offset === null ? null : Math.round(offset / 1000);
    };
    try {
      await probe(watched(await node.open(), watch), context);
    } catch (reason) {
      const error = asVerifyError(red, node, reason);
      return (language) => ({
        state: stateOf(error),
        text: explain(red, error, language),
        clockOffsetSeconds,
      });
    }
    const onNextPair = node.onNextPair ? 'test.works-next-pair' : 'test.works';
    const works = node.environment === 'sandbox' ? 'test.works-sandbox' : onNextPair;
    return (language) => ({ state: 'works', text: red._(works, { lng: language }), clockOffsetSeconds });
  });
}

/** Hints about a message that failed are left out, because a test has no message. */
function explain(red: Red, error: VerifyError, language: string | undefined): string {
  const { code, problem, values, details } = error;
  const isAboutAccount = code !== 'INPUT' && (!ERRORS[code].retryable || details.charged === false);
  if (isAboutAccount) return textOf(red, error, language);
  return red._(`errors.${problem}.text`, { ...values, lng: language });
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
