/** The sandbox answers in the providers' words, as the tables of docs/providers have them. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Shapes } from '../../src/contract/sandbox-half';
import { sign } from '../../src/providers/linkface/client';
import { signatureHeaders } from '../../src/providers/tencent-market/sign';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { jpg } from '../input/pictures';
import { callXhey } from './xhey-caller';

const PAGES = join(__dirname, '../../../docs/providers');

/**
 * @param page of docs/providers
 * @param first the name of the table's first column
 * @param column of the table
 * @returns its cells by those of the first column, where both say something, without marks of italics and remarks in
 *   parentheses
 */
function textsIn(page: string, first: string, column: string): [string, string][] {
  const lines = readFileSync(join(PAGES, page), 'utf8').split('\n');
  const cells = (line: string) => line.split('|').map((cell) => cell.trim());
  const start = lines.findIndex((line) => cells(line)[1] === first && cells(line).includes(column));
  assert.ok(start >= 0, `${page}: ${first}, ${column}`);
  const index = cells(lines[start]!).indexOf(column);
  const rows = lines.slice(start + 2);
  rows.length = rows.findIndex((line) => !line.startsWith('|'));
  return rows
    .map((line): [string, string] => {
      const text = cells(line)[index]!.replace(/ *\(.*\)$/, '');
      return [cells(line)[1]!, text.replaceAll('*', '')];
    })
    .filter(([, text]) => text !== '');
}

describe("sandbox: the provider's own words", () => {
  let sandbox: Sandbox;
  const start = async (shapes: Shapes) => {
    sandbox = await startSandbox({ port: 0, file: null, shapes });
  };
  afterEach(() => sandbox.close());

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
    const statuses = textsIn('xhey.md', 'status', 'text');
    assert.equal(statuses.length, 14, 'rows of the table of status in xhey.md');
    for (const [status, text] of statuses) assert.equal(await statusText(status), text, status);
    const codes = textsIn('xhey.md', 'code', "provider's text");
    assert.equal(codes.length, 15, 'rows of the table of codes in xhey.md');
    for (const [code, text] of codes) {
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
    const codes = textsIn('linkface.md', 'code', 'text');
    assert.equal(codes.length, 9, 'rows of the table of codes in linkface.md');
    for (const [code, text] of codes) {
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
    const [[compared, byScore], ...others] = textsIn('tencent-market.md', 'incorrect', 'text') as [
      [string, string],
      ...[string, string][],
    ];
    assert.equal(compared, '100');
    for (const [score, index] of [
      ['0.45', 0],
      ['0.44', 1],
      ['0.39', 2],
    ] as const)
      assert.equal((await foundBy(`沙箱${score}`)).msg, byScore.split(/ \/ |,/)[index]);
    assert.equal(others.length, 12, 'rows of the table of incorrect in tencent-market.md, without 100');
    for (const [incorrect, text] of others) {
      const { incorrect: answered, msg } = await foundBy(`沙箱${incorrect}`);
      assert.deepEqual([answered, msg], [Number(incorrect), text]);
    }

    const codes = textsIn('tencent-market.md', 'code', 'text');
    assert.equal(codes.length, 10, 'rows of the table of codes in tencent-market.md');
    for (const [code, text] of codes) {
      const { body } = await compare(`沙箱码${code}`);
      assert.deepEqual([body.code, body.msg], [Number(code), text]);
    }

    const refusals = textsIn('tencent-market.md', 'HTTP', 'text');
    for (const asked of [401, 403, 404, 429]) {
      const { status, body } = await compare(`沙箱网关${asked}`);
      assert.equal(status, asked);
      const texts = refusals.filter(([statuses]) => statuses.includes(String(asked))).map(([, text]) => text);
      assert.ok(
        texts.some((text) => text.startsWith(String(body.message).slice(0, 14))),
        String(asked),
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
