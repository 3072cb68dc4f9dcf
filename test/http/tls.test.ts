import assert from 'node:assert/strict';
import type { VerifyError } from '../../src/contract/errors';
import type { TlsOptions } from '../../src/http/wire';
import { selfSigned } from './certificates';
import { failure, makeCall, makeContext } from './context';
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

  const start = (as: TlsIdentity) => startServer((_request, response) => response.end('{}'), as);

  /** A certificate is refused before anything is sent, so even a call that may cost money is tried three times. */
  async function refused(server: TestServer, tls: TlsOptions, baseUrl = server.url): Promise<VerifyError> {
    for (const maxConcurrent of [1, 16]) {
      const context = makeContext();
      const calling = open({ baseUrl, tls, maxConcurrent, timeout: 20_000 }).send(makeCall(), context);
      const error = await within(failure(calling, 'NETWORK'), 'the call never settles');
      assert.equal(error.problem, 'certificate');
      assert.equal(error.details.charged, false);
      assert.equal(error.details.retryable, true);
      assert.equal(context.attempts, 3);
    }
    assert.equal(server.received.length, 0);
    return failure(open({ baseUrl, tls }).send(makeCall(), makeContext()), 'NETWORK');
  }

  it('refuses a certificate that nobody vouches for', async () => {
    const { values } = await refused(await start(identity), {});
    assert.match(String(values.code), /SELF_SIGNED/);
  });

  it('accepts a certificate that the account vouches for', async () => {
    const server = await start(identity);
    await open({ baseUrl: server.url, tls: { ca: identity.cert } }).send(makeCall(), makeContext());
    await open({ baseUrl: server.url, tls: { ca: Buffer.from(identity.cert) } }).send(
      makeCall(),
      makeContext(),
    );
    assert.equal(server.received.length, 2);
  });

  it('refuses a certificate of another host', async () => {
    const { values } = await refused(await start(elsewhere), { ca: elsewhere.cert });
    assert.equal(values.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('expects the host that the account names', async () => {
    const server = await start(elsewhere);
    const tls = { ca: elsewhere.cert, servername: 'elsewhere.test' };
    await open({ baseUrl: server.url, tls }).send(makeCall(), makeContext());
    assert.equal(server.received.length, 1);
  });

  it('expects that name of no other host', async () => {
    const [own, other] = await Promise.all([start(elsewhere), start(identity)]);
    const tls = { ca: identity.cert, servername: 'elsewhere.test' };
    await open({ baseUrl: own.url, tls }).send(makeCall({ origin: other.url.origin }), makeContext());
    assert.equal(other.received.length, 1);
  });

  it('cannot be talked out of checking', async () => {
    const unchecked = { rejectUnauthorized: false } as TlsOptions;
    await refused(await start(identity), unchecked);
  });

  it('cannot be talked out of checking by the environment', async () => {
    const server = await start(identity);
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    const { emitWarning } = process;
    // Node.js warns once a process, in the middle of the report.
    process.emitWarning = () => {};
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    try {
      await refused(server, {});
    } finally {
      process.emitWarning = emitWarning;
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    }
  });

  it('knows that a server which closes amid the handshake took nothing', async () => {
    const closing = await startRawServer((socket) => socket.once('data', () => socket.end()), 'https:');
    const resetting = await startRawServer(
      (socket) => socket.once('data', () => socket.resetAndDestroy()),
      'https:',
    );
    const talking = await startRawServer(
      (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
      'https:',
    );
    for (const server of [closing, resetting, talking]) {
      const context = makeContext();
      const error = await failure(open({ baseUrl: server.url }).send(makeCall(), context), 'NETWORK');
      assert.equal(error.details.charged, false);
      assert.equal(context.attempts, 3);
      assert.equal(server.sockets, 3);
    }
  });
});
