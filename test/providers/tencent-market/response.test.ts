import assert from 'node:assert/strict';
import { readAnswer } from '../../../src/providers/tencent-market/response';
import { refusalOf } from '../../input/refusal';

const PERSON = { name: '欧阳测试', idNumber: '11010519491231002X' };
const SECRET = 'a-secret-of-the-test';

describe('tencent-market answer', () => {
  const read = (order: unknown, code: number) => {
    const text = JSON.stringify({ code, data: { order_no: order, score: 0.82, incorrect: 100 } });
    const known = { person: PERSON, secrets: [SECRET] };
    return readAnswer({ status: 200, headers: {}, body: Buffer.from(text) }, { known, maxPhotoMB: null });
  };

  const orders: [unknown, string | null][] = [
    ['568753443590770689', '568753443590770689'],
    [9_007_199_254_740_991, '9007199254740991'],
    [PERSON.idNumber, null],
    [`1-${PERSON.idNumber.toLowerCase()}`, null],
    [PERSON.name, null],
    [SECRET, null],
    ['', null],
    [{}, null],
  ];
  for (const [order, expected] of orders)
    it(`order_no ${JSON.stringify(order)} is ${expected}, in a success and in an error`, () => {
      assert.equal(read(order, 200).orderNo, expected);
      assert.equal(refusalOf(() => read(order, 400)).details.orderNo, expected);
    });
});
