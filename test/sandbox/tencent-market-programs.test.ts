/** Programs of others on the sandbox: the samples of both gateways, and the one sample that is wrong. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';
import { runProgram, sendRaw } from './program';

const PERSON = { NAME: '张三', ID_NUMBER: '11010519491231002X', IMAGE: jpg().toString('base64') };
const FORM = 'Content-Type: application/x-www-form-urlencoded';

describe("sandbox: other people's programs for tencent-market", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
  });
  after(() => sandbox.close());

  for (const program of [
    ['python3', 'tencent_market.py'],
    ['java', 'TencentMarket.java'],
  ]) {
    it(`written in ${program[0]} get a comparison`, async function () {
      const { baseUrl, credentials } = sandbox.accounts['tencent-market']!;
      const { secretId = '', secretKey = '' } = credentials;
      const printed = await runProgram(program, {
        BASE_URL: baseUrl,
        ID: secretId,
        SECRET: secretKey,
        ...PERSON,
      });
      if (printed === null) this.skip();
      const { data } = JSON.parse(printed) as { data: { incorrect: number; score: number } };
      assert.deepEqual([data.incorrect, data.score], [100, 0.82]);
    });
  }

  const hmac = (text: string) => createHmac('sha1', 'sandbox-secret-key').update(text).digest('base64');
  const { NAME, ID_NUMBER, IMAGE } = PERSON;
  const form = `name=${encodeURIComponent(NAME)}&idcard=${ID_NUMBER}&image=${encodeURIComponent(IMAGE)}&url=`;

  /** How the older gateway is asked by someone who signs these headers, in their order. */
  const hmacOf = (names: string, text: string, comma = ', ') =>
    [
      'id="sandbox-secret-id"',
      'algorithm="hmac-sha1"',
      `headers="${names}"`,
      `signature="${hmac(text)}"`,
    ].join(comma);

  /** Headers as each language's library writes them. */
  const dialects: Record<string, (now: string) => string[]> = {
    PHP: (now) => [
      ...['Accept: */*', FORM, 'X-Source: market', `X-Date: ${now}`],
      `Authorization: hmac ${hmacOf('x-date x-source', `x-date: ${now}\nx-source: market`)}`,
      'Expect: 100-continue',
    ],
    Go: (now) => [
      'User-Agent: Go-http-client/1.1',
      `Authorization: hmac ${hmacOf('x-source x-date', `x-source: market\nx-date: ${now}`)}`,
      ...[FORM, `X-Date: ${now}`, 'X-Source: market', 'Accept-Encoding: gzip'],
    ],
    'C#': (now) => [
      ...[`x-date: ${now}`, 'x-source: market'],
      `authorization: hmac ${hmacOf('X-Date X-Source', `x-date: ${now}\nx-source: market`, ',')}`,
      ...[`${FORM}; charset=utf-8`, 'Expect: 100-continue'],
    ],
    'Node.js, for the newer gateway': (now) => [
      ...[FORM, `X-Date: ${now}`, 'X-Requested-With: XMLHttpRequest'],
      'request-id: 7C1F94DE-7B3E-4C55-9B59-7C1B4D8B9B1E',
      `Authorization: {"id":"sandbox-secret-id","x-date":"${now}","signature":"${hmac(`x-date: ${now}`)}"}`,
    ],
  };
  for (const [language, headers] of Object.entries(dialects)) {
    it(`written in ${language} get a comparison`, async () => {
      const lines = ['POST /tencent-market HTTP/1.1', ...headers(new Date().toUTCString())];
      const answer = await sendRaw(sandbox.port, lines, form);
      assert.deepEqual([answer.status, answer.reason], [200, null]);
      assert.match(answer.body, /"score":0\.82,/);
    });
  }

  it("written as the document's curl are refused: it contradicts all its programs", async function () {
    const printed = await runProgram(
      [
        ...['curl', '-s', '-i', '-X', 'POST', sandbox.accounts['tencent-market']!.baseUrl],
        ...[
          '-H',
          `Date: ${new Date().toUTCString()}`,
          '-H',
          'Source: market',
          '-H',
          'Content-Type: application/json',
        ],
        ...['-d', '{"name":"a","idcard":"b","image":"","url":"",}'],
      ],
      {},
    );
    if (printed === null) this.skip();
    assert.match(printed, /^HTTP\/1\.1 401 /);
    assert.match(printed, /^x-sandbox-reason: The header authorization is missing\.\r$/m);
  });
});
