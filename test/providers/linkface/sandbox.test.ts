import assert from 'node:assert/strict';
import { sign } from '../../../src/providers/linkface/client';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server';
import { assertReason } from '../../sandbox/reason';

const ID = 'sandbox-api-id';
const SECRET = 'sandbox-api-secret';

interface Request {
  method?: string;
  path?: string;
  query?: string;
  headers?: Record<string, string>;
  form?: [string, string][];
  body?: Buffer;
}

describe("sandbox: linkface's half", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
  });
  after(() => sandbox.close());

  const fields = (timestamp = String(Date.now())): [string, string][] => [
    ['detection_type', 'liveness'],
    ['timestamp', timestamp],
    ['sign', sign(ID, SECRET, timestamp)],
  ];

  const written = (form: [string, string][]) =>
    Buffer.from(
      `${form.map(([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`).join('')}--b--\r\n`,
    );

  async function answer(request: Request = {}): Promise<Response> {
    const { method = 'POST', path = '/v2/sdk/get_token', query = `sequence_id=a&api_id=${ID}` } = request;
    const body = request.body ?? written(request.form ?? fields());
    return fetch(`${sandbox.accounts.linkface!.baseUrl}${path}?${query}`, {
      method,
      headers: { 'Content-Type': 'multipart/form-data; boundary=b', ...request.headers },
      ...(method === 'GET' ? {} : { body: new Uint8Array(body) }),
    });
  }

  async function codeOf(request: Request = {}): Promise<unknown> {
    const response = await answer(request);
    assert.equal(response.status, 200);
    const { request_id, code, msg, data, charge, ...others } = (await response.json()) as Record<
      string,
      unknown
    >;
    assert.match(String(request_id), /^TID/);
    assert.deepEqual([charge, others], [2, {}]);
    assert.equal(typeof msg, 'string');
    assert.equal(data !== undefined, code === '0000');
    const reason = response.headers.get('x-sandbox-reason');
    if (code === '0000') assert.equal(reason, null);
    else assertReason(reason);
    return code;
  }

  it('gives a token, another one each time', async () => {
    const tokens = [];
    for (const _ of [1, 2]) {
      const { data } = (await (await answer()).json()) as { data: { token: string } };
      tokens.push(data.token);
    }
    assert.match(tokens[0]!, /^sandbox-[0-9a-f]{48}$/);
    assert.notEqual(tokens[0], tokens[1]);
  });

  it('knows one method', async () => {
    const wrong = await answer({ method: 'GET' });
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
  });

  it('reads a form as other programs write it', async () => {
    const form = new FormData();
    for (const [name, value] of fields()) form.append(name, value);
    const response = await fetch(
      `${sandbox.accounts.linkface!.baseUrl}/v2/sdk/get_token?sequence_id=a&api_id=${ID}`,
      { method: 'POST', body: form },
    );
    assert.equal(((await response.json()) as { code: string }).code, '0000');
    const quoted = { 'Content-Type': 'multipart/form-data; boundary="b"' };
    assert.equal(await codeOf({ headers: quoted }), '0000');
  });

  const at = (milliseconds: number, unit = 1) =>
    fields(String(Math.floor((Date.now() + milliseconds) / unit)));
  const without = (name: string) => fields().filter(([each]) => each !== name);
  const instead = (name: string, value: string) =>
    fields().map(([each, old]): [string, string] => [each, each === name ? value : old]);

  const rows: [string, string, () => Request][] = [
    ['milliseconds', '0000', () => ({ form: at(0) })],
    ['seconds', '0000', () => ({ form: at(0, 1000) })],
    ['a clock 14 minutes slow', '0000', () => ({ form: at(-840_000) })],
    ['a clock 14 minutes fast, in seconds', '0000', () => ({ form: at(840_000, 1000) })],
    ['a clock 20 minutes slow', '1000', () => ({ form: at(-1_200_000) })],
    ['a clock 20 minutes fast, in seconds', '1000', () => ({ form: at(1_200_000, 1000) })],
    ['a time that is none', '1000', () => ({ form: fields('now') })],
    ['microseconds', '1000', () => ({ form: fields(`${Date.now()}000`) })],
    [
      'a signature of another time',
      '1000',
      () => ({ form: instead('timestamp', String(Date.now() + 5000)) }),
    ],
    ['a signature in capitals', '1000', () => ({ form: instead('sign', fields()[2]![1].toUpperCase()) })],
    ['half a signature', '1000', () => ({ form: instead('sign', fields()[2]![1].slice(0, 32)) })],
    ['an unknown account', '1007', () => ({ query: 'sequence_id=a&api_id=other' })],
    ['no account', '1002', () => ({ query: 'sequence_id=a' })],
    ['no sequence id', '1002', () => ({ query: `api_id=${ID}` })],
    ['an empty sequence id', '1002', () => ({ query: `sequence_id=&api_id=${ID}` })],
    ['two sequence ids', '1002', () => ({ query: `sequence_id=a&sequence_id=b&api_id=${ID}` })],
    ['no detection type', '1002', () => ({ form: without('detection_type') })],
    ['no timestamp', '1002', () => ({ form: without('timestamp') })],
    ['no signature', '1002', () => ({ form: without('sign') })],
    ['another detection type', '1002', () => ({ form: instead('detection_type', 'face') })],
    ['two detection types', '1002', () => ({ form: [...fields(), ['detection_type', 'liveness']] })],
    [
      'the account in the form',
      '1002',
      () => ({ query: 'sequence_id=a', form: [...fields(), ['api_id', ID]] }),
    ],
    ['the account in both places', '1002', () => ({ form: [...fields(), ['api_id', ID]] })],
    [
      'the sequence id in the form',
      '1002',
      () => ({ query: `api_id=${ID}`, form: [...fields(), ['sequence_id', 'a']] }),
    ],
    [
      'the detection type in the query',
      '1002',
      () => ({
        query: `sequence_id=a&api_id=${ID}&detection_type=liveness`,
        form: without('detection_type'),
      }),
    ],
    [
      'the signature in both places',
      '1002',
      () => ({ query: `sequence_id=a&api_id=${ID}&sign=${fields()[2]![1]}` }),
    ],
    [
      'a form that is urlencoded',
      '1002',
      () => ({
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: Buffer.from(String(new URLSearchParams(fields()))),
      }),
    ],
    ['a form without a boundary', '1002', () => ({ headers: { 'Content-Type': 'multipart/form-data' } })],
    [
      'a form with another boundary',
      '1002',
      () => ({ headers: { 'Content-Type': 'multipart/form-data; boundary=c' } }),
    ],
    [
      'a form without an end',
      '1002',
      () => ({ body: Buffer.from(written(fields()).toString().replace('--b--', '--b')) }),
    ],
    ['a form that is cut short', '1002', () => ({ body: written(fields()).subarray(0, -7) })],
    ['no form', '1002', () => ({ body: Buffer.alloc(0) })],
    ['a query that is GBK', '1001', () => ({ query: `sequence_id=%B6%A9%B5%A5&api_id=${ID}` })],
    ['a query that is badly encoded', '1001', () => ({ query: `sequence_id=%zz&api_id=${ID}` })],
    [
      'a form that is GBK',
      '1001',
      () => ({
        body: Buffer.from(written(instead('detection_type', '\xb6\xa9')).toString(), 'latin1'),
      }),
    ],
    ['Chinese characters as UTF-8', '0000', () => ({ query: `sequence_id=%E8%AE%A2%E5%8D%95&api_id=${ID}` })],
  ];
  for (const [name, code, request] of rows) {
    it(`answers ${code} to ${name}`, async () => assert.equal(await codeOf(request()), code));
  }

  it('refuses a request of which one byte of a value was changed', async () => {
    const whole = written(fields());
    for (const text of ['liveness', String(fields()[1]![1]).slice(0, 8), '"sign"\r\n\r\n']) {
      const place = whole.indexOf(text) + text.length - 1 + (text.startsWith('"') ? 1 : 0);
      const body = Buffer.from(whole);
      body[place] = body[place]! ^ 1;
      assert.notEqual(await codeOf({ body }), '0000', text);
    }
  });

  for (const [sequenceId, code] of [
    ['sandbox-0000-a', '0000'],
    ['sandbox-4711-a', '4711'],
    ['sandbox-1008', '0000'],
    ['a-sandbox-1008-a', '0000'],
  ] as const) {
    it(`answers ${code} to the sequence id ${sequenceId}`, async () =>
      assert.equal(await codeOf({ query: `sequence_id=${sequenceId}&api_id=${ID}` }), code));
  }

  it('has the faults that all providers have, but only for who may come in', async () => {
    const faulty = { query: `sequence_id=a-sandbox-http-503&api_id=${ID}` };
    assert.equal((await answer(faulty)).status, 503);
    assert.equal(await codeOf({ ...faulty, form: instead('sign', 'x') }), '1000');
    await assert.rejects(answer({ query: `sequence_id=sandbox-reset&api_id=${ID}` }));
  });
});
