/** A refused signature: a clock that is off, and two pairs of keys of which a provider accepts one at a time. */
import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';
import type { Credentials } from '../../src/contract/settings';
import type { Call, HttpAnswer, Transport } from '../../src/contract/transport';
import type { TransportOptions } from '../../src/http/send';
import { offsetAskedBy } from '../../src/http/signing';
import { until } from '../until';
import { failure, makeContext } from './context';
import { closeAll, open, pause, startServer, type TestServer } from './server';

const FIRST: Credentials = { key: '1' };
const NEXT: Credentials = { key: '2' };
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
}

interface Provider {
  server: TestServer;
  transport: Transport;
  accepted: Set<string>;
  /** How often `onRotated` was called. */
  rotations: number;
  /** The key of each request, `+` behind it where it has a time ten minutes ahead of ours. */
  signed(): string;
}

async function startProvider({
  accepted = ['1', '2'],
  ahead = () => 0,
  answers = [],
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
    signed: () =>
      server.received
        .map(({ headers: { key } }, index) => `${key}${offsets[index] === 10 ? '+' : ''}`)
        .join(' '),
  };
  return provider;
}

describe('http: a refused signature', () => {
  afterEach(closeAll);

  const alone = { pairs: [FIRST] as const };
  const none = { accepted: [] };
  const onlyNext = { accepted: ['2'] };
  const later = { ahead: () => 10 };
  const moving = { ahead: (request: number) => request * 10 };
  const page = [undefined, '<html>'];
  const busy = [undefined, 'busy'];
  /** How each call ends, and each request's key, `+` where it has the time of a provider that is ten minutes ahead. */
  const rows: [name: string, given: Given, ends: string, signed: string][] = [
    ['is made once more with the next pair, as is all that comes after', onlyNext, 'ok ok', '1 2 2'],
    ['leaves the first pair in use where both are refused', none, 'AUTH AUTH', '1 2 1 2'],
    ['leads to the next pair even for a no', { ...onlyNext, answers: busy }, 'PROVIDER ok', '1 2 2'],
    ['does not where nobody knows who answered', { ...onlyNext, answers: page }, 'PROTOCOL', '1 2'],
    ["is made once more with the provider's time, which is kept", later, 'ok ok', '1 1+ 1+'],
    ['is corrected for time and pair', { ...onlyNext, ...later }, 'ok ok', '1 1+ 2+ 2+'],
    ['follows a clock that is put right', { ahead: (n) => (n > 2 ? 0 : 10) }, 'ok ok ok', '1 1+ 1+ 1 1'],
    ['keeps no time that is refused', { ...alone, ...none, ...later }, 'AUTH AUTH', '1 1+ 1 1+'],
    ['is corrected once, for a clock that moves too', { ...alone, ...none, ...moving }, 'AUTH', '1 1+'],
    ['keeps no time that nobody accepted', { ...later, answers: page }, 'PROTOCOL ok', '1 1+ 1 1+'],
    ['keeps a time that was accepted with a no', { ...later, answers: busy }, 'PROVIDER ok', '1 1+ 1+'],
    ['is final where the clocks agree and there is one pair', { ...alone, ...none }, 'AUTH', '1'],
    ['is not seen in another error', { ...later, answers: ['busy'] }, 'PROVIDER', '1'],
  ];
  for (const [name, given, ends, signed] of rows) {
    it(name, async () => {
      const provider = await startProvider(given);
      let attempts = 0;
      for (const end of ends.split(' ')) {
        const context = makeContext();
        const sent = provider.transport.send(signedCall(), context);
        if (end === 'ok') await sent;
        else await failure(sent, end as 'AUTH', undefined, { retryable: false });
        attempts += context.attempts;
        assert.deepEqual(context.waits, []);
      }
      assert.equal(provider.signed(), signed);
      assert.equal(attempts, signed.split(' ').length);
      assert.equal(provider.rotations, given.accepted === onlyNext.accepted && ends.endsWith('ok') ? 1 : 0);
    });
  }

  const now = Date.parse('2026-03-01T00:00:00Z');
  const dates: [string, HttpAnswer['headers'], used: number, offset: number | null][] = [
    ['asks for the difference', { date: 'Sun, 01 Mar 2026 00:10:00 GMT' }, 0, 10 * MINUTE],
    ['asks for it where the provider is behind', { date: 'Sat, 28 Feb 2026 23:50:00 GMT' }, 0, -10 * MINUTE],
    ['may be 30 s off', { date: 'Sun, 01 Mar 2026 00:00:30 GMT' }, 0, null],
    ['may not be more', { date: 'Sun, 01 Mar 2026 00:00:31 GMT' }, 0, 31_000],
    ['is compared with the time that was used', { date: 'Sun, 01 Mar 2026 00:10:00 GMT' }, 10 * MINUTE, null],
    ['may come from a cache', { date: 'Sun, 01 Mar 2026 00:10:00 GMT', age: '0' }, 0, null],
    ['may be unreadable', { date: 'yesterday' }, 0, null],
    ['may be missing', {}, 0, null],
  ];
  for (const [what, headers, used, offset] of dates)
    it(`its Date ${what}`, () => {
      assert.equal(offsetAskedBy({ status: 401, headers, body: Buffer.alloc(0) }, now, used), offset);
    });

  it('is corrected for every call, those too whose refusal came after another was accepted', async () => {
    const late: (() => void)[] = [];
    const server = await startServer((request, response) => {
      response.setHeader('Date', new Date(Date.now() + 10 * MINUTE).toUTCString());
      const isLetIn = Number(request.headers.timestamp) - Date.now() > 9 * MINUTE;
      const answer = () => response.end(isLetIn ? 'ok' : 'refused');
      if (request.url === '/slow' && !isLetIn) late.push(answer);
      else answer();
    });
    const transport = open({ baseUrl: server.url });
    const slow = transport.send(signedCall({}, '/slow'), makeContext());
    await until(() => late.length === 1, 'nothing came');
    await transport.send(signedCall(), makeContext());
    late[0]!();
    await slow;
    assert.equal(server.received.length, 4);
  });

  it('has its answer read with the pair that signed', async () => {
    const { transport } = await startProvider({ accepted: ['2'] });
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
    const provider = await startProvider({ accepted: ['2'] });
    const { transport, accepted } = provider;
    await transport.send(signedCall(), makeContext());
    accepted.clear();
    accepted.add('1');
    await transport.send(signedCall({ claim: null }), makeContext());
    accepted.add('2');
    await transport.send(signedCall(), makeContext());
    assert.equal(provider.signed(), '1 2 2 1 2');
    assert.equal(provider.rotations, 1);
  });

  it('is corrected for somebody who watches, too', async () => {
    const { signed, transport } = await startProvider({ accepted: ['2'] });
    await transport.send(signedCall({ claim: null, once: true }), makeContext());
    assert.equal(signed(), '1 2');
  });

  it('takes the turn of a request, like any other', async () => {
    const { server, signed, transport } = await startProvider({ accepted: ['2'], maxConcurrent: 1 });
    await Promise.all(
      [1, 2, 3].map(() => transport.send(signedCall({ slot: transport.takeSlot() }), makeContext())),
    );
    assert.equal(server.mostAtOnce, 1);
    // The second call has its turn before the first one asks for another, and the third after both.
    assert.equal(signed(), '1 1 2 2 2');
  });

  it('is not corrected for an account that closes meanwhile, and nothing was charged', async () => {
    const { signed, transport } = await startProvider({ accepted: ['2'] });
    const context = makeContext();
    const call = signedCall();
    const closing: Call<HttpAnswer>['read'] = (answer, credentials) => {
      context.controllers.closing.abort();
      return call.read(answer, credentials);
    };
    const sent = transport.send({ ...call, read: closing }, context);
    await failure(sent, 'CANCELLED', 'cancelled', { charged: false });
    assert.equal(signed(), '1');
  });

  it('takes over under load, without losing a call or having one taken twice', async () => {
    const taken = new Map<string, number>();
    const accepted = new Set(['1']);
    const server = await startServer(async ({ headers, body }, response) => {
      // Whether a key is let in may be decided long before the answer is there.
      const letIn = accepted.has(String(headers.key));
      if (letIn) taken.set(String(body), (taken.get(String(body)) ?? 0) + 1);
      if (taken.size === 30) {
        accepted.clear();
        accepted.add('2');
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
