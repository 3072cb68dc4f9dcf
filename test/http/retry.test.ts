import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type ErrorCode, VerifyError } from '../../src/contract/errors';
import type { Call, HttpAnswer } from '../../src/contract/transport';
import { retryAfterSeconds } from '../../src/http/retry-after';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall } from './context';
import { closeAll, open, startServer, within } from './server';

type Answer = (response: ServerResponse) => void;

describe('http: sending again', () => {
  afterEach(closeAll);

  /** @param answers of the server, one an attempt; the last one stays */
  async function start(...answers: Answer[]) {
    const server = await startServer((_request, response) => {
      const answer = answers[Math.min(server.received.length, answers.length) - 1]!;
      answer(response);
    });
    return { server, transport: open({ baseUrl: server.url }) };
  }

  const success: Answer = (response) => response.end('{}');
  const refuse = (status: number, headers: Record<string, string> = {}): Answer => {
    return (response) => response.writeHead(status, headers).end('no');
  };
  const saying = (status: number, seconds: number | string) =>
    refuse(status, { 'Retry-After': `${seconds}` });
  /** A call whose provider refuses in its own words, whatever the status. */
  const inWords = (code: ErrorCode, details = {}): Partial<Call<HttpAnswer>> => ({
    read: (answer) => {
      if (answer.body.toString() === '{}') return answer;
      throw new VerifyError(code, 'refused', {}, { envelope: true, ...details });
    },
  });
  const poll = (changes = {}) => makeCall({ claim: null, ...changes });

  interface Row {
    call: Call<HttpAnswer>;
    answers: Answer[];
    /** Milliseconds; the context's chance is 0.5. */
    waits: number[];
    /** How the last attempt ends; without one it succeeds. */
    code?: ErrorCode;
    details?: Partial<VerifyError['details']>;
  }
  const rows: Record<string, Row> = {
    'a call that may cost is repeated where the provider said to slow down, in its own words too, and when': {
      call: makeCall(inWords('RATE_LIMITED')),
      answers: [saying(200, 2), success],
      waits: [2000],
    },
    'a free one is repeated later each time where the provider does not say when': {
      call: makeFreeCall(inWords('RATE_LIMITED')),
      answers: [refuse(200), refuse(200), success],
      waits: [1200, 2400],
    },
    'a 503 in the own form of the provider is an answer, whatever it says of when': {
      call: makeCall(inWords('PROVIDER')),
      answers: [saying(503, 1), success],
      waits: [],
      code: 'PROVIDER',
      details: { charged: null, retryable: false },
    },
    'a call that may cost is not repeated where the provider failed': {
      call: makeCall(),
      answers: [refuse(500), success],
      waits: [],
      code: 'PROVIDER',
      details: { charged: null, retryable: false },
    },
    'a poll is not repeated, as it comes again by itself': {
      call: poll(),
      answers: [refuse(500), success],
      waits: [],
      code: 'PROVIDER',
      details: { retryable: true },
    },
    'what the provider said of money and of trying again stands': {
      call: poll(inWords('PROVIDER', { charged: true, retryable: false })),
      answers: [refuse(200)],
      waits: [],
      code: 'PROVIDER',
      details: { charged: true, retryable: false },
    },
    'a free call has three attempts, after pauses that grow': {
      call: makeFreeCall(),
      answers: [refuse(500)],
      waits: [200, 400],
      code: 'PROVIDER',
      details: { retryable: true },
    },
    'a pause is no shorter than chance has it': {
      call: makeCall(),
      answers: [saying(429, 0), success],
      waits: [200],
    },
  };
  for (const [status, code] of [
    [429, 'RATE_LIMITED'],
    [503, 'PROVIDER'],
  ] as const)
    Object.assign(rows, {
      [`a call that may cost is repeated where ${status} says when`]: {
        call: makeCall(),
        answers: [saying(status, 7), success],
        waits: [7000],
      },
      [`the date that ${status} gives is by the provider's own clock`]: {
        call: makeCall(),
        answers: [
          refuse(status, {
            Date: 'Wed, 01 Jan 2020 00:00:00 GMT',
            'Retry-After': 'Wed, 01 Jan 2020 00:00:12 GMT',
          }),
          success,
        ],
        waits: [12_000],
      },
      // 429 says that it was not processed, 503 alone does not.
      [`a call that may cost is not repeated where ${status} does not say when`]: {
        call: makeCall(),
        answers: [refuse(status), success],
        waits: [],
        code,
        details: { retryAfter: null, charged: status === 429 ? false : null, retryable: status === 429 },
      },
      [`${status} is waited for a minute`]: {
        call: makeCall(),
        answers: [saying(status, 60), success],
        waits: [60_000],
      },
      [`the third ${status} is the last`]: {
        call: makeCall(),
        answers: [saying(status, 1)],
        waits: [1000, 1000],
        code,
        details: { retryAfter: 1, retryable: true },
      },
      ...Object.fromEntries(
        [makeCall(), makeFreeCall()].map((call) => [
          `${status} is not waited for longer than that, ${call.claim ? 'paid' : 'free'}`,
          {
            call,
            answers: [saying(status, 61), success],
            waits: [],
            code,
            details: { retryAfter: 61, retryable: true, httpStatus: status },
          },
        ]),
      ),
    });
  for (const [status, code] of [
    [400, 'PROTOCOL'],
    [401, 'AUTH'],
    [403, 'ACCOUNT'],
    [404, 'CONFIG'],
  ] as const)
    rows[`a request that is wrong is not repeated: ${status}`] = {
      call: makeFreeCall(),
      answers: [saying(status, 1), success],
      waits: [],
      code,
      details: { retryable: false },
    };
  for (const [name, { call, answers, waits, code, details = {} }] of Object.entries(rows)) {
    it(name, async () => {
      const { server, transport } = await start(...answers);
      const context = makeContext();
      const sent = transport.send(call, context);
      const error = code ? await failure(sent, code) : null;
      for (const [key, value] of Object.entries(details))
        assert.equal(error?.details[key as keyof typeof details], value, key);
      await (error ?? sent);
      assert.deepEqual(context.waits, waits);
      assert.deepEqual([server.received.length, context.attempts], [waits.length + 1, waits.length + 1]);
    });
  }

  it('pauses are anywhere from nothing to twice their mean', async () => {
    const pauses: number[][] = [];
    for (const chance of [0, 0.25, 0.999]) {
      const context = makeContext({ random: () => chance });
      const { transport } = await start(refuse(500));
      await failure(transport.send(makeFreeCall(), context), 'PROVIDER');
      pauses.push(context.waits.map(Math.round));
    }
    assert.deepEqual(pauses, [
      [0, 0],
      [100, 200],
      [400, 799],
    ]);
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
