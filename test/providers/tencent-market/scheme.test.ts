import assert from 'node:assert/strict';
import { account } from '../../../src/providers/tencent-market/account';
import { schemeFor } from '../../../src/providers/tencent-market/sign';

describe('tencent-market: which gateway', () => {
  const rows: [string, string | null][] = [
    [new URL(account.baseUrl!).hostname, 'gateway'],
    ['service-abcdefgh-1250000000.ap-guangzhou.apigateway.myqcloud.com', 'gateway'],
    ['service-abcdefgh-1250000000.gz.apigw.tencentcs.com', 'gateway'],
    ['ap-beijing.cloudmarket-apigw.com', 'cloudmarket'],
    ['127.0.0.1', null],
    ['gateway.example.com', null],
    ['cloudmarket-apigw.com.example.com', null],
    ['notcloudmarket-apigw.com', null],
  ];
  for (const [hostname, scheme] of rows) {
    it(`${hostname} is of ${scheme ?? 'no known gateway'}`, () => {
      assert.equal(schemeFor('auto', hostname), scheme);
    });
  }

  it('a choice goes before the host', () => {
    for (const [hostname] of rows) {
      assert.equal(schemeFor('gateway', hostname), 'gateway');
      assert.equal(schemeFor('cloudmarket', hostname), 'cloudmarket');
    }
  });
});
