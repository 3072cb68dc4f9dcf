import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { VerifyError } from '../../src/contract/errors';
import { Circuit } from '../../src/http/circuit';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall, send } from './context';
import { closeAll, freePort, open, startServer } from './server';

describe('http: the circuit', () => {
  let time: number;
  let changes: boolean[];
  let circuit: Circuit;
  beforeEach(() => {
    time = 5_000;
    changes = [];
    circuit = new Circuit(
      () => time,
      (opened) => changes.push(opened),
    );
  });

  /** Failures of requests that started while it was closed. */
  function fail(count: number, over: number): void {
    for (let index = 0; index < count; index++) {
      if (index > 0) time += over / (count - 1);
      circuit.failed(0);
    }
  }

  function refusal(): VerifyError | null {
    try {
      circuit.refuse();
      return null;
    } catch (error) {
      assert.ok(error instanceof VerifyError);
      assert.equal(error.code, 'OVERLOADED');
      assert.equal(error.problem, 'provider-down');
      assert.equal(error.details.charged, false);
      assert.equal(error.values.retryAfter, error.details.retryAfter);
      return error;
    }
  }

  it('opens after ten failures in a row over two seconds', () => {
    fail(10, 2_000);
    assert.equal(refusal()?.details.retryAfter, 1);
    assert.deepEqual(changes, [true]);
  });

  it('stays closed for nine failures, however long they take', () => {
    fail(9, 60_000);
    assert.equal(refusal(), null);
    assert.deepEqual(changes, []);
  });

  it('stays closed for many failures in under two seconds, and opens with the first after them', () => {
    fail(1_000, 1_998);
    assert.equal(refusal(), null);
    time += 3;
    circuit.failed(0);
    assert.ok(refusal());
  });

  it('starts to count from none with every answer', () => {
    fail(9, 2_500);
    circuit.answered();
    fail(9, 2_500);
    assert.equal(refusal(), null);
    fail(1, 0);
    assert.ok(refusal());
    assert.deepEqual(changes, [true]);
  });

  it('lets one request try after a second, and refuses the others meanwhile', () => {
    fail(10, 2_000);
    time += 999;
    assert.ok(refusal());
    time += 1;
    assert.equal(refusal(), null);
    circuit.enter();
    assert.equal(refusal()?.details.retryAfter, 1);
    time += 30_000;
    assert.equal(refusal()?.details.retryAfter, 1);
  });

  it('doubles its time from one second to sixty', () => {
    fail(10, 2_000);
    const pauses: number[] = [];
    for (let trial = 0; trial < 9; trial++) {
      pauses.push(refusal()!.details.retryAfter!);
      time += pauses.at(-1)! * 1000 - 1;
      assert.ok(refusal());
      time += 1;
      assert.equal(refusal(), null);
      circuit.failed(circuit.enter());
    }
    assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert.deepEqual(changes, [true]);
  });

  it('closes with any answer, says so once, and begins again at one second', () => {
    fail(10, 2_000);
    time += 1_000;
    circuit.failed(circuit.enter());
    time += 2_000;
    circuit.enter();
    circuit.answered();
    circuit.answered();
    assert.equal(refusal(), null);
    assert.deepEqual(changes, [true, false]);
    fail(10, 2_000);
    assert.equal(refusal()?.details.retryAfter, 1);
    assert.deepEqual(changes, [true, false, true]);
  });

  it('is closed by the answer to a request from before', () => {
    fail(10, 2_000);
    circuit.answered();
    assert.equal(refusal(), null);
    assert.deepEqual(changes, [true, false]);
  });

  it('lets another try where the one that tried was cancelled', () => {
    fail(10, 2_000);
    time += 1_000;
    circuit.cancelled(circuit.enter());
    assert.equal(refusal(), null);
  });

  it('goes by the one that tries, whatever becomes of requests from before', () => {
    const before = circuit.enter();
    fail(10, 2_000);
    time += 1_000;
    const trial = circuit.enter();
    circuit.cancelled(before);
    assert.ok(refusal(), 'a second one may try');
    circuit.failed(before);
    time += 10_000;
    assert.ok(refusal(), 'a second one may try');
    circuit.failed(trial);
    assert.equal(refusal()?.details.retryAfter, 2);
  });

  const ends: [string, VerifyError, wasAnswered: boolean, effect: 'fails' | 'closes' | 'nothing'][] = [
    ['a connection that broke', new VerifyError('NETWORK', ''), false, 'fails'],
    ['no answer in time', new VerifyError('TIMEOUT', ''), false, 'fails'],
    [
      'a page of a server that failed',
      new VerifyError('PROVIDER', '', {}, { httpStatus: 500 }),
      true,
      'fails',
    ],
    [
      'one that cannot be decompressed',
      new VerifyError('PROTOCOL', '', {}, { httpStatus: 503 }),
      false,
      'fails',
    ],
    ['an envelope', new VerifyError('PROVIDER', '', {}, { httpStatus: 500, envelope: true }), true, 'closes'],
    ['a refusal', new VerifyError('ACCOUNT', '', {}, { httpStatus: 403 }), true, 'closes'],
    [
      'an answer that cannot be read',
      new VerifyError('PROTOCOL', '', {}, { httpStatus: 200 }),
      false,
      'closes',
    ],
    ['what was never sent', new VerifyError('CONFIG', ''), false, 'nothing'],
    ['what was cancelled', new VerifyError('CANCELLED', ''), false, 'nothing'],
  ];
  for (const [what, error, wasAnswered, effect] of ends)
    it(`goes by how a request ended: ${what}: ${effect}`, () => {
      fail(9, 2_500);
      circuit.ended(0, error, wasAnswered);
      assert.deepEqual(changes, effect === 'fails' ? [true] : []);
      fail(1, 0);
      assert.deepEqual(changes, effect === 'closes' ? [] : [true]);
    });

  it('forgets one that tried where an answer closed it meanwhile', () => {
    fail(10, 2_000);
    time += 1_000;
    const late = circuit.enter();
    circuit.answered();
    fail(10, 2_000);
    circuit.failed(late);
    assert.equal(refusal()?.details.retryAfter, 1);
  });
});

