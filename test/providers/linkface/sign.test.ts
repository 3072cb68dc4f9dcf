import assert from 'node:assert/strict';
import { sign } from '../../../src/providers/linkface/client';
import vectors from '../../vectors.json';

describe('linkface signature', () => {
  for (const { apiId, apiSecret, timestamp, sign: expected } of vectors.linkface) {
    it(`signs for ${apiId} at ${timestamp}`, () => {
      assert.equal(sign(apiId, apiSecret, timestamp), expected);
    });
  }
});
