/** Each node that takes messages, new out of the palette: what it answers, and what comes to Catch. */
import assert from 'node:assert/strict';
import { closeServers, scriptedServer, taskFinished } from '../flows/scripted-server';
import { jpg } from '../input/pictures';
import { polled, taken } from '../photos/results';
import { ask, load, unload } from './load';

const PERSON = { name: '张三', idNumber: '110101199001011237', photo: jpg() };
const SANDBOX = { environment: 'sandbox' };
const SUBLIST = { path: '/v2/department/sublist', paid: false };

/** What a node answers with, where no property is changed but `own`. */
const ANSWERS: readonly [type: string, own: object, payload: unknown, outcome: string][] = [
  ['truth-create', {}, 'https://example.com/photo.jpg', 'submitted'],
  ['get-token', {}, '', 'issued'],
  ['face-compare', {}, PERSON, 'passed'],
  ['westdex-three', {}, PERSON, 'answered'],
  ['provider-request', SUBLIST, { departmentID: 1 }, 'answered'],
  ['photo-rules', { maxAge: 10 }, polled([taken({ minutesAgo: 5 })]), 'passed'],
];

const ERRORS: readonly [type: string, own: object, payload: unknown, code: string, problem: string][] = [
  ['truth-create', {}, 'photo.jpg', 'INPUT', 'not-a-url'],
  ['truth-poll', {}, 'https://example.com/photo.jpg', 'INPUT', 'task-id-is-url'],
  [
    'get-token',
    { detectionType: 'payload', detectionTypeType: 'msg' },
    'smile',
    'INPUT',
    'not-a-detection-type',
  ],
  ['face-compare', {}, { ...PERSON, idNumber: '110101199001011238' }, 'INPUT', 'id-number-check-digit'],
  ['westdex-three', {}, { ...PERSON, photo: undefined }, 'INPUT', 'photo-missing'],
  ['provider-request', SUBLIST, 1, 'INPUT', 'not-an-object'],
  ['photo-rules', { maxAge: 10 }, { operation: 'truth-create', data: {} }, 'INPUT', 'not-a-poll-result'],
  ['verify-ledger', { ledger: '' }, 'yesterday', 'INPUT', 'ledger-question'],
  ['verify-call', { wait: -1 }, 1, 'CONFIG', 'out-of-bounds'],
  ['verify-return', {}, 1, 'INPUT', 'not-a-job'],
];

describe('a new node', () => {
  afterEach(unload);
  after(closeServers);

  for (const [type, own, payload, outcome] of ANSWERS)
    it(`of type ${type} answers: ${outcome}`, async () => {
      await load(type, SANDBOX, {}, own);
      const { from, message, result } = await ask({ payload, topic: 'kept' });
      assert.deepEqual([from, message.topic, result.outcome], ['out1', 'kept', outcome]);
    });

  it('of type truth-poll reports the photo of a task', async () => {
    const { baseUrl } = await scriptedServer((_asked, response) =>
      taskFinished(response, [{ photoUrl: 'https://example.com/photo.jpg', status: 0, msg: '' }]),
    );
    const credentials = { groupKey: 'groupKey', groupSecret: 'groupSecret' };
    await load('truth-poll', { environment: 'custom', baseUrl }, credentials);
    const { from, result } = await ask({ payload: '1' });
    assert.deepEqual([from, result.outcome], ['out1', 'passed']);
  });

  it('of type verify-ledger answers of the ledger of this Node-RED', async () => {
    await load('verify-ledger', {}, {}, { ledger: '' });
    const { from, message } = await ask({ payload: { id: 'nobody-wrote-this' }, topic: 'kept' });
    assert.deepEqual([from, message.topic, message.payload], ['out1', 'kept', []]);
  });

  for (const [type, own, payload, code, problem] of ERRORS)
    it(`of type ${type} raises ${problem} at Catch`, async () => {
      await load(type, SANDBOX, {}, own);
      const { from, error } = await ask({ payload });
      assert.deepEqual([from, error.code, error.cause.problem], ['caught', code, problem]);
    });
});
