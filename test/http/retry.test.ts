import assert from 'node:assert/strict';
import { type ErrorCode, type ErrorDetails, VerifyError } from '../../src/contract/errors';
import { refusedStatus } from '../../src/http/answer';
import { describeFailure, pauseBeforeRetry, retryAfterSeconds, shouldRetry } from '../../src/http/retry';
import { until } from '../until';
import { failure, makeCall, makeContext, makeFreeCall, send } from './context';
import { closeAll, open, startServer, within } from './server';

const CALLS = { paid: makeCall(), free: makeFreeCall(), poll: makeCall({ claim: null }) };
type Kind = keyof typeof CALLS;
const NOT_PROCESSED = { charged: false, notProcessed: true };

describe('http: what is known of a request that failed', () => {
  const own = (details: ErrorDetails = {}) =>
    new VerifyError('PROVIDER', 'refused.PROVIDER', {}, { envelope: true, ...details });
  const limited = () => new VerifyError('RATE_LIMITED', 'refused.RATE_LIMITED', {}, { envelope: true });
  const rows: [string, Kind, status: number, retryAfter: string | null, Error | null, ErrorDetails][] = [
    ['500 may have cost money', 'paid', 500, null, null, { charged: null, retryable: false }],
    ['500 of a poll', 'poll', 500, null, null, { charged: null, retryable: true }],
    ['429 was not processed', 'paid', 429, null, null, { ...NOT_PROCESSED, retryable: true }],
    // docs/contract.md, "Errors", "Retries": 429 says so, a code in an answer does not.
    [
      'a code that means the same is an answer',
      'paid',
      200,
      '1',
      limited(),
      { charged: false, retryable: true },
    ],
    ['503 alone may have been', 'paid', 503, null, null, { charged: null, retryable: false }],
    ['503 that says when was not', 'paid', 503, '7', null, { ...NOT_PROCESSED, retryAfter: 7 }],
    ['503 in the own form is an answer', 'paid', 503, '1', own(), { charged: null, retryable: false }],
    ['what the provider said stands', 'poll', 200, null, own({ charged: true, retryable: false }), {}],
    ...[400, 401, 403, 404].map((status): (typeof rows)[number] => {
      return [`${status} is wrong`, 'free', status, '1', null, { httpStatus: status, retryable: false }];
    }),
  ];
  for (const [what, kind, status, retryAfter, given, details] of rows)
    it(what, () => {
      const error = (given ?? refusedStatus(status)) as VerifyError;
      const before = { ...error.details };
      describeFailure(error, CALLS[kind], {
        status,
        headers: { ...(retryAfter ? { 'retry-after': retryAfter } : {}) },
        body: Buffer.alloc(0),
      });
      assert.partialDeepStrictEqual(error.details, { ...before, ...details });
      assert.equal(error.details.notProcessed, details.notProcessed);
    });
});

