import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { HttpAnswer } from '../../src/contract/transport';
import { refusedStatus, textOf } from '../../src/http/answer';
import { failure, makeCall, send } from './context';
import { closeAll, open, startRawServer, startServer } from './server';

const MEBIBYTE = 1024 * 1024;
/** `{"name":"张三"}` */
const GBK = Buffer.from('7b226e616d65223a22d5c5c8fd227d', 'hex');

describe('http: the answer', () => {
  afterEach(closeAll);

  async function ask(answer: (response: ServerResponse) => unknown): Promise<HttpAnswer> {
    const server = await startServer((_request, response) => void answer(response));
    return send(open({ baseUrl: server.url }));
  }

  async function askCoded(encoding: string, body: Buffer): Promise<HttpAnswer> {
    return ask((response) => response.setHeader('Content-Encoding', encoding).end(body));
  }

  it('is given whole: status, headers, body', async () => {
    const { status, headers, body } = await ask((response) => {
      response.writeHead(201, { 'X-Request-Id': 'r1' }).write('{"a"');
      setTimeout(() => response.end(':1}'), 30);
    });
    assert.deepEqual([status, headers['x-request-id'], body.toString()], [201, 'r1', '{"a":1}']);
  });

  it('may be empty, whatever it says of its encoding', async () => {
    assert.equal((await ask((response) => response.writeHead(204).end())).body.length, 0);
    assert.equal((await askCoded('gzip', Buffer.alloc(0))).body.length, 0);
  });

  const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}';
  const interim: [string, string][] = [
    ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['100 with headers', 'HTTP/1.1 100 Continue\r\nServer: x\r\nDate: y\r\n\r\n'],
    ['100 without words three times', 'HTTP/1.1 100\r\n\r\n'.repeat(3)],
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
          const { status, body } = await send(transport);
          assert.deepEqual([status, body.toString()], [200, '{}']);
        }
        assert.equal(server.sockets, 1);
      });
    }
  }

  it('may come after one while five megabytes are on their way', async () => {
    let requests = 0;
    const server = await startRawServer((socket) => {
      socket.once('data', () => socket.write('HTTP/1.1 100 Continue\r\n\r\n'));
      let size = 0;
      socket.on('data', (chunk) => {
        size += chunk.length;
        if (size < 5_000_000 || requests++ > 0) return;
        setTimeout(() => socket.write(ANSWER), 50);
      });
    });
    const call = makeCall({ body: Buffer.alloc(5_000_000) });
    const { body } = await send(open({ baseUrl: server.url }), call);
    assert.equal(body.toString(), '{}');
  });

  it('keeps what only looks like an interim answer', async () => {
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
        const sent = askCoded(encoding, code(body));
        const { details } = await failure(sent, 'PROTOCOL', 'unknown-encoding', {
          httpStatus: 200,
          charged: null,
        });
        assert.equal(details.headers, undefined, encoding);
      }
    }
  });

  it('tells by its status what it is, where nobody can read its page', async () => {
    const sent = ask((response) => response.writeHead(401, { 'Content-Encoding': 'UTF-8' }).end('<html>'));
    await failure(sent, 'AUTH', undefined, { httpStatus: 401 });
  });

  it('must not be damaged', async () => {
    const whole = gzipSync('{"a":1}'.repeat(100));
    const wrong = Buffer.from(whole);
    wrong[wrong.length - 6]! ^= 0xff;
    for (const body of [Buffer.from('not gzip'), whole.subarray(0, 20), wrong]) {
      const known = { httpStatus: 200, retryable: false };
      await failure(askCoded('gzip', body), 'PROTOCOL', 'answer-damaged', known);
    }
  });

  it('may have four mebibytes', async () => {
    const { body } = await ask((response) => response.end(Buffer.alloc(4 * MEBIBYTE, 'x')));
    assert.equal(body.length, 4 * MEBIBYTE);
    assert.equal((await askCoded('gzip', gzipSync(Buffer.alloc(4 * MEBIBYTE)))).body.length, 4 * MEBIBYTE);
  });

  const tooLarge: [string, (response: ServerResponse) => unknown][] = [
    [
      'by its Content-Length, before its body comes',
      (response) => response.setHeader('Content-Length', 4 * MEBIBYTE + 1).flushHeaders(),
    ],
    ['once more has come', (response) => response.end(Buffer.alloc(5 * MEBIBYTE))],
    ['without waiting for the rest', (response) => response.write(Buffer.alloc(5 * MEBIBYTE))],
  ];
  const known = { httpStatus: 200, charged: null, retryable: false };
  for (const [name, answer] of tooLarge)
    it(`is refused as too large ${name}`, async () => {
      await failure(ask(answer), 'PROTOCOL', 'answer-too-large', known);
    });
  for (const [coding, bytes, pack] of [
    ['gzip', 200 * MEBIBYTE, gzipSync],
    ['br', 5 * MEBIBYTE, brotliCompressSync],
  ] as const)
    it(`is refused as too large where it is small but grows (${coding})`, async () => {
      await failure(askCoded(coding, pack(Buffer.alloc(bytes))), 'PROTOCOL', 'answer-too-large', known);
    });

  it('is not followed elsewhere', async () => {
    const other = await startServer();
    for (const status of [301, 302, 303, 307, 308]) {
      const sent = ask((response) => response.writeHead(status, { Location: other.url.href }).end());
      await failure(sent, 'PROTOCOL', 'unexpected-status', { httpStatus: status, retryable: false });
    }
    assert.equal(other.received.length, 0);
  });
});

