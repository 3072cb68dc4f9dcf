import assert from 'node:assert/strict';
import {
  cloudmarketSignature,
  gatewaySignature,
  signatureHeaders,
  signedDate,
} from '../../../src/providers/tencent-market/sign';
import vectors from '../../vectors.json';

const REQUEST_ID = '0e9f1c52-6a3b-4a51-9f6e-3f6c2a7d9b10';

describe('tencent-market signatures', () => {
  for (const vector of vectors.tencentMarket) {
    const { secretId, secretKey, date, source } = vector;
    const now = Date.parse(date);

    it(`writes ${date} as it is signed`, () => assert.equal(signedDate(now + 999), date));

    it(`signs ${date} with ${secretKey} for the older gateway`, () => {
      assert.equal(gatewaySignature(secretKey, date, source), vector.gatewaySignature);
      assert.deepEqual(signatureHeaders('gateway', { secretId, secretKey, source }, now, REQUEST_ID), {
        'X-Date': date,
        'X-Source': source,
        Authorization: `hmac id="${secretId}", algorithm="hmac-sha1", headers="x-date x-source", signature="${vector.gatewaySignature}"`,
      });
    });

    it(`signs ${date} with ${secretKey} for the newer gateway`, () => {
      assert.equal(cloudmarketSignature(secretKey, date), vector.cloudmarketSignature);
      assert.deepEqual(signatureHeaders('cloudmarket', { secretId, secretKey, source }, now, REQUEST_ID), {
        'X-Date': date,
        Authorization: `{"id":"${secretId}","x-date":"${date}","signature":"${vector.cloudmarketSignature}"}`,
        'request-id': REQUEST_ID,
      });
    });
  }
});
