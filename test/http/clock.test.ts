import assert from 'node:assert/strict';
import { VerifyError } from '../../src/contract/errors';
import type { Call, HttpAnswer } from '../../src/contract/transport';
import { until } from '../until';
import { failure, makeContext } from './context';
import { closeAll, open, type Received, startServer } from './server';

const MINUTE = 60_000;

/** A call that signs with the time and whose provider answers in words: ok, refused, busy. */
function signedCall(path = '/'): Call<HttpAnswer> {
  return {
    build: (now) => ({ method: 'POST', path, headers: { Timestamp: String(now) }, body: Buffer.alloc(0) }),
    read: (answer) => {
      const word = answer.body.toString();
      if (word === 'refused') throw new VerifyError('AUTH', 'refused', {}, { envelope: true });
      if (word === 'busy') throw new VerifyError('PROVIDER', 'refused', {}, { envelope: true });
      if (word !== 'ok') throw new VerifyError('PROTOCOL', 'answer-unreadable');
      return answer;
    },
    claim: () => undefined,
  };
}

/** How far the time of a request's signature is from ours. */
const signedOff = ({ headers }: Received) => Number(headers.timestamp) - Date.now();
const isNear = (value: number, expected: number) => Math.abs(value - expected) < 5_000;

describe('http: a clock that is off', () => {
  afterEach(closeAll);

  /** A provider whose clock is off by `ahead` and which allows 30 s; it may answer a refusal in a way of its own. */
  async function startProvider(
    ahead: number,
    { headers = {}, answers = [] }: { headers?: Record<string, string>; answers?: string[] } = {},
  ) {
    const server = await startServer((request, response) => {
      const accepted = Math.abs(signedOff(request) - ahead) < 30_000;
      response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(answers.shift() ?? (accepted ? 'ok' : 'refused'));
    });
    return { server, transport: open({ baseUrl: server.url }) };
  }

  for (const ahead of [10 * MINUTE, -10 * MINUTE]) {
    it(`signs again once with the provider's time, ${ahead / MINUTE} minutes off, and keeps it`, async () => {
      const { server, transport } = await startProvider(ahead);
      const context = makeContext();
      await transport.send(signedCall(), context);
      assert.equal(server.received.length, 2);
      assert.equal(context.attempts, 2);
      assert.deepEqual(context.waits, []);
      assert.ok(isNear(signedOff(server.received[0]!), 0));
      assert.ok(isNear(signedOff(server.received[1]!), ahead));
      await transport.send(signedCall(), makeContext());
      assert.equal(server.received.length, 3);
      assert.ok(isNear(signedOff(server.received[2]!), ahead));
    });
  }

  it('follows a clock that is put right again', async () => {
    const server = await startServer((request, response) => {
      const ahead = server.received.length <= 2 ? 10 * MINUTE : 0;
      response.setHeader('Date', new Date(Date.now() + ahead).toUTCString());
      response.end(Math.abs(signedOff(request) - ahead) < 30_000 ? 'ok' : 'refused');
    });
    const transport = open({ baseUrl: server.url });
    await transport.send(signedCall(), makeContext());
    await transport.send(signedCall(), makeContext());
    await transport.send(signedCall(), makeContext());
    assert.deepEqual(
      server.received.map((request) => Math.abs(Math.round(signedOff(request) / MINUTE))),
      [0, 10, 10, 0, 0],
    );
  });

  it('gives up where the provider refuses the new time too, and does not keep it', async () => {
    const { server, transport } = await startProvider(10 * MINUTE, {
      answers: ['refused', 'refused', 'refused', 'refused'],
    });
    for (let call = 1; call <= 2; call++) {
      const context = makeContext();
      await failure(transport.send(signedCall(), context), 'AUTH');
      assert.equal(context.attempts, 2);
      assert.equal(server.received.length, call * 2);
      assert.ok(isNear(signedOff(server.received[call * 2 - 2]!), 0));
    }
  });

  it('signs again once, even for a provider whose clock moves each time', async () => {
    const server = await startServer((_request, response) => {
      response.setHeader('Date', new Date(Date.now() + server.received.length * 10 * MINUTE).toUTCString());
      response.end('refused');
    });
    await failure(open({ baseUrl: server.url }).send(signedCall(), makeContext()), 'AUTH');
    assert.equal(server.received.length, 2);
  });

  it('does not keep a time whose fate is unknown', async () => {
    const { server, transport } = await startProvider(10 * MINUTE, { answers: ['refused', 'no envelope'] });
    await failure(transport.send(signedCall(), makeContext()), 'PROTOCOL');
    assert.equal(server.received.length, 2);
    await transport.send(signedCall(), makeContext());
    assert.ok(isNear(signedOff(server.received[2]!), 0));
  });

  it('keeps a time that was accepted although the provider then said no', async () => {
    const { server, transport } = await startProvider(10 * MINUTE, { answers: ['refused', 'busy'] });
    await failure(transport.send(signedCall(), makeContext()), 'PROVIDER');
    await transport.send(signedCall(), makeContext());
    assert.equal(server.received.length, 3);
    assert.ok(isNear(signedOff(server.received[2]!), 10 * MINUTE));
  });

  it('signs again for every call that was refused, those too whose refusal came after another was accepted', async () => {
    const held: (() => void)[] = [];
    const server = await startServer((request, response) => {
      response.setHeader('Date', new Date(Date.now() + 10 * MINUTE).toUTCString());
      const accepted = isNear(signedOff(request), 10 * MINUTE);
      const answer = () => response.end(accepted ? 'ok' : 'refused');
      if (request.url === '/slow' && !accepted) held.push(answer);
      else answer();
    });
    const transport = open({ baseUrl: server.url });
    const slow = transport.send(signedCall('/slow'), makeContext());
    await until(() => held.length === 1, 'nothing came');
    await transport.send(signedCall('/fast'), makeContext());
    held[0]!();
    await slow;
    assert.equal(server.received.length, 4);
  });

  const reasonsNotTo: [string, number, Record<string, string>][] = [
    ['the difference is not over 30 s', 25_000, {}],
    ['the answer may come from a cache', 10 * MINUTE, { Age: '0' }],
    ['the date cannot be read', 10 * MINUTE, { Date: 'yesterday' }],
  ];
  for (const [reason, ahead, headers] of reasonsNotTo) {
    it(`does not sign again where ${reason}`, async () => {
      const { server, transport } = await startProvider(ahead, { headers, answers: ['refused'] });
      const error = await failure(transport.send(signedCall(), makeContext()), 'AUTH');
      assert.equal(error.details.retryable, false);
      assert.equal(server.received.length, 1);
    });
  }

  it('does not sign again where there is no date', async () => {
    const server = await startServer((_request, response) => {
      response.sendDate = false;
      response.end('refused');
    });
    await failure(open({ baseUrl: server.url }).send(signedCall(), makeContext()), 'AUTH');
    assert.equal(server.received.length, 1);
  });

  it('does not ask the clock about any other error', async () => {
    const { server, transport } = await startProvider(10 * MINUTE, { answers: ['busy'] });
    await failure(transport.send(signedCall(), makeContext()), 'PROVIDER');
    assert.equal(server.received.length, 1);
  });
});
