import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { VerifyError } from '../../src/contract/errors';
import { retryAfterSeconds } from '../../src/http/retry-after';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall } from './context';
import { closeAll, open, startServer, within } from './server';

describe('http: sending again', () => {
  afterEach(closeAll);

  /** @param answers of the server, one an attempt; the last one stays */
  async function start(...answers: ((response: ServerResponse) => void)[]) {
    const server = await startServer((_request, response) => {
      const answer = answers[Math.min(server.received.length, answers.length) - 1]!;
      answer(response);
    });
    return { server, transport: open({ baseUrl: server.url }) };
  }

  const success = (response: ServerResponse) => response.end('{}');
  const refuse = (status: number, headers: Record<string, string> = {}) => {
    return (response: ServerResponse) => response.writeHead(status, headers).end();
  };

  for (const status of [429, 503]) {
    it(`repeats a call that may cost money where ${status} says when`, async () => {
      const { server, transport } = await start(refuse(status, { 'Retry-After': '7' }), success);
      const context = makeContext();
      await transport.send(makeCall(), context);
      assert.equal(server.received.length, 2);
      assert.equal(context.attempts, 2);
      assert.deepEqual(context.waits, [7000]);
    });

    it(`waits for the date that ${status} gives, by the provider's own clock`, async () => {
      const date = 'Wed, 01 Jan 2020 00:00:00 GMT';
      const later = 'Wed, 01 Jan 2020 00:00:12 GMT';
      const { transport } = await start(refuse(status, { Date: date, 'Retry-After': later }), success);
      const context = makeContext();
      await transport.send(makeCall(), context);
      assert.deepEqual(context.waits, [12_000]);
    });

    it(`does not repeat a call that may cost money where ${status} does not say when`, async () => {
      const { server, transport } = await start(refuse(status), success);
      const error = await failure(
        transport.send(makeCall(), makeContext()),
        status === 429 ? 'RATE_LIMITED' : 'PROVIDER',
      );
      assert.equal(error.details.retryAfter, null);
      // 429 says that it was not processed, 503 alone does not.
      assert.equal(error.details.charged, status === 429 ? false : null);
      assert.equal(error.details.retryable, status === 429);
      assert.equal(server.received.length, 1);
    });

    it(`does not wait longer than a minute for ${status}`, async () => {
      for (const makeAny of [makeCall, makeFreeCall]) {
        const { server, transport } = await start(refuse(status, { 'Retry-After': '61' }), success);
        const context = makeContext();
        const error = await failure(
          transport.send(makeAny(), context),
          status === 429 ? 'RATE_LIMITED' : 'PROVIDER',
        );
        assert.equal(error.details.retryAfter, 61);
        assert.equal(error.details.retryable, true);
        assert.equal(error.details.httpStatus, status);
        assert.deepEqual(context.waits, []);
        assert.equal(server.received.length, 1);
      }
      const { transport } = await start(refuse(status, { 'Retry-After': '60' }), success);
      const context = makeContext();
      await transport.send(makeCall(), context);
      assert.deepEqual(context.waits, [60_000]);
    });

    it(`gives up at the third ${status}`, async () => {
      const { server, transport } = await start(refuse(status, { 'Retry-After': '1' }));
      const context = makeContext();
      const error = await failure(
        transport.send(makeCall(), context),
        status === 429 ? 'RATE_LIMITED' : 'PROVIDER',
      );
      assert.equal(error.details.retryAfter, 1);
      assert.equal(error.details.retryable, true);
      assert.equal(server.received.length, 3);
      assert.deepEqual(context.waits, [1000, 1000]);
    });
  }

  it('repeats a provider that says in its own words to slow down, where it says when', async () => {
    const { server, transport } = await start((response) => {
      response.setHeader('Retry-After', '2').end('{"code":1007}');
    }, success);
    const context = makeContext();
    const call = makeCall({
      read: (answer) => {
        if (answer.body.length > 2) throw new VerifyError('RATE_LIMITED', 'refused', {}, { envelope: true });
        return answer;
      },
    });
    await transport.send(call, context);
    assert.equal(server.received.length, 2);
    assert.deepEqual(context.waits, [2000]);
  });

  it('waits longer each time where a provider says to slow down, and not for how long', async () => {
    const slowDown = (response: ServerResponse) => void response.end('{"code":"1009"}');
    const { server, transport } = await start(slowDown, slowDown, success);
    for (const [chance, waits] of [
      [0, [1000, 2000]],
      [0.5, [1200, 2400]],
    ] as const) {
      server.received.length = 0;
      const context = makeContext({ random: () => chance });
      const call = makeFreeCall({
        read: (answer) => {
          if (answer.body.length > 2)
            throw new VerifyError('RATE_LIMITED', 'refused', {}, { envelope: true });
          return answer;
        },
      });
      await transport.send(call, context);
      assert.equal(server.received.length, 3);
      assert.deepEqual(context.waits, waits);
    }
  });

  it('takes a 503 in the own form of the provider for an answer, whatever it says of when', async () => {
    const { server, transport } = await start(refuse(503, { 'Retry-After': '1' }), success);
    const call = makeCall({
      read: (answer) => {
        if (answer.status === 503) throw new VerifyError('PROVIDER', 'refused', {}, { envelope: true });
        return answer;
      },
    });
    const { details } = await failure(transport.send(call, makeContext()), 'PROVIDER');
    assert.deepEqual([details.charged, details.retryable, details.refused], [null, false, undefined]);
    assert.equal(server.received.length, 1);
  });

  it('never repeats what is wrong with the request', async () => {
    for (const [status, code] of [
      [400, 'PROTOCOL'],
      [401, 'AUTH'],
      [403, 'ACCOUNT'],
      [404, 'CONFIG'],
    ] as const) {
      const { server, transport } = await start(refuse(status, { 'Retry-After': '1' }), success);
      const error = await failure(transport.send(makeFreeCall(), makeContext()), code);
      assert.equal(error.details.retryable, false);
      assert.equal(server.received.length, 1);
    }
  });

  it('does not repeat a failed provider for a call that may cost money', async () => {
    const { server, transport } = await start(refuse(500));
    const error = await failure(transport.send(makeCall(), makeContext()), 'PROVIDER');
    assert.equal(error.details.retryable, false);
    assert.equal(error.details.charged, null);
    assert.equal(server.received.length, 1);
  });

  it('does not repeat a poll, which comes again by itself', async () => {
    const { server, transport } = await start(refuse(500));
    const error = await failure(transport.send(makeCall({ claim: null }), makeContext()), 'PROVIDER');
    assert.equal(error.details.retryable, true);
    assert.equal(server.received.length, 1);
  });

  it('keeps what the provider itself said of money and of trying again', async () => {
    const { transport } = await start(success);
    const read = () => {
      throw new VerifyError('PROVIDER', 'refused', {}, { envelope: true, charged: true, retryable: false });
    };
    const { details } = await failure(
      transport.send(makeCall({ read, claim: null }), makeContext()),
      'PROVIDER',
    );
    assert.equal(details.charged, true);
    assert.equal(details.retryable, false);
  });

  it('makes three attempts of a free call, after pauses that grow, anywhere from nothing on', async () => {
    const pauses: Record<number, number[]> = {};
    for (const chance of [0, 0.25, 0.999]) {
      const { server, transport } = await start(refuse(500));
      const context = makeContext({ random: () => chance });
      await failure(transport.send(makeFreeCall(), context), 'PROVIDER');
      assert.equal(server.received.length, 3);
      assert.equal(context.attempts, 3);
      pauses[chance] = context.waits;
    }
    assert.deepEqual(pauses[0], [0, 0]);
    const [first = 0, second = 0] = pauses[0.25]!;
    assert.ok(first > 0);
    assert.equal(second, first * 2);
    assert.ok(pauses[0.999]![0]! > first * 3.9 && pauses[0.999]![0]! < first * 4);
  });

  it('waits at least as long as it was told, and longer where chance says so', async () => {
    const { transport } = await start(refuse(429, { 'Retry-After': '0' }), success);
    const context = makeContext({ random: () => 0.9 });
    await transport.send(makeCall(), context);
    assert.equal(context.waits.length, 1);
    assert.ok(context.waits[0]! > 0);
  });

  it('takes a new turn and signs anew for each attempt', async () => {
    const { server, transport } = await start(refuse(500));
    let built = 0;
    const build = () => ({
      method: 'POST' as const,
      path: `/${++built}`,
      headers: {},
      body: Buffer.alloc(0),
    });
    await failure(transport.send(makeFreeCall({ build }), makeContext()), 'PROVIDER');
    assert.deepEqual(
      server.received.map(({ url }) => url),
      ['/1', '/2', '/3'],
    );
  });

  it('holds nobody up while it waits', async () => {
    const server = await startServer(({ url }, response) => {
      if (url === '/later') response.writeHead(429, { 'Retry-After': '1' }).end();
      else response.end('{}');
    });
    const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
    const wakes: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => wakes.push(resolve));
    const context = makeContext({ wait });
    const waiting = failure(transport.send(makeCall({ path: '/later' }), context), 'RATE_LIMITED');
    for (let attempt = 1; attempt <= 2; attempt++) {
      await until(() => wakes.length === attempt, 'it does not wait');
      await within(transport.send(makeCall(), makeContext()), 'it is held up');
      wakes[attempt - 1]!();
    }
    await waiting;
    assert.equal(server.received.length, 5);
  });

  it('stops where the wait is cancelled', async () => {
    const { server, transport } = await start(refuse(429, { 'Retry-After': '1' }));
    const context = makeContext({
      wait: () => Promise.reject(new VerifyError('CANCELLED', 'cancelled')),
    });
    await failure(transport.send(makeCall(), context), 'CANCELLED');
    assert.equal(server.received.length, 1);
  });
});

describe('http: Retry-After', () => {
  const now = Date.parse('2026-03-01T00:00:00Z');
  const rows: [string | string[] | undefined, string | undefined, number | null][] = [
    [undefined, undefined, null],
    ['0', undefined, 0],
    [' 30 ', undefined, 30],
    ['-5', undefined, null],
    ['1.5', undefined, null],
    ['soon', undefined, null],
    ['', undefined, null],
    [['1', '2'], undefined, null],
    ['Sun, 01 Mar 2026 00:00:30 GMT', undefined, 30],
    ['Sun, 01 Mar 2026 00:00:30 GMT', 'Sun, 01 Mar 2026 00:00:10 GMT', 20],
    ['Sun, 01 Mar 2026 00:00:30 GMT', 'unreadable', 30],
    ['Sat, 28 Feb 2026 00:00:00 GMT', undefined, 0],
  ];
  for (const [value, date, seconds] of rows) {
    it(`${JSON.stringify(value)} at ${date ?? 'our time'} is ${seconds}`, () => {
      const headers = { 'retry-after': value, date };
      assert.equal(retryAfterSeconds({ status: 429, headers, body: Buffer.alloc(0) }, now), seconds);
    });
  }
});
