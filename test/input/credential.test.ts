import assert from 'node:assert/strict';
import { isWrappedCredential } from '../../src/input/credential';

const SECRET = 'a-secret-of-the-test';

describe('input: credential', () => {
  for (const wrapped of [
    ...[`"${SECRET}"`, `'${SECRET}'`, `“${SECRET}”`, `\`${SECRET}\``, '""'],
    ...[` ${SECRET}`, `${SECRET}\n`, `${SECRET}\u3000`, `\ufeff${SECRET}`, `a-secret\u200b-of-the-test`],
  ])
    it(`finds what stands round ${JSON.stringify(wrapped)}`, () => assert.ok(isWrappedCredential(wrapped)));

  for (const bare of [SECRET, 'a"b', `it's`, 'a b', 'AbC+/=', '"'])
    it(`leaves ${JSON.stringify(bare)}`, () => assert.ok(!isWrappedCredential(bare)));
});
