/** The sandbox answers each code in the provider's words, as the tables of codes and docs/providers have them. */
import assert from 'node:assert/strict';
import { type CodeTable, textOfCode } from '../../src/contract/codes';
import type { Shapes } from '../../src/contract/sandbox-half';
import { sign } from '../../src/providers/linkface/client';
import { CODES as LINKFACE } from '../../src/providers/linkface/codes';
import {
  BY_SCORE,
  COMPARED,
  GATEWAY_REFUSALS,
  INCORRECT,
  CODES as MARKET,
} from '../../src/providers/tencent-market/codes';
import { signatureHeaders } from '../../src/providers/tencent-market/sign';
import { STATUSES, CODES as XHEY } from '../../src/providers/xhey/codes';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';
import { callXhey } from './xhey-caller';

describe("sandbox: the provider's own words", () => {
  let sandbox: Sandbox;
  const start = async (shapes: Shapes) => {
    sandbox = await startSandbox({ port: 0, file: null, shapes });
  };
  afterEach(() => sandbox.close());

  const textsOf = (table: CodeTable) =>
    [...table.keys()].map((code) => [code, textOfCode(table, code)] as const);

  async function statusText(status: string): Promise<unknown> {
    const create = await callXhey(sandbox, '/v2/truth_build/create', {
      photoUrlList: [`https://a.test/sandbox/${status}/1.jpg`],
    });
    const [{ taskID }] = ((await create.json()) as { data: [{ taskID: string }] }).data;
    const query = await callXhey(sandbox, '/v2/truth_build/query', { taskID });
    const [photo] = ((await query.json()) as { list: [{ status: number; msg: string }] }).list;
    assert.equal(photo.status, Number(status));
    return photo.msg;
  }

  it("xhey's, of a photo and of an answer", async () => {
    await start('documented');
    for (const [status, text] of textsOf(STATUSES)) assert.equal(await statusText(status), text, status);
    for (const [code, text] of textsOf(XHEY)) {
      const response = await callXhey(sandbox, '/v2/truth_build/create', {
        photoUrlList: [`https://a.test/sandbox/code-${code}/1.jpg`],
      });
      const answer = (await response.json()) as { code: number; msg: string };
      assert.deepEqual([answer.code, answer.msg], [Number(code), text]);
    }
  });

  it("linkface's", async () => {
    await start('observed');
    const { baseUrl, credentials } = sandbox.accounts.linkface!;
    const { apiId = '', apiSecret = '' } = credentials;
    for (const [code, text] of textsOf(LINKFACE)) {
      const timestamp = String(Date.now());
      const body = new FormData();
      body.append('detection_type', 'liveness');
      body.append('timestamp', timestamp);
      body.append('sign', sign(apiId, apiSecret, timestamp));
      const query = `?sequence_id=sandbox-${code}-a&api_id=${apiId}`;
      const response = await fetch(`${baseUrl}/v2/sdk/get_token${query}`, { method: 'POST', body });
      const answer = (await response.json()) as { code: string; msg: string };
      assert.deepEqual([answer.code, answer.msg], [code, text]);
    }
  });

  async function compare(name: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const { baseUrl, credentials } = sandbox.accounts['tencent-market']!;
    const { secretId = '', secretKey = '' } = credentials;
    const account = { secretId, secretKey, source: 'market' };
    const headers = signatureHeaders('gateway', account, Date.now(), '0e9f1c52-6a3b-4a51-9f6e-3f6c2a7d9b10');
    const body = new URLSearchParams({ name, idcard: '11010519491231002X', image: jpg().toString('base64') });
    const response = await fetch(baseUrl, { method: 'POST', headers, body });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const foundBy = async (name: string) =>
    (await compare(name)).body.data as { incorrect: number; msg: string };

  it("tencent-market's, of a comparison, of an answer and of its gateway", async () => {
    await start('observed');
    for (const [score, { text }] of [
      ['0.45', BY_SCORE.same],
      ['0.44', BY_SCORE.unsure],
      ['0.39', BY_SCORE.different],
    ] as const)
      assert.equal((await foundBy(`沙箱${score}`)).msg, text);
    for (const [incorrect, text] of textsOf(INCORRECT)) {
      if (incorrect === String(COMPARED)) continue;
      const { incorrect: answered, msg } = await foundBy(`沙箱${incorrect}`);
      assert.deepEqual([answered, msg], [Number(incorrect), text]);
    }
    for (const [code, text] of textsOf(MARKET)) {
      if (code === '200') continue;
      const { body } = await compare(`沙箱码${code}`);
      assert.deepEqual([body.code, body.msg], [Number(code), text]);
    }
    for (const status of [401, 403, 404, 429]) {
      const answered = await compare(`沙箱网关${status}`);
      assert.equal(answered.status, status);
      const words = String(answered.body.message);
      assert.ok(
        GATEWAY_REFUSALS.some(({ statuses, text }) => statuses.includes(status) && text.test(words)),
        words,
      );
    }
  });

  it("xhey's sample of a task is what a query of it looks like", async () => {
    await start('observed');
    const url = 'https://a.test/sandbox/slow-3/1.jpg';
    const create = await callXhey(sandbox, '/v2/truth_build/create', { photoUrlList: [url] });
    const [{ taskID }] = ((await create.json()) as { data: { data: [{ taskID: string }] } }).data.data;
    const seen = [];
    for (const _ of [1, 2, 3]) {
      const query = await callXhey(sandbox, '/v2/truth_build/query', { taskID });
      const { data } = (await query.json()) as {
        data: { taskStatus: number; list: { photoUrl: string; status: number }[] };
      };
      seen.push([data.taskStatus, ...data.list.map(({ photoUrl, status }) => `${photoUrl} ${status}`)]);
    }
    assert.deepEqual(seen, [
      [1, `${url} 1`],
      [2, `${url} 1`],
      [5, `${url} 0`],
    ]);
  });

  it('a file name chooses the answer as an address does', async () => {
    await start('observed');
    const photoUrlList = [
      'https://a.test/u/sandbox-2305.jpg',
      'https://a.test/u/sandbox-2301%20(1).jpg?signature=a',
      'https://a.test/u/sandbox-0.jpg',
      'https://a.test/sandbox-2305/other.jpg',
      'https://a.test/u/sandbox-23051-other.jpg',
    ];
    const create = await callXhey(sandbox, '/v2/truth_build/create', { photoUrlList });
    const [{ taskID }] = ((await create.json()) as { data: { data: [{ taskID: string }] } }).data.data;
    const query = await callXhey(sandbox, '/v2/truth_build/query', { taskID });
    const { list } = ((await query.json()) as { data: { list: { status: number }[] } }).data;
    assert.deepEqual(
      list.map(({ status }) => status),
      [-2305, -2301, 0, 0, 0],
    );
  });
});
