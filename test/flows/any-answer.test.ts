/**
 * Properties that hold for any answer: each message ends as one result or one error. Answers are made from the
 * documented ones by spoiling them; fast-check prints the seed of a failure, and what is left of it when it is made
 * as small as it can be.
 */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import {
  checkError,
  checkResult,
  EVERY_ACTION,
  encrypted,
  type FiveAction,
  flowOf,
  ID_NUMBER,
  NAME,
  SECRET,
} from './five-actions';
import { deploy, got, logs, send, startRuntime, until } from './runtime';
import { closeServers, type ScriptedServer, scriptedServer } from './scripted-server';

interface Row {
  action: FiveAction;
  name: string;
  changes: object;
  runs: number;
  /** Of each run, at the same time. */
  messages: number;
}

const ROWS: Row[] = EVERY_ACTION.map((action) => ({
  action,
  name: action.title ?? action.type,
  changes: {},
  runs: 20,
  messages: 12,
}));
for (const row of [...ROWS]) {
  // What is repeated or waited for takes its time, so there are few runs and many messages in each.
  if (row.action.type === 'provider-request') Object.assign(row, { runs: 10 });
  if (row.action.type === 'get-token') Object.assign(row, { runs: 6, messages: 100 });
  if (row.action.type === 'truth-poll') {
    const changes = { mode: 'wait', interval: 0.05, maxInterval: 0.05, timeout: 0.4 };
    ROWS.push({ ...row, name: 'truth-poll that waits', changes, runs: 6, messages: 50 });
  }
}

/** JSON as it is written: the same key may stand there twice, and what is written for a number may be no number. */
type Tree = { token: string } | { items: Tree[] } | { entries: [string, Tree][] };

function treeOf(value: unknown): Tree {
  if (Array.isArray(value)) return { items: value.map(treeOf) };
  if (typeof value !== 'object' || value === null) return { token: JSON.stringify(value) };
  return { entries: Object.entries(value).map(([key, each]) => [key, treeOf(each)]) };
}

function write(tree: Tree): string {
  if ('token' in tree) return tree.token;
  if ('items' in tree) return `[${tree.items.map(write).join(',')}]`;
  return `{${tree.entries.map(([key, each]) => `${JSON.stringify(key)}:${write(each)}`).join(',')}}`;
}

/** One way to spoil a tree, at one of its places. */
interface Spoiling {
  place: number;
  how: 'drop' | 'replace' | 'before' | 'after' | 'wrap' | 'quote' | 'unquote';
  token: string;
}

/** Does it to the place of that number, counted from the top, and around again where there are fewer. */
function spoil(tree: Tree, { place, how, token }: Spoiling): Tree {
  let left = place % (1 + count(tree));
  const visit = (each: Tree): Tree[] => {
    if (left-- === 0) {
      const text = write(each);
      const other = { token };
      if (how === 'drop') return [];
      if (how === 'replace') return [other];
      if (how === 'before') return [other, each];
      if (how === 'after') return [each, other];
      if (how === 'wrap') return [{ items: [each] }];
      if (how === 'quote') return [{ token: JSON.stringify(text) }];
      return [{ token: text.replace(/^"|"$/g, '') }];
    }
    if ('items' in each) return [{ items: each.items.flatMap(visit) }];
    if ('entries' in each) {
      const entries = each.entries.flatMap(([key, value]) =>
        visit(value).map((spoilt): [string, Tree] => [key, spoilt]),
      );
      return [{ entries }];
    }
    return [each];
  };
  return visit(tree)[0] ?? { token: '' };
}

function count(tree: Tree): number {
  const below = 'items' in tree ? tree.items : 'entries' in tree ? tree.entries.map(([, each]) => each) : [];
  return below.reduce((sum, each) => sum + 1 + count(each), 0);
}

/** What the request holds and no result or error may repeat. */
const secretsOf = ({ payload }: FiveAction) =>
  payload instanceof Object && 'name' in payload ? `${NAME} ${ID_NUMBER} ${SECRET}` : SECRET;

const tokensOf = (secrets: string) => [
  ...['null', 'true', '""', '" "', '[]', '{}', '[[[]]]', '[null]', '{"a":{"b":[]}}'],
  ...['0', '-0', '5', '6', '-2305', '1e999', '-1e999', '1e-999', 'NaN', '-', '0x10', '1'.repeat(400)],
  ...['1916812048797600001', '1.5', '"0.82"', '"-1"', '"Infinity"', '"NaN"', '"200"', '"0000"', '00000'],
  ...['100', '101', '106', '"100"', '401', '"1009"', '404', '4007', '9999', '"2025年02月30日 25:61"'],
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  '{"then":1,"toJSON":2,"toString":3,"valueOf":4,"length":-1,"msg":{"toString":null}}',
  '['.repeat(5000),
  `${'['.repeat(5000)}${']'.repeat(5000)}`,
  `"${'x'.repeat(5000)}"`,
  '"\\ud800\\u0000\\u2028"',
  '"\\x"',
  JSON.stringify(secrets),
  JSON.stringify(`${secrets}\r\n`.repeat(99)),
];

const spoilingsOf = (secrets: string) =>
  fc.array(
    fc.record<Spoiling>({
      place: fc.nat(40),
      how: fc.constantFrom('drop', 'replace', 'before', 'after', 'wrap', 'quote', 'unquote'),
      token: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...tokensOf(secrets)) }, fc.json()),
    }),
    { maxLength: 4 },
  );

const jsonOf = (value: fc.Arbitrary<unknown>, secrets: string) =>
  fc
    .tuple(value, spoilingsOf(secrets))
    .map(([each, ways]) => write(ways.reduce((tree, way) => spoil(tree, way), treeOf(each))));

