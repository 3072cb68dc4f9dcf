/** Programs of others on the sandbox: the document's samples, and what public clients read of an answer. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { Shapes } from '../../src/contract/sandbox-half';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { runProgram, sendRaw } from './program';
import { callXhey } from './xhey-caller';

const CREATE = '/v2/truth_build/create';
const QUERY = '/v2/truth_build/query';
const PUBLISHED = 'https://net-cloud.xhey.top/data/';

describe("sandbox: other people's programs for xhey", () => {
  let sandbox: Sandbox;
  const start = async (shapes: Shapes) => {
    sandbox = await startSandbox({ port: 0, file: null, shapes });
  };
  beforeEach(() => start('observed'));
  afterEach(() => sandbox.close());

  interface Observed {
    data: { data: { taskID: string }[]; list: { status: number; msg: string; antiFakeCode?: string }[] };
  }
  const call = async (path: string, payload: unknown) =>
    (await (await callXhey(sandbox, path, payload)).json()) as Observed;

  it('read data.data[0].taskID and data.list, of every task', async () => {
    for (let task = 0; task < 3; task++) {
      const { data } = await call(CREATE, {
        photoUrlList: ['https://a.test/1.jpg', 'https://a.test/sandbox/-2305/2.jpg'],
      });
      const answer = await call(QUERY, { taskID: data.data[0]!.taskID });
      assert.deepEqual(
        answer.data.list.map(({ status }) => status),
        [0, -2305],
      );
      assert.deepEqual(
        answer.data.list.map(({ msg }) => msg === ''),
        [true, false],
      );
    }
  });

  it('can have each shape: by the id of a task, never by turn', async () => {
    for (const [shapes, wanted] of [
      ['documented', [0]],
      ['observed', [1]],
      ['mixed', [0, 1]],
    ] as const) {
      await sandbox.close();
      await start(shapes);
      const found = new Set<number>();
      for (let task = 0; task < 4; task++) {
        const { data } = (await call(CREATE, { photoUrlList: ['https://a.test/1.jpg'] })) as {
          data: Observed['data'] | { taskID: string }[];
        };
        const observed = !Array.isArray(data);
        found.add(Number(observed));
        const { taskID } = (Array.isArray(data) ? data : data.data)[0]!;
        // Asked twice, it looks the same twice.
        for (const _ of [1, 2]) {
          const answer: { list?: unknown; data?: { list: unknown } } = await call(QUERY, { taskID });
          assert.equal(answer.data !== undefined, observed);
          assert.ok(Array.isArray(answer.data?.list ?? answer.list));
        }
      }
      assert.deepEqual([...found].sort(), wanted, shapes);
    }
  });

  it('get the published answers to the two published photos', async () => {
    const photoUrlList = [
      `${PUBLISHED}d6aa6870-4bfc-4179-88c1-9914aa0275bd.jpg`,
      `${PUBLISHED}bdae3a8b-c7ed-49e3-bb31-2800805beb64.png`,
    ];
    for (const path of ['', '/fetching']) {
      const { data } = await call(path + CREATE, { photoUrlList });
      const answer = await call(path + QUERY, { taskID: data.data[0]!.taskID });
      assert.deepEqual(
        answer.data.list.map(({ status }) => status),
        [0, -2301],
      );
    }
  });

  it('find another anti-fake code on another photo, and the same one again', async () => {
    const codeOf = async (url: string) => {
      const { data } = await call(CREATE, { photoUrlList: [url] });
      return (await call(QUERY, { taskID: data.data[0]!.taskID })).data.list[0]!.antiFakeCode;
    };
    const [first, second, again] = [
      await codeOf('https://a.test/1.jpg'),
      await codeOf('https://a.test/2.jpg'),
      await codeOf('https://a.test/1.jpg'),
    ];
    assert.match(first!, /^SANDBOX[0-9A-F]{7}$/);
    assert.deepEqual([first === again, first === second], [true, false]);
  });

  for (const program of [
    ['python3', 'xhey.py'],
    ['java', 'Xhey.java'],
  ]) {
    it(`written in ${program[0]} have their photo verified`, async function () {
      const { baseUrl, credentials } = sandbox.accounts.xhey!;
      const { groupKey = '', groupSecret = '' } = credentials;
      const printed = await runProgram(program, { BASE_URL: baseUrl, ID: groupKey, SECRET: groupSecret });
      if (printed === null) this.skip();
      const [photo] = JSON.parse(printed) as { status: number }[];
      assert.equal(photo?.status, 0);
    });
  }

  it('written in python3 list a department', async function () {
    const { baseUrl, credentials } = sandbox.accounts.xhey!;
    const { groupKey = '', groupSecret = '' } = credentials;
    const account = { BASE_URL: baseUrl, ID: groupKey, SECRET: groupSecret };
    const printed = await runProgram(['python3', 'xhey_sublist.py'], account);
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

  const body = '{"taskID":"1"}';
  const now = String(Math.floor(Date.now() / 1000));
  const payload = (dataSign: string) => `groupKey=sandbox-group-key&sign=${dataSign}&timestamp=${now}`;
  const data = hmac(body).digest('base64');
  const mistakes: [string, Record<string, string>, RegExp][] = [
    ['the signature is in hex', { Signature: hmac(payload(data)).digest('hex') }, /Here it is in hex\.$/],
    [
      'the inner signature is in hex',
      { Signature: hmac(payload(hmac(body).digest('hex'))).digest('base64') },
      /dataSign is in hex\.$/,
    ],
    [
      'the inner signature is escaped',
      { Signature: hmac(payload(encodeURIComponent(data))).digest('base64') },
      /URL-encoded\.$/,
    ],
    ['only the body is signed', { Signature: data }, /dataSign alone\.$/],
    ['something else is signed', { Signature: hmac('a').digest('base64') }, /exact bytes of the body\)\)\.$/],
    ['there is no signature', { Signature: '' }, /^The header Signature is missing\.$/],
    ['the time is in milliseconds', signed(body, `${now}000`), /this is in milliseconds\.$/],
    [
      'the time is in another time zone',
      signed(body, String(Number(now) + 28_800)),
      /2[89]\d\d\d s ahead of the sandbox's clock; 900 s/,
    ],
    ['the time is missing', { Timestamp: '' }, /Unix time in seconds/],
    ['the key is unknown', { GroupKey: 'a' }, /sandbox's own groupKey/],
    [
      'the body is a form',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      /^Content-Type is application\/json\.$/,
    ],
  ];
  for (const [name, headers, reason] of mistakes) {
    it(`get the reason where ${name}`, async () => {
      const lines = [`POST /xhey${QUERY} HTTP/1.1`, ...written({ ...signed(body, now), ...headers })];
      const answer = await sendRaw(sandbox.port, lines, body);
      assert.match(answer.reason ?? '', reason);
    });
  }

  const wrong: [string, unknown, RegExp][] = [
    ['no list', {}, /is a list of texts/],
    [
      'something that is not an address',
      { photoUrlList: ['https://a.test/1.jpg', 'a.jpg'] },
      /number 2 is something else/,
    ],
    [
      'a batch that is too large',
      { photoUrlList: Array(11).fill('https://a.test/1.jpg') },
      /1 to 10 addresses, not 11/,
    ],
    ['a list', [], /JSON object/],
  ];
  for (const [name, given, reason] of wrong) {
    it(`get the reason where they send ${name}`, async () => {
      const response = await callXhey(sandbox, CREATE, given);
      assert.match(response.headers.get('x-sandbox-reason')!, reason);
    });
  }

  it('get the reason where an id is a number, and where a task is gone', async () => {
    for (const [query, reason] of [
      ['{"taskID":1916812048797622272}', /^taskID is a text/],
      ['{"taskID":"1916812048797622272"}', /^No such task/],
    ] as const) {
      const answer = await sendRaw(
        sandbox.port,
        [`POST /xhey${QUERY} HTTP/1.1`, ...written(signed(query))],
        query,
      );
      assert.match(answer.reason ?? '', reason);
    }
  });

  it('have the faults of a query at the query', async () => {
    for (const [word, status, code] of [
      ['sandbox-query-http-503', 503, null],
      ['sandbox-query-retry-after-7', 429, null],
      ['sandbox-query-code-401', 200, 401],
    ] as const) {
      const { data } = await call(CREATE, { photoUrlList: [`https://a.test/${word}/1.jpg`] });
      const response = await callXhey(sandbox, QUERY, { taskID: data.data[0]!.taskID });
      assert.equal(response.status, status);
      assert.equal(response.headers.get('retry-after'), status === 429 ? '7' : null);
      if (code) assert.equal(((await response.json()) as { code: number }).code, code);
    }
  });
});
