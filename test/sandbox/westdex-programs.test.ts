/** Programs of others on the sandbox: Java's own way to a key, and how each language spells the same JSON. */
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';
import { runProgram, sendRaw } from './program';

const PERSON = { NAME: '张三', ID_NUMBER: '11010519491231002X', IMAGE: jpg().toString('base64') };
const ID = 'sandbox-secret-id';
const JSON_TYPE = 'Content-Type: application/json';

describe("sandbox: other people's programs for westdex", () => {
  let sandbox: Sandbox;
  let secret: string;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
    secret = sandbox.accounts.westdex!.credentials.key!;
  });
  after(() => sandbox.close());

  it('written in Java are understood, and understand the answer', async function () {
    const { baseUrl } = sandbox.accounts.westdex!;
    const printed = await runProgram(['java', 'Westdex.java'], {
      BASE_URL: baseUrl,
      ID,
      SECRET: secret,
      ...PERSON,
    });
    if (printed === null) this.skip();
    assert.deepEqual(JSON.parse(printed), { code: '0', msg: '一致' });
  });

  const sha1 = (data: string | Buffer) => createHash('sha1').update(data).digest();
  const keys = {
    'Java, SHA1PRNG': () => sha1(sha1(secret)).subarray(0, 16),
    'the key itself': () => Buffer.from(secret),
    'its hexadecimal digits': () => Buffer.from(secret, 'hex'),
  };
  function encrypted(text: string, key: Buffer): string {
    const cipher = createCipheriv(`aes-${key.length * 8}-ecb`, key, null);
    return cipher.update(text, 'utf8', 'base64') + cipher.final('base64');
  }
  function content(key: Buffer, timeStamp: string): string {
    const { NAME, ID_NUMBER, IMAGE } = PERSON;
    const data = {
      timeStamp,
      customNumber: ID,
      xM: encrypted(NAME, key),
      gMSFZHM: encrypted(ID_NUMBER, key),
    };
    return JSON.stringify({ data, photoData: IMAGE });
  }
  const send = (body: string, timestamp: string, headers: string[]) =>
    sendRaw(
      sandbox.port,
      [`POST /westdex/${ID}/idCardThreeElements?timestamp=${timestamp} HTTP/1.1`, ...headers],
      body,
    );

  /** What each language's library does to the same JSON by itself. */
  const spellings: [string, keyof typeof keys, (json: string) => string, string[]][] = [
    [
      'PHP',
      'the key itself',
      (json) => json.replaceAll('/', String.raw`\/`),
      [JSON_TYPE, 'Expect: 100-continue'],
    ],
    ['Go', 'its hexadecimal digits', (json) => json, ['User-Agent: Go-http-client/1.1', JSON_TYPE]],
    [
      'C#',
      'Java, SHA1PRNG',
      (json) => json.replaceAll('+', String.raw`\u002B`),
      [`${JSON_TYPE}; charset=utf-8`, 'Expect: 100-continue'],
    ],
    ['Python', 'Java, SHA1PRNG', (json) => json.replaceAll('":', '": ').replaceAll(',"', ', "'), [JSON_TYPE]],
    ['Node.js', 'Java, SHA1PRNG', (json) => json, [JSON_TYPE, 'Accept: application/json, text/plain, */*']],
  ];
  for (const [language, derivation, spell, headers] of spellings) {
    it(`written in ${language} are understood with a key that is ${derivation}`, async () => {
      const now = String(Date.now());
      const answer = await send(spell(content(keys[derivation](), now)), now, headers);
      assert.deepEqual([answer.status, answer.reason], [200, null]);
      assert.match(
        answer.body,
        /^{"code":"00000","message":"成功","data":"[A-Za-z0-9+/]+=*","id":"SANDBOX\d+"/,
      );
    });
  }
});
