/** A refused signature: a clock that is off, and two pairs of keys of which a provider accepts one at a time. */
import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';
import type { Credentials } from '../../src/contract/settings';
import type { Call, HttpAnswer, Transport } from '../../src/contract/transport';
import type { TransportOptions } from '../../src/http/send';
import { until } from '../until';
import { failure, makeContext } from './context';
import { closeAll, open, pause, startServer, type TestServer } from './server';

const FIRST: Credentials = { key: 'first' };
const NEXT: Credentials = { key: 'next' };
const MINUTE = 60_000;

/** Signs with a pair and the time; the provider answers in words. */
function signedCall(changes: Partial<Call<HttpAnswer>> = {}, path = '/'): Call<HttpAnswer> {
  return {
    build: (now, { key = '' }) => ({
      method: 'POST',
      path,
      headers: { Key: key, Timestamp: String(now) },
      body: Buffer.alloc(0),
    }),
    read: (answer) => {
      const word = answer.body.toString();
      if (word === 'refused') throw new VerifyError('AUTH', 'refused.AUTH', {}, { envelope: true });
      if (word === 'busy') throw new VerifyError('PROVIDER', 'refused.PROVIDER', {}, { envelope: true });
      if (word !== 'ok') throw new VerifyError('PROTOCOL', 'answer-unreadable');
      return answer;
    },
    claim: () => undefined,
    ...changes,
  };
}

interface Given extends Partial<TransportOptions> {
  /** The keys that the provider lets in. */
  accepted?: readonly string[];
  /** How many minutes its clock is ahead, by the number of the request; it allows 30 s. */
  ahead?: (request: number) => number;
  /** What it answers in any case, in order; undefined where it looks at the signature. */
  answers?: readonly (string | undefined)[];
  /** In place of its own; undefined: none of that name. */
  headers?: Readonly<Record<string, string | undefined>>;
}

interface Provider {
  server: TestServer;
  transport: Transport;
  accepted: Set<string>;
  /** How often the account was told that the next pair signs from now on. */
  rotations: number;
  /** The key of each request, and by how many minutes its time was not ours. */
  signed(): string[];
}

async function startProvider({
  accepted = ['first', 'next'],
  ahead = () => 0,
  answers = [],
  headers = {},
  ...options
}: Given): Promise<Provider> {
  const offsets: number[] = [];
  const server = await startServer((request, response) => {
    const count = server.received.length;
    const offset = Number(request.headers.timestamp) - Date.now();
    offsets.push(Math.round(offset / MINUTE));
    const isAhead = ahead(count) * MINUTE;
    const letIn = Math.abs(offset - isAhead) < 30_000 && provider.accepted.has(String(request.headers.key));
    response.setHeader('Date', new Date(Date.now() + isAhead).toUTCString());
    for (const [name, value] of Object.entries(headers)) {
      if (value === undefined) response.sendDate = false;
      if (value === undefined) response.removeHeader(name);
      else response.setHeader(name, value);
    }
    response.end(answers[count - 1] ?? (letIn ? 'ok' : 'refused'));
  });
  const provider: Provider = {
    server,
    transport: open({
      baseUrl: server.url,
      pairs: [FIRST, NEXT],
      onRotated: () => provider.rotations++,
      ...options,
    }),
    accepted: new Set(accepted),
    rotations: 0,
    signed: () => server.received.map(({ headers: { key } }, index) => `${key} ${offsets[index]}`),
  };
  return provider;
}

