/**
 * What each code of a provider means to a flow, as docs/providers says it: a row of `codes.ts` that changes its meaning
 * without its document fails here. Words are not compared.
 */
import assert from 'node:assert/strict';
import type { CodeRow } from '../../src/contract/codes';
import { codeTables } from './code-tables';

/** Code, error or verdict (`-`: another field decides, or there is none), whether it was charged, and what else is known. */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  'linkface code': [
    '0000, -, charged: null',
    '1000, AUTH, charged: null',
    '1001, INPUT, charged: null',
    '1002, INPUT, charged: null',
    '1007, ACCOUNT, charged: null',
    '1008, ACCOUNT, charged: null',
    '1009, RATE_LIMITED, charged: null',
    '1011, ACCOUNT, charged: null',
    '9999, PROVIDER, charged: null',
  ],
  'tencent-market code': [
    '200, -, charged: null',
    '400, INPUT, charged: null',
    '404, CONFIG, charged: null',
    '500, PROVIDER, charged: null',
    '501, PROVIDER, charged: null',
    '601, ACCOUNT, charged: null',
    '602, ACCOUNT, charged: null',
    '603, ACCOUNT, charged: null',
    '604, ACCOUNT, charged: null',
    '606, RATE_LIMITED, charged: null',
    '1001, PROVIDER, charged: null',
  ],
  'tencent-market incorrect': [
    '100, -, charged: true',
    '101, failed name-id-mismatch, charged: true, identityConfirmed: false',
    '102, failed id-not-found, charged: null, identityConfirmed: false',
    '103, inconclusive invalid-data-identity-confirmed, charged: true, identityConfirmed: true',
    '104, inconclusive invalid-data, charged: false',
    '106, PROVIDER, charged: false, identityConfirmed: true',
    '107, inconclusive poor-photo, charged: false, isForPhoto: true',
    '108, inconclusive photo-too-large, charged: false, isForPhoto: true',
    '109, inconclusive no-reference-photo, charged: true, identityConfirmed: true, isForPhoto: true',
    '110, inconclusive no-face-features, charged: true, identityConfirmed: true, isForPhoto: true',
    '111, inconclusive multiple-faces, charged: true, identityConfirmed: true, isForPhoto: true',
    '112, inconclusive invalid-photo, charged: true, identityConfirmed: true, isForPhoto: true',
    '113, PROVIDER, charged: false',
  ],
  'xhey code': [
    '200, -, charged: null',
    '400, INPUT, charged: null',
    '401, AUTH, charged: null',
    '403, ACCOUNT, charged: null',
    '404, INPUT, charged: null',
    '500, PROVIDER, charged: null',
    '2001, INPUT, charged: null',
    '4002, AUTH, charged: null',
    '4007, AUTH, charged: null',
    '4008, INPUT, charged: null',
    '4009, INPUT, charged: null',
    '4010, INPUT, charged: null',
    '4011, INPUT, charged: null',
    '4012, INPUT, charged: null',
    '4013, INPUT, charged: null',
  ],
  'xhey status': [
    '0, passed authentic, charged: null',
    '1, inconclusive in-progress, charged: null',
    '-1, inconclusive low-resolution, charged: null',
    '-1001, inconclusive photo-unreadable, charged: null',
    '-1002, inconclusive provider-error, charged: null',
    '-1003, inconclusive provider-error, charged: null',
    '-2300, inconclusive provider-error, charged: null',
    '-2301, failed no-anti-fake-code, charged: null',
    '-2302, inconclusive ocr-error, charged: null',
    '-2303, inconclusive bad-anti-fake-code, charged: null',
    '-2305, failed not-watermark-camera, charged: null',
    '-2306, inconclusive photo-unreachable, charged: null',
    '-2307, inconclusive unsupported-format, charged: null',
    '-2308, inconclusive low-resolution, charged: null',
  ],
};

function meaningOf({ code, error, verdict, charged, text: _, en: _en, zh: _zh, ...more }: CodeRow): string {
  const becomes = error ?? (verdict ? `${verdict.outcome} ${verdict.reason}` : '-');
  const known = Object.entries({ charged, ...more }).map(([name, value]) => `${name}: ${value}`);
  return [code, becomes, ...known].join(', ');
}

describe('codes of the providers', () => {
  const tables = [...codeTables()].flatMap(([provider, published]) =>
    published.map(({ field, rows }) => [`${provider} ${field}`, rows] as const),
  );

  it('are all listed here', () => {
    assert.deepEqual(tables.map(([name]) => name).sort(), Object.keys(MEANINGS).sort());
  });

  for (const [name, rows] of tables)
    it(`${name}: each row means what its document says`, () => {
      assert.deepEqual(rows.map(meaningOf), MEANINGS[name]);
    });
});
