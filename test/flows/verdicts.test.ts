/** No verdict is guessed: docs/contract.md, "Result", truth-poll, through a real Node-RED. */
import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import type { ReportedPhoto } from '../../src/providers/xhey/photo';
import type { PollData } from '../../src/providers/xhey/report';
import {
  accountAt,
  actionFlow,
  ask,
  deploy,
  type FlowNode,
  got,
  nodeRedWithProvider,
  send,
  until,
} from './runtime';
import { json } from './scripted-server';

const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';

/** What the provider has on a task: a status, and its photos by address (null where it gives none) and status. */
interface Standing {
  taskStatus: number;
  list: readonly (readonly [string | null, number])[];
}

const finished = (...list: (readonly [string | null, number])[]): Standing => ({ taskStatus: 5, list });
const revoked: Standing = { taskStatus: 6, list: [] };
const waiting: Standing = { taskStatus: 2, list: [] };

describe('verdicts of truth-poll, in a real Node-RED', () => {
  let standings: Record<string, Standing> = {};
  const server = nodeRedWithProvider(({ body }, response) => {
    const { taskStatus, list } = standings[JSON.parse(body).taskID]!;
    const photos = list.map(([photoUrl, status]) => ({ photoUrl, status, msg: '' }));
    json(response, { code: 200, msg: 'success', data: { taskStatus, list: photos } });
  });

  const flow = (properties: object = {}) =>
    actionFlow({ type: 'truth-poll', mode: 'once', ...properties }, accountAt(server.baseUrl));
  const poll = async (payload: unknown): Promise<{ output: 1 | 2; result: Result<PollData> }> => {
    const { out1, out2, caught } = await ask({ payload });
    assert.equal(caught.length, 0, JSON.stringify(caught[0]?.error));
    assert.equal(out1.length + out2.length, 1);
    const [message] = [...out1, ...out2] as [Message];
    return { output: out1.length === 1 ? 1 : 2, result: message.payload as Result<PollData> };
  };
  const photosOf = ({ data }: Result<PollData>) =>
    data.photos.map(({ url, taskId, reason, matchedBy }: ReportedPhoto) => [url, taskId, reason, matchedBy]);
  const statusesOf = ({ data }: Result<PollData>) => data.tasks.map(({ taskId, status }) => [taskId, status]);

  beforeEach(() => deploy(flow()));

  const tasks = (...photoUrls: string[][]) =>
    photoUrls.map((urls, index) => ({ taskId: String(index + 1), photoUrls: urls }));
  const created = (...photoUrls: string[][]) => ({
    data: { taskIds: photoUrls.map((_, index) => String(index + 1)), tasks: tasks(...photoUrls) },
  });

  it('one of two tasks revoked is inconclusive, and stays so round output 2', async () => {
    standings = { 1: revoked, 2: waiting };
    const first = await poll(created([A], [B]));
    assert.equal(first.output, 2);
    assert.deepEqual(first.result.data.taskIds, ['2']);
    assert.deepEqual(statusesOf(first.result), [
      ['1', 'revoked'],
      ['2', 'waiting'],
    ]);
    standings = { 2: finished([B, 0]) };
    const last = await poll(first.result);
    assert.deepEqual([last.output, last.result.outcome, last.result.reason], [1, 'inconclusive', null]);
    assert.deepEqual(photosOf(last.result), [
      [A, '1', 'revoked', null],
      [B, '2', 'authentic', 'address'],
    ]);
    assert.deepEqual(statusesOf(last.result), [
      ['1', 'revoked'],
      ['2', 'finished'],
    ]);
    assert.deepEqual(last.result.data.taskIds, ['1', '2']);
  });

  it('the same with bare ids, which have no photos to be marked', async () => {
    standings = { 1: revoked, 2: waiting };
    const first = await poll(['1', '2']);
    standings = { 2: finished([B, 0]) };
    const { result } = await poll({ data: first.result.data });
    assert.deepEqual([result.outcome, result.data.summary.passed], ['inconclusive', 1]);
    assert.deepEqual(statusesOf(result), [
      ['1', 'revoked'],
      ['2', 'finished'],
    ]);
  });

  it('an empty list of a finished task passes nothing', async () => {
    standings = { 1: finished(), 2: finished([B, 0]) };
    assert.deepEqual((await poll('1')).result.outcome, 'inconclusive');
    assert.deepEqual((await poll(['1', '2'])).result.outcome, 'inconclusive');
  });

  it('a sequence of five hundred copies neither what came in nor the whole for each of them', async () => {
    const urls = Array.from({ length: 500 }, (_, index) => `https://p.example.com/${index}.jpg`);
    standings = { 1: finished(...urls.map((url) => [url, 0] as const)) };
    await deploy(flow({ split: true, includeRaw: true }));
    let copies = 0;
    const payload = Object.defineProperty(created(urls), 'seen', {
      enumerable: true,
      get: () => ++copies,
    });
    const { out1 } = await ask({ payload, topic: 'site 7' });
    assert.equal(out1.length, urls.length);
    assert.ok(copies <= 2, String(copies));
    const lengths = out1.map((message) => JSON.stringify(message).length);
    // The first has the provider's answer.
    assert.ok(Math.max(...lengths.slice(1)) < 3000, String(Math.max(...lengths.slice(1))));
    assert.ok(out1.every(({ topic }) => topic === 'site 7'));
    assert.deepEqual(
      out1.map(({ payload: result }) => (result as Result<PollData>).data.tasks),
      urls.map((url) => [{ taskId: '1', photoUrls: [url], status: 'finished', partial: true }]),
    );
  });

  describe('split, with a Join behind it', () => {
    const joined = async (payload: unknown): Promise<Result<PollData>[]> => {
      const at = { z: 'tab', x: 1, y: 1 };
      const nodes = flow({ split: true });
      nodes.find(({ id }) => id === 'action')!.wires = [['out1', 'join'], ['out2']];
      await deploy([
        ...nodes,
        { id: 'join', ...at, type: 'join', mode: 'auto', wires: [['joined']] },
        { id: 'joined', ...at, type: 'debug', active: false, wires: [] } as FlowNode,
      ]);
      send('action', { payload });
      await until(() => got('joined').length === 1);
      return got('joined')[0]!.payload as Result<PollData>[];
    };

    it('a photo of a task that is queried again never becomes its neighbour', async () => {
      const [one, two] = ['https://p.example.com/get?file=A', 'https://p.example.com/get?file=B'];
      standings = { 1: finished([one, -2305], [two, 0]) };
      const results = await joined(created([one, two]));
      assert.deepEqual(
        results.map(({ data }) => data.tasks),
        [one, two].map((url) => [{ taskId: '1', photoUrls: [url], status: 'finished', partial: true }]),
      );
      await deploy(flow());
      const { result: again } = await poll(structuredClone(results[1]));
      assert.deepEqual(photosOf(again), [[two, '1', 'authentic', 'address']]);
      for (const rest of [
        [one, -2305],
        ['https://p.example.com/get', -2305],
        [null, -2305],
      ] as const) {
        standings = { 1: finished(rest) };
        const { result } = await poll(structuredClone(results[1]));
        assert.deepEqual(
          [result.outcome, photosOf(result)],
          ['inconclusive', [[two, '1', 'not-reported', null]]],
        );
      }
    });

    it('the only photo of its task stays all of it', async () => {
      standings = { 1: finished(['https://p.example.com/c+d.jpg', 0]) };
      const [result] = await joined(created(['https://p.example.com/c d.jpg']));
      assert.equal(result!.data.tasks[0]!.partial, undefined);
    });
  });
});
