import assert from 'node:assert/strict';
import { getToken } from '../../../src/providers/linkface/get-token';
import { assertProblem } from '../../input/refusal';

const parse = (fields: Record<string, unknown>) =>
  getToken.parse({ detectionType: 'liveness', ...fields }, {}, { now: 0, environment: 'custom' });

describe('get-token, what a message may ask for', () => {
  it('is a detection type that the document has', async () => {
    for (const detectionType of ['liveness', 'silent_liveness', 'idcard_ocr', 'bankcard_ocr'])
      assert.equal((await parse({ detectionType })).detectionType, detectionType);
    for (const detectionType of ['', 'Liveness', 'face', undefined, null, 'live ness'])
      assertProblem(() => parse({ detectionType }), 'not-a-detection-type', JSON.stringify(detectionType));
  });

  it('is a detection type as channels bring it', async () => {
    for (const detectionType of [' liveness', '\ufeffliveness\n', ['liveness'], Buffer.from('liveness')]) {
      const { repaired, ...read } = await parse({ detectionType });
      assert.deepEqual([read.detectionType, repaired], ['liveness', ['detectionType']]);
    }
    assertProblem(() => parse({ detectionType: 1 }), 'text-not-text');
  });

  const sequenceIds: [unknown, string | null][] = [
    ...[undefined, null, '', '  '].map((none): [unknown, null] => [none, null]),
    [' a ', 'a'],
    ['订单 & /', '订单 & /'],
    [0, '0'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['a'.repeat(128), 'a'.repeat(128)],
    ['𠮷', '𠮷'],
  ];
  for (const [sequenceId, expected] of sequenceIds) {
    it(`sequence id ${JSON.stringify(sequenceId)}`, async () => {
      assert.equal((await parse({ sequenceId })).sequenceId, expected);
    });
  }

  const none: [unknown, string][] = [
    ...[{}, ['a', 'b'], true].map((value): [unknown, string] => [value, 'text-not-text']),
    ...[Number.NaN, Infinity, 2 ** 53].map((value): [unknown, string] => [value, 'sequence-id-inexact']),
    ['a'.repeat(129), 'text-too-long'],
    ['a\ud800b', 'text-damaged'],
    ['a\nb', 'text-control'],
  ];
  for (const [sequenceId, expected] of none) {
    it(`not the sequence id ${JSON.stringify(sequenceId)}`, () =>
      assertProblem(() => parse({ sequenceId }), expected));
  }
});
