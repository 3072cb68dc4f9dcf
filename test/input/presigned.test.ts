import assert from 'node:assert/strict';
import { readPhotos } from '../../src/input/photos';
import { expiredSince, withoutSignature } from '../../src/input/presigned';
import { atOnce } from '../../src/input/slices';

const OBJECT = 'https://site-photos.example.com/2026/a%20b.jpg';
const END = Date.parse('2025-07-28T07:01:00Z');
const SECONDS = END / 1000;
const SHA256 = '0123456789abcdef'.repeat(4);

/** What each store adds, with what it keeps: by its manual; keys and signatures are made up. */
const SIGNED: readonly [store: string, query: string, kept?: string][] = [
  [
    'AWS version 4',
    `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAEXAMPLE%2F20250728%2Fcn-north-1%2Fs3%2Faws4_request&X-Amz-Date=20250728T060100Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Security-Token=t&X-Amz-Signature=${SHA256}`,
  ],
  ['AWS version 2', `AWSAccessKeyId=AKIAEXAMPLE&Expires=${SECONDS}&Signature=abcd%2B%3D`],
  [
    'OSS version 1',
    `Expires=${SECONDS}&OSSAccessKeyId=LTAIexample&Signature=abcd%2Bexample%3D&security-token=t`,
  ],
  [
    'OSS version 4, with a smaller picture',
    `x-oss-process=image%2Fresize,w_800&x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-date=20250728T060100Z&x-oss-expires=3600&x-oss-credential=LTAIexample&x-oss-additional-headers=host&x-oss-signature=${SHA256}`,
    'x-oss-process=image%2Fresize,w_800',
  ],
  [
    'COS',
    `q-sign-algorithm=sha1&q-ak=AKIDexample&q-sign-time=1753682460%3B${SECONDS}&q-key-time=1753682460;${SECONDS + 60}&q-header-list=host&q-url-param-list=&q-signature=abcd&x-cos-security-token=t&imageMogr2/thumbnail/800x`,
    'imageMogr2/thumbnail/800x',
  ],
  [
    'COS in one',
    `sign=q-sign-algorithm%3Dsha1%26q-ak%3DAKIDexample%26q-sign-time%3D1753682460%3B${SECONDS}%26q-signature%3Dabcd`,
  ],
  ['Qiniu', `attname=a.jpg&e=${SECONDS}&token=AK-example_0:abcdEFGH-_12=`, 'attname=a.jpg'],
  ['OBS', `AccessKeyId=EXAMPLE&Expires=${SECONDS}&Signature=abcd%3D&versionId=7`, 'versionId=7'],
  [
    'TOS',
    `X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Date=20250728T060100Z&X-Tos-Expires=3600&X-Tos-Signature=${SHA256}`,
  ],
  ['BOS', 'authorization=bce-auth-v1%2Fexample%2F2025-07-28T06%3A01%3A00Z%2F3600%2Fhost%2Fabcd'],
  ['Azure', 'sv=2024-11-04&se=2025-07-28T07%3A01%3A00Z&sr=b&sp=r&sig=abcd%3D'],
  ['veImageX', `lk3s=1&x-expires=${SECONDS}&x-signature=abcd%3D`, 'lk3s=1'],
  ['UPYUN', `_upt=01234567${SECONDS}`],
];

describe('input: signed addresses', () => {
  for (const [store, query, kept] of SIGNED) {
    it(`${store}: says since when one has expired`, () => {
      const address = new URL(`${OBJECT}?${query}`);
      assert.equal(expiredSince(address, END - 1), null);
      assert.equal(expiredSince(address, END), '2025-07-28T15:01:00+08:00');
    });

    it(`${store}: signed anew it is the same photo`, () => {
      const other = query
        .replaceAll(String(SECONDS), String(SECONDS + 777))
        .replaceAll('abcd', 'efgh')
        .replaceAll('0601', '0715');
      for (const each of [query, other])
        assert.equal(withoutSignature(`${OBJECT}?${each}`), kept ? `${OBJECT}?${kept}` : OBJECT);
    });
  }

  const unsigned =
    ' ? #a?b ?token=0123456789&e=1 ?token=0123456789abcdef ?e=1753686060 ?Expires=1753686060 ?sign=abcd&time=1753686060 ' +
    '?sig=abcd&v=2 ?x-oss-process=image/resize,w_800 ?id=1&id=2&=&&x';
  for (const rest of unsigned.split(' '))
    it(`takes nothing off ${rest || 'an address'}, and it never expires`, () => {
      const url = OBJECT + rest;
      assert.equal(withoutSignature(url), url);
      assert.equal(expiredSince(new URL(url), Number.MAX_SAFE_INTEGER), null);
    });

  it('takes seconds that count from when somebody signed for no date', () => {
    for (const lasting of [0, 3600, 999_999_999])
      assert.equal(
        expiredSince(new URL(`${OBJECT}?x-expires=${lasting}&x-signature=abcd`), Number.MAX_SAFE_INTEGER),
        null,
      );
  });

  it('does not know when an address of a CDN expires, and tells its photo all the same', () => {
    for (const signature of [
      'auth_key=1753686060-0-0-0123456789abcdef0123456789abcdef',
      'txSecret=0123456789abcdef&txTime=688720EC',
      'wsSecret=0123456789abcdef&wsTime=1753686060',
    ]) {
      const url = `${OBJECT}?${signature}&w=1#x`;
      assert.equal(expiredSince(new URL(url), Number.MAX_SAFE_INTEGER), null);
      assert.equal(withoutSignature(url), `${OBJECT}?w=1#x`);
    }
  });

  it('refuses one that has expired with its position and since when, but on the sandbox', () => {
    const url = `${OBJECT}?${SIGNED[2]![1]}`;
    const reading = { field: 'photos', now: END, store: null, repaired: new Set<string>() };
    const read = (environment: 'production' | 'sandbox') =>
      atOnce(readPhotos([OBJECT, url], { ...reading, environment }));
    assert.throws(() => read('production'), {
      code: 'INPUT',
      problem: 'url-expired',
      values: { position: 2, since: '2025-07-28T15:01:00+08:00' },
    });
    assert.equal(read('sandbox').length, 2);
  });
});
