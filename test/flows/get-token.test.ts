/** What docs/providers/linkface.md says, through a real Node-RED; its requests and answers are tested in test/providers. */
import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import { errorOf, resultOf } from './five-actions';
import {
  accountAt,
  actionFlow,
  deploy,
  got,
  logs,
  nodeRedWithProvider,
  seen,
  send,
  settledStatus,
  until,
} from './runtime';
import { json } from './scripted-server';

const CREDENTIALS = { apiId: 'sandbox-api-id', apiSecret: 'sandbox-api-secret' };
const MINUTES = 60_000;
const ISSUED = { request_id: 'TID7', code: '0000', msg: '调用成功', data: { token: 'a-token' }, charge: 2 };

interface Token {
  [name: string]: unknown;
  token: string;
  expiresAt: string;
  sequenceId: string;
  detectionType: string;
}

describe('get-token, in a real Node-RED', () => {
  const server = nodeRedWithProvider((_request, response) => json(response, ISSUED));
  const deployed = (account: Record<string, unknown>, action: object = {}) =>
    deploy(
      actionFlow(
        { type: 'get-token', sequenceId: 'sequenceId', sequenceIdType: 'msg', ...action },
        { type: 'linkface-account', ...account },
      ),
    );
  const onSandbox = (account: object = {}, action: object = {}) =>
    deployed({ environment: 'sandbox', ...account }, action);
  const custom = (account: object = {}) =>
    deployed(accountAt(server.baseUrl, { type: 'linkface-account', credentials: CREDENTIALS, ...account }));
  const issued = (sequenceId?: unknown): Promise<Result<Token>> => resultOf<Token>({ sequenceId });
  const raised = (sequenceId?: unknown) => errorOf({ sequenceId });

  it('gives one clear message, and it is the one that came in', async () => {
    await onSandbox({}, { sequenceId: '', sequenceIdType: 'str' });
    const message = { payload: 1, topic: 'app 7', kept: { whatever: 1 } };
    const { data, timing, requestId, ...rest } = await resultOf<Token>(message);
    assert.deepEqual([message.topic, message.kept], ['app 7', { whatever: 1 }]);
    assert.deepEqual(rest, {
      provider: 'linkface',
      operation: 'get-token',
      environment: 'sandbox',
      outcome: 'issued',
      reason: null,
      code: '0000',
      message: '调用成功',
      charged: false,
      ledger: null,
      reused: null,
    });
    assert.match(requestId!, /^TID/);
    assert.deepEqual(Object.keys(data), ['token', 'expiresAt', 'sequenceId', 'detectionType', 'repaired']);
    assert.match(data.token, /^sandbox-/);
    assert.deepEqual([data.detectionType, timing.attempts], ['liveness', 1]);
    assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox issued' });
  });

  for (const timestampUnit of ['ms', 's']) {
    it(`is let in with any detection type and serial number, and the time in ${timestampUnit}`, async () => {
      for (const detectionType of ['liveness', 'silent_liveness', 'idcard_ocr', 'bankcard_ocr']) {
        await onSandbox({ timestampUnit }, { detectionType });
        const { data } = await issued('订单 2025 & 7/8?=#%+');
        assert.deepEqual([data.detectionType, data.sequenceId], [detectionType, '订单 2025 & 7/8?=#%+']);
      }
    });
  }

  it('has 64 random characters as serial number where a message brings none, other ones each time', async () => {
    await custom();
    const given = [];
    for (const none of [undefined, '']) given.push((await issued(none)).data.sequenceId);
    const sent = server.requests.map(({ url }) =>
      new URL(url, server.baseUrl).searchParams.get('sequence_id'),
    );
    assert.deepEqual(given, sent);
    for (const sequenceId of given) assert.match(sequenceId, /^[0-9a-f]{64}$/);
    assert.notEqual(given[0], given[1]);
  });

  it('says of its charge what the provider says, in an error too', async () => {
    await custom();
    server.script = (_request, response, count) =>
      json(response, { ...ISSUED, code: count === 1 ? '0000' : '1002', charge: 1 });
    const { charged, requestId } = await issued();
    assert.deepEqual([charged, requestId], [true, 'TID7']);
    const { code, cause } = await raised();
    assert.deepEqual([code, cause.charged, cause.requestId], ['INPUT', true, 'TID7']);
  });

  // docs/providers/linkface.md, the table of codes; 4711 is in no table.
  for (const [providerCode, code, retryable, attempts] of [
    ['1000', 'AUTH', false, 1],
    ['1001', 'INPUT', false, 1],
    ['1002', 'INPUT', false, 1],
    ['1007', 'ACCOUNT', false, 1],
    ['1008', 'ACCOUNT', false, 1],
    ['1009', 'RATE_LIMITED', true, 3],
    ['1011', 'ACCOUNT', false, 1],
    ['9999', 'PROVIDER', true, 3],
    ['4711', 'PROVIDER', true, 3],
  ] as const) {
    it(`raises ${code} for ${providerCode}, after ${attempts} attempts`, async () => {
      await onSandbox();
      const error = await raised(`sandbox-${providerCode}-${'a'.repeat(8)}`);
      const { requestId, providerMessage, hint, values, ...cause } = error.cause;
      assert.deepEqual(cause, {
        provider: 'linkface',
        operation: 'get-token',
        environment: 'sandbox',
        problem: `refused.${code}`,
        orderNo: null,
        score: null,
        ledger: null,
        providerCode,
        httpStatus: 200,
        retryable,
        retryAfter: null,
        charged: false,
        attempts,
      });
      assert.match(requestId!, /^TID/);
      assert.match(String(values.words), new RegExp(`^${providerCode}`));
      assert.equal(providerMessage === '', providerCode === '4711');
      assert.ok(error.code === code && error.message.includes(providerCode) && error.message.endsWith(hint));
    });
  }

  for (const [word, code, attempts] of [
    ['sandbox-http-503', 'PROVIDER', 3],
    ['sandbox-http-404', 'CONFIG', 1],
    ['sandbox-reset', 'NETWORK', 3],
    ['sandbox-timeout', 'TIMEOUT', 3],
    ['sandbox-garbage', 'PROTOCOL', 1],
  ] as const) {
    it(`raises ${code} after ${attempts} requests that end as ${word}`, async () => {
      await onSandbox(code === 'TIMEOUT' ? { timeout: 0.5 } : {});
      const { cause, ...error } = await raised(word);
      assert.deepEqual([error.code, cause.attempts, cause.retryable], [code, attempts, attempts === 3]);
      // As of a paid call: refused, it was not processed; else nobody knows.
      assert.equal(cause.charged, code === 'CONFIG' ? false : null);
    });
  }

  it('expires 5 minutes after the request was sent that was answered, not the first one', async () => {
    await custom();
    const times: number[] = [];
    server.script = (_request, response, count) => {
      times.push(Date.now());
      if (count === 1) response.writeHead(429, { 'Retry-After': '1' }).end();
      else setTimeout(() => json(response, ISSUED), 200);
    };
    const { expiresAt } = (await issued()).data;
    assert.equal(new Date(expiresAt).toISOString(), expiresAt);
    const sentAt = Date.parse(expiresAt) - 5 * MINUTES;
    assert.ok(times[0]! < sentAt && sentAt <= times[1]!, `${sentAt} of ${times}`);
  });

  it('gives its place in the queue back, after an error too', async () => {
    await onSandbox({ maxConcurrent: 1, maxWaiting: 1 });
    await issued();
    await raised('sandbox-1002-a');
    // One goes at once and the other waits, if nothing else counts as waiting.
    for (const topic of ['first', 'second']) send('action', { topic });
    await until(() => got('completed').length + got('caught').length >= 4);
    assert.deepEqual([got('out1').length, got('caught').length], [3, 1]);
  });

  it('shows a token in no status, no log and no error', async () => {
    const token = 'a-token-nobody-else-may-see';
    const before = logs.length;
    await custom();
    server.script = (_request, response) => json(response, { ...ISSUED, data: { token } });
    assert.equal((await issued()).data.token, token);
    await settledStatus();
    server.script = (_request, response) => json(response, { ...ISSUED, code: '1011', data: { token } });
    const error = await raised();
    server.script = (_request, response) => response.end(`${token} is not JSON`);
    const unreadable = await raised();
    await settledStatus();
    assert.ok(seen.statuses.length > 2 && logs.length > before);
    assert.ok(!JSON.stringify([logs.slice(before), seen.statuses, error, unreadable]).includes(token));
  });
});