describe('http: sending again', () => {
  afterEach(closeAll);

  const rows: [string, Kind, ErrorCode, ErrorDetails, attempt: number, isRetried: boolean][] = [
    ['a paid call that never reached the provider', 'paid', 'NETWORK', { charged: false }, 2, true],
    ['one that could not connect in time', 'paid', 'TIMEOUT', { charged: false }, 1, true],
    ['one that may have reached it', 'paid', 'NETWORK', { charged: null }, 1, false],
    ['one that the provider failed at', 'paid', 'PROVIDER', { charged: null }, 1, false],
    ['one that cannot be sent', 'paid', 'CONFIG', { charged: false }, 1, false],
    [
      'one that was turned away, with a time',
      'paid',
      'PROVIDER',
      { notProcessed: true, retryAfter: 7 },
      1,
      true,
    ],
    [
      'one that was slowed down, without',
      'paid',
      'RATE_LIMITED',
      { notProcessed: true, retryAfter: null },
      1,
      false,
    ],
    ['after a minute', 'paid', 'RATE_LIMITED', { notProcessed: true, retryAfter: 60 }, 1, true],
    ['after longer', 'paid', 'RATE_LIMITED', { notProcessed: true, retryAfter: 61 }, 1, false],
    ['a free one after longer', 'free', 'RATE_LIMITED', { notProcessed: true, retryAfter: 61 }, 1, false],
    [
      'a poll that was turned away, with a time',
      'poll',
      'RATE_LIMITED',
      { notProcessed: true, retryAfter: 1 },
      1,
      true,
    ],
    ['a poll, which comes again by itself', 'poll', 'PROVIDER', { charged: null }, 1, false],
    ['the third attempt', 'free', 'NETWORK', {}, 3, false],
    ...(['NETWORK', 'TIMEOUT', 'RATE_LIMITED', 'PROVIDER'] as const).map((code): (typeof rows)[number] => {
      return [`a free call, for ${code}`, 'free', code, {}, 2, true];
    }),
    ...(['AUTH', 'ACCOUNT', 'CONFIG', 'INPUT', 'PROTOCOL', 'CANCELLED'] as const).map(
      (code): (typeof rows)[number] => [`a free call, for ${code}`, 'free', code, {}, 1, false],
    ),
  ];
  for (const [what, kind, code, details, attempt, isRetried] of rows)
    it(`${isRetried ? 'is done' : 'is not done'}: ${what}`, () => {
      const error = new VerifyError(code, '', {}, details);
      assert.equal(shouldRetry(error, CALLS[kind], attempt), isRetried);
      assert.equal(shouldRetry(error, { ...CALLS[kind], once: true }, attempt), false);
    });

  const pauses: [
    string,
    ErrorCode,
    retryAfter: number | null,
    chance: number,
    attempt: number,
    pause: number,
  ][] = [
    ['is nothing at the least', 'PROVIDER', null, 0, 1, 0],
    ['is twice its mean at the most', 'PROVIDER', null, 1, 1, 400],
    ['grows', 'PROVIDER', null, 0.5, 2, 400],
    ['is what the provider asked for', 'RATE_LIMITED', 7, 0.5, 1, 7000],
    ['is no shorter than chance has it', 'RATE_LIMITED', 0, 0.5, 1, 200],
    [
      'is longer where the provider asked to slow down and not for how long',
      'RATE_LIMITED',
      null,
      0.5,
      1,
      1200,
    ],
    ['grows then, too', 'RATE_LIMITED', null, 0.5, 2, 2400],
  ];
  for (const [what, code, retryAfter, chance, attempt, pause] of pauses)
    it(`the pause before it ${what}`, () => {
      const error = new VerifyError(code, '', {}, { retryAfter });
      assert.equal(pauseBeforeRetry(error, attempt, chance), pause);
    });

  it('holds nobody up while it waits, and gives what the last attempt gave', async () => {
    const server = await startServer(({ url }, response) => {
      const isLate = url === '/later' && server.received.filter((each) => each.url === url).length < 3;
      if (isLate) response.writeHead(429, { 'Retry-After': '1' }).end();
      else response.end(url);
    });
    const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
    const wakes: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => wakes.push(resolve));
    const waiting = send(transport, makeCall({ path: '/later' }), makeContext({ wait }));
    for (let attempt = 1; attempt <= 2; attempt++) {
      await until(() => wakes.length === attempt, 'it does not wait');
      await within(send(transport), 'it is held up');
      wakes[attempt - 1]!();
    }
    assert.equal((await waiting).body.toString(), '/later');
    assert.equal(server.received.length, 5);
  });

  it('is not done where the wait is cancelled, and nothing was charged', async () => {
    const server = await startServer((_request, response) =>
      response.writeHead(429, { 'Retry-After': '1' }).end(),
    );
    const wait = () => Promise.reject(new VerifyError('CANCELLED', 'cancelled'));
    const sent = send(open({ baseUrl: server.url }), makeCall(), makeContext({ wait }));
    await failure(sent, 'CANCELLED', 'cancelled', { charged: false });
    assert.equal(server.received.length, 1);
  });
});

describe('http: Retry-After', () => {
  const now = Date.parse('2026-03-01T00:00:00Z');
  const rows: [string | string[] | undefined, string | undefined, number | null][] = [
    [undefined, undefined, null],
    ['0', undefined, 0],
    [' 30 ', undefined, 30],
    ['9'.repeat(400), undefined, Number.MAX_SAFE_INTEGER],
    ['-5', undefined, null],
    ['1.5', undefined, null],
    ['soon', undefined, null],
    [['1', '2'], undefined, null],
    ['Sun, 01 Mar 2026 00:00:30 GMT', undefined, 30],
    ['Sun, 01 Mar 2026 00:00:30 GMT', 'Sun, 01 Mar 2026 00:00:10 GMT', 20],
    ['Sun, 01 Mar 2026 00:00:30 GMT', 'unreadable', 30],
    ['Sat, 28 Feb 2026 00:00:00 GMT', undefined, 0],
  ];
  for (const [value, date, seconds] of rows) {
    it(`${JSON.stringify(value)?.slice(0, 40)} at ${date ?? 'our time'} is ${seconds}`, () => {
      const headers = { 'retry-after': value, date };
      assert.equal(retryAfterSeconds({ status: 429, headers, body: Buffer.alloc(0) }, now), seconds);
    });
  }
});
