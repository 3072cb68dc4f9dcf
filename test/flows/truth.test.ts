import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import { errorOf } from './five-actions';
import {
  actionFlow,
  ask,
  deploy,
  got,
  installedTypes,
  send,
  settledStatus,
  startRuntime,
  until,
} from './runtime';

const SANDBOX = { environment: 'sandbox' };
const PASSES = 'https://example.com/passes.jpg';
const photoUrl = (special: string | number) => `https://example.com/sandbox/${special}/a.jpg`;

// biome-ignore lint/suspicious/noExplicitAny: a test looks into results of every shape
const payload = (message: unknown) => (message as { payload: Result<any> }).payload;

/** truth-create wired to truth-poll, as in every flow. */
function createAndPoll(poll: object = {}, create: object = {}, account: object = SANDBOX) {
  const nodes = actionFlow({ type: 'truth-poll', interval: 0.05, ...poll }, { ...account });
  const at = { z: 'tab', x: 100, y: 100 };
  return [
    ...nodes,
    { id: 'create', type: 'truth-create', account: 'account', ...at, wires: [['action']], ...create },
  ];
}

async function verify(photoUrls: unknown): Promise<Result> {
  const before = got('out1').length;
  send('create', { payload: photoUrls });
  await until(() => got('out1').length > before);
  return payload(got('out1').at(-1));
}

