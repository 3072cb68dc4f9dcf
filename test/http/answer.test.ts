import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpAnswer } from '../../src/contract/transport';
import { refusedStatus } from '../../src/http/status';
import { failure, makeCall, makeContext } from './context';
import { closeAll, open, startRawServer, startServer } from './server';

const MEBIBYTE = 1024 * 1024;
/** `{"name":"张三"}` */
const GBK = Buffer.from('7b226e616d65223a22d5c5c8fd227d', 'hex');

describe('http: the answer', () => {
  afterEach(closeAll);

  async function ask(answer: (response: ServerResponse) => void): Promise<HttpAnswer> {
    const server = await startServer((_request, response) => answer(response));
    return open({ baseUrl: server.url }).send(makeCall(), makeContext());
  }

  async function askCoded(encoding: string, body: Buffer): Promise<HttpAnswer> {
    return ask((response) => response.setHeader('Content-Encoding', encoding).end(body));
  }

  it('is given whole: status, headers, body', async () => {
    const { status, headers, body } = await ask((response) => {
      response.writeHead(201, { 'X-Request-Id': 'r1' }).write('{"a"');
      setTimeout(() => response.end(':1}'), 30);
    });
    assert.equal(status, 201);
    assert.equal(headers['x-request-id'], 'r1');
    assert.equal(body.toString(), '{"a":1}');
  });

  it('may be empty, whatever it says of its encoding', async () => {
    assert.equal((await ask((response) => response.writeHead(204).end())).body.length, 0);
    assert.equal((await askCoded('gzip', Buffer.alloc(0))).body.length, 0);
  });

  const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
  const interim: [string, string][] = [
    ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 without words', 'HTTP/1.1 100\r\n\r\n'],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nServer: x\r\nDate: y\r\n\r\n'],
    ['100 twice', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(2)],
    ['100 without words three times', 'HTTP/1.1 100\r\n\r\n'.repeat(3)],
    ['102', 'HTTP/1.1 102 Processing\r\n\r\n'],
    ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
    ['103 and 100', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n'],
  ];
  for (const [name, before] of interim) {
    for (const pieces of ['whole', 'byte by byte']) {
      it(`may come after an interim answer nobody asked for: ${name}, ${pieces}, each time on one socket`, async () => {
        const server = await startRawServer((socket) => {
          socket.setNoDelay(true);
          socket.on('data', async (chunk) => {
            if (!chunk.includes('POST ')) return;
            if (pieces === 'whole') socket.write(before + ANSWER);
            else
              for (const byte of before + ANSWER) {
                socket.write(byte);
                await new Promise(setImmediate);
              }
          });
        });
        const transport = open({ baseUrl: server.url, maxConcurrent: 1 });
        for (let turn = 0; turn < 3; turn++) {
          const { status, body } = await transport.send(makeCall(), makeContext());
          assert.deepEqual([status, body.toString()], [200, '{}']);
        }
        assert.equal(server.sockets, 1);
      });
    }
  }

  it('may come after one while five megabytes are on their way', async () => {
    let asked = 0;
    const server = await startRawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n'));
      let size = 0;
      socket.on('data', (chunk) => {
        size += chunk.length;
        if (size < 5_000_000 || asked++ > 0) return;
        setTimeout(() => socket.write(ANSWER), 50);
      });
    });
    const call = makeCall({ body: Buffer.alloc(5_000_000) });
    const { body } = await open({ baseUrl: server.url }).send(call, makeContext());
    assert.equal(body.toString(), '{}');
  });

  it('keeps what looks like an interim answer where it is none', async () => {
    const text = 'HTTP/1.1 100 Continue\r\n\r\n';
    assert.equal((await ask((response) => response.end(text))).body.toString(), text);
  });

  it('is decompressed as often as it was compressed', async () => {
    const text = JSON.stringify({ name: '张三'.repeat(1000) });
    const coded: [string, Buffer][] = [
      ['gzip', gzipSync(text)],
      ['GZIP', gzipSync(text)],
      ['x-gzip', gzipSync(text)],
      ['br', brotliCompressSync(text)],
      ['deflate', deflateSync(text)],
      ['identity', Buffer.from(text)],
      ['gzip, br', brotliCompressSync(gzipSync(text))],
      ['br,gzip', gzipSync(brotliCompressSync(text))],
      ['identity, deflate, gzip', gzipSync(deflateSync(text))],
      ['gzip, gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(gzipSync(text))))],
      ['deflate', deflateRawSync(text)],
    ];
    for (const [encoding, body] of coded) {
      assert.equal((await askCoded(encoding, body)).body.toString(), text, encoding);
    }
  });

  const plain = Buffer.from(' \r\n{"name":"张三"}');
  const announced: [string, Buffer][] = [
    ...'UTF-8 utf8 none binary 8bit application/json zstd gzip br deflate x-gzip'
      .split(' ')
      .map((encoding): [string, Buffer] => [encoding, plain]),
    ['gzip, br', brotliCompressSync(plain)],
    ['gzip, br', plain],
    ['gzip, utf-8', gzipSync(plain)],
    ['utf-8, gzip', gzipSync(plain)],
    ['gzip, gzip, gzip, gzip, gzip, gzip', plain],
  ];
  for (const [encoding, body] of announced) {
    it(`is JSON where it is, although ${encoding} is announced (${body.length} bytes)`, async () => {
      assert.ok((await askCoded(encoding, body)).body.equals(plain));
    });
  }

  it('is JSON behind a byte order mark, in UTF-16 and in GBK too, whatever is announced', async () => {
    for (const body of [Buffer.from('\ufeff{}'), Buffer.from('\ufeff {}', 'utf16le'), GBK]) {
      for (const encoding of ['gzip', 'br', 'deflate', 'UTF-8']) {
        assert.ok((await askCoded(encoding, body)).body.equals(body), encoding);
      }
    }
  });

  it('must be in an encoding that was asked for, or JSON', async () => {
    const fiveTimes = (body: Buffer) => [1, 2, 3, 4, 5].reduce((inside) => gzipSync(inside), body);
    const coded: [string, (body: Buffer) => Buffer][] = [
      ['zstd', (body) => body],
      ['UTF-8', (body) => body],
      ['zstd, gzip', (body) => gzipSync(body)],
      ['gzip, gzip, gzip, gzip, gzip', fiveTimes],
    ];
    for (const [encoding, code] of coded) {
      for (const body of [Buffer.from('{"half":'), Buffer.from('<html>'), Buffer.from('[1]')]) {
        const error = await failure(askCoded(encoding, code(body)), 'PROTOCOL');
        assert.equal(error.problem, 'unknown-encoding', encoding);
        assert.equal(error.details.httpStatus, 200);
        assert.equal(error.details.charged, null);
        assert.equal(error.details.headers, undefined);
      }
    }
  });

  it('tells by its status what it is, where nobody can read its page', async () => {
    const error = await failure(
      ask((response) => response.writeHead(401, { 'Content-Encoding': 'UTF-8' }).end('<html>')),
      'AUTH',
    );
    assert.equal(error.details.httpStatus, 401);
  });

  it('must not be damaged', async () => {
    const whole = gzipSync('{"a":1}'.repeat(100));
    const wrong = Buffer.from(whole);
    wrong[wrong.length - 6]! ^= 0xff;
    for (const body of [Buffer.from('not gzip'), whole.subarray(0, 20), wrong]) {
      const error = await failure(askCoded('gzip', body), 'PROTOCOL');
      assert.equal(error.problem, 'answer-damaged');
      assert.equal(error.details.httpStatus, 200);
      assert.equal(error.details.retryable, false);
    }
  });

  it('may have four mebibytes', async () => {
    const { body } = await ask((response) => response.end(Buffer.alloc(4 * MEBIBYTE, 'x')));
    assert.equal(body.length, 4 * MEBIBYTE);
    assert.equal((await askCoded('gzip', gzipSync(Buffer.alloc(4 * MEBIBYTE)))).body.length, 4 * MEBIBYTE);
  });

  it('is refused by its Content-Length before its body comes', async () => {
    const error = await failure(
      ask((response) => response.setHeader('Content-Length', 4 * MEBIBYTE + 1).flushHeaders()),
      'PROTOCOL',
    );
    assert.equal(error.problem, 'answer-too-large');
    assert.equal(error.details.httpStatus, 200);
    assert.equal(error.details.charged, null);
    assert.equal(error.details.retryable, false);
  });

  it('is refused once more has come, and the rest is not waited for', async () => {
    const answers: ((response: ServerResponse) => void)[] = [
      (response) => response.end(Buffer.alloc(5 * MEBIBYTE)),
      (response) => response.write(Buffer.alloc(5 * MEBIBYTE)),
    ];
    for (const answer of answers) {
      assert.equal((await failure(ask(answer), 'PROTOCOL')).problem, 'answer-too-large');
    }
  });

  it('is refused where it is small but grows too large', async () => {
    const bomb = Buffer.alloc(200 * MEBIBYTE);
    const bombs = { gzip: gzipSync(bomb), br: brotliCompressSync(Buffer.alloc(5 * MEBIBYTE)) };
    for (const [encoding, body] of Object.entries(bombs)) {
      assert.ok(body.length < MEBIBYTE);
      assert.equal((await failure(askCoded(encoding, body), 'PROTOCOL')).problem, 'answer-too-large');
    }
  });

  it('is NETWORK where it is not HTTP', async () => {
    const server = await startRawServer((socket) => socket.once('data', () => socket.write('hello\r\n\r\n')));
    const error = await failure(open({ baseUrl: server.url }).send(makeCall(), makeContext()), 'NETWORK');
    assert.equal(error.details.charged, null);
  });

  it('is not followed elsewhere', async () => {
    const other = await startServer((_request, response) => response.end('{}'));
    for (const status of [301, 302, 303, 307, 308]) {
      const error = await failure(
        ask((response) => response.writeHead(status, { Location: other.url.href }).end()),
        'PROTOCOL',
      );
      assert.equal(error.problem, 'unexpected-status');
      assert.equal(error.details.httpStatus, status);
      assert.equal(error.details.retryable, false);
    }
    assert.equal(other.received.length, 0);
  });
});

describe('http: what a status means where the provider is silent', () => {
  for (const [code, statuses] of [
    [null, [200, 204, 299]],
    ['AUTH', [401]],
    ['ACCOUNT', [403]],
    ['CONFIG', [404]],
    ['RATE_LIMITED', [429]],
    ['PROVIDER', [500, 502, 503, 599]],
    ['PROTOCOL', [300, 304, 400, 402, 405, 499, 600, 999]],
  ] as const)
    it(`${code ?? 'success'}: ${statuses.join(', ')}`, () => {
      for (const status of statuses) {
        const error = refusedStatus(status);
        assert.equal(error?.code ?? null, code);
        if (!error) continue;
        assert.ok(!error.details.envelope);
        assert.equal(error.details.providerCode ?? null, null);
        assert.ok(Object.values(error.values).join().includes(String(status)));
      }
    });
});
