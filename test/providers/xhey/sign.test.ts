import assert from 'node:assert/strict';
import { sign } from '../../../src/providers/xhey/client';
import vectors from '../../vectors.json';

describe('xhey signature', () => {
  for (const { groupKey, groupSecret, timestamp, body, signature } of vectors.xhey) {
    it(`signs ${body}`, () => {
      assert.equal(sign(groupKey, groupSecret, timestamp, body), signature);
      assert.equal(sign(groupKey, groupSecret, timestamp, Buffer.from(body)), signature);
    });
  }
});