describe('photos on the sandbox, in a real Node-RED', () => {
  before(() => startRuntime());

  it('loads every node of the package', async () => {
    const manifest = JSON.parse(readFileSync(join(__dirname, '../../../package.json'), 'utf8'));
    assert.deepEqual((await installedTypes()).sort(), Object.keys(manifest['node-red'].nodes).sort());
  });

  describe('truth-create', () => {
    it('gives one clear message back, and it is the one that came in', async () => {
      await deploy(actionFlow({ type: 'truth-create' }, SANDBOX));
      const message = { payload: PASSES, topic: 'site 7', kept: { whatever: 1 } };
      const { out1, out2, caught, completed } = await ask(message);
      assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [1, 0, 0, 1]);
      assert.equal(out1[0], message);
      assert.deepEqual([message.topic, message.kept], ['site 7', { whatever: 1 }]);
      const { timing, data, ledger, ...rest } = payload(message);
      assert.deepEqual(rest, {
        provider: 'xhey',
        operation: 'truth-create',
        environment: 'sandbox',
        outcome: 'submitted',
        reason: null,
        code: '200',
        message: 'success',
        requestId: null,
        charged: null,
        reused: null,
      });
      assert.match(ledger!, /^20\d{6}-\d{6}-/);
      const [taskId] = data.taskIds;
      assert.match(taskId, /^\d{19}$/);
      assert.deepEqual(data, {
        taskIds: [taskId],
        tasks: [{ taskId, photoUrls: [PASSES] }],
        photoCount: 1,
        providerTime: data.providerTime,
        repaired: [],
      });
      assert.equal(new Date(data.providerTime).toISOString(), data.providerTime);
      assert.equal(new Date(timing.startedAt).toISOString(), timing.startedAt);
      assert.ok(timing.durationMs >= 0);
      assert.equal(timing.attempts, 1);
      assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox submitted' });
    });

    it('submits batch by batch', async () => {
      await deploy(actionFlow({ type: 'truth-create', batchSize: '4', includeRaw: true }, SANDBOX));
      const urls = Array.from({ length: 10 }, (_, index) => `https://example.com/${index}.jpg`);
      const { out1 } = await ask({ payload: urls });
      const { data, timing, raw } = payload(out1[0]);
      assert.deepEqual(
        data.tasks.map(({ photoUrls }: { photoUrls: string[] }) => photoUrls),
        [urls.slice(0, 4), urls.slice(4, 8), urls.slice(8)],
      );
      assert.equal(data.photoCount, 10);
      assert.equal(timing.attempts, 3);
      assert.equal(new Set(data.taskIds).size, 3);
      assert.equal((raw as unknown[]).length, 3);
    });

    it('finds out before anything is sent that a message cannot hold the result', async () => {
      const readOnly = Object.defineProperty({ _msgid: '2' }, 'payload', { value: PASSES, enumerable: true });
      for (const [output, message] of [
        ['payload', Object.freeze({ _msgid: '1', payload: PASSES })],
        ['payload', readOnly],
        ['payload', Object.defineProperty({ _msgid: '3' }, 'payload', { get: () => PASSES })],
        ['topic.result', { payload: PASSES, topic: 'a string' }],
        ['a["b"].c', { payload: PASSES, a: Object.freeze({ b: Object.freeze({}) }) }],
        ['a[msg.part].c', { payload: PASSES, part: '__proto__', a: {} }],
        ['result', Object.preventExtensions({ _msgid: '4', payload: PASSES })],
      ] as [string, Message][]) {
        await deploy(actionFlow({ type: 'truth-create', output }, SANDBOX));
        send('action', message);
        await until(() => got('caught').length === 1);
        const { code, cause } = got('caught')[0]!.error as { code: string; cause: Cause };
        assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', 'message-read-only', false], output);
        assert.equal(got('out1').length, 0);
      }
    });

    it('a message that throws while it is read is one INPUT error', async () => {
      await deploy(actionFlow({ type: 'truth-create' }, SANDBOX));
      let reads = 0;
      const payload = {
        get photoUrls() {
          // Catch gets a copy, which Node-RED has to be able to make.
          if (++reads === 1) throw new Error('a getter of another node');
          return [];
        },
      };
      const { code, cause } = await errorOf({ payload });
      assert.deepEqual([code, cause.problem, cause.charged], ['INPUT', 'message-unreadable', false]);
    });

    it('puts the result wherever `output` leads, and leaves the payload alone', async () => {
      for (const output of ['verified.photos', 'list[0].result', 'topic', 'a["b c"]', 'a[msg.topic]']) {
        await deploy(actionFlow({ type: 'truth-create', output }, SANDBOX));
        const { out1 } = await ask({ payload: PASSES, topic: 'x', list: [{}] });
        const [message] = out1 as [Message];
        assert.equal(message.payload, PASSES, output);
        assert.match(JSON.stringify(message), /"outcome":"submitted"/, output);
      }
    });
  });

  it('has the outcome and the reason of every status of a photo', async () => {
    const rows = [
      [0, 'passed', 'authentic'],
      [-1, 'inconclusive', 'low-resolution'],
      [-1001, 'inconclusive', 'photo-unreadable'],
      [-1002, 'inconclusive', 'provider-error'],
      [-1003, 'inconclusive', 'provider-error'],
      [-2300, 'inconclusive', 'provider-error'],
      [-2301, 'failed', 'no-anti-fake-code'],
      [-2302, 'inconclusive', 'ocr-error'],
      [-2303, 'inconclusive', 'bad-anti-fake-code'],
      [-2305, 'failed', 'not-watermark-camera'],
      [-2306, 'inconclusive', 'photo-unreachable'],
      [-2307, 'inconclusive', 'unsupported-format'],
      [-2308, 'inconclusive', 'low-resolution'],
      [-9999, 'inconclusive', 'unknown-status'],
      ['revoked', 'inconclusive', 'revoked'],
    ] as const;
    await deploy(createAndPoll({}, { batchSize: 1 }));
    const { photos, summary } = payload({
      payload: await verify(rows.map(([status]) => photoUrl(status))),
    }).data;
    assert.deepEqual(
      photos.map(({ status, outcome, reason }: Record<string, unknown>) => [
        status ?? 'revoked',
        outcome,
        reason,
      ]),
      rows,
    );
    assert.deepEqual(summary, { total: 15, passed: 1, failed: 2, inconclusive: 12 });
  });

  describe('truth-poll', () => {
    it('reports the photos in the order they were submitted', async () => {
      await deploy(createAndPoll({}, { batchSize: 2 }));
      const urls = [PASSES, photoUrl(-2305), photoUrl('slow-3'), photoUrl(-1)];
      const result = await verify(urls);
      assert.deepEqual(
        [result.outcome, result.reason, result.code, result.message],
        ['failed', null, '200', 'success'],
      );
      const { photos, summary, taskIds, tasks } = payload({ payload: result }).data;
      assert.deepEqual(
        photos.map(({ url }: { url: string }) => url),
        urls,
      );
      assert.deepEqual(summary, { total: 4, passed: 2, failed: 1, inconclusive: 1 });
      assert.deepEqual(
        taskIds,
        tasks.map(({ taskId }: { taskId: string }) => taskId),
      );
      assert.deepEqual(Object.keys(photos[0]).sort(), [
        ...['address', 'antiFakeCode', 'location', 'matchedBy', 'message', 'outcome', 'reason', 'status'],
        ...['takenAt', 'takenAtText', 'taskId', 'url'],
      ]);
      assert.equal(photos[0].takenAt, '2025-07-28T15:01:00+08:00');
      assert.equal(result.timing.attempts, 4);
      assert.equal('raw' in result, false);
    });

    it('in mode wait gives up after `timeout` on output 2', async () => {
      await deploy(createAndPoll({ timeout: 2 }));
      send('create', { payload: [PASSES, photoUrl('slow-9999')] });
      await until(() => got('out2').length === 1);
      const { outcome, data, timing } = payload(got('out2')[0]);
      assert.equal(outcome, 'unfinished');
      assert.equal(data.taskIds.length, 1);
      assert.equal('lastError' in data, false);
      assert.ok(timing.attempts > 1 && timing.durationMs >= 1_990, JSON.stringify(timing));
      assert.equal(got('out1').length, 0);
      assert.deepEqual(await settledStatus(), { fill: 'yellow', shape: 'dot', text: 'sandbox unfinished' });
    });

    it('split sends one message a photo that Join puts together again', async () => {
      const join = { id: 'join', type: 'join', z: 'tab', x: 1, y: 1, mode: 'auto', wires: [['joined']] };
      const joined = { id: 'joined', type: 'debug', z: 'tab', x: 1, y: 1, active: false, wires: [] };
      const nodes = createAndPoll({ split: true });
      nodes.find(({ id }) => id === 'action')!.wires = [['out1', 'join'], ['out2']];
      await deploy([...nodes, join, joined]);
      send('create', { payload: [PASSES, photoUrl(-2305)], parts: { id: 'outer', index: 0, count: 1 } });
      await until(() => got('joined').length === 1);
      const [first, second] = got('out1') as unknown as {
        payload: Result<{ photos: Result[]; whole: object }>;
        parts: Record<string, unknown>;
      }[];
      assert.equal(got('out1').length, 2);
      assert.deepEqual([first!.payload.outcome, second!.payload.outcome], ['passed', 'failed']);
      assert.deepEqual(
        [first!.payload.reason, second!.payload.reason],
        ['authentic', 'not-watermark-camera'],
      );
      assert.deepEqual([first!.payload.data.photos.length, second!.payload.data.photos.length], [1, 1]);
      const summary = { total: 2, passed: 1, failed: 1, inconclusive: 0 };
      assert.deepEqual(first!.payload.data.whole, { outcome: 'failed', reason: null, summary });
      const { id } = first!.parts;
      const outer = { id: 'outer', index: 0, count: 1 };
      assert.deepEqual(first!.parts, { id, index: 0, count: 2, type: 'array', parts: outer });
      assert.deepEqual(second!.parts, { id, index: 1, count: 2, type: 'array', parts: outer });
      assert.equal((got('joined')[0]!.payload as unknown[]).length, 2);
    });

    it('shows that it waits', async () => {
      await deploy(createAndPoll({ resume: false }));
      send('create', { payload: photoUrl('slow-9999') });
      assert.deepEqual(await settledStatus(), { fill: 'yellow', shape: 'dot', text: 'sandbox waiting 1' });
    });
  });
});
