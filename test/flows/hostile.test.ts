/** Whatever comes back in place of an answer, each of the five actions gives one result or one error. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Result } from '../../src/contract/result';
import {
  actionOf,
  checkError,
  checkResult,
  EVERY_ACTION,
  encrypted,
  type FiveAction,
  flowOf,
  ID_NUMBER,
  isAboutPerson,
  NAME,
  type Raised,
  SECRET,
} from './five-actions';
import { ask, deploy, got, logs, startRuntime } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const MEGABYTE = 1024 * 1024;
const DEEP = 100_000;
/** Made once, because they take longer than an answer may. */
const BOMBS = {
  gzip: gzipSync(Buffer.alloc(30 * MEGABYTE)),
  br: brotliCompressSync(Buffer.alloc(8 * MEGABYTE)),
};

type Hostile = (response: ServerResponse, action: FiveAction) => unknown;
type Row = [name: string, answer: Hostile, expected: 'result' | Raised['code']];

/** The documented success as text, to be spoilt. */
const text = (action: FiveAction) => JSON.stringify(action.success());
/** With one more property at its end. */
const withMore = (action: FiveAction, more: string) => `${text(action).slice(0, -1)},${more}}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

/** Writes for as long as somebody reads; counts what was taken. */
let written = 0;
function flood(response: ServerResponse, chunk: Buffer | string): void {
  response.on('close', () => {
    written += response.socket?.bytesWritten ?? 0;
  });
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

/** One byte every 20 ms. */
function drip(response: ServerResponse, bytes: string): void {
  const { socket } = response;
  let at = 0;
  const timer = setInterval(() => socket!.write(bytes[at++ % bytes.length]!), 20);
  socket!.on('close', () => clearInterval(timer));
}

/** What is no fault where a provider documents nothing of its data. */
const OF_UNDOCUMENTED = new Set(['arrays where objects are documented', 'a data that is no object']);

/** Each action reads these by itself. */
const OF_EACH: Row[] = [
  [
    'something far too deep beside what is documented',
    (response, action) => response.end(withMore(action, `"more":${nested(DEEP)}`)),
    'PROTOCOL',
  ],
  [
    'keys that reach for the prototype',
    (response, action) =>
      response.end(
        withMore(
          action,
          '"__proto__":{"polluted":1,"code":9},"constructor":{"prototype":{"polluted":1}},"toString":1,"hasOwnProperty":2',
        ),
      ),
    'result',
  ],
  [
    'everything under __proto__',
    (response, action) => response.end(`{"__proto__":${text(action)}}`),
    'PROTOCOL',
  ],
  [
    'a character in two packets',
    (response, action) => {
      const whole = Buffer.from(JSON.stringify(action.success('成功')));
      const at = whole.indexOf('成') + 1;
      response.write(whole.subarray(0, at));
      setTimeout(() => response.end(whole.subarray(at)), 30);
    },
    'result',
  ],
  [
    'the same key twice',
    (response, action) => response.end(`{"code":"7","code":7,${text(action).slice(1)}`),
    'result',
  ],
  ['an array around it', (response, action) => response.end(`[${text(action)}]`), 'PROTOCOL'],
  ['a text around it', (response, action) => response.end(JSON.stringify(text(action))), 'PROTOCOL'],
  [
    'arrays where objects are documented',
    (response, action) => response.end(JSON.stringify({ ...action.success(), data: [[]] })),
    'PROTOCOL',
  ],
  [
    'a data that is no object',
    (response, action) => response.end(JSON.stringify({ ...action.success(), data: 5 })),
    'PROTOCOL',
  ],
  [
    'numbers that no number holds',
    (response, action) =>
      response.end(withMore(action, `"a":1e999,"b":-1e999,"c":${'9'.repeat(400)},"d":-0`)),
    'result',
  ],
  ['HTTP 999', (response, action) => response.writeHead(999).end(`<html>${text(action)}`), 'PROTOCOL'],
  ['HTTP 204', (response) => response.writeHead(204).end(), 'PROTOCOL'],
];

/** What `src/http` makes of these is the same for all. */
const OF_ALL: Row[] = [
  ['nothing but brackets', (response) => response.end(nested(DEEP)), 'PROTOCOL'],
  ['objects without end', (response) => response.end('{"a":'.repeat(DEEP)), 'PROTOCOL'],
  [
    'something deep beside what is documented',
    (response, action) => response.end(withMore(action, `"more":${nested(90)}`)),
    'result',
  ],
  [
    'headers that reach for the prototype',
    (response, action) =>
      response.socket!.end(
        `HTTP/1.1 200 OK\r\n__proto__: polluted\r\n__proto__: again\r\nconstructor: a\r\ntoString: b\r\nConnection: close\r\n\r\n${text(action)}`,
      ),
    'result',
  ],
  ['100 MB and more', (response) => flood(response, Buffer.alloc(MEGABYTE, ' ')), 'PROTOCOL'],
  [
    '100 MB, announced',
    (response) => response.setHeader('Content-Length', 100 * MEGABYTE).write('{'),
    'PROTOCOL',
  ],
  [
    'headers without end',
    (response) => {
      const { socket } = response;
      socket!.on('error', () => {});
      socket!.write(`HTTP/1.1 200 OK\r\n${'X-More: more\r\n'.repeat(100_000)}`);
    },
    'PROTOCOL',
  ],
  [
    'a header of a megabyte',
    (response) => {
      const { socket } = response;
      socket!.on('error', () => {});
      socket!.write(`HTTP/1.1 200 OK\r\nX-More: ${'x'.repeat(MEGABYTE)}\r\n\r\n`);
    },
    'PROTOCOL',
  ],
  [
    'interim answers without end',
    (response) => {
      const timer = setInterval(() => response.socket?.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
      response.socket!.on('close', () => clearInterval(timer));
    },
    'TIMEOUT',
  ],
  ['headers by the byte', (response) => drip(response, 'HTTP/1.1 200 OK\r\nX: more and more'), 'TIMEOUT'],
  [
    'a body by the byte',
    (response) => {
      response.socket!.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n');
      drip(response, '{"a":"more and more');
    },
    'TIMEOUT',
  ],
  ...Object.entries(BOMBS).map(
    ([encoding, bomb]): Row => [
      `a bomb in ${encoding}`,
      (response) => response.writeHead(200, { 'Content-Encoding': encoding }).end(bomb),
      'PROTOCOL',
    ],
  ),
  [
    'gzip in gzip',
    (response, action) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip, gzip' }).end(gzipSync(gzipSync(text(action)))),
    'result',
  ],
  [
    'half of a gzip',
    (response, action) =>
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text(action)).subarray(0, 40)),
    'PROTOCOL',
  ],
  [
    'gzip',
    (response, action) => response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(text(action))),
    'result',
  ],
  [
    'half a character at the end of a text',
    (response, action) =>
      response.end(
        Buffer.concat([
          Buffer.from(`${text(action).slice(0, -1)},"more":"`),
          Buffer.from('张').subarray(0, 2),
          Buffer.from('"}'),
        ]),
      ),
    'result',
  ],
  [
    'half a character at the end of all',
    (response, action) =>
      response.end(Buffer.concat([Buffer.from(text(action)), Buffer.from('张').subarray(0, 2)])),
    'PROTOCOL',
  ],
  ['a byte order mark', (response, action) => response.end(`\ufeff${text(action)}`), 'result'],
  ['two byte order marks', (response, action) => response.end(`\ufeff\ufeff${text(action)}`), 'PROTOCOL'],
  [
    'UTF-16',
    (response, action) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json; charset=utf-16le' })
        .end(Buffer.from(`\ufeff${text(action)}`, 'utf16le')),
    'result',
  ],
  [
    'GBK',
    (response, action) =>
      response
        .writeHead(200, { 'Content-Type': 'application/json; charset=gbk' })
        .end(
          Buffer.concat([
            Buffer.from(`${JSON.stringify(action.success('')).slice(0, -1)},"more":"`),
            Buffer.from('b3c9b9a6', 'hex'),
            Buffer.from('"}'),
          ]),
        ),
    'result',
  ],
  ['a NUL', (response, action) => response.end(`${text(action)}\0`), 'PROTOCOL'],
  ['more behind its end', (response, action) => response.end(`${text(action)}{}`), 'PROTOCOL'],
  ['NaN', (response, action) => response.end(withMore(action, '"more":NaN')), 'PROTOCOL'],
  [
    'a Retry-After without end',
    (response) => response.writeHead(429, { 'Retry-After': '9'.repeat(400) }).end(),
    'RATE_LIMITED',
  ],
  [
    'a Retry-After that is none',
    (response) => response.writeHead(429, { 'Retry-After': '1e3, soon' }).end(),
    'RATE_LIMITED',
  ],
];

