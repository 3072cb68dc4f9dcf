/** Paths of the providers beside the five actions: docs/sandbox.md, "Other paths". */
import assert from 'node:assert/strict';
import { sign } from '../../src/providers/linkface/client';
import { aesKey, decrypt, encrypt } from '../../src/providers/westdex/cipher';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { callMarket } from './market-caller';
import { assertReason } from './reason';
import { callXhey } from './xhey-caller';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const NOW_S = NOW / 1000;
const HOUR_S = 3600;

interface Photo {
  photoId: string;
  userID: string;
  time: number;
  watermarkContent: string;
  mediaUrl: string;
}

describe('sandbox: other paths', () => {
  let sandbox: Sandbox;
  let now: number;
  beforeEach(async () => {
    now = Date.now();
    sandbox = await startSandbox({ port: 0, file: null, now: () => now });
  });
  afterEach(() => sandbox.close());

  interface Answered {
    code: number;
    msg: string;
    data: { list: Photo[]; total: number; received: unknown };
    reason: string | null;
  }
  async function xhey(path: string, body: unknown): Promise<Answered> {
    const response = await callXhey(sandbox, path, body);
    assert.equal(response.status, 200);
    const reason = response.headers.get('x-sandbox-reason');
    return { ...((await response.json()) as Answered), reason };
  }

  describe("xhey's team", () => {
    const found = async (body: object, path = '/v2/group/photo') => {
      const seconds = Math.floor(now / 1000);
      const { code, data } = await xhey(path, {
        startTime: seconds - 24 * HOUR_S,
        endTime: seconds,
        ...body,
      });
      assert.equal(code, 200);
      return data;
    };

    it('has three people in two departments', async () => {
      const { data, reason } = await xhey('/v2/department/sublist', { departmentID: 1 });
      const list = data.list as unknown as { departmentID: number; users: object[] }[];
      assert.deepEqual(
        list.map(({ departmentID, users }) => [departmentID, users.length]),
        [
          [2, 2],
          [3, 1],
        ],
      );
      assert.equal(reason, null);
      assert.deepEqual((await xhey('/v2/department/sublist', { departmentID: 2 })).data.list, []);
      assert.equal((await xhey('/v2/department/sublist', {})).code, 400);
    });

    it('has a dozen photos, the latest first, by page, person and keyword', async () => {
      const { list, total } = await found({});
      assert.deepEqual([list.length, total], [12, 12]);
      assert.deepEqual(
        list,
        list.toSorted((a, b) => b.time - a.time),
      );
      const pages = [];
      for (const pageNo of [1, 2, 3, 4]) pages.push((await found({ pageNo, pageSize: 5 })).list);
      assert.deepEqual(
        pages.map(({ length }) => length),
        [5, 5, 2, 0],
      );
      assert.deepEqual(pages.flat(), list);
      const { userID, watermarkContent } = list[0]!;
      const ofOne = (await found({ userIds: [userID] }, '/v2/group/photo/search')).list;
      assert.ok(ofOne.length === 4 && ofOne.every((photo) => photo.userID === userID));
      const withWord = (
        await found({ watermarkContent: [watermarkContent.slice(0, 2)] }, '/v2/group/photo/search')
      ).list;
      assert.ok(
        withWord.length > 0 && withWord.every((photo) => photo.watermarkContent === watermarkContent),
      );
      assert.deepEqual(
        (await found({ startTime: list[2]!.time, endTime: list[1]!.time })).list,
        list.slice(1, 3),
      );
    });

    it('has another photo ten minutes later, and the others are the same', async () => {
      const before = (await found({})).list;
      now += 10 * 60_000;
      const later = (await found({})).list;
      assert.deepEqual(later.slice(1), before.slice(0, -1));
    });

    it("refuses what the provider's table of codes refuses", async () => {
      const times = { startTime: NOW_S - HOUR_S, endTime: NOW_S };
      for (const [body, code] of [
        [{}, 4009],
        [{ startTime: NOW_S, endTime: NOW_S - 1 }, 4009],
        [{ startTime: NOW, endTime: NOW }, 4009],
        [{ startTime: String(NOW_S), endTime: NOW_S }, 4009],
        [{ startTime: NOW_S - 180 * 24 * HOUR_S, endTime: NOW_S }, 200],
        [{ startTime: NOW_S - 180 * 24 * HOUR_S - 1, endTime: NOW_S }, 4010],
        [{ ...times, pageSize: 1000 }, 200],
        [{ ...times, pageSize: 1001 }, 2001],
        [{ ...times, pageSize: 0 }, 400],
        [{ ...times, userIds: Array(1001).fill('1') }, 4008],
        [{ ...times, watermarkContent: ['一', '二', '三', '四'] }, 4011],
        [{ ...times, watermarkContent: ['一'.repeat(15)] }, 200],
        [{ ...times, watermarkContent: ['一'.repeat(16)] }, 4012],
      ] as const) {
        const answer = await xhey('/v2/group/photo/search', body);
        assert.equal(answer.code, code, JSON.stringify(body).slice(0, 100));
        if (code !== 200) assertReason(answer.reason);
      }
    });
  });

  it("xhey's say what they received, after a right signature only", async () => {
    const body = { photoIds: ['1'], text: 'a'.repeat(1001) };
    const { code, data, reason } = await xhey('/v2/group/watermark/byPhotoId', body);
    const text = `${'a'.repeat(20)}... (1001 characters)`;
    assert.deepEqual(
      [code, data.received],
      [200, { path: '/v2/group/watermark/byPhotoId', body: { photoIds: ['1'], text } }],
    );
    assertReason(reason);
    const unsigned = await fetch(`${sandbox.accounts.xhey!.baseUrl}/v2/group/info`, {
      method: 'POST',
      body: '{}',
    });
    assert.equal(((await unsigned.json()) as { code: number }).code, 400);
    const faulty = await callXhey(sandbox, '/v2/group/info', { a: 'sandbox-http-503' });
    assert.equal(faulty.status, 503);
  });

  it("linkface's do", async () => {
    const { baseUrl, credentials } = sandbox.accounts.linkface!;
    const { apiId = '', apiSecret = '' } = credentials;
    const call = async (secret: string, sequenceId = 'a') => {
      const timestamp = String(now);
      const body = new FormData();
      for (const [name, value] of Object.entries({
        timestamp,
        sign: sign(apiId, secret, timestamp),
        more: '照片',
      }))
        body.append(name, value);
      const query = `?sequence_id=${sequenceId}&api_id=${apiId}`;
      const response = await fetch(`${baseUrl}/v2/ocr/idcard${query}`, { method: 'POST', body });
      return (await response.json()) as {
        code: string;
        data?: { received: Record<string, Record<string, string>> };
      };
    };
    const { code, data } = await call(apiSecret);
    assert.deepEqual(
      [code, data!.received.path, data!.received.form!.more],
      ['0000', '/v2/ocr/idcard', '照片'],
    );
    assert.equal((await call('another')).code, '1000');
    assert.equal((await call(apiSecret, 'sandbox-1011-a')).code, '1011');
  });

  it("tencent-market's do", async () => {
    const call = (text: string, by: { secretKey?: string } = {}) =>
      callMarket(sandbox, { mobile: text }, { path: '/release/mobile', now, ...by });
    const answer = await (await call('测试')).json();
    const data = { received: { path: '/release/mobile', form: { mobile: '测试' } } };
    assert.deepEqual(answer, { msg: '', success: true, code: 200, data });
    assert.equal((await call('测试', { secretKey: 'another' })).status, 403);
    assert.equal((await call('sandbox-http-503')).status, 503);
    assert.equal(
      [...sandbox.paid.values()].reduce((sum, count) => sum + count),
      2,
    );
  });

  it("westdex's do, under the key of the request", async () => {
    const { baseUrl, credentials } = sandbox.accounts.westdex!;
    const { secretId = '', key = '' } = credentials;
    for (const derivation of ['sha1prng', 'hex', 'utf8'] as const) {
      const aes = aesKey(derivation, key)!;
      const timeStamp = String(now);
      const data = { timeStamp, customNumber: secretId, xM: encrypt('张三', aes), page: 2 };
      const response = await fetch(`${baseUrl}/${secretId}/idCardTwoElements?timestamp=${timeStamp}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ data, extra: 'a' }),
      });
      const answer = (await response.json()) as { code: string; data: string };
      assert.equal(answer.code, '00000');
      assert.deepEqual(JSON.parse(decrypt(answer.data, aes)!), {
        received: {
          apiCode: 'idCardTwoElements',
          body: { data: { ...data, xM: '张三' }, extra: 'a' },
        },
      });
    }
  });
});
