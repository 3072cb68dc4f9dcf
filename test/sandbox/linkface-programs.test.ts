/** Programs of others on the sandbox: docs/providers/linkface.md's curl, and how each language writes a form of several parts. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { runProgram, sendRaw } from './program';

const ID = 'sandbox-api-id';
const PATH = `/v2/sdk/get_token?sequence_id=%E8%AE%A2%E5%8D%95&api_id=${ID}`;

describe("sandbox: other people's programs for linkface", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
  });
  after(() => sandbox.close());

  const fields = () => {
    const timestamp = String(Date.now());
    const sign = createHash('sha256').update(`${ID}sandbox-api-secret${timestamp}`).digest('hex');
    return { detection_type: 'liveness', timestamp, sign };
  };

  it('written for curl get a token', async function () {
    const forms = Object.entries(fields()).flatMap(([name, value]) => ['-F', `${name}=${value}`]);
    const printed = await runProgram(['curl', '-s', ...forms, sandbox.accounts.linkface!.baseUrl + PATH], {});
    if (printed === null) this.skip();
    assert.match(printed, /"code":"0000",.*"data":{"token":"sandbox-[0-9a-f]{48}"},"charge":2}$/);
  });

  /** The boundary, whether it is quoted, and the headers of each part. */
  const styles: [string, string, (name: string) => string[]][] = [
    [
      'PHP, Go, Python and Node.js',
      'boundary=--------------------------a1',
      (name) => [`Content-Disposition: form-data; name="${name}"`],
    ],
    [
      'C#',
      'boundary="9e1f-22"',
      (name) => ['Content-Type: text/plain; charset=utf-8', `Content-Disposition: form-data; name=${name}`],
    ],
    [
      'Java (Apache HttpClient)',
      'boundary=Ab_-9; charset=UTF-8',
      (name) => [
        `Content-Disposition: form-data; name="${name}"`,
        'Content-Type: text/plain; charset=UTF-8',
        'Content-Transfer-Encoding: 8bit',
      ],
    ],
    [
      'Java (OkHttp)',
      'boundary=0f',
      (name) => [`Content-Disposition: form-data; name="${name}"`, 'Content-Length: 1'],
    ],
  ];
  for (const [language, parameter, headersOf] of styles) {
    it(`written in ${language} get a token`, async () => {
      const boundary = /boundary="?([^";]+)/.exec(parameter)![1]!;
      const parts = Object.entries(fields()).map(
        ([name, value]) => `--${boundary}\r\n${headersOf(name).join('\r\n')}\r\n\r\n${value}\r\n`,
      );
      const lines = [`POST /linkface${PATH} HTTP/1.1`, `Content-Type: multipart/form-data; ${parameter}`];
      const answer = await sendRaw(sandbox.port, lines, `${parts.join('')}--${boundary}--\r\n`);
      assert.deepEqual([answer.status, answer.reason], [200, null]);
      assert.match(answer.body, /"code":"0000"/);
    });
  }
});
