import assert from 'node:assert/strict';
import { textOfCode } from '../../../src/contract/codes';
import { sign } from '../../../src/providers/linkface/client';
import { CODES } from '../../../src/providers/linkface/codes';
import { sandboxHalf } from '../../../src/providers/linkface/sandbox';
import { answerOf, worldAt } from '../../sandbox/world';

const ID = 'sandbox-api-id';
const SECRET = 'sandbox-api-secret';
const NOW = 1_700_000_000_000;
const SIGN = sign(ID, SECRET, String(NOW));
const PATH = '/v2/sdk/get_token';
const QUERY = `?sequence_id=a&api_id=${ID}`;

interface Change {
  method?: string;
  path?: string;
  search?: string;
  type?: string;
  /** Fields of the form; undefined for one that is left out. */
  form?: Record<string, string | undefined>;
  /** Behind them. */
  more?: [string, string][];
  /** What becomes of the form as it is written. */
  body?(form: string): string | Buffer;
}

function ask({
  method = 'POST',
  path = PATH,
  search = QUERY,
  type,
  form = {},
  more = [],
  body,
}: Change = {}) {
  const fields = { detection_type: 'liveness', timestamp: String(NOW), sign: SIGN, ...form };
  const pairs = [...Object.entries(fields), ...more].filter(([, value]) => value !== undefined);
  const parts = pairs.map(
    ([name, value]) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  const written = `${parts.join('')}--b--\r\n`;
  return answerOf(
    sandboxHalf,
    worldAt(() => NOW),
    {
      method,
      path,
      search,
      headers: { 'content-type': type ?? 'multipart/form-data; boundary=b' },
      body: body?.(written) ?? written,
    },
  );
}

const at = (timestamp: string | number): Change => {
  return { form: { timestamp: String(timestamp), sign: sign(ID, SECRET, String(timestamp)) } };
};

describe("linkface's half of the sandbox", () => {
  it('gives a token, another one each time', () => {
    const tokens = [ask(), ask()].map(({ json }) => (json.data as { token: string }).token);
    assert.match(tokens[0]!, /^sandbox-[0-9a-f]{48}$/);
    assert.notEqual(tokens[0], tokens[1]);
  });

  it('knows one method', () => {
    const { status, headers } = ask({ method: 'GET' });
    assert.deepEqual([status, headers.Allow], [405, 'POST']);
  });

  const rows: [name: string, code: string, change: Change, reason?: RegExp][] = [
    ['milliseconds', '0000', {}],
    ['seconds', '0000', at(NOW / 1000)],
    ['a clock 14 minutes slow', '0000', at(NOW - 840_000)],
    ['a clock 14 minutes fast, in seconds', '0000', at(NOW / 1000 + 840)],
    ['a clock 20 minutes slow', '1000', at(NOW - 1_200_000), /at most 900 s off/],
    ['a clock 20 minutes fast, in seconds', '1000', at(NOW / 1000 + 1200)],
    ['a time that is no number', '1000', at('now')],
    ['microseconds', '1000', at(`${NOW}000`)],
    ['a signature of another time', '1000', { form: { timestamp: String(NOW + 5000) } }],
    ['a signature in capitals', '1000', { form: { sign: SIGN.toUpperCase() } }, /lower-case hex/],
    ['half a signature', '1000', { form: { sign: SIGN.slice(0, 32) } }],
    ['an unknown account', '1007', { search: '?sequence_id=a&api_id=other' }],
    ['no account', '1002', { search: '?sequence_id=a' }],
    ['no sequence id', '1002', { search: `?api_id=${ID}` }],
    ['an empty sequence id', '1002', { search: `?sequence_id=&api_id=${ID}` }],
    ['two sequence ids', '1002', { search: `${QUERY}&sequence_id=b` }],
    ['no detection type', '1002', { form: { detection_type: undefined } }],
    ['an empty one', '1002', { form: { detection_type: '' } }, /in the form once, and is not empty/],
    ['no timestamp', '1002', { form: { timestamp: undefined } }],
    ['no signature', '1002', { form: { sign: undefined } }],
    ['another detection type', '1002', { form: { detection_type: 'face' } }, /is one of liveness, /],
    ['two detection types', '1002', { more: [['detection_type', 'liveness']] }],
    ['the account in the form', '1002', { search: '?sequence_id=a', more: [['api_id', ID]] }],
    ['the account in both places', '1002', { more: [['api_id', ID]] }, /in the query, and nowhere else/],
    ['the sequence id in the form', '1002', { search: `?api_id=${ID}`, more: [['sequence_id', 'a']] }],
    ['the detection type in the query', '1002', { search: `${QUERY}&detection_type=liveness` }],
    ['the signature in both places', '1002', { search: `${QUERY}&sign=${SIGN}` }],
    ['a form that is urlencoded', '1002', { type: 'application/x-www-form-urlencoded' }, /multipart/],
    ['a form without a boundary', '1002', { type: 'multipart/form-data' }],
    ['a form with another boundary', '1002', { type: 'multipart/form-data; boundary=c' }],
    ['a form without an end', '1002', { body: (form) => form.replace('--b--', '--b') }],
    ['a form that is cut short', '1002', { body: (form) => form.slice(0, -7) }],
    ['no form', '1002', { body: () => '' }],
    ['a query that is GBK', '1001', { search: `?sequence_id=%B6%A9%B5%A5&api_id=${ID}` }],
    ['a query that is badly encoded', '1001', { search: `?sequence_id=%zz&api_id=${ID}` }],
    [
      'a form that is GBK',
      '1001',
      { body: (form) => Buffer.from(form.replace('live', '\xb6\xa9'), 'latin1') },
    ],
    ['Chinese characters as UTF-8', '0000', { search: `?sequence_id=%E8%AE%A2%E5%8D%95&api_id=${ID}` }],
    ...(
      [
        ['sandbox-0000-a', '0000'],
        ['sandbox-4711-a', '4711'],
        ['sandbox-1008', '0000'],
        ['a-sandbox-1008-a', '0000'],
      ] as const
    ).map(([id, code]): [string, string, Change] => [
      `the sequence id ${id}`,
      code,
      { search: `?sequence_id=${id}&api_id=${ID}` },
    ]),
  ];
  for (const [name, code, change, expected = /./] of rows) {
    it(`answers ${code} to ${name}`, () => {
      const { status, json, reason } = ask(change);
      const { request_id, msg, data, ...others } = json;
      assert.deepEqual([status, others], [200, { code, charge: 2 }]);
      assert.match(String(request_id), /^TID/);
      assert.deepEqual([typeof msg, data !== undefined], ['string', code === '0000']);
      if (code === '0000') assert.equal(reason, null);
      else assert.match(reason!, expected);
    });
  }

  it('has the faults that all providers have, but only for who may come in', () => {
    const search = `?sequence_id=a-sandbox-http-503&api_id=${ID}`;
    assert.equal(ask({ search }).status, 503);
    assert.equal(ask({ search, form: { sign: 'x' } }).json.code, '1000');
  });

  it('answers each code in the words of the document', () => {
    for (const [code] of CODES) {
      const { json } = ask({ search: `?sequence_id=sandbox-${code}-a&api_id=${ID}` });
      assert.deepEqual([json.code, json.msg], [code, textOfCode(CODES, code)]);
    }
  });

  it('says of any other path what it received, to who may come in', () => {
    const path = '/v2/ocr/idcard';
    const form = { detection_type: undefined };
    const { json, reason } = ask({ path, form, more: [['more', '照片']] });
    const { received } = json.data as { received: { path: string; form: Record<string, string> } };
    assert.deepEqual([json.code, received.path, received.form.more], ['0000', path, '照片']);
    assert.ok(reason);
    assert.equal(ask({ path, form: { ...form, sign: 'x' } }).json.code, '1000');
    const search = `?sequence_id=sandbox-1011-a&api_id=${ID}`;
    assert.equal(ask({ path, form, search }).json.code, '1011');
  });
});
