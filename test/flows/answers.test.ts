/** Answers that are right but come oddly, byte for byte from a server, through a real Node-RED: none that was paid for is lost. */
import assert from 'node:assert/strict';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { actionOf, checkError, checkResult, encrypted, flowOf } from './five-actions';
import { ask, deploy, startRuntime } from './runtime';
import { closeServers, type ScriptedServer, scriptedServer } from './scripted-server';

/** What is looked at of a result or of an error's cause, by its path. */
type Wanted = Record<string, unknown>;

interface Row {
  name: string;
  type: string;
  /** All that the server writes. */
  bytes: Buffer;
  wanted: Wanted;
}

const ORDER = '568753443590770688';
const WORDS = '系统判断为同一人';
const WORDS_IN_GBK = Buffer.from('cfb5cdb3c5d0b6cfceaacdacd2bbc8cb', 'hex');

const success = (type: string) => Buffer.from(JSON.stringify(actionOf(type).success()));
const inGbk = (text: string) => {
  const pieces = text.split(WORDS).flatMap((piece) => [WORDS_IN_GBK, Buffer.from(piece)]);
  return Buffer.concat(pieces.slice(1));
};

function http(
  body: Buffer | string,
  headers: Record<string, string> = {},
  status = 200,
  before = '',
): Buffer {
  const all = { 'X-Api-RequestId': 'REQ-1', ...headers, 'Content-Length': String(Buffer.byteLength(body)) };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${before}HTTP/1.1 ${status} words\r\n${lines.join('')}\r\n`),
    Buffer.from(body),
  ]);
}

const compared = (data: object = {}, changes: object = {}) =>
  JSON.stringify({
    msg: '',
    success: true,
    code: 200,
    ...changes,
    data: { order_no: ORDER, score: 0.82, msg: WORDS, incorrect: 100, ...data },
  });
const verified = (text: string, changes: object = {}) =>
  JSON.stringify({ code: '00000', message: '成功', data: encrypted(text), id: 'W77', ...changes });

/** The result that each action gives of its success. */
const GOOD: Record<string, Wanted> = {
  'face-compare': { outcome: 'passed', requestId: 'REQ-1', charged: true, 'data.orderNo': ORDER },
  'westdex-three': { outcome: 'passed', requestId: 'W1' },
  'truth-create': { outcome: 'submitted', 'data.taskIds.length': 1 },
  'truth-poll': { outcome: 'passed' },
  'get-token': { outcome: 'issued', requestId: 'TID1', 'data.token': 'a-token' },
};

const ROWS: Row[] = [];
const row = (name: string, type: string, bytes: Buffer, wanted: Wanted) =>
  ROWS.push({ name, type, bytes, wanted });

// What src/http reads of a coded answer is in test/http/answer.test.ts.
for (const [type, wanted] of Object.entries(GOOD)) {
  const plain = success(type);
  row('plain JSON that calls itself gzip', type, http(plain, { 'Content-Encoding': 'gzip' }), wanted);
  const coded = brotliCompressSync(gzipSync(plain));
  row('really coded: gzip, br', type, http(coded, { 'Content-Encoding': 'gzip, br' }), wanted);
  row('UTF-16', type, http(Buffer.from(`\ufeff${plain}`, 'utf16le')), wanted);
  row('100 Continue', type, http(plain, {}, 200, 'HTTP/1.1 100 Continue\r\n\r\n'), wanted);
}

for (const contentType of [
  'application/json;charset=GBK',
  'text/plain; charset=gb2312',
  'application/json',
]) {
  const wanted = { ...GOOD['face-compare'], message: WORDS };
  row(
    `GBK as ${contentType}`,
    'face-compare',
    http(inGbk(compared()), { 'Content-Type': contentType }),
    wanted,
  );
  const refused = inGbk(JSON.stringify({ msg: WORDS, success: false, code: 400, data: {} }));
  row(`a refusal in GBK as ${contentType}`, 'face-compare', http(refused, { 'Content-Type': contentType }), {
    code: 'INPUT',
    'cause.providerMessage': WORDS,
    'cause.requestId': 'REQ-1',
  });
}

for (const text of ['一致', '不一致', '库中无照片', 'OK', '认证通过\n得分：98'])
  row(`the text ${JSON.stringify(text)}`, 'westdex-three', http(verified(text)), {
    outcome: 'inconclusive',
    'data.result': text,
    'data.id': 'W77',
  });
row('an answer that says it was charged', 'westdex-three', http(verified('{"code":"0","IsCharge":true}')), {
  outcome: 'passed',
  charged: true,
});
row('a missing field', 'westdex-three', http(verified('{"msg":"一致"}')), { outcome: 'inconclusive' });
row('error_code 0', 'westdex-three', http(verified('{"code":"0"}', { error_code: 0, reason: '' })), {
  outcome: 'passed',
  message: '成功',
});
row('bytes nobody can read', 'westdex-three', http(verified('\u0000\u0001')), {
  code: 'PROTOCOL',
  'cause.problem': 'answer-undecryptable',
  'cause.requestId': 'W77',
});

row('an error that is a success', 'face-compare', http(compared(), {}, 500), GOOD['face-compare']!);

const inner = JSON.stringify({
  code: 200,
  msg: 'success',
  data: { data: null, status: -1, msg: '照片无法下载' },
});
row('inner words', 'truth-create', http(inner), {
  code: 'PROVIDER',
  'cause.providerMessage': '照片无法下载',
  'cause.providerCode': '-1',
  'cause.charged': null,
  'cause.retryable': false,
  'cause.uncertain.length': 1,
});
row('inner words', 'truth-poll', http(inner), {
  code: 'PROVIDER',
  'cause.providerMessage': '照片无法下载',
  'cause.retryable': true,
});
for (const [name, data, beside] of [
  ['a list', { taskStatus: 5 }, ['list']],
  ['a status', null, ['list', 'taskStatus']],
  ['all', {}, ['list', 'taskStatus']],
] as const) {
  const whole = actionOf('truth-poll').success() as { data: Record<string, unknown> };
  const outside = Object.fromEntries(beside.map((each) => [each, whole.data[each]]));
  row(`${name} beside data`, 'truth-poll', http(JSON.stringify({ ...whole, data, ...outside })), {
    outcome: 'passed',
    'data.photos.length': 1,
  });
}

function at(value: unknown, path: string): unknown {
  return path.split('.').reduce((inside, name) => (inside as Record<string, unknown>)?.[name], value);
}

describe('answers that come oddly, in a real Node-RED', () => {
  let server: ScriptedServer;
  before(() => startRuntime());
  afterEach(closeServers);

  for (const type of Object.keys(GOOD)) {
    describe(type, () => {
      beforeEach(async () => {
        server = await scriptedServer(() => {});
        await deploy(flowOf(actionOf(type), server.baseUrl, { timeout: 5 }));
      });

      for (const { name, bytes, wanted } of ROWS.filter((each) => each.type === type)) {
        it(name, async () => {
          server.script = (_asked, response) => response.socket!.write(bytes);
          const { out1, caught } = await ask({ payload: actionOf(type).payload });
          assert.equal(out1.length + caught.length, 1);
          const told = out1[0] ? checkResult(out1[0]) : checkError(caught[0]!);
          for (const [path, value] of Object.entries(wanted))
            assert.deepEqual(at(told, path), value, `${path} of ${JSON.stringify(told)}`);
          assert.equal(server.asked.length, 1);
        });
      }
    });
  }
});
