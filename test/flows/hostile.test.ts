/** Whatever comes back in place of an answer, each action gives one result or one error. What src/http makes of it: test/http. */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
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

type Hostile = (response: ServerResponse, action: FiveAction) => unknown;
type Row = [name: string, answer: Hostile, expected: 'result' | Raised['code']];

/** The documented success as text, to be spoilt. */
const text = (action: FiveAction) => JSON.stringify(action.success());
/** With one more property at its end. */
const withMore = (action: FiveAction, more: string) => `${text(action).slice(0, -1)},${more}}`;
const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

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
    'PROTOCOL',
  ],
  ['an array around it', (response, action) => response.end(`[${text(action)}]`), 'PROTOCOL'],
  ['a text around it', (response, action) => response.end(JSON.stringify(text(action))), 'result'],
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
  ['UTF-16', (response, action) => response.end(Buffer.from(`\ufeff${text(action)}`, 'utf16le')), 'result'],
  // docs/contract.md, "Errors": a 5xx with an envelope goes by the envelope.
  ['a success under HTTP 500', (response, action) => json(response, action.success(), 500), 'result'],
  ['HTTP 999', (response, action) => response.writeHead(999).end(`<html>${text(action)}`), 'PROTOCOL'],
  ['HTTP 204', (response) => response.writeHead(204).end(), 'PROTOCOL'],
];

/** These are the same for all. */
const OF_ALL: Row[] = [
  [
    'headers that reach for the prototype',
    (response, action) =>
      response.socket!.end(
        `HTTP/1.1 200 OK\r\n__proto__: polluted\r\n__proto__: again\r\nconstructor: a\r\ntoString: b\r\nConnection: close\r\n\r\n${text(action)}`,
      ),
    'result',
  ],
  [
    'headers without end',
    ({ socket }) => {
      socket!.on('error', () => {});
      socket!.write(`HTTP/1.1 200 OK\r\n${'X-More: more\r\n'.repeat(100_000)}`);
    },
    'PROTOCOL',
  ],
  [
    'interim answers without end',
    ({ socket }) => {
      const timer = setInterval(() => socket!.write('HTTP/1.1 102 Processing\r\n\r\n'), 20);
      socket!.on('close', () => clearInterval(timer));
    },
    'TIMEOUT',
  ],
];

describe('hostile answers, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(async () => {
    await startRuntime();
    server = await scriptedServer(() => {});
  });
  after(closeServers);
  afterEach(() => assert.equal(({} as { polluted?: unknown }).polluted, undefined));

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
      before(() => deploy(flowOf(action, server.baseUrl, { timeout: 10 }, { includeRaw: true })));
      const isRequest = action.type === 'provider-request';

      // The other requests read their answers as the actions of their providers do.
      const isOwn = !isRequest || action.account.type === 'tencent-market-account';
      for (const [name, answer, usual] of isOwn ? OF_EACH : []) {
        const expected = isRequest && OF_UNDOCUMENTED.has(name) ? 'result' : usual;
        it(`${name}: ${expected}`, async () => {
          const ended = await askOnce(action, answer);
          assert.equal('cause' in ended ? ended.code : 'result', expected);
        });
      }

      it('a code and an id in which somebody stands', async () => {
        const secrets = isAboutPerson(action) ? `${NAME}${ID_NUMBER}${SECRET}` : SECRET;
        const ids = { request_id: secrets, id: secrets };
        const raised = (await askOnce(action, (response) => {
          for (const name of ['x-api-requestid', 'request-id', 'x-request-id'])
            response.setHeader(name, SECRET);
          json(response, { ...action.failure(), ...ids, code: `7 ${secrets}` });
        })) as Raised;
        assert.deepEqual([raised.code, raised.cause.requestId], ['PROVIDER', null]);
        assert.match(raised.cause.providerCode!, /^7 /);
      });
    });
  }

  for (const [name, answer, expected] of OF_ALL)
    it(`${name}: ${expected}`, async () => {
      const action = actionOf('face-compare');
      await deploy(flowOf(action, server.baseUrl, expected === 'TIMEOUT' ? { timeout: 2 } : {}));
      const ended = await askOnce(action, answer);
      assert.equal('cause' in ended ? ended.code : 'result', expected);
    });

  it('words that a catalogue or a log could take for its own', async () => {
    const action = actionOf('face-compare');
    await deploy(flowOf(action, server.baseUrl));
    const words = '$t(test.works) __words__ {{words}} $& $1 %s';
    const raised = (await askOnce(action, (response) =>
      json(response, action.failure(`${words}\r\n[error] forged`)),
    )) as Raised;
    assert.ok(raised.message.includes(`${words} [error] forged`), raised.message);
    assert.ok(raised.cause.providerMessage!.includes(words));
  });

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
      [`"${'9'.repeat(MEGABYTE)}"`, 'PROTOCOL'],
      ['true', 'PROTOCOL'],
      ['[0.82]', 'PROTOCOL'],
      ['{"valueOf":1}', 'PROTOCOL'],
      ['"0x1"', 'PROTOCOL'],
      ['-0', 'failed'],
      ['1e-7', 'failed'],
    ],
    'truth-create': [[million, 'PROTOCOL']],
    'truth-poll': [
      ['"0x0"', 'inconclusive'],
      ['""', 'inconclusive'],
      ['[0]', 'inconclusive'],
      ['false', 'inconclusive'],
      ['null', 'inconclusive'],
      ['1e999', 'inconclusive'],
      [`0}],"more":${million},"list":[{"status":0`, 'PROTOCOL'],
    ],
    'westdex-three': [
      // No JSON is text, and text is a result.
      [nested(DEEP), 'inconclusive'],
      ['{"__proto__":{"code":"0","polluted":1}}', 'inconclusive'],
      ['{"code":{"_jsonata_lambda":true,"thunk":true,"body":{}}}', 'inconclusive'],
      ['1e999', 'inconclusive'],
      ['x'.repeat(MEGABYTE), 'inconclusive'],
      [`\0${'x'.repeat(MEGABYTE)}`, 'PROTOCOL'],
    ],
  };
  for (const [type, rows] of Object.entries(ODD))
    describe(`${type} with something odd in its success`, () => {
      const action = actionOf(type);
      before(() => deploy(flowOf(action, server.baseUrl)));
      for (const [odd, expected] of rows)
        it(`${odd.slice(0, 40)}: ${expected}`, async () => {
          const ended = await askOnce(action, (response) => response.end(PLACES[type]!(action, odd)));
          assert.equal('cause' in ended ? ended.code : ended.outcome, expected);
        });
    });

  it('has logged nothing about a defect of its own', () => {
    assert.deepEqual(
      logs.filter(({ msg }) => /Internal error/.test(String(msg))),
      [],
    );
    assert.ok(got('completed').length > 0);
  });
});
