/** xhey's half of the sandbox lets in what the provider lets in, and nothing else; its answers are the document's. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { textOfCode } from '../../../src/contract/codes';
import type { Shapes } from '../../../src/contract/sandbox-half';
import { sign } from '../../../src/providers/xhey/client';
import { CODES, STATUSES } from '../../../src/providers/xhey/codes';
import { sandboxHalf } from '../../../src/providers/xhey/sandbox';
import { type Answered, answerOf, worldAt } from '../../sandbox/world';

const CREATE = '/v2/truth_build/create';
const QUERY = '/v2/truth_build/query';
const PHOTO = 'https://example.com/a.jpg';
const { groupKey: KEY = '', groupSecret: SECRET = '' } = sandboxHalf.credentials;
const NOW = Date.parse('2026-03-01T12:00:00Z');
const NOW_S = NOW / 1000;
const HOUR_S = 3600;

interface Change {
  path?: string;
  /** A text and bytes are sent as they are. */
  payload?: unknown;
  /** Sent in place of the body that was signed. */
  sent?: string;
  ageSeconds?: number;
  headers?: Record<string, string | undefined>;
}

interface Item {
  photoUrl: string;
  status: number;
  msg: string;
  antiFakeCode?: string;
}

describe("xhey's half of the sandbox", () => {
  let now: number;
  let world: ReturnType<typeof worldAt>;
  const start = (shapes: Shapes = 'observed') => {
    world = worldAt(() => now, shapes);
  };
  beforeEach(() => {
    now = NOW;
    start();
  });

  /** As the provider's own sample programs send it: without a Content-Type. */
  function ask({ path = CREATE, payload = { photoUrlList: [PHOTO] }, ...change }: Change = {}): Answered {
    const isWritten = typeof payload === 'string' || Buffer.isBuffer(payload);
    const body = isWritten ? payload : JSON.stringify(payload);
    const timestamp = String(Math.floor(now / 1000) - (change.ageSeconds ?? 0));
    const signature = sign(KEY, SECRET, timestamp, body);
    const headers = { groupkey: KEY, timestamp, signature, ...change.headers };
    return answerOf(sandboxHalf, world, { path, headers, body: change.sent ?? body });
  }

  const created = (photoUrlList: readonly string[], path = '') => {
    const { json } = ask({ path: path + CREATE, payload: { photoUrlList } });
    return { json, taskID: /"taskID":"(\d{19})"/.exec(JSON.stringify(json))![1]! };
  };
  const queried = (taskID: string) => {
    const { json } = ask({ path: QUERY, payload: { taskID } });
    const { taskStatus, list } = (json.data ?? json) as { taskStatus: number; list: Item[] };
    return { json, taskStatus, list };
  };
  const itemsOf = (...photoUrlList: string[]) => queried(created(photoUrlList).taskID).list;

  const BODY = JSON.stringify({ photoUrlList: [PHOTO] });
  const hmac = (data: string) => createHmac('sha256', SECRET).update(data);
  const outer = (dataSign: string) => hmac(`groupKey=${KEY}&sign=${dataSign}&timestamp=${NOW_S}`);
  const inner = hmac(BODY).digest('base64');
  const signed = (signature: string): Change => ({ headers: { signature } });
  const photos = (...photoUrlList: string[]): Change => ({ payload: { photoUrlList } });
  const query = (taskID?: unknown): Change => ({ path: QUERY, payload: { taskID } });
  const inUrl = (word: string) => photos(`https://example.com/${word}/a.jpg`);

  const rows: [name: string, code: number | string, change: Change, reason?: RegExp][] = [
    ['a request without a Content-Type', 200, {}],
    ['one with', 200, { headers: { 'content-type': 'application/json; charset=utf-8' } }],
    ['a clock 14 minutes slow', 200, { ageSeconds: 840 }],
    ['a clock 20 minutes slow', 401, { ageSeconds: 1200 }, /1200 s behind the sandbox's clock; 900 s/],
    ['another time zone', 401, { ageSeconds: -28_800 }, /28800 s ahead of the sandbox's clock/],
    ['milliseconds', 401, { headers: { timestamp: String(NOW) } }, /this is in milliseconds\.$/],
    ['a time that is no number', 401, { headers: { timestamp: 'now' } }, /Unix time in seconds/],
    ['no time', 401, { headers: { timestamp: undefined } }, /Unix time in seconds/],
    ['a byte changed on the way', 401, { sent: BODY.replace('a.jpg', 'b.jpg') }],
    [
      'a signature of something else',
      401,
      signed(hmac('a').digest('base64')),
      /exact bytes of the body\)\)\.$/,
    ],
    ['a signature in hex', 401, signed(outer(inner).digest('hex')), /Here it is in hex\.$/],
    [
      'an inner signature in hex',
      401,
      signed(outer(hmac(BODY).digest('hex')).digest('base64')),
      /dataSign is in hex\.$/,
    ],
    [
      'an inner signature that is escaped',
      401,
      signed(outer(encodeURIComponent(inner)).digest('base64')),
      /URL-encoded\.$/,
    ],
    ['a signature of the body alone', 401, signed(inner), /dataSign alone\.$/],
    ['no signature', 401, signed(''), /^The header Signature is missing\.$/],
    ['an unknown key', 4007, { headers: { groupkey: 'another' } }, /sandbox's own groupKey/],
    ['no key', 4007, { headers: { groupkey: undefined } }, /GroupKey is missing/],
    ['a form', 400, { headers: { 'content-type': 'text/plain' } }, /^Content-Type is application\/json\.$/],
    ['no JSON', 400, { payload: 'photoUrlList=a' }, /JSON object/],
    ['GBK', 400, { payload: Buffer.from('7b22636974b3c7223a317d', 'hex') }, /in UTF-8/],
    ['a list', 400, { payload: [] }, /JSON object/],
    ['no list of photos', 400, { payload: {} }, /is a list of texts/],
    ['no photos', 400, photos(), /1 to 10 addresses, not 0/],
    ['ten photos', 200, photos(...Array(10).fill(PHOTO))],
    ['eleven photos', 400, photos(...Array(11).fill(PHOTO)), /1 to 10 addresses, not 11/],
    ['a photo that is no address', 400, photos(PHOTO, 'a.jpg'), /number 2 is something else/],
    ['a query without a task', 400, query(), /^taskID is a text/],
    ['a query of a number', 400, query(1), /^taskID is a text/],
    ['a query of a task nobody knows', 404, query('1'), /^No such task/],
    ['sandbox-http-503', 'HTTP 503', inUrl('sandbox-http-503')],
    ['sandbox-query-sandbox-http-503', 200, inUrl('sandbox-query-sandbox-http-503')],
    ['sandbox-query-http-503', 200, inUrl('sandbox-query-http-503')],
    ['sandbox-query-code-401', 200, inUrl('sandbox-query-code-401')],
    ['sandbox-query-retry-after-5', 200, inUrl('sandbox-query-retry-after-5')],
    ['sandbox/code-4711', 4711, inUrl('sandbox/code-4711')],
    ['it in a query', 200, photos('https://example.com/a.jpg?x=/sandbox/code-4711/')],
    ['sandbox-http-503 in a query', 'HTTP 503', photos('https://example.com/a.jpg?x=sandbox-http-503')],
    ['sandbox-retry-after-5', 'HTTP 429', inUrl('sandbox-retry-after-5')],
  ];
  for (const [name, code, change, expected = /./] of rows) {
    it(`answers ${code} to ${name}`, () => {
      const { status, json, reason } = ask(change);
      assert.equal(status === 200 ? json.code : `HTTP ${status}`, code);
      if (code === 200) assert.equal(reason, null);
      else assert.match(reason!, expected);
    });
  }

  it('knows one method', () => assert.equal(answerOf(sandboxHalf, world, { method: 'GET' }).status, 405));

  it('does not know a task that another version kept, and goes on', () => {
    const tasks = {
      1: { photoUrls: [PHOTO], queries: 0 },
      2: { photoUrls: [PHOTO], specials: [PHOTO] },
      3: null,
    };
    Object.assign(world.store, { created: 4, tasks });
    for (const taskID of ['1', '2', '3', '4']) assert.equal(ask(query(taskID)).json.code, 404);
    assert.equal(ask().json.code, 200);
  });

  it('has each shape: by the id of a task, never by turn', () => {
    for (const [shapes, wanted] of [
      ['documented', [false]],
      ['observed', [true]],
      ['mixed', [false, true]],
    ] as const) {
      start(shapes);
      const found = new Set<boolean>();
      for (let task = 0; task < 4; task++) {
        const { json, taskID } = created([PHOTO]);
        const isObserved = !Array.isArray(json.data);
        found.add(isObserved);
        // Asked twice, it looks the same twice.
        for (const _ of [1, 2]) assert.equal(queried(taskID).json.data !== undefined, isObserved);
      }
      assert.deepEqual([...found].sort(), wanted, shapes);
    }
  });

  it('answers each status and each code in the words of the document', () => {
    start('documented');
    for (const [status, { verdict }] of STATUSES) {
      const [item] = itemsOf(`https://a.test/sandbox/${status}/1.jpg`);
      assert.deepEqual([item!.status, item!.msg], [Number(status), textOfCode(STATUSES, status)]);
      assert.ok(verdict);
    }
    for (const [code] of CODES) {
      const { json } = ask(inUrl(`sandbox/code-${code}`));
      assert.deepEqual([json.code, json.msg], [Number(code), textOfCode(CODES, code)]);
    }
  });

  it('has no words for a photo that passes in the observed shape', () => {
    const inQuery = 'https://a.test/1.jpg?x=/sandbox/-2305/&y=/sandbox/revoked#/sandbox/slow-9';
    assert.equal(itemsOf(inQuery)[0]!.status, 0);
    const items = itemsOf(PHOTO, 'https://a.test/sandbox/-2305/2.jpg');
    assert.deepEqual(
      items.map(({ status, msg }) => [status, msg === '']),
      [
        [0, true],
        [-2305, false],
      ],
    );
  });

  it('finishes a slow task at the query that its address says', () => {
    const url = 'https://a.test/sandbox/slow-3/1.jpg';
    const { taskID } = created([url]);
    const seen = [1, 2, 3].map(() => queried(taskID));
    assert.deepEqual(
      seen.map(({ taskStatus, list }) => [taskStatus, list[0]!.photoUrl, list[0]!.status]),
      [
        [1, url, 1],
        [2, url, 1],
        [5, url, 0],
      ],
    );
  });

  it('gives the published answers to the two published photos', () => {
    const photoUrlList = [
      'https://net-cloud.xhey.top/data/d6aa6870-4bfc-4179-88c1-9914aa0275bd.jpg',
      'https://net-cloud.xhey.top/data/bdae3a8b-c7ed-49e3-bb31-2800805beb64.png',
    ];
    for (const path of ['', '/fetching'])
      assert.deepEqual(
        queried(created(photoUrlList, path).taskID).list.map(({ status }) => status),
        [0, -2301],
      );
  });

  it('chooses the answer by the name of a file as by an address', () => {
    const items = itemsOf(
      'https://a.test/u/sandbox-2305.jpg',
      'https://a.test/u/sandbox-2301%20(1).jpg?signature=a',
      'https://a.test/u/sandbox-0.jpg',
      'https://a.test/sandbox-2305/other.jpg',
      'https://a.test/u/sandbox-23051-other.jpg',
    );
    assert.deepEqual(
      items.map(({ status }) => status),
      [-2305, -2301, 0, 0, 0],
    );
  });

  it('has another anti-fake code for another photo, and the same one again', () => {
    const [first, second] = itemsOf('https://a.test/1.jpg', 'https://a.test/2.jpg');
    const [again] = itemsOf('https://a.test/1.jpg');
    assert.match(first!.antiFakeCode!, /^SANDBOX[0-9A-F]{7}$/);
    assert.equal(again!.antiFakeCode, first!.antiFakeCode);
    assert.notEqual(second!.antiFakeCode, first!.antiFakeCode);
  });

  for (const [word, status, code, retryAfter] of [
    ['sandbox-query-http-503', 503, undefined, undefined],
    ['sandbox-query-retry-after-7', 429, undefined, '7'],
    ['sandbox-query-code-401', 200, 401, undefined],
  ] as const) {
    it(`has the fault of ${word} at the query`, () => {
      const { taskID } = created([`https://a.test/${word}/1.jpg`]);
      const answered = ask(query(taskID));
      const seen = [answered.status, answered.json.code, answered.headers['Retry-After']];
      assert.deepEqual(seen, [status, code, retryAfter]);
    });
  }

  describe('its team', () => {
    interface TeamPhoto {
      userID: string;
      time: number;
      watermarkContent: string;
    }
    const found = (body: object, path = '/v2/group/photo') => {
      const seconds = Math.floor(now / 1000);
      const payload = { startTime: seconds - 24 * HOUR_S, endTime: seconds, ...body };
      return ask({ path, payload }).json.data as { list: TeamPhoto[]; total: number };
    };

    it('has three people in two departments', () => {
      const sublist = (payload: object) => ask({ path: '/v2/department/sublist', payload }).json;
      const { list } = sublist({ departmentID: 1 }).data as {
        list: { departmentID: number; users: object[] }[];
      };
      assert.deepEqual(
        list.map(({ departmentID, users }) => [departmentID, users.length]),
        [
          [2, 2],
          [3, 1],
        ],
      );
      assert.deepEqual(sublist({ departmentID: 2 }).data, { list: [] });
      assert.equal(sublist({}).code, 400);
    });

    it('has a dozen photos, the latest first, by page, person and keyword', () => {
      const { list, total } = found({});
      assert.deepEqual([list.length, total], [12, 12]);
      assert.deepEqual(
        list,
        list.toSorted((a, b) => b.time - a.time),
      );
      const pages = [1, 2, 3, 4].map((pageNo) => found({ pageNo, pageSize: 5 }).list);
      assert.deepEqual(
        pages.map(({ length }) => length),
        [5, 5, 2, 0],
      );
      assert.deepEqual(pages.flat(), list);
      const { userID, watermarkContent } = list[0]!;
      const search = (body: object) => found(body, '/v2/group/photo/search').list;
      const ofOne = search({ userIds: [userID] });
      assert.ok(ofOne.length === 4 && ofOne.every((photo) => photo.userID === userID));
      const withWord = search({ watermarkContent: [watermarkContent.slice(0, 2)] });
      assert.ok(withWord.length > 0);
      assert.ok(withWord.every((photo) => photo.watermarkContent === watermarkContent));
      const between = found({ startTime: list[2]!.time, endTime: list[1]!.time });
      assert.deepEqual(between.list, list.slice(1, 3));
    });

    it('has another photo ten minutes later, and the others are the same', () => {
      const before = found({}).list;
      now += 10 * 60_000;
      assert.deepEqual(found({}).list.slice(1), before.slice(0, -1));
    });

    const times = { startTime: NOW_S - HOUR_S, endTime: NOW_S };
    const limits: [object, number][] = [
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
    ];
    for (const [payload, code] of limits) {
      it(`answers ${code} to ${JSON.stringify(payload).slice(0, 80)}`, () => {
        const { json, reason } = ask({ path: '/v2/group/photo/search', payload });
        assert.deepEqual([json.code, reason === null], [code, code === 200]);
      });
    }
  });

  it('says of any other path what it received, with long texts cut short', () => {
    const payload = { photoIds: ['1'], text: 'a'.repeat(1001) };
    const { json, reason } = ask({ path: '/v2/group/watermark/byPhotoId', payload });
    const body = { photoIds: ['1'], text: `${'a'.repeat(20)}... (1001 characters)` };
    const received = { path: '/v2/group/watermark/byPhotoId', body };
    assert.deepEqual([json.code, json.data, reason !== null], [200, { received }, true]);
    assert.equal(ask({ path: '/v2/group/info', headers: { groupkey: undefined } }).json.code, 4007);
    assert.equal(ask({ path: '/v2/group/info', payload: { a: 'sandbox-http-503' } }).status, 503);
  });
});
