/**
 * The examples that AWS publishes: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and
 * sigv4-query-string-auth.html; without the one that signs a `Range`, which nothing here sends.
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
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('photos: AWS signature 4', () => {
  const published: [string, string, string, Record<string, string>, string][] = [
    [
      'PUT of an object',
      'PUT',
      '/test$file.text',
      {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      },
      '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
    ],
    [
      'GET of the life cycle',
      'GET',
      '/?lifecycle',
      { 'x-amz-content-sha256': EMPTY },
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET of a list',
      'GET',
      '/?max-keys=2&prefix=J',
      { 'x-amz-content-sha256': EMPTY },
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ];
  for (const [name, method, path, headers, signature] of published) {
    it(`is the published one: ${name}`, async () => {
      const signed = await signHeaders(method, new URL(BUCKET + path), headers, SIGNING);
      assert.match(signed.authorization!, new RegExp(`Signature=${signature}$`));
    });
  }

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
