/** The `tls-config` and `http proxy` nodes an account may have, in a real Node-RED. */
import assert from 'node:assert/strict';
import { createServer as createProxy } from 'node:http';
import { connect, type Socket } from 'node:net';
import { selfSigned } from '../http/certificates';
import { closeAll, startServer } from '../http/server';
import { errorOf, resultOf } from './five-actions';
import { actionFlow, deploy, type FlowNode, startRuntime } from './runtime';
import { taskCreated } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';
const credentials = { groupKey: 'groupKey', groupSecret: 'groupSecret' };
const SETTINGS = { environment: 'custom', credentials, timeout: 2 };

describe('TLS and proxies, in a real Node-RED', () => {
  before(() => startRuntime());
  afterEach(closeAll);

  const tlsNode = (ca: string, verifyservercert = true): FlowNode => {
    const files = { cert: '', key: '', ca: '' };
    return { id: 'tls', type: 'tls-config', ...files, verifyservercert, credentials: { cadata: ca } };
  };

  it('trusts what the tls-config node says, and nothing else', async () => {
    const identity = selfSigned('IP:127.0.0.1');
    const server = await startServer((_request, response) => taskCreated(response), identity);
    const account = { ...SETTINGS, baseUrl: String(server.url) };
    await deploy(actionFlow({ type: 'truth-create' }, account));
    const untrusted = await errorOf({ payload: PHOTO });
    assert.deepEqual([untrusted.code, untrusted.cause.charged], ['NETWORK', false]);

    const flow = actionFlow({ type: 'truth-create' }, { ...account, tls: 'tls' });
    await deploy([...flow, tlsNode(identity.cert, false)]);
    const unverified = await errorOf({ payload: PHOTO });
    assert.deepEqual([unverified.code, unverified.cause.problem], ['CONFIG', 'tls-unverified']);
    assert.equal(server.received.length, 0);

    await deploy([...flow, tlsNode(identity.cert)]);
    await resultOf({ payload: PHOTO });
  });

  it('has a connection for each request where the account says so', async () => {
    for (const [keepAlive, sockets] of [[undefined, 1] as const, [false, 3] as const]) {
      const server = await startServer((_request, response) => taskCreated(response));
      const account = { ...SETTINGS, baseUrl: String(server.url), maxConcurrent: 1, keepAlive };
      await deploy(actionFlow({ type: 'truth-create' }, account));
      for (let turn = 0; turn < 3; turn++) await resultOf({ payload: PHOTO });
      assert.equal(server.sockets, sockets);
    }
  });

  it('says that a proxy for something else than HTTP cannot be used, before anything is sent', async () => {
    const proxyNode = { id: 'proxy', type: 'http proxy', noproxy: [] };
    const account = { ...SETTINGS, baseUrl: 'https://provider.test', proxy: 'proxy' };
    for (const url of ['socks5://127.0.0.1:1080', 'ftp://127.0.0.1']) {
      await deploy([...actionFlow({ type: 'truth-create' }, account), { ...proxyNode, url }]);
      const { code, cause, message } = await errorOf({ payload: PHOTO });
      assert.deepEqual([code, cause.problem, cause.attempts], ['CONFIG', 'proxy-scheme', 0]);
      assert.ok(message.includes(`speaks ${url.slice(0, url.indexOf(':'))}:`), message);
    }
  });

  it('goes through the http proxy node with its name and password, but never to this machine', async () => {
    const identity = selfSigned('DNS:provider.test');
    const server = await startServer((_request, response) => taskCreated(response), identity);
    const connects: [string | undefined, string | undefined][] = [];
    const tunnels: Socket[] = [];
    const proxy = createProxy().on('connect', (request, socket: Socket) => {
      connects.push([request.url, request.headers['proxy-authorization']]);
      const tunnel = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      for (const end of [socket, tunnel]) end.on('error', () => {});
      tunnels.push(socket, tunnel);
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as { port: number };
    const proxyNode = {
      id: 'proxy',
      type: 'http proxy',
      url: `http://127.0.0.1:${port}`,
      noproxy: [],
      credentials: { username: 'user', password: 'word' },
    };
    try {
      const account = { ...SETTINGS, baseUrl: 'https://provider.test/path', tls: 'tls', proxy: 'proxy' };
      await deploy([...actionFlow({ type: 'truth-create' }, account), tlsNode(identity.cert), proxyNode]);
      await resultOf({ payload: PHOTO });
      assert.deepEqual(connects, [
        ['provider.test:443', `Basic ${Buffer.from('user:word').toString('base64')}`],
      ]);
      assert.equal(server.received[0]!.url, '/path/v2/truth_build/create');

      const plain = await startServer((_request, response) => taskCreated(response));
      await deploy([
        ...actionFlow({ type: 'truth-create' }, { ...SETTINGS, baseUrl: String(plain.url), proxy: 'proxy' }),
        proxyNode,
      ]);
      await resultOf({ payload: PHOTO });
      assert.equal(connects.length, 1);
    } finally {
      for (const socket of tunnels) socket.destroy();
      proxy.close();
    }
  });
});