describe('http: the circuit of an account', () => {
  let time: number;
  let changes: boolean[];
  beforeEach(() => {
    time = 5_000;
    changes = [];
    mock.method(performance, 'now', () => time);
  });
  const openTo = (baseUrl: URL, options = {}) =>
    open({ baseUrl, circuit: true, onCircuit: (opened) => changes.push(opened), ...options });
  afterEach(async () => {
    mock.restoreAll();
    await closeAll();
  });

  it('opens at a provider that is down, lets one try, and closes when it is back', async () => {
    let down = true;
    let hold: (() => void) | null = null;
    const server = await startServer((_request, response) => {
      const answer = () => response.writeHead(down ? 502 : 200).end();
      if (down) answer();
      else hold = answer;
    });
    const transport = openTo(server.url);
    const ask = () => send(transport);
    const unsendable = makeCall({
      build: () => {
        throw new VerifyError('CONFIG', 'unsendable');
      },
    });
    for (let count = 0; count < 10; count++) {
      await failure(ask(), 'PROVIDER');
      // What was never sent says nothing about the provider.
      if (count < 9) await failure(send(transport, unsendable), 'CONFIG');
      time += 225;
    }
    assert.deepEqual(changes, [true]);
    const context = makeContext();
    const refused = { charged: false, retryAfter: 1 };
    await failure(send(transport, makeCall(), context), 'OVERLOADED', 'provider-down', refused);
    assert.deepEqual([context.attempts, server.received.length], [0, 10]);

    down = false;
    time += 1_000;
    const trial = ask();
    await until(() => hold !== null, 'nobody was let through');
    await Promise.all(Array.from({ length: 20 }, () => failure(ask(), 'OVERLOADED')));
    assert.equal(server.received.length, 11);
    hold!();
    await trial;
    assert.deepEqual(changes, [true, false]);
    hold = null;
    const after = ask();
    await until(() => hold !== null, 'it is not closed');
    hold!();
    await after;
  });

  it('refuses a poll at once, though the account may send no more this second', async () => {
    const server = await startServer((_request, response) => response.writeHead(502).end());
    const transport = openTo(server.url, { maxPerSecond: 5 });
    for (let count = 0; count < 10; count++) {
      if (count > 0) time += 225;
      await failure(send(transport), 'PROVIDER');
    }
    await failure(send(transport, makeFreeCall()), 'OVERLOADED', 'provider-down');
  });

  it('lets one of many try whose calls are written down at the same time', async () => {
    const server = await startServer((_request, response) => response.writeHead(502).end());
    const transport = openTo(server.url);
    for (let count = 0; count < 10; count++) {
      await failure(send(transport), 'PROVIDER');
      time += 225;
    }
    time += 1_000;
    const refusal = new VerifyError('BUDGET', '');
    const claims = [() => Promise.reject(refusal), () => new Promise<void>(setImmediate)];
    await failure(send(transport, makeCall({ claim: claims[0]! })), 'BUDGET');
    const calls = Array.from({ length: 10 }, () => send(transport, makeCall({ claim: claims[1]! })));
    const codes = await Promise.all(calls.map((call) => call.catch(({ code }) => code)));
    assert.deepEqual(codes, ['PROVIDER', ...Array(9).fill('OVERLOADED')]);
    assert.equal(server.received.length, 11);
  });

  it('refuses those too who waited for their turn when it opened', async () => {
    // maxPerSecond needs a clock that goes.
    mock.restoreAll();
    const baseUrl = new URL(`http://127.0.0.1:${await freePort()}`);
    const transport = openTo(baseUrl, { maxConcurrent: 1, maxPerSecond: 5 });
    const calls = Array.from({ length: 14 }, async () => {
      const context = makeContext();
      // One attempt each: the second one is cancelled.
      context.wait = async () => context.controllers.closing.abort();
      return transport.send(makeCall(), context).then(
        () => 'none',
        (error: VerifyError) => `${error.code} ${context.attempts}`,
      );
    });
    const codes = await Promise.all(calls);
    assert.deepEqual(codes.slice(0, 10), Array(10).fill('CANCELLED 1'));
    assert.ok(codes.includes('OVERLOADED 0'), codes.join());
  });
});
