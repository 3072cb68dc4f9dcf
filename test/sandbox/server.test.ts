import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { faultIn } from '../../src/sandbox/faults';
import { paidKey, type Sandbox, startSandbox } from '../../src/sandbox/server';
import { assertReason } from './reason';
import { callXhey } from './xhey-caller';

describe('sandbox: the server', () => {
  let folder: string;
  const started: Sandbox[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
  });
  afterEach(async () => {
    for (const sandbox of started.splice(0)) await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  async function start(file: string | null = null, port = 0): Promise<Sandbox> {
    const sandbox = await startSandbox({ port, file });
    started.push(sandbox);
    return sandbox;
  }

  /** @returns what the sandbox answers to a request made of raw bytes, until it closes the socket */
  function raw(port: number, text: string): Promise<string> {
    return new Promise((resolve) => {
      let answer = '';
      const socket = net.connect(port, '127.0.0.1', () => socket.write(text));
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answer));
    });
  }

  it('lists the base URL and the credentials of each provider', async () => {
    const { accounts, port } = await start();
    assert.ok(Object.keys(accounts).length > 0);
    for (const [provider, { baseUrl, credentials }] of Object.entries(accounts)) {
      assert.equal(baseUrl, `http://127.0.0.1:${port}/${provider}`);
      assert.ok(Object.keys(credentials).length > 0);
      // westdex's key has to be hexadecimal: no word, but plainly a made-up one.
      for (const value of Object.values(credentials)) assert.match(value, /sandbox|^(?:0123456789abcdef)+$/i);
    }
  });

  it('answers 404 to what belongs to no provider, and counts what comes', async () => {
    const { port, requests } = await start();
    const base = `http://127.0.0.1:${port}`;
    for (const path of ['/nobody', '/nobody/', '/xheys', '/nobody/?a=1']) {
      assert.equal((await fetch(base + path)).status, 404);
    }
    assert.deepEqual(Object.fromEntries(requests), { '/nobody': 1, '/nobody/': 2, '/xheys': 1 });
  });

  it('counts what could be charged for, without saying what it was', async () => {
    const sandbox = await start();
    const photoUrlList = ['https://a.test/1.jpg', 'https://a.test/2.jpg'];
    for (const list of [photoUrlList, photoUrlList, []])
      await post(sandbox, 'create', { photoUrlList: list });
    await post(sandbox, 'create', { photoUrlList: ['https://a.test/sandbox-http-503'] });
    // A call that is to be repeated later costs nothing.
    await post(sandbox, 'create', { photoUrlList: ['https://a.test/sandbox-retry-after-1'] });
    await post(sandbox, 'query', { taskID: 'unknown' });
    const paid = await (await fetch(`http://127.0.0.1:${sandbox.port}/paid`)).json();
    assert.deepEqual(paid, {
      [paidKey('xhey', photoUrlList.join(' '))]: 2,
      [paidKey('xhey', 'https://a.test/sandbox-http-503')]: 1,
    });
    assert.ok(!JSON.stringify(paid).includes('a.test'));
  });

  it('can be reached from this machine only', async () => {
    const { port } = await start();
    await assert.rejects(
      new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.2', () => resolve(socket.destroy()));
        socket.on('error', reject);
      }),
    );
  });

  it('survives what is not a request', async () => {
    const { port } = await start();
    assert.match(await raw(port, 'hello\r\n\r\n'), /^(HTTP\/1.1 400|$)/);
    await raw(port, 'GET http://[bad HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await raw(port, 'OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    await raw(port, 'OPTIONS *%zz HTTP/1.1\r\nHost: a\r\n\r\n');
    const cut = net.connect(port, '127.0.0.1', () => {
      cut.end('POST /xhey/v2/truth_build/create HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{');
    });
    cut.resume().on('error', () => {});
    await new Promise((resolve) => cut.on('close', resolve));
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  });

  it('does not take more than 32 MiB', async () => {
    const { port } = await start();
    const body = Buffer.alloc(33 * 1024 * 1024);
    const outcome = await fetch(`http://127.0.0.1:${port}/xhey/v2/truth_build/create`, {
      method: 'POST',
      body,
    }).then(
      ({ status }) => status,
      () => 'broken off',
    );
    assert.ok(outcome === 413 || outcome === 'broken off', String(outcome));
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  });

  it('closes although somebody is connected', async () => {
    const sandbox = await start();
    await fetch(`http://127.0.0.1:${sandbox.port}/`);
    const socket = net.connect(sandbox.port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve));
    await sandbox.close();
    await assert.rejects(fetch(`http://127.0.0.1:${sandbox.port}/`));
    socket.destroy();
  });

  it('keeps what it knows over a restart', async () => {
    const file = join(folder, 'store.json');
    const first = await start(file);
    const created = await post(first, 'create', { photoUrlList: ['https://a.test/1.jpg'] });
    const taskID = /"taskID":"(\d+)"/.exec(await created.text())![1];
    const codeOf = async (sandbox: Sandbox) =>
      ((await (await post(sandbox, 'query', { taskID })).json()) as { code: number }).code;
    await first.close();
    assert.deepEqual([await codeOf(await start(file)), await codeOf(await start())], [200, 404]);
  });
});

describe('sandbox: faults that all providers can have', () => {
  it('are asked for by a word', () => {
    for (const text of ['', 'a photo', 'sandbox', 'sandbox-http-', 'sandbox-http-20', 'sandbox-other']) {
      assert.equal(faultIn(text), null);
    }
    for (const [text, expected] of [
      ['https://a.test/sandbox-timeout/1.jpg', 'timeout'],
      ['https://a.test/sandbox-reset/1.jpg', 'reset'],
      ['sandbox-http-503', 503],
      ['a sandbox-http-401 b', 401],
      ['sandbox-garbage', 200],
      ['sandbox-retry-after-30', 429],
    ] as const) {
      const answer = faultIn(text)!;
      assertReason(answer.reason);
      if ('fault' in answer) assert.equal(answer.fault, expected);
      else {
        assert.equal(answer.status, expected);
        assert.throws(() => JSON.parse(answer.body));
        assert.equal(answer.headers?.['Retry-After'], expected === 429 ? '30' : undefined);
      }
    }
  });

  it('reach the wire', async () => {
    const sandbox = await startSandbox({ port: 0, file: null });
    try {
      const ask = (word: string, signal?: AbortSignal) =>
        post(sandbox, 'create', { photoUrlList: [`https://a.test/${word}`] }, signal);
      assert.equal((await ask('sandbox-http-503')).status, 503);
      await assert.rejects((await ask('sandbox-garbage')).json(), SyntaxError);
      await assert.rejects(ask('sandbox-reset'), TypeError);
      await assert.rejects(ask('sandbox-timeout', AbortSignal.timeout(150)), { name: 'TimeoutError' });
    } finally {
      await sandbox.close();
    }
  });
});

function post(sandbox: Sandbox, call: string, payload: unknown, signal?: AbortSignal): Promise<Response> {
  return callXhey(sandbox, `/v2/truth_build/${call}`, payload, signal);
}
