/**
 * The examples that AWS publishes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
 * sigv4-query-string-auth.html, of the kinds that are sent here.
 */
import assert from 'node:assert/strict';
import { presign, type Signing, signHeaders } from '../../src/photos/signature';

const SIGNING: Signing = {
  credentials: {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
  region: 'us-east-1',
  now: Date.parse('2013-05-24T00:00:00Z'),
};
const BUCKET = 'https://examplebucket.s3.amazonaws.com';

describe('photos: AWS signature 4', () => {
  it('is the published one: a photo that is put', async () => {
    const headers = {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    };
    const { authorization } = await signHeaders('PUT', new URL(`${BUCKET}/test$file.text`), headers, SIGNING);
    assert.match(
      authorization!,
      /Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd$/,
    );
  });

  it('is the published one: an address that is signed for a day', async () => {
    const signed = new URL(await presign(new URL(`${BUCKET}/test.txt`), 86_400, SIGNING));
    assert.equal(
      signed.searchParams.get('X-Amz-Signature'),
      'aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
    assert.equal(
      signed.searchParams.get('X-Amz-Credential'),
      'AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request',
    );
  });
});