/** A body, from the documented one to bytes that are nothing. */
function bodyOf(action: FiveAction): fc.Arbitrary<Buffer> {
  const secrets = secretsOf(action);
  const plaintext = jsonOf(fc.constantFrom({ code: '0', msg: '一致' }, [1], { person: secrets }), secrets);
  const envelope = fc.oneof(
    fc.constantFrom(action.success(), action.failure(), action.success(secrets), action.failure(secrets)),
    ...(action.account.type === 'westdex-account'
      ? [plaintext.map((text) => ({ ...action.success(), data: encrypted(text) }))]
      : []),
  );
  const text = jsonOf(envelope, secrets).map((each) => Buffer.from(each));
  return fc.oneof(
    { weight: 20, arbitrary: text },
    fc.tuple(text, fc.nat(300)).map(([each, end]) => each.subarray(0, end)),
    fc.tuple(text, fc.nat(300), fc.uint8Array({ maxLength: 4 })).map(([each, at, bytes]) => {
      return Buffer.concat([each.subarray(0, at), bytes, each.subarray(at)]);
    }),
    text.map((each) => Buffer.concat([Buffer.from('\ufeff'), each])),
    text.map((each) => Buffer.from(each.toString(), 'utf16le')),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((each) => Buffer.from(each)),
  );
}

interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
  /** How the body is coded, whatever its header says. */
  zipped: boolean;
  chunked: boolean;
  /** Bytes after which the connection breaks. */
  cut: number | null;
}

const rarely = <Value>(arbitrary: fc.Arbitrary<Value>) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** Without a `Retry-After` that would be waited for, which is tested elsewhere. */
const headers = fc
  .record({
    'Content-Type': rarely(fc.constantFrom('text/html', 'application/json; charset=gbk', 'image/png', '')),
    'Content-Encoding': rarely(fc.constantFrom('gzip', 'br', 'deflate', 'gzip, br', 'identity', 'zstd', '')),
    'Retry-After': rarely(
      fc.constantFrom('0', '61', '-1', 'NaN', '9'.repeat(400), 'Fri, 01 Jan 2100 00:00:00 GMT'),
    ),
    Date: rarely(
      fc.constantFrom('Fri, 01 Jan 2100 00:00:00 GMT', 'Sat, 20 Sep 275760 00:00:00 GMT', '-1', ''),
    ),
    Age: rarely(fc.constant('5')),
    'X-Api-RequestId': rarely(fc.constantFrom('r1', SECRET, ID_NUMBER, 'x'.repeat(5000), ['a', 'b'])),
    Location: rarely(fc.constantFrom('http://example.com', 'x')),
  })
  .map((each) => Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null)));

const answerOf = (action: FiveAction): fc.Arbitrary<Answer> =>
  fc
    .record({
      status: fc.oneof(
        { weight: 12, arbitrary: fc.constant(200) },
        fc.constantFrom(201, 204, 302, 304, 400, 401, 403, 404, 418, 429, 500, 502, 503, 504, 599, 600, 999),
      ),
      headers: headers as fc.Arbitrary<Record<string, string | string[]>>,
      body: bodyOf(action),
      zipped: fc.boolean(),
      chunked: fc.boolean(),
      cut: rarely(fc.nat(200)),
    })
    .map((answer) => ({
      ...answer,
      [fc.toStringMethod]: () => inspect({ ...answer, body: answer.body.toString() }, { breakLength: 200 }),
    }));

function give(response: ServerResponse, { status, headers, body, zipped, chunked, cut }: Answer): void {
  response.on('error', () => {});
  const bytes = zipped && headers['Content-Encoding'] ? gzipSync(body) : body;
  response.writeHead(status, { ...headers, ...(chunked ? {} : { 'Content-Length': bytes.length }) });
  if (cut === null) response.end(bytes);
  else response.write(bytes.subarray(0, cut), () => response.socket?.destroy());
}

describe('any answer, in a real Node-RED', function () {
  this.timeout(120_000);
  let server: ScriptedServer;
  before(() => startRuntime());
  beforeEach(async () => {
    server = await scriptedServer(() => {});
  });
  afterEach(closeServers);

  for (const { action, name, changes, runs, messages } of ROWS) {
    it(`${name} gives one result or one error`, async () => {
      await deploy(flowOf(action, server.baseUrl, { timeout: 5 }, { includeRaw: true, ...changes }));
      const firstLog = logs.length;
      let turn = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.array(answerOf(action), { minLength: 1, maxLength: messages, size: 'max' }),
          async (answers) => {
            let requests = 0;
            server.script = (_request, response) => give(response, answers[requests++ % answers.length]!);
            const run = ++turn;
            const ended = () => [...got('completed'), ...got('caught')].filter((each) => each.run === run);
            for (const index of answers.keys()) send('action', { payload: action.payload, run, index });
            await until(() => ended().length >= answers.length);

            const given = (id: string) => got(id).filter((each) => each.run === run);
            const results = [...given('out1'), ...given('out2')];
            const errors = given('caught');
            for (const result of results) checkResult(result);
            for (const error of errors) checkError(error);
            const indices = [...results, ...errors].map(({ index }) => Number(index)).sort((a, b) => a - b);
            assert.deepEqual(indices, [...answers.keys()]);
            assert.equal(given('copy').length, given('out1').length);
            assert.equal(({} as { polluted?: unknown }).polluted, undefined);
          },
        ),
        { numRuns: runs },
      );
      // Each result is of a message that completed, and no bug was logged.
      assert.equal(
        got('out1').length + got('out2').length + got('caught').length,
        got('completed').length + got('caught').length,
      );
      assert.deepEqual(
        logs.slice(firstLog).filter(({ msg }) => /Internal error/.test(String(msg))),
        [],
      );
    });
  }
});
