import assert from 'node:assert/strict';
import { readAnswer, readProduct } from '../../../src/providers/tencent-market/response';
import { refusalOf } from '../../input/refusal';

const PERSON = { name: '欧阳测试', idNumber: '11010519491231002X' };
const SECRET = 'a-secret-of-the-test';

describe('tencent-market answer', () => {
  const product = { order_no: '568753443590770689', score: 0.82, incorrect: 100 };
  const readText = (text: string) => {
    const known = { person: PERSON, secrets: [SECRET] };
    return readAnswer({ status: 200, headers: {}, body: Buffer.from(text) }, { known, maxPhotoMB: null });
  };

  const readOwnProduct = (text: string) =>
    readProduct({ status: 200, headers: {}, body: Buffer.from(text) }, { person: null, secrets: [] }, true);

  const read = (order: unknown, code: number) =>
    readText(JSON.stringify({ code, data: { ...product, order_no: order } }));

  it('is no verdict where success is there and does not plainly say so', () => {
    const readWith = (success: unknown) => readText(JSON.stringify({ success, code: 200, data: product }));
    const nothing = [undefined, null, '', ' '];
    const said = [
      true,
      'true',
      ' TRUE ',
      1,
      '1',
      'yes',
      'Y',
      'ok',
      'success',
      '成功',
      '查询成功',
      '操作成功',
    ];
    for (const success of [...nothing, ...said, 200, '200', '0000'])
      assert.equal(readWith(success).score, 0.82, String(success));
    const words = [
      'false',
      '0',
      'no',
      'N',
      'f',
      'fail',
      'error',
      '失败',
      '不成功',
      '查询失败',
      'null',
      '500',
    ];
    const others: unknown[] = [...words, false, 0, -1, 500, {}, { toString: 0 }, [], [''], [200], [true]];
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
  });

  it('is no verdict where what decides is there twice, and still says what it was paid for', () => {
    const answer = JSON.stringify({ success: true, code: 200, msg: '', data: product });
    const order = product.order_no;
    const texts: [string, string, number | null][] = [
      ['"incorrect"', '"incorrect":101,$&', 0.82],
      ['"score"', '"score":0.1,$&', null],
      ['"success"', '"success":false,$&', 0.82],
      ['"code"', '"code":603,$&', 0.82],
      ['"data"', '"data":{"order_no":"1"},$&', 0.82],
    ];
    const wrappers = [
      (text: string) => text,
      (text: string) => JSON.stringify(text),
      (text: string) => text.replace(/(?<="data":)\{"order_no":"5.*?\}/, (data) => JSON.stringify(data)),
    ];
    for (const [before, after, score] of texts)
      for (const wrap of wrappers) {
        const text = wrap(answer.replace(before, after));
        for (const [read, details] of [
          [readText, { orderNo: order, score }],
          [readOwnProduct, { orderNo: order }],
        ] as const) {
          const error = refusalOf(() => read(text));
          assert.deepEqual([error.code, error.problem], ['PROTOCOL', 'answer-incomplete'], text);
          const { requestId: _, providerCode, providerMessage, envelope, ...rest } = error.details;
          assert.deepEqual(rest, details, text);
          assert.deepEqual([providerCode, providerMessage, envelope], ['200', '', true]);
        }
      }
    const refused = answer.replace('200', '603').replace('"success"', '"success":false,$&');
    for (const read of [readText, readOwnProduct]) {
      const { code, details } = refusalOf(() => read(refused));
      assert.deepEqual([code, details.orderNo], ['ACCOUNT', order], 'a refusal decides by its code alone');
    }
    const harmless: [string, string][] = [
      ['"order_no":', '"order_no":1,$&'],
      ['"order_no":', `"order_no":${order},$&`],
      ['"msg"', '"msg":"成功",$&'],
      ['"score"', '"score":"0.82",$&'],
      ['"code"', '"code":"200",$&'],
    ];
    for (const [before, after] of harmless)
      for (const wrap of wrappers) {
        const { score, orderNo } = readText(wrap(answer.replace(before, after)));
        assert.deepEqual([score, orderNo], [0.82, order], after);
      }
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