describe('http: what a status means where the provider is silent', () => {
  for (const [code, statuses] of [
    [null, [200, 204, 299]],
    ['AUTH', [401]],
    ['ACCOUNT', [403]],
    ['INPUT', [413]],
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

describe('http: the text of an answer', () => {
  const JSON_TEXT = '{"msg":"系统判断为同一人"}';
  /** The same in GBK, which is GB2312 and GB18030 as well. */
  const GBK = Buffer.from('7b226d7367223a22cfb5cdb3c5d0b6cfceaacdacd2bbc8cb227d', 'hex');
  const UTF_16BE = Buffer.from(JSON_TEXT, 'utf16le').swap16();
  const rows: [string, string | undefined, Buffer, string][] = [
    ['UTF-8 undeclared', undefined, Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8', 'application/json; charset=utf-8', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 that calls itself GBK', 'application/json;charset=GBK', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 that calls itself Latin', 'text/html; charset=ISO-8859-1', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 in a charset nobody knows', 'application/json; charset=x', Buffer.from(JSON_TEXT), JSON_TEXT],
    ['UTF-8 behind a mark', undefined, Buffer.from(`\ufeff${JSON_TEXT}`), `\ufeff${JSON_TEXT}`],
    ['GBK', 'application/json; charset=GBK', GBK, JSON_TEXT],
    ['GBK in quotation marks', 'application/json; Charset = "gbk"', GBK, JSON_TEXT],
    ['GB2312', 'text/json;charset=gb2312', GBK, JSON_TEXT],
    ['GB18030', 'text/json;charset=GB18030; x=y', GBK, JSON_TEXT],
    ['GB18030 with four bytes', 'a/b;charset=gb18030', Buffer.from('95328236', 'hex'), '𠀀'],
    ['GBK undeclared', undefined, GBK, JSON_TEXT],
    ['GBK that calls itself UTF-8', 'application/json; charset=UTF-8', GBK, JSON_TEXT],
    ['GBK that calls itself something', 'application/json; charset=unknown', GBK, JSON_TEXT],
    // These two bytes are one letter in UTF-8 as well.
    ['GBK that could be UTF-8', 'a/b; charset=gbk', Buffer.from('d0a1', 'hex'), '小'],
    ['Big5', 'a/b; charset=big5', Buffer.from('a440ad50', 'hex'), '一致'],
    ['UTF-16 behind a mark', undefined, Buffer.from(`\ufeff${JSON_TEXT}`, 'utf16le'), JSON_TEXT],
    [
      'UTF-16 the other way round',
      'a/b; charset=utf-8',
      Buffer.concat([Buffer.from([0xfe, 0xff]), UTF_16BE]),
      JSON_TEXT,
    ],
    ['UTF-16 declared', 'a/b; charset=utf-16', Buffer.from(JSON_TEXT, 'utf16le'), JSON_TEXT],
    ['UTF-16BE declared', 'a/b; charset=UTF-16BE', UTF_16BE, JSON_TEXT],
    ['nothing', 'a/b; charset=gbk', Buffer.alloc(0), ''],
    // Half a character at its end: the rest is not made into another language.
    [
      'damaged UTF-8',
      undefined,
      Buffer.concat([Buffer.from(JSON_TEXT.slice(0, -2)), Buffer.from([0xe4, 0xba])]),
      `${JSON_TEXT.slice(0, -2)}\ufffd`,
    ],
    ['bytes', undefined, Buffer.from([0xff, 0x80, 0x41]), '\ufffd\ufffdA'],
  ];
  for (const [name, contentType, body, text] of rows) {
    it(name, () => {
      const headers = contentType === undefined ? {} : { 'content-type': contentType };
      assert.equal(textOf({ headers, body }), text);
    });
  }
});
