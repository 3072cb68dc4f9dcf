import assert from 'node:assert/strict';
import { codeTable, refusalBy } from '../../src/contract/codes';

describe('contract: codes', () => {
  const table = codeTable([
    ['1', 'INPUT', '参数错误', 'bad parameters', { charged: false }],
    ['2', 'PROVIDER', '系统错误', 'system error'],
  ]);
  const rows: [code: string, details: { charged?: boolean | null }, error: string, charged: unknown][] = [
    ['1', {}, 'INPUT', false],
    ['2', {}, 'PROVIDER', undefined],
    ['3', {}, 'PROVIDER', undefined],
    ['1', { charged: true }, 'INPUT', true],
  ];
  for (const [code, details, error, charged] of rows)
    it(`makes ${error} of ${code}, charged ${charged} where the answer says ${details.charged}`, () => {
      const refused = refusalBy(table, code, '', details);
      assert.equal(refused.code, error);
      assert.equal(refused.details.charged, charged);
    });
});
