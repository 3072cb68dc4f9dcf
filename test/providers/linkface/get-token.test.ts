import assert from 'node:assert/strict';
import { VerifyError } from '../../../src/contract/errors';
import { getToken } from '../../../src/providers/linkface/get-token';

const parse = (fields: Record<string, unknown>) =>
  getToken.parse({ detectionType: 'liveness', ...fields }, {}, { now: 0, environment: 'custom' });

function refused(fields: Record<string, unknown>): VerifyError {
  try {
    parse(fields);
  } catch (error) {
    assert.ok(error instanceof VerifyError);
    return error;
  }
  return assert.fail('It was accepted.');
}

describe('get-token, what a message may ask for', () => {
  for (const detectionType of ['liveness', 'silent_liveness', 'idcard_ocr', 'bankcard_ocr']) {
    it(`detection type ${detectionType}`, async () => {
      assert.equal((await parse({ detectionType })).detectionType, detectionType);
    });
  }

  for (const detectionType of ['', 'Liveness', ' liveness', 'face', undefined, null, 1, ['liveness'], {}]) {
    it(`not the detection type ${JSON.stringify(detectionType)}`, () => {
      const { code, problem: reason } = refused({ detectionType });
      assert.deepEqual([code, reason], ['INPUT', 'not-a-detection-type']);
    });
  }

  const sequenceIds: [unknown, string | null][] = [
    [undefined, null],
    [null, null],
    ['', null],
    ['  ', null],
    ['a', 'a'],
    [' a ', 'a'],
    ['订单 & /', '订单 & /'],
    [0, '0'],
    [20250728, '20250728'],
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
    ...[{}, [], ['a', 'b'], true, false].map((value): [unknown, string] => [value, 'text-not-text']),
    ...[Number.NaN, Infinity, 2 ** 53].map((value): [unknown, string] => [value, 'sequence-id-inexact']),
    ['a'.repeat(129), 'text-too-long'],
    ['a\ud800b', 'text-damaged'],
    ['a\nb', 'text-control'],
  ];
  for (const [sequenceId, expected] of none) {
    it(`not the sequence id ${JSON.stringify(sequenceId)}`, () => {
      const { code, problem } = refused({ sequenceId });
      assert.deepEqual([code, problem], ['INPUT', expected]);
    });
  }
});
