/** Two pairs of keys, and a provider that accepts one of them at a time. */
import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';
import type { Credentials } from '../../src/contract/settings';
import type { Call, HttpAnswer, Transport } from '../../src/contract/transport';
import type { TransportOptions } from '../../src/http/send';
import { failure, makeContext } from './context';
import { closeAll, open, pause, type Received, startServer, type TestServer } from './server';

const FIRST: Credentials = { key: 'first' };
const NEXT: Credentials = { key: 'next' };
const MINUTE = 60_000;

/** Signs with a pair and the time; the provider answers in words. */
function signedCall(changes: Partial<Call<HttpAnswer>> = {}): Call<HttpAnswer> {
  return {
    build: (now, { key = '' }) => ({
      method: 'POST',
      path: '/',
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

const keysOf = ({ received }: TestServer) => received.map(({ headers }) => headers.key);
const signedOff = ({ headers }: Received) => Number(headers.timestamp) - Date.now();

describe('http: the next pair of keys', () => {
  afterEach(closeAll);

  interface Provider {
    server: TestServer;
    transport: Transport;
    /** The keys it lets in, from now on. */
    accepted: Set<string>;
    /** Answers other than `ok` to those it lets in, in order. */
    answers: string[];
    /** How often the account was told to have gone on with the next pair. */
    rotations: number;
  }

  async function startProvider(
    accepted: string[],
    { ahead = 0, ...options }: Partial<TransportOptions> & { ahead?: number } = {},
  ): Promise<Provider> {
    const server = await startServer(({ headers, ...request }, response) => {
      response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
      const isInTime = Math.abs(signedOff({ headers, ...request }) - ahead) < 30_000;
      const letIn = isInTime && provider.accepted.has(String(headers.key));
      response.end(letIn ? (provider.answers.shift() ?? 'ok') : 'refused');
    });
    const transport = open({
      baseUrl: server.url,
      pairs: [FIRST, NEXT],
      onRotated: () => provider.rotations++,
      ...options,
    });
    const provider: Provider = { server, transport, accepted: new Set(accepted), answers: [], rotations: 0 };
    return provider;
  }

  it('is not used while the first one is accepted', async () => {
    const { server, transport } = await startProvider(['first', 'next']);
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(server), ['first']);
  });

  it('signs what was refused once more at once, and all that comes after, and that is told once', async () => {
    const provider = await startProvider(['next']);
    const { server, transport } = provider;
    const context = makeContext();
    await transport.send(signedCall(), context);
    assert.deepEqual([context.attempts, context.waits], [2, []]);
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(server), ['first', 'next', 'next']);
    assert.equal(provider.rotations, 1);
  });

  it('reads an answer with the pair its request was signed with', async () => {
    const { transport } = await startProvider(['next']);
    const read: Credentials[] = [];
    const call = signedCall();
    await transport.send(
      {
        ...call,
        read: (answer, credentials) => {
          read.push(credentials);
          return call.read(answer, credentials);
        },
      },
      makeContext(),
    );
    assert.deepEqual(read, [FIRST, NEXT]);
  });

  it('is not gone on with where it is refused as well', async () => {
    const provider = await startProvider([]);
    const { server, transport } = provider;
    for (let call = 0; call < 2; call++) {
      const error = await failure(transport.send(signedCall(), makeContext()), 'AUTH');
      assert.equal(error.details.retryable, false);
    }
    assert.deepEqual(keysOf(server), ['first', 'next', 'first', 'next']);
    assert.equal(provider.rotations, 0);
  });

  it('is gone on with where the provider accepts it and then says no', async () => {
    const provider = await startProvider(['next']);
    provider.answers.push('busy');
    await failure(provider.transport.send(signedCall(), makeContext()), 'PROVIDER');
    assert.equal(provider.rotations, 1);
    await provider.transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(provider.server), ['first', 'next', 'next']);
  });

  it('is not gone on with where nobody knows who answered', async () => {
    const provider = await startProvider(['next']);
    provider.answers.push('<html>');
    await failure(provider.transport.send(signedCall(), makeContext()), 'PROTOCOL');
    assert.equal(provider.rotations, 0);
    await provider.transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(provider.server), ['first', 'next', 'first', 'next']);
  });

  it('gives way to the first one for a call that only that may make, and for no other', async () => {
    const provider = await startProvider(['next']);
    const { server, transport, accepted } = provider;
    await transport.send(signedCall(), makeContext());
    server.received.length = 0;
    accepted.clear();
    accepted.add('first');
    await transport.send(signedCall({ claim: null }), makeContext());
    assert.deepEqual(keysOf(server), ['next', 'first']);
    accepted.add('next');
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(server), ['next', 'first', 'next']);
    assert.equal(provider.rotations, 1);
  });

  it('signs with the provider’s time where the clock is off as well, and both are kept', async () => {
    const provider = await startProvider(['next'], { ahead: 10 * MINUTE });
    const { server, transport } = provider;
    const context = makeContext();
    await transport.send(signedCall(), context);
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(server), ['first', 'first', 'next', 'next']);
    assert.deepEqual(
      server.received.map((request) => Math.round(Math.abs(signedOff(request)) / MINUTE)),
      [0, 10, 10, 10],
    );
    assert.deepEqual([context.attempts, provider.rotations], [3, 1]);
  });

  it('is left alone where a wrong clock explains the refusal', async () => {
    const provider = await startProvider(['first', 'next'], { ahead: -10 * MINUTE });
    await provider.transport.send(signedCall(), makeContext());
    assert.deepEqual(keysOf(provider.server), ['first', 'first']);
    assert.equal(provider.rotations, 0);
  });

  it('is tried for somebody who watches, too', async () => {
    const { server, transport } = await startProvider(['next']);
    await transport.send(signedCall({ claim: null, once: true }), makeContext());
    assert.deepEqual(keysOf(server), ['first', 'next']);
  });

  it('takes the turn of a request, like any other', async () => {
    const { server, transport } = await startProvider(['next'], { maxConcurrent: 1 });
    await Promise.all(
      [1, 2, 3].map(() => transport.send(signedCall({ slot: transport.takeSlot() }), makeContext())),
    );
    assert.equal(server.mostAtOnce, 1);
    // The second call has its turn before the first one asks for another, and the third after both.
    assert.deepEqual(keysOf(server), ['first', 'first', 'next', 'next', 'next']);
  });

  it('is not tried by an account that closes meanwhile, and nothing was charged', async () => {
    const { server, transport } = await startProvider(['next']);
    const context = makeContext();
    const call = signedCall();
    const sent = transport.send(
      {
        ...call,
        read: (answer, credentials) => {
          context.controllers.closing.abort();
          return call.read(answer, credentials);
        },
      },
      context,
    );
    assert.equal((await failure(sent, 'CANCELLED')).details.charged, false);
    assert.deepEqual(keysOf(server), ['first']);
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
