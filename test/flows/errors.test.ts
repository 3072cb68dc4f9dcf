/** What becomes of a call that gave no result, at the example of xhey's two actions: docs/contract.md, "Errors". */
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import type { Cause, ErrorCode } from '../../src/contract/errors';
import type { PollData } from '../../src/providers/xhey/report';
import { errorOf, FIVE, flowOf, type Raised, resultOf } from './five-actions';
import {
  accountAt,
  actionFlow,
  ask,
  deploy,
  got,
  logs,
  nodeRedWithProvider,
  seen,
  send,
  settledStatus,
  until,
} from './runtime';
import { json, taskCreated, taskFinished } from './scripted-server';

const PHOTO = 'https://example.com/photo-of-somebody.jpg';
const TASK = '1916812048797622272';

/** Node-RED's level of warnings. */
const WARN = 30;

type Answer = (response: ServerResponse) => unknown;

const html = (status: number, headers = {}): Answer => {
  return (response) => response.writeHead(status, headers).end('<html>sorry</html>');
};
const refusal = (code: number, msg: string): Answer => {
  return (response) => json(response, { code, msg, data: null });
};
const reset: Answer = (response) => response.socket!.resetAndDestroy();

describe('errors, in a real Node-RED', () => {
  const server = nodeRedWithProvider((_request, response) => taskCreated(response));
  const deployed = (action: Record<string, unknown> & { type: string }, account: object = {}) =>
    deploy(actionFlow(action, accountAt(server.baseUrl, account)));
  const raised = (payload: unknown): Promise<Raised> => errorOf({ payload });

  // docs/providers/xhey.md, the table of codes; 7777 is in no table.
  const codes: [providerCode: number, code: ErrorCode, httpStatus?: number][] = [
    [400, 'INPUT'],
    [400, 'INPUT', 500],
    [401, 'AUTH'],
    [403, 'ACCOUNT'],
    [404, 'INPUT'],
    [500, 'PROVIDER'],
    [2001, 'INPUT'],
    [4002, 'AUTH'],
    [4007, 'AUTH'],
    [4008, 'INPUT'],
    [4009, 'INPUT'],
    [4010, 'INPUT'],
    [4011, 'INPUT'],
    [4012, 'INPUT'],
    [4013, 'INPUT'],
    [7777, 'PROVIDER'],
  ];
  for (const [providerCode, code, httpStatus = 200] of codes) {
    it(`code ${providerCode} under HTTP ${httpStatus} is ${code}`, async () => {
      await deployed({ type: 'truth-create' });
      server.script = (_request, response) =>
        json(response, { code: providerCode, msg: `words, see ${PHOTO}`, data: null }, httpStatus);
      const { cause, code: raisedCode } = await raised(PHOTO);
      assert.deepEqual([raisedCode, cause.providerCode], [code, String(providerCode)]);
      assert.deepEqual([cause.httpStatus, cause.providerMessage], [httpStatus, 'words, see …']);
      // Nobody says whether a create that failed at the provider was charged; what it refused was not processed.
      assert.deepEqual([cause.retryable, cause.charged], [false, code === 'PROVIDER' ? null : false]);
      assert.equal(server.requests.length, 1);
    });
  }

  // A node asks as it does by default, but sooner.
  const waits = { mode: 'wait', interval: 0.05, maxInterval: 0.05 };
  for (const five of FIVE)
    it(`503 twice, then an answer: ${five.type} gets it where the ledger has no call, else ends with the first`, async () => {
      await deploy(flowOf(five, server.baseUrl, {}, five.type === 'truth-poll' ? waits : {}));
      const answers: Answer = (response) => json(response, five.success());
      server.script = (_request, response) => answers(response);
      const { ledger } = await resultOf({ payload: five.payload });
      const before = server.requests.length;
      server.script = (_request, response) =>
        (server.requests.length - before < 3 ? html(503) : answers)(response);
      if (ledger === null) {
        const { timing } = await resultOf({ payload: five.payload });
        assert.deepEqual([timing.attempts, server.requests.length - before], [3, 3]);
      } else {
        const { code, cause } = await raised(five.payload);
        assert.deepEqual([code, cause.attempts, server.requests.length - before], ['PROVIDER', 1, 1]);
      }
    });

  describe('a truth-create that got no result', () => {
    const faults: [string, Answer, ErrorCode][] = [
      ['a page', html(200), 'PROTOCOL'],
      ['a redirect', html(302, { Location: '/elsewhere' }), 'PROTOCOL'],
      ['success without a task', (response) => json(response, { code: 200, data: [] }), 'PROTOCOL'],
      ['401', html(401), 'AUTH'],
      ['403', html(403), 'ACCOUNT'],
      ['429', html(429), 'RATE_LIMITED'],
      ['502', html(502), 'PROVIDER'],
      ['half an answer', (response) => response.writeHead(200).write('{'), 'TIMEOUT'],
      ['a reset', reset, 'NETWORK'],
    ];
    for (const [name, answer, code] of faults) {
      it(`but ${name} is ${code}, sent once, and says whether it may have been submitted`, async () => {
        await deployed({ type: 'truth-create' }, code === 'TIMEOUT' ? { timeout: 2 } : {});
        server.script = (_request, response) => answer(response);
        const { cause, code: raisedCode } = await raised(PHOTO);
        const isRefusal = ['AUTH', 'ACCOUNT', 'RATE_LIMITED'].includes(code);
        assert.deepEqual(
          [raisedCode, cause.retryable, cause.charged],
          [code, code === 'RATE_LIMITED', isRefusal ? false : null],
        );
        const lists = [cause.submitted, cause.notSubmitted, cause.uncertain];
        assert.deepEqual(lists, isRefusal ? [[], [PHOTO], []] : [[], [], [PHOTO]]);
        // Whatever was wrong with an answer, there was one.
        if (code === 'PROTOCOL') assert.notEqual(cause.httpStatus, null);
        assert.equal(server.requests.length, 1);
        assert.deepEqual(await settledStatus(), { fill: 'red', shape: 'ring', text: code });
      });
    }

    it('as no server is there is NETWORK, tried three times, certainly not charged', async () => {
      await deployed({ type: 'truth-create' });
      await server.close();
      const { code, cause } = await raised(PHOTO);
      assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['NETWORK', true, false, 3]);
      assert.deepEqual([cause.notSubmitted, cause.uncertain], [[PHOTO], []]);
    });

    const urls = ['a', 'b', 'c', 'd', 'e'].map((name) => `https://example.com/${name}.jpg`);
    for (const [name, answer, code, uncertain] of [
      ['is reset', reset, 'NETWORK', urls.slice(2, 4)],
      ['is refused', refusal(400, 'param error'), 'INPUT', []],
      ['is rate limited', html(429), 'RATE_LIMITED', []],
    ] as const) {
      it(`of its second batch, as that ${name}, says what was submitted, what was not, and what may have been`, async () => {
        await deployed({ type: 'truth-create', batchSize: 2 });
        server.script = (_request, response, count) =>
          count === 2 ? answer(response) : taskCreated(response);
        const { cause, code: raisedCode, message } = await raised(urls);
        const [{ taskId, photoUrls } = assert.fail()] = cause.submitted!;
        assert.deepEqual([raisedCode, photoUrls], [code, urls.slice(0, 2)]);
        assert.match(taskId, /^\d{19}$/);
        assert.deepEqual(cause.uncertain, uncertain);
        assert.deepEqual(cause.notSubmitted, urls.slice(2 + uncertain.length));
        // Sending the whole message again would pay for the first batch twice.
        assert.match(message, /submitted before that: 2; .*cause\.notSubmitted \(\d\) again: /);
        assert.equal(/cause\.uncertain \(2\)/.test(message), uncertain.length > 0);
        assert.doesNotMatch(message, /Nothing was sent|send the message again/i);
        // What is to be put right before that is said, too.
        assert.equal(message.includes('Correct the values in the message'), code === 'INPUT');
        assert.deepEqual([cause.retryable, cause.charged, server.requests.length], [false, null, 2]);
      });
    }
  });

  describe('truth-poll', () => {
    it('ends early on INPUT, with the task ids', async () => {
      await deployed({ type: 'truth-poll', interval: 0.05 });
      server.script = (_request, response) => refusal(400, 'param error')(response);
      const { code, cause } = await raised([TASK, '2']);
      assert.deepEqual([code, cause.taskIds, cause.retryable], ['INPUT', [TASK, '2'], false]);
    });

    it('in mode once raises what happened', async () => {
      await deployed({ type: 'truth-poll', mode: 'once' });
      server.script = (_request, response) => reset(response);
      const { code, cause } = await raised(TASK);
      assert.deepEqual([code, cause.taskIds], ['NETWORK', [TASK]]);
      assert.deepEqual([cause.retryable, cause.charged], [true, null]);
    });

    it('survives whatever else comes until the task is finished', async () => {
      await deployed({ type: 'truth-poll', interval: 0.05, maxInterval: 0.05 }, { timeout: 2 });
      const failures: Answer[] = [
        reset,
        html(500),
        html(200),
        () => {},
        refusal(4007, 'group key or secret not right'),
        refusal(200, 'success'),
        html(429),
        (response) => json(response, { code: 404, msg: 'not found', data: null }, 404),
        (response) => json(response, { code: 200, data: { taskStatus: 42, list: [] } }),
      ];
      server.script = (_request, response, count) =>
        (failures[count - 1] ?? ((last) => taskFinished(last, [{ photoUrl: PHOTO, status: 0 }])))(response);
      const { outcome, timing, data } = await resultOf<PollData>({ payload: TASK });
      assert.deepEqual([outcome, timing.attempts], ['passed', failures.length + 1]);
      assert.ok(!('lastError' in data));
    });

    it('gives up on output 2 with the last error', async () => {
      await deployed({ type: 'truth-poll', interval: 0.05, timeout: 5 });
      server.script = (_request, response) => refusal(401, 'verify error')(response);
      const end = ask({ payload: TASK });
      await until(() => seen.statuses.some(({ status }) => status.fill === 'red' && status.text === 'AUTH'));
      const { out2, caught } = await end;
      const { outcome, data } = out2[0]!.payload as {
        outcome: string;
        data: PollData & { lastError: Cause };
      };
      assert.deepEqual([outcome, data.taskIds, caught.length], ['unfinished', [TASK], 0]);
      assert.equal(data.lastError.providerCode, '401');
    });

    it('warns once of an error that many tasks share, and once of a task status nobody documents', async () => {
      await deployed({ type: 'truth-poll', interval: 0.05, maxInterval: 0.05 });
      const answers = new Map<string, number>();
      server.script = ({ body }, response) => {
        const count = (answers.get(body) ?? 0) + 1;
        answers.set(body, count);
        if (count < 4) response.writeHead(500).end();
        else if (count < 8) json(response, { code: 200, msg: 'success', taskStatus: 42, list: [] });
        else taskFinished(response);
      };
      const warnings = logs.filter(({ level }) => level === WARN).length;
      for (const id of ['1', '2', '3']) send('action', { payload: [id, `${id}0`] });
      await until(() => got('out1').length === 3);
      assert.equal(logs.filter(({ level }) => level === WARN).length - warnings, 2);
    });
  });
});
