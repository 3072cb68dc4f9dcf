import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import type { TlsOptions } from '../../src/http/wire';
import { selfSigned, uncheckedByEnvironment } from './certificates';
import { failure, makeCall, makeContext, send } from './context';
import {
  closeAll,
  open,
  startRawServer,
  startServer,
  type TestServer,
  type TlsIdentity,
  within,
} from './server';

describe('http: TLS', () => {
  let identity: TlsIdentity;
  let elsewhere: TlsIdentity;
  before(() => {
    identity = selfSigned('IP:127.0.0.1');
    elsewhere = selfSigned('DNS:elsewhere.test');
  });
  afterEach(closeAll);

  const start = (as: TlsIdentity) => startServer(undefined, as);

  /** A certificate is refused before anything is sent, so even a call that may cost money is tried three times. */
  async function refused(server: TestServer, tls: TlsOptions): Promise<string> {
    let code: unknown;
    for (const maxConcurrent of [1, 16]) {
      const context = makeContext();
      const transport = open({ baseUrl: server.url, tls, maxConcurrent, timeout: 20_000 });
      const nothing = { charged: false, retryable: true };
      const failed = failure(send(transport, makeCall(), context), 'NETWORK', 'certificate', nothing);
      code = (await within(failed, 'the call never settles')).values.code;
      assert.deepEqual([context.attempts, server.received.length], [3, 0]);
    }
    return String(code);
  }

  it('refuses a certificate that nobody vouches for', async () => {
    assert.match(await refused(await start(identity), {}), /SELF_SIGNED/);
  });

  it('accepts a certificate that the account vouches for', async () => {
    const server = await start(identity);
    for (const ca of [identity.cert, Buffer.from(identity.cert)])
      await send(open({ baseUrl: server.url, tls: { ca } }));
    assert.equal(server.received.length, 2);
  });

  it('refuses a certificate of another host', async () => {
    const code = await refused(await start(elsewhere), { ca: elsewhere.cert });
    assert.equal(code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('expects the host that the account names', async () => {
    const server = await start(elsewhere);
    const tls = { ca: elsewhere.cert, servername: 'elsewhere.test' };
    await send(open({ baseUrl: server.url, tls }));
    assert.equal(server.received.length, 1);
  });

  it('expects that name of no other host', async () => {
    const [own, other] = await Promise.all([start(elsewhere), start(identity)]);
    const tls = { ca: identity.cert, servername: 'elsewhere.test' };
    await send(open({ baseUrl: own.url, tls }), makeCall({ origin: other.url.origin }));
    assert.equal(other.received.length, 1);
  });

  it('cannot be talked out of checking', async () => {
    const unchecked = { rejectUnauthorized: false } as TlsOptions;
    await refused(await start(identity), unchecked);
  });

  it('cannot be talked out of checking by the environment', async () => {
    const server = await start(identity);
    await uncheckedByEnvironment(async () => void (await refused(server, {})));
  });

  it('knows that a server which closes amid the handshake took nothing', async () => {
    for (const accept of [
      (socket: Socket) => socket.once('data', () => socket.end()),
      (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
      (socket: Socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    ]) {
      const server = await startRawServer(accept, 'https:');
      const context = makeContext();
      const sent = send(open({ baseUrl: server.url }), makeCall(), context);
      await failure(sent, 'NETWORK', undefined, { charged: false });
      assert.deepEqual([context.attempts, server.sockets], [3, 3]);
    }
  });
});
