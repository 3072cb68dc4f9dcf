/** The sandbox answers each code in the provider's words, as the tables of codes and docs/providers have them. */
import assert from 'node:assert/strict';
import { type CodeTable, textOfCode } from '../../src/contract/codes';
import { type ErrorCode, VerifyError } from '../../src/contract/errors';
import type { Shapes } from '../../src/contract/sandbox-half';
import type { HttpAnswer } from '../../src/contract/transport';
import { sign } from '../../src/providers/linkface/client';
import { CODES as LINKFACE } from '../../src/providers/linkface/codes';
import { readIssued } from '../../src/providers/linkface/response';
import {
  BY_SCORE,
  COMPARED,
  GATEWAY_REFUSALS,
  INCORRECT,
  CODES as MARKET,
} from '../../src/providers/tencent-market/codes';
import { readAnswer } from '../../src/providers/tencent-market/response';
import { STATUSES, CODES as XHEY } from '../../src/providers/xhey/codes';
import { readPhoto } from '../../src/providers/xhey/photo';
import { readCreated } from '../../src/providers/xhey/response';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { callMarket, personNamed } from './market-caller';
import { callXhey } from './xhey-caller';

describe("sandbox: the provider's own words", () => {
  let sandbox: Sandbox;
  const start = async (shapes: Shapes) => {
    sandbox = await startSandbox({ port: 0, file: null, shapes });
  };
  afterEach(() => sandbox.close());

  /** Each row of a table, its words, and what a reader makes of an answer with its code. */
  const rowsOf = (table: CodeTable) =>
    [...table.values()].map(({ code, error }) => ({ code, error, text: textOfCode(table, code) }));
  const KNOWN = { person: null, secrets: [] };
  function errorIn(read: (answer: HttpAnswer) => unknown, body: string): ErrorCode | null {
    try {
      read({ status: 200, headers: {}, body: Buffer.from(body) });
      return null;
    } catch (error) {
      assert.ok(error instanceof VerifyError);
      return error.code;
    }
  }

  it("xhey's, of a photo and of an answer", async () => {
    await start('documented');
    for (const { code: status, text } of rowsOf(STATUSES)) {
      const photoUrlList = [`https://a.test/sandbox/${status}/1.jpg`];
      const create = await callXhey(sandbox, '/v2/truth_build/create', { photoUrlList });
      const [{ taskID }] = ((await create.json()) as { data: [{ taskID: string }] }).data;
      const query = await callXhey(sandbox, '/v2/truth_build/query', { taskID });
      const [photo] = ((await query.json()) as { list: [{ status: number; msg: string }] }).list;
      assert.deepEqual([photo.status, photo.msg], [Number(status), text]);
      assert.equal(readPhoto(photo, taskID).reason, STATUSES.get(status)?.verdict?.reason);
    }
    for (const { code, text, error } of rowsOf(XHEY)) {
      const photoUrlList = [`https://a.test/sandbox/code-${code}/1.jpg`];
      const body = await (await callXhey(sandbox, '/v2/truth_build/create', { photoUrlList })).text();
      assert.deepEqual([JSON.parse(body).code, JSON.parse(body).msg], [Number(code), text]);
      if (error)
        assert.equal(
          errorIn((answer) => readCreated(answer, KNOWN), body),
          error,
          code,
        );
    }
  });

  it("linkface's", async () => {
    await start('observed');
    const { baseUrl, credentials } = sandbox.accounts.linkface!;
    const { apiId = '', apiSecret = '' } = credentials;
    for (const { code, text, error } of rowsOf(LINKFACE)) {
      const timestamp = String(Date.now());
      const form = new FormData();
      form.append('detection_type', 'liveness');
      form.append('timestamp', timestamp);
      form.append('sign', sign(apiId, apiSecret, timestamp));
      const query = `?sequence_id=sandbox-${code}-a&api_id=${apiId}`;
      const body = await (
        await fetch(`${baseUrl}/v2/sdk/get_token${query}`, { method: 'POST', body: form })
      ).text();
      assert.deepEqual([JSON.parse(body).code, JSON.parse(body).msg], [code, text]);
      assert.equal(
        errorIn((answer) => readIssued(answer, KNOWN), body),
        error,
        code,
      );
    }
  });

  it("tencent-market's, of a comparison, of an answer and of its gateway", async () => {
    await start('observed');
    const compare = async (name: string) => {
      const response = await callMarket(sandbox, personNamed(name));
      return { status: response.status, body: await response.text() };
    };
    const read = (answer: HttpAnswer) => readAnswer(answer, { known: KNOWN, maxPhotoMB: 8 });
    const scores = { '0.45': BY_SCORE.same, '0.44': BY_SCORE.unsure, '0.39': BY_SCORE.different };
    for (const [score, { text }] of Object.entries(scores))
      assert.equal(JSON.parse((await compare(`沙箱${score}`)).body).data.msg, text);
    for (const { code: incorrect, text, error } of rowsOf(INCORRECT)) {
      const { body } = await compare(`沙箱${incorrect}`);
      const { data } = JSON.parse(body);
      assert.equal(data.incorrect, Number(incorrect));
      if (data.incorrect !== COMPARED) assert.equal(data.msg, text);
      assert.equal(errorIn(read, body), error, incorrect);
    }
    for (const { code, text, error } of rowsOf(MARKET)) {
      const { body } = await compare(`沙箱码${code}`);
      assert.deepEqual([JSON.parse(body).code, JSON.parse(body).msg], [Number(code), text]);
      assert.equal(errorIn(read, body), error, code);
    }
    for (const status of [401, 403, 404, 429]) {
      const answered = await compare(`沙箱网关${status}`);
      const { message } = JSON.parse(answered.body);
      const isKnown = GATEWAY_REFUSALS.some((row) => row.statuses.includes(status) && row.text.test(message));
      assert.deepEqual([answered.status, isKnown], [status, true]);
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