describe('hostile answers, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(() => startRuntime());
  beforeEach(async () => {
    written = 0;
    server = await scriptedServer(() => {});
  });
  afterEach(() => {
    closeServers();
    assert.equal(({} as { polluted?: unknown }).polluted, undefined);
  });

  /** One result or one error, and the node works for the next message. */
  async function askOnce(action: FiveAction, answer: Hostile): Promise<Result | Raised> {
    server.script = (_asked, response) => {
      response.on('error', () => {});
      answer(response, action);
    };
    const { out1, out2, caught } = await ask({ payload: action.payload });
    assert.equal(out1.length + out2.length + caught.length, 1);
    const ended = caught.length === 1 ? checkError(caught[0]!) : checkResult((out1[0] ?? out2[0])!);
    server.script = (_asked, response) => json(response, action.success());
    const next = await ask({ payload: action.payload });
    assert.deepEqual([next.out1.length, next.caught.length], [1, 0]);
    return ended;
  }

  for (const action of EVERY_ACTION) {
    describe(action.title ?? action.type, () => {
      const isRequest = action.type === 'provider-request';
      for (const [name, answer, usual] of action.type === 'face-compare'
        ? [...OF_EACH, ...OF_ALL]
        : OF_EACH) {
        // The others read their answers as their own actions do.
        if (isRequest && action.account.type !== 'tencent-market-account') continue;
        const expected = isRequest && OF_UNDOCUMENTED.has(name) ? 'result' : usual;
        it(`${name}: ${expected}`, async () => {
          const properties = expected === 'TIMEOUT' ? { timeout: 2 } : {};
          await deploy(flowOf(action, server.baseUrl, properties, { includeRaw: true }));
          const ended = await askOnce(action, answer);
          assert.equal('cause' in ended ? ended.code : 'result', expected);
          if ('cause' in ended) assert.ok(ended.cause.retryAfter === null || ended.cause.retryAfter >= 0);
          assert.ok(written < 50 * MEGABYTE, `${written} bytes were read`);
        });
      }

      it('words in which somebody stands: masked wherever they come out, and untouched in raw', async () => {
        await deploy(flowOf(action, server.baseUrl, {}, { includeRaw: true }));
        const escaped = NAME.split('')
          .map((unit) => `\\u${unit.charCodeAt(0).toString(16)}`)
          .join('');
        const rows = [
          `${NAME} ${ID_NUMBER} ${SECRET} an-id-of-the-test`,
          `secret=${encodeURIComponent(SECRET)}&${SECRET.toUpperCase()} 110101199001011237`,
          ...(isAboutPerson(action)
            ? [
                `${ID_NUMBER.toLowerCase()}/${ID_NUMBER.replace(/^(.{6})(.{8})/, '$1 $2 ')}/x${ID_NUMBER}`,
                `${NAME.split('').join(' ')} ${encodeURIComponent(NAME)} ${escaped} ${NAME.split('').join('\u200b')}`,
              ]
            : []),
        ];
        for (const words of rows) {
          const said = isAboutPerson(action)
            ? words
            : words.replace(NAME, '').replace(ID_NUMBER, '110101199001011237');
          const answered = (await askOnce(action, (response) =>
            json(response, action.success(said)),
          )) as Result;
          assert.ok(
            'raw' in answered && JSON.stringify(answered.raw).includes(JSON.stringify(said).slice(1, -1)),
          );
          assertUntold(answered.message, said);
          const photos = (answered.data.photos ?? []) as { message: string }[];
          for (const { message } of photos) assertUntold(message, said);
          const raised = (await askOnce(action, (response) =>
            json(response, action.failure(said)),
          )) as Raised;
          assert.equal(raised.code, action.failureCode);
          for (const told of [raised.message, raised.cause.providerMessage!, raised.cause.hint])
            assertUntold(told, said);
        }
      });

      it('words that a catalogue or a log could take for its own', async () => {
        await deploy(flowOf(action, server.baseUrl));
        const words = '$t(test.works) __words__ {{words}} $& $1 %s';
        const raised = (await askOnce(action, (response) =>
          json(response, action.failure(`${words}\r\n[error] forged`)),
        )) as Raised;
        assert.ok(raised.message.includes(`${words} [error] forged`), raised.message);
        assert.ok(raised.cause.providerMessage!.includes(words));
      });

      it('a code and an id in which somebody stands', async () => {
        await deploy(flowOf(action, server.baseUrl));
        const told = `${NAME}${ID_NUMBER}${SECRET}`;
        const said = isAboutPerson(action) ? told : SECRET;
        const ids = { request_id: said, id: said };
        const raised = (await askOnce(action, (response) => {
          for (const name of ['x-api-requestid', 'request-id', 'x-request-id'])
            response.setHeader(name, SECRET);
          json(response, { ...action.failure(), ...ids, code: `7 ${said}` });
        })) as Raised;
        assert.deepEqual([raised.code, raised.cause.requestId], ['PROVIDER', null]);
        assert.match(raised.cause.providerCode!, /^7 /);
      });
    });
  }

  /** Where in the success of an action something odd stands. */
  const PLACES: Record<string, (action: FiveAction, odd: string) => string> = {
    'face-compare': (action, score) => text(action).replace('"score":0.82', `"score":${score}`),
    'truth-create': (_action, list) => `{"code":200,"msg":"","data":${list}}`,
    'truth-poll': (action, status) => text(action).replace('"status":0', `"status":${status}`),
    'westdex-three': (action, plaintext) =>
      JSON.stringify({ ...action.success(), data: encrypted(plaintext) }),
  };
  const million = `[${'{},'.repeat(999_999)}{"taskID":"1"}]`;
  const ODD: Record<string, [odd: string, expected: string][]> = {
    'face-compare': [
      ['NaN', 'PROTOCOL'],
      ['"1e999"', 'PROTOCOL'],
      [`"${'9'.repeat(MEGABYTE)}"`, 'PROTOCOL'],
      [`"${' '.repeat(MEGABYTE)}x"`, 'PROTOCOL'],
      ['true', 'PROTOCOL'],
      ['[0.82]', 'PROTOCOL'],
      ['{"valueOf":1}', 'PROTOCOL'],
      ['"0x1"', 'PROTOCOL'],
      ['-0', 'failed'],
      ['1e-7', 'failed'],
      ['0.8200000000000000001', 'passed'],
    ],
    'truth-create': [[million, 'PROTOCOL']],
    'truth-poll': [
      ['"0"', 'passed'],
      ['"0x0"', 'inconclusive'],
      ['""', 'inconclusive'],
      ['[0]', 'inconclusive'],
      ['false', 'inconclusive'],
      ['null', 'inconclusive'],
      ['1e999', 'inconclusive'],
      ['-1e-400', 'passed'],
      ['{"a":0}', 'inconclusive'],
      [`0}],"more":${million},"list":[{"status":0`, 'PROTOCOL'],
    ],
    'westdex-three': [
      // No JSON is text, and text is a result.
      [nested(DEEP), 'inconclusive'],
      ['{"code":"0"', 'inconclusive'],
      ['\ufeff{"code":"0"}', 'passed'],
      ['{"__proto__":{"code":"0","polluted":1}}', 'inconclusive'],
      ['{"code":"1","code":"0"}', 'passed'],
      ['{"code":{"_jsonata_lambda":true,"thunk":true,"body":{}}}', 'inconclusive'],
      ['[[[{"code":"0"}]]]', 'passed'],
      ['1e999', 'inconclusive'],
      ['null', 'inconclusive'],
      [`"${'x'.repeat(MEGABYTE)}"`, 'inconclusive'],
      ['x'.repeat(MEGABYTE), 'inconclusive'],
      [`\0${'x'.repeat(MEGABYTE)}`, 'PROTOCOL'],
    ],
  };
  for (const [type, rows] of Object.entries(ODD))
    for (const [odd, expected] of rows)
      it(`${type} with ${odd.slice(0, 40)} in its success: ${expected}`, async () => {
        const action = actionOf(type);
        await deploy(flowOf(action, server.baseUrl));
        const ended = await askOnce(action, (response) => response.end(PLACES[type]!(action, odd)));
        assert.equal('cause' in ended ? ended.code : ended.outcome, expected);
      });

  it('has logged nothing about a defect of its own', () => {
    assert.deepEqual(
      logs.filter(({ msg }) => /Internal error/.test(String(msg))),
      [],
    );
    assert.ok(got('completed').length > 0);
  });

  /** Written so that only letters and digits count. */
  function assertUntold(told: string, said: string): void {
    const bare = told
      .replace(/%[\dA-F]{2}/gi, (code) => code.toLowerCase())
      .replace(/[^\p{L}\p{N}%\\]/gu, '')
      .toLowerCase();
    for (const secret of [
      NAME,
      ID_NUMBER,
      SECRET,
      '110101199001011237',
      encodeURIComponent(NAME),
      'u6b27\\u9633',
    ])
      assert.ok(!bare.includes(secret.replace(/[^\p{L}\p{N}%\\]/gu, '').toLowerCase()), `${told} of ${said}`);
  }
});
