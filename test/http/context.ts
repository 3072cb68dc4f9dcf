/** What a call needs besides a transport: a context that records what it is asked for, and the plainest of calls. */
import assert from 'node:assert/strict';
import type { Context } from '../../src/contract/action';
import { type ErrorCode, type ErrorDetails, VerifyError } from '../../src/contract/errors';
import type { Call, HttpAnswer, Transport } from '../../src/contract/transport';
import { refusedStatus } from '../../src/http/answer';
import { FREE, MessagePayments } from '../../src/node-red/runner/payments';

export interface TestContext extends Context {
  /** What its `closing` and its `signal` belong to. */
  controllers: { closing: AbortController; signal: AbortController };
  /** Milliseconds of each `wait`, in order. */
  waits: number[];
  attempts: number;
}

/** @param changes of what a context does; by default a wait is recorded and over at once, and chance is 0.5 */
export function makeContext(changes: Partial<Context> = {}): TestContext {
  const controllers = { closing: new AbortController(), signal: new AbortController() };
  const context: TestContext = {
    controllers,
    now: Date.now,
    random: () => 0.5,
    closing: controllers.closing.signal,
    signal: controllers.signal.signal,
    payments: new MessagePayments(
      FREE,
      { node: '', operation: '', key: null, reuseMs: 0 },
      controllers.closing.signal,
    ),
    waits: [],
    attempts: 0,
    attempted: () => {
      context.attempts++;
    },
    wait: async (milliseconds) => {
      context.waits.push(milliseconds);
    },
    memory: new Map(),
    warnOnce: () => {},
    photoStore: () => assert.fail('no photo is in hand'),
    seal: async (text) => `seal of ${text}`,
    isSealed: async (text, seal) => seal === `seal of ${text}`,
    explain: () => {
      throw new Error('a transport explains nothing');
    },
    ...changes,
  };
  return context;
}

/** @param changes of a call that may cost money, sends a short POST and gives the whole answer back */
export function makeCall(
  changes: Partial<Call<HttpAnswer>> & { body?: Buffer; path?: string; origin?: string } = {},
): Call<HttpAnswer> {
  const { body = Buffer.from('{"a":1}'), path = '/v1/ask', origin, ...others } = changes;
  return {
    build: () => ({
      method: 'POST',
      path,
      ...(origin ? { origin } : {}),
      headers: { 'Content-Type': 'application/json' },
      body,
    }),
    read: (answer) => {
      const refused = refusedStatus(answer.status);
      if (refused) throw refused;
      return answer;
    },
    claim: () => undefined,
    ...others,
  };
}

/** A call that costs nothing and is repeated. */
export function makeFreeCall(changes: Parameters<typeof makeCall>[0] = {}): Call<HttpAnswer> {
  return makeCall({ claim: null, repeat: true, ...changes });
}

/** Sends a call in a context of its own. */
export function send(transport: Transport, call = makeCall(), context = makeContext()): Promise<HttpAnswer> {
  return transport.send(call, context);
}

/**
 * @param promise that should be rejected
 * @param code of the VerifyError it should be rejected with
 * @param problem of that error, where it matters
 * @param details that the error should have, among others
 * @returns the error
 */
export async function failure(
  promise: Promise<unknown>,
  code: ErrorCode,
  problem?: string,
  details: ErrorDetails = {},
): Promise<VerifyError> {
  const caught = await promise.then(
    () => assert.fail(`settled well instead of ${code}`),
    (error: unknown) => error,
  );
  if (!(caught instanceof VerifyError)) throw caught;
  const whole = `${caught.code} ${caught.problem} ${JSON.stringify(caught.details)}`;
  assert.equal(caught.code, code, whole);
  if (problem !== undefined) assert.equal(caught.problem, problem, whole);
  assert.partialDeepStrictEqual(caught.details, details, whole);
  return caught;
}
