/** xhey's half of the sandbox lets in what the provider lets in, and nothing else. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sign } from '../../../src/providers/xhey/client';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server';
import { temporaryDirectory } from '../../demo-process';
import { assertReason } from '../../sandbox/reason';

const PHOTO = 'https://example.com/a.jpg';

describe('xhey sandbox', () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox({ port: 0, file: null });
  });
  after(() => sandbox.close());

  interface Change {
    path?: string;
    method?: string;
    body?: string;
    /** Sent in place of the body that was signed. */
    sent?: string;
    ageSeconds?: number;
    headers?: Record<string, string>;
  }

  /** As the provider's own sample programs send it: without a Content-Type. */
  async function request({ path = '/v2/truth_build/create', method = 'POST', ...change }: Change = {}) {
    const { baseUrl, credentials } = sandbox.accounts.xhey!;
    const body = change.body ?? JSON.stringify({ photoUrlList: [PHOTO] });
    const Timestamp = String(Math.floor(Date.now() / 1000) - (change.ageSeconds ?? 0));
    const Signature = sign(credentials.groupKey!, credentials.groupSecret!, Timestamp, body);
    const headers = { GroupKey: credentials.groupKey!, Timestamp, Signature, ...change.headers };
    const sent = method === 'GET' ? null : new TextEncoder().encode(change.sent ?? body);
    const response = await fetch(baseUrl + path, { method, headers, body: sent });
    const text = await response.text();
    const reason = response.headers.get('x-sandbox-reason');
    const code = response.status === 200 ? JSON.parse(text).code : `HTTP ${response.status}`;
    if (code === 200) assert.equal(reason, null);
    else assertReason(reason);
    return code;
  }

  const create = (photoUrlList: unknown) => ({ body: JSON.stringify({ photoUrlList }) });
  const rows: [string, Change, number | string][] = [
    ['a request without a Content-Type', {}, 200],
    ['one with', { headers: { 'Content-Type': 'application/json; charset=utf-8' } }, 200],
    ['a clock 14 minutes slow', { ageSeconds: 840 }, 200],
    ['a clock 20 minutes slow', { ageSeconds: 1200 }, 401],
    ['a clock 20 minutes fast', { ageSeconds: -1200 }, 401],
    ['a byte changed on the way', { sent: JSON.stringify({ photoUrlList: [`${PHOTO}?`] }) }, 401],
    ['a signature of something else', { headers: { Signature: 'AAAA' } }, 401],
    ['a signature in hex', { headers: { Signature: 'ab'.repeat(32) } }, 401],
    ['a time that is none', { headers: { Timestamp: 'now' } }, 401],
    ['milliseconds', { headers: { Timestamp: String(Date.now()) } }, 401],
    ['an unknown key', { headers: { GroupKey: 'another' } }, 4007],
    ['a form', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 400],
    ['no JSON', { body: 'photoUrlList=a' }, 400],
    ['no photos', create([]), 400],
    ['ten photos', create(Array(10).fill(PHOTO)), 200],
    ['eleven photos', create(Array(11).fill(PHOTO)), 400],
    ['photos that are no addresses', create(['a.jpg']), 400],
    ['a query without a task', { path: '/v2/truth_build/query', body: '{}' }, 400],
    ['a query of a task nobody knows', { path: '/v2/truth_build/query', body: '{"taskID":"1"}' }, 404],
    ['GET', { method: 'GET' }, 'HTTP 405'],
  ];
  for (const [name, change, code] of rows) {
    it(`answers ${name} with ${code}`, async () => assert.equal(await request(change), code));
  }

  for (const [word, answer] of [
    ['sandbox-http-503', 'HTTP 503'],
    ['sandbox-query-sandbox-http-503', 200],
    ['sandbox-query-http-503', 200],
    ['sandbox-query-code-401', 200],
    ['sandbox-query-retry-after-5', 200],
    ['sandbox/code-500', 500],
    ['sandbox/code-4007', 4007],
    ['sandbox/code-4711', 4711],
    ['sandbox-retry-after-5', 'HTTP 429'],
  ] as const) {
    it(`${word} in a URL makes create answer ${answer}`, async () => {
      assert.equal(await request(create([`https://example.com/${word}/a.jpg`])), answer);
    });
  }

  it('does not know a task that another version kept, and goes on', async () => {
    const file = join(temporaryDirectory(), 'sandbox.json');
    const tasks = {
      1: { photoUrls: [PHOTO], queries: 0 },
      2: { photoUrls: [PHOTO], specials: [PHOTO] },
      3: null,
    };
    writeFileSync(file, JSON.stringify({ xhey: { created: 4, tasks } }));
    await sandbox.close();
    sandbox = await startSandbox({ port: 0, file });
    for (const taskID of ['1', '2', '3', '4'])
      assert.equal(await request({ path: '/v2/truth_build/query', body: JSON.stringify({ taskID }) }), 404);
    assert.equal(await request(), 200);
  });
});
