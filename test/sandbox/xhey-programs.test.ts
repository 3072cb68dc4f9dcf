/** Programs of others on the sandbox: the document's samples, and how each language spells the same JSON. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { runProgram, sendRaw } from './program';

const CREATE = '/v2/truth_build/create';

describe("sandbox: other people's programs for xhey", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
  });
  after(() => sandbox.close());

  const run = (...program: string[]) => {
    const { baseUrl, credentials } = sandbox.accounts.xhey!;
    const { groupKey = '', groupSecret = '' } = credentials;
    return runProgram(program, { BASE_URL: baseUrl, ID: groupKey, SECRET: groupSecret });
  };

  for (const program of [
    ['python3', 'xhey.py'],
    ['java', 'Xhey.java'],
  ]) {
    it(`written in ${program[0]} have their photo verified`, async function () {
      const printed = await run(...program);
      if (printed === null) this.skip();
      const [photo] = JSON.parse(printed) as { status: number }[];
      assert.equal(photo?.status, 0);
    });
  }

  it('written in python3 list a department', async function () {
    const printed = await run('python3', 'xhey_sublist.py');
    if (printed === null) this.skip();
    const { code, data } = JSON.parse(printed) as { code: number; data: { list: object[] } };
    assert.deepEqual([code, data.list.length], [200, 2]);
  });

  const hmac = (data: string) => createHmac('sha256', 'sandbox-group-secret').update(data);
  const signed = (body: string, timestamp = String(Math.floor(Date.now() / 1000))) => ({
    GroupKey: 'sandbox-group-key',
    Timestamp: timestamp,
    Signature: hmac(
      `groupKey=sandbox-group-key&sign=${hmac(body).digest('base64')}&timestamp=${timestamp}`,
    ).digest('base64'),
  });
  const written = (headers: Record<string, string>) =>
    Object.entries(headers).map(([name, value]) => `${name}: ${value}`);

  /** How each language spells the same JSON, and the headers that it sends beside. */
  const spellings: [string, string, string[]][] = [
    [
      'PHP',
      String.raw`{"photoUrlList":["https:\/\/a.test\/\u7167\u7247.jpg"]}`,
      ['Accept: */*', 'content-type: application/json'],
    ],
    [
      'Go',
      String.raw`{"photoUrlList":["https://a.test/1.jpg?a=1\u0026b=2"]}`,
      ['User-Agent: Go-http-client/1.1', 'Content-Type: application/json', 'Accept-Encoding: gzip'],
    ],
    [
      'C#',
      '{"photoUrlList":["https://a.test/1.jpg"]}',
      ['Content-Type: application/json; charset=utf-8', 'Expect: 100-continue'],
    ],
    [
      'Python',
      '{"photoUrlList": ["https://a.test/1.jpg"]}',
      ['Accept-Encoding: identity', 'User-Agent: Python-urllib/3.11'],
    ],
  ];
  for (const [language, body, headers] of spellings) {
    it(`written in ${language} are let in, byte for byte as they send it`, async () => {
      const lines = [`POST /xhey${CREATE} HTTP/1.1`, ...headers, ...written(signed(body))];
      const answer = await sendRaw(sandbox.port, lines, body);
      assert.deepEqual([answer.status, answer.reason, answer.continued], [200, null, language === 'C#']);
      assert.match(answer.body, /^{"code":200,"msg":"success","data":{"data":\[{"taskID":"\d{19}"}\]/);
    });
  }
});
