import assert from 'node:assert/strict';
import { readAnswer } from '../../../src/providers/tencent-market/response';
import { refusalOf } from '../../input/refusal';

const PERSON = { name: '欧阳测试', idNumber: '11010519491231002X' };
const SECRET = 'a-secret-of-the-test';

describe('tencent-market answer', () => {
  const product = { order_no: '568753443590770689', score: 0.82, incorrect: 100 };
  const readText = (text: string) => {
    const known = { person: PERSON, secrets: [SECRET] };
    return readAnswer({ status: 200, headers: {}, body: Buffer.from(text) }, { known, maxPhotoMB: null });
  };

  const read = (order: unknown, code: number) =>
    readText(JSON.stringify({ code, data: { ...product, order_no: order } }));

  it('is no verdict where success is there and does not plainly say so', () => {
    const readWith = (success: unknown) => readText(JSON.stringify({ success, code: 200, data: product }));
    for (const success of [undefined, true, 'true', ' TRUE ', 1, '1', 'yes', 'Y', 'ok', 'success', '成功'])
      assert.equal(readWith(success).score, 0.82, String(success));
    const words = ['false', '0', 'no', 'N', 'f', 'fail', 'error', '失败', ''];
    const others: unknown[] = [...words, false, 0, -1, null, {}, { toString: 0 }, [], [true]];
    for (const success of others) {
      const { code, problem, details } = refusalOf(() => readWith(success));
      const { orderNo, score } = details;
      assert.deepEqual(
        [code, problem, orderNo, score],
        ['PROTOCOL', 'answer-incomplete', product.order_no, 0.82],
        JSON.stringify(success),
      );
    }
  });

  it('is found in whatever text or list it was wrapped, and is none where there are two', () => {
    const wrapped = [
      { code: 200, data: [product] },
      { code: 200, data: JSON.stringify(product) },
      { code: 200, data: JSON.stringify(JSON.stringify(product)) },
      JSON.stringify({ code: 200, data: product }),
    ];
    for (const answer of wrapped) assert.equal(readText(JSON.stringify(answer)).orderNo, product.order_no);
    const two = JSON.stringify({ code: 200, data: [product, product] });
    assert.equal(refusalOf(() => readText(two)).code, 'PROTOCOL');
    const twice = JSON.stringify({ code: 200, data: product }).replace('"incorrect"', '"incorrect":101,$&');
    assert.equal(refusalOf(() => readText(twice)).code, 'PROTOCOL');
  });

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