describe('http: a refused signature', () => {
  afterEach(closeAll);

  const later = () => 10;
  const alone = { pairs: [FIRST] as const };
  const rows: [name: string, given: Given, ends: string[], signed: string[], rotations: number][] = [
    ['is not there while the first pair is accepted', {}, ['ok'], ['first 0'], 0],
    [
      'is made once more with the next pair, as is all that comes after',
      { accepted: ['next'] },
      ['ok', 'ok'],
      ['first 0', 'next 0', 'next 0'],
      1,
    ],
    [
      'leaves the first pair in use where the next one is refused as well',
      { accepted: [] },
      ['AUTH', 'AUTH'],
      ['first 0', 'next 0', 'first 0', 'next 0'],
      0,
    ],
    [
      'leads to the next pair where the provider accepts that and then says no',
      { accepted: ['next'], answers: [undefined, 'busy'] },
      ['PROVIDER', 'ok'],
      ['first 0', 'next 0', 'next 0'],
      1,
    ],
    [
      'does not yet where nobody knows who answered',
      { accepted: ['next'], answers: [undefined, '<html>'] },
      ['PROTOCOL'],
      ['first 0', 'next 0'],
      0,
    ],
    [
      "is made once more with the provider's time, which is kept, and with the same pair",
      { ahead: later },
      ['ok', 'ok'],
      ['first 0', 'first 10', 'first 10'],
      0,
    ],
    [
      'is so where the provider is behind',
      { ahead: () => -10 },
      ['ok', 'ok'],
      ['first 0', 'first -10', 'first -10'],
      0,
    ],
    [
      'is corrected for time and pair, and both are kept',
      { accepted: ['next'], ahead: later },
      ['ok', 'ok'],
      ['first 0', 'first 10', 'next 10', 'next 10'],
      1,
    ],
    [
      'follows a clock that is put right again',
      { ahead: (request) => (request <= 2 ? 10 : 0) },
      ['ok', 'ok', 'ok'],
      ['first 0', 'first 10', 'first 10', 'first 0', 'first 0'],
      0,
    ],
    [
      'does not keep a time that is refused too',
      { ...alone, accepted: [], ahead: later },
      ['AUTH', 'AUTH'],
      ['first 0', 'first 10', 'first 0', 'first 10'],
      0,
    ],
    [
      'is corrected once, even for a clock that moves each time',
      { ...alone, accepted: [], ahead: (request) => request * 10 },
      ['AUTH'],
      ['first 0', 'first 10'],
      0,
    ],
    [
      'does not keep a time where nobody knows who answered',
      { ahead: later, answers: [undefined, '<html>'] },
      ['PROTOCOL', 'ok'],
      ['first 0', 'first 10', 'first 0', 'first 10'],
      0,
    ],
    [
      'keeps a time that was accepted although the provider then said no',
      { ahead: later, answers: [undefined, 'busy'] },
      ['PROVIDER', 'ok'],
      ['first 0', 'first 10', 'first 10'],
      0,
    ],
    [
      'is final where the clocks differ by less than 30 s',
      { ...alone, accepted: [], ahead: () => 25 / 60 },
      ['AUTH'],
      ['first 0'],
      0,
    ],
    [
      'is final where the answer may come from a cache',
      { ...alone, ahead: later, headers: { Age: '0' } },
      ['AUTH'],
      ['first 0'],
      0,
    ],
    [
      'is final where the date cannot be read',
      { ...alone, ahead: later, headers: { Date: 'yesterday' } },
      ['AUTH'],
      ['first 0'],
      0,
    ],
    [
      'is final where there is no date',
      { ...alone, ahead: later, headers: { Date: undefined } },
      ['AUTH'],
      ['first 0'],
      0,
    ],
    ['is none where the error is another', { ahead: later, answers: ['busy'] }, ['PROVIDER'], ['first 0'], 0],
  ];
  for (const [name, given, ends, signed, rotations] of rows) {
    it(name, async () => {
      const provider = await startProvider(given);
      let attempts = 0;
      for (const end of ends) {
        const context = makeContext();
        const sent = provider.transport.send(signedCall(), context);
        if (end === 'ok') await sent;
        else assert.equal((await failure(sent, end as 'AUTH')).details.retryable, false);
        attempts += context.attempts;
        assert.deepEqual(context.waits, []);
      }
      assert.deepEqual(provider.signed(), signed);
      assert.equal(attempts, signed.length);
      assert.equal(provider.rotations, rotations);
    });
  }

  it('is corrected for every call, those too whose refusal came after another was accepted', async () => {
    const held: (() => void)[] = [];
    const server = await startServer((request, response) => {
      response.setHeader('Date', new Date(Date.now() + 10 * MINUTE).toUTCString());
      const isLetIn = Number(request.headers.timestamp) - Date.now() > 9 * MINUTE;
      const answer = () => response.end(isLetIn ? 'ok' : 'refused');
      if (request.url === '/slow' && !isLetIn) held.push(answer);
      else answer();
    });
    const transport = open({ baseUrl: server.url });
    const slow = transport.send(signedCall({}, '/slow'), makeContext());
    await until(() => held.length === 1, 'nothing came');
    await transport.send(signedCall(), makeContext());
    held[0]!();
    await slow;
    assert.equal(server.received.length, 4);
  });

  it('has its answer read with the pair that signed', async () => {
    const { transport } = await startProvider({ accepted: ['next'] });
    const read: Credentials[] = [];
    const call = signedCall();
    const watched: Call<HttpAnswer>['read'] = (answer, credentials) => {
      read.push(credentials);
      return call.read(answer, credentials);
    };
    await transport.send({ ...call, read: watched }, makeContext());
    assert.deepEqual(read, [FIRST, NEXT]);
  });

  it('leads back to the first pair for a call that only that may make, and for no other', async () => {
    const provider = await startProvider({ accepted: ['next'] });
    const { transport, accepted } = provider;
    await transport.send(signedCall(), makeContext());
    accepted.clear();
    accepted.add('first');
    await transport.send(signedCall({ claim: null }), makeContext());
    accepted.add('next');
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(provider.signed(), ['first 0', 'next 0', 'next 0', 'first 0', 'next 0']);
    assert.equal(provider.rotations, 1);
  });

  it('is corrected for somebody who watches, too', async () => {
    const { signed, transport } = await startProvider({ accepted: ['next'] });
    await transport.send(signedCall({ claim: null, once: true }), makeContext());
    assert.deepEqual(signed(), ['first 0', 'next 0']);
  });

  it('takes the turn of a request, like any other', async () => {
    const { server, signed, transport } = await startProvider({ accepted: ['next'], maxConcurrent: 1 });
    await Promise.all(
      [1, 2, 3].map(() => transport.send(signedCall({ slot: transport.takeSlot() }), makeContext())),
    );
    assert.equal(server.mostAtOnce, 1);
    // The second call has its turn before the first one asks for another, and the third after both.
    assert.deepEqual(signed(), ['first 0', 'first 0', 'next 0', 'next 0', 'next 0']);
  });

  it('is not corrected for an account that closes meanwhile, and nothing was charged', async () => {
    const { signed, transport } = await startProvider({ accepted: ['next'] });
    const context = makeContext();
    const call = signedCall();
    const closing: Call<HttpAnswer>['read'] = (answer, credentials) => {
      context.controllers.closing.abort();
      return call.read(answer, credentials);
    };
    const error = await failure(transport.send({ ...call, read: closing }, context), 'CANCELLED');
    assert.equal(error.details.charged, false);
    assert.deepEqual(signed(), ['first 0']);
  });

  it('takes over under load, without losing a call or having one taken twice', async () => {
    const taken = new Map<string, number>();
    const accepted = new Set(['first']);
    const server = await startServer(async ({ headers, body }, response) => {
      // Whether a key is let in may be decided long before the answer is there.
      const letIn = accepted.has(String(headers.key));
      if (letIn) taken.set(String(body), (taken.get(String(body)) ?? 0) + 1);
      if (taken.size === 30) {
        accepted.clear();
        accepted.add('next');
      }
      await pause(Math.random() * 10);
      response.end(letIn ? 'ok' : 'refused');
    });
    let rotations = 0;
    const transport = open({ baseUrl: server.url, pairs: [FIRST, NEXT], onRotated: () => rotations++ });
    const numbers = Array.from({ length: 100 }, (_, index) => String(index));
    await Promise.all(
      numbers.map((number) => {
        const slot = transport.takeSlot();
        const { build } = signedCall();
        const call = signedCall({
          build: (now, credentials) => ({ ...build(now, credentials), body: Buffer.from(number) }),
          slot,
        });
        return transport.send(call, makeContext()).finally(() => slot.release());
      }),
    );
    assert.deepEqual([...taken.keys()].sort(), numbers.sort());
    assert.deepEqual([...new Set(taken.values())], [1]);
    assert.equal(rotations, 1);
    // Those in flight at that moment, and those that had their turn as one of them ended.
    const refused = server.received.length - 100;
    assert.ok(refused >= 1 && refused <= 2 * 16, `${refused} refused`);
  });
});
