import assert from 'node:assert/strict';
import { readIssued } from '../../../src/providers/linkface/response';
import { refusalOf } from '../../input/refusal';

const SECRETS = ['an-id-of-the-test', 'a-secret-of-the-test'];

const read = (value: unknown, status = 200) => {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return readIssued({ status, headers: {}, body: Buffer.from(text) }, { person: null, secrets: SECRETS });
};

const SUCCESS = { request_id: 'TID1', code: '0000', msg: '调用成功', data: { token: 'a-token' }, charge: 2 };

const refused = (...given: Parameters<typeof read>) => refusalOf(() => read(...given));

describe('linkface answer', () => {
  it('gives the token and what stands beside it', () => {
    const { raw, ...rest } = read(SUCCESS);
    assert.deepEqual(rest, {
      code: '0000',
      message: '调用成功',
      requestId: 'TID1',
      charged: false,
      token: 'a-token',
    });
    assert.deepEqual(raw, SUCCESS);
  });

  const charges: [unknown, boolean | null][] = [
    [1, true],
    ['1', true],
    [2, false],
    ['2', false],
    [0, null],
    [3, null],
    [null, null],
    [undefined, null],
    [true, null],
    // String() of it would throw.
    [{ toString: 0 }, null],
  ];
  for (const [charge, expected] of charges) {
    it(`charge ${JSON.stringify(charge)} is ${expected}, in a success and in an error`, () => {
      assert.equal(read({ ...SUCCESS, charge }).charged, expected);
      assert.equal(refused({ code: '1009', msg: 'x', charge }).details.charged, expected);
      assert.equal(refused({ ...SUCCESS, charge, data: {} }).details.charged, expected);
    });
  }

  const ids: [unknown, string | null][] = [
    ['TID9', 'TID9'],
    [12, '12'],
    ['', null],
    [undefined, null],
    [{}, null],
  ];
  for (const [id, expected] of ids) {
    it(`request_id ${JSON.stringify(id)} is ${expected}, in a success and in an error`, () => {
      assert.equal(read({ ...SUCCESS, request_id: id }).requestId, expected);
      assert.equal(refused({ code: '1000', msg: 'x', request_id: id }).details.requestId, expected);
    });
  }

  it('gives no token where what decides is there twice, and still says what is known', () => {
    const text = JSON.stringify(SUCCESS);
    for (const twice of ['"code":"1009"', '"data":{}', '"token":"another"']) {
      const { code, details } = refused(text.replace(twice.split(':')[0]!, `${twice},$&`));
      assert.deepEqual([code, details.requestId, details.charged], ['PROTOCOL', 'TID1', false], twice);
    }
    for (const twice of ['"msg":"ok"', '"request_id":1'])
      assert.equal(read(text.replace(twice.split(':')[0]!, `${twice},$&`)).token, 'a-token', twice);
  });

  it('with HTTP 413 says nothing of the size of a request that has some hundred bytes', () => {
    assert.equal(refused('', 413).code, 'PROTOCOL');
  });

  it('keeps an id of digits exact', () => {
    const text = JSON.stringify({ ...SUCCESS, request_id: 0 }).replace('0,', '1234567890123456789,');
    assert.equal(read(text).requestId, '1234567890123456789');
  });

  for (const data of [
    undefined,
    null,
    {},
    { token: '' },
    { token: ' ' },
    { token: 7 },
    'a-token',
    ['a-token'],
  ]) {
    it(`a success with ${JSON.stringify(data)} is a PROTOCOL error in the provider's form`, () => {
      const { code, problem: reason, details } = refused({ ...SUCCESS, data });
      assert.deepEqual([code, reason], ['PROTOCOL', 'answer-incomplete']);
      assert.deepEqual([details.envelope, details.providerCode, details.requestId], [true, '0000', 'TID1']);
    });
  }

  const codes: [unknown, string, string][] = [
    [1002, 'INPUT', '1002'],
    ['4711', 'PROVIDER', '4711'],
    [0, 'PROVIDER', '0'],
    ['0', 'PROVIDER', '0'],
    ['00000', 'PROVIDER', '00000'],
  ];
  for (const [given, code, providerCode] of codes) {
    it(`code ${JSON.stringify(given)} is ${code}`, () => {
      const error = refused({ ...SUCCESS, code: given });
      assert.deepEqual([error.code, error.details.providerCode], [code, providerCode]);
      assert.equal(error.details.providerMessage, '调用成功');
    });
  }

  it('goes by the code and carries the text along, as where the document pairs 1008 with the text of 1011', () => {
    const { code, details } = refused({ code: '1008', msg: '没有权限' });
    assert.deepEqual([code, details.providerMessage], ['ACCOUNT', '没有权限']);
  });

  it('goes by an envelope before the HTTP status, and by the status where there is none', () => {
    assert.equal(refused({ code: '1002', msg: 'x' }, 500).code, 'INPUT');
    assert.equal(read(SUCCESS, 500).token, 'a-token');
    // The document's sample of a success lacks a comma: it is no JSON.
    assert.equal(refused('{"code":"0000" "msg":"x"}', 401).code, 'AUTH');
  });

  it('masks a person in the words of the provider', () => {
    const { details } = refused({ code: '1002', msg: '参数 11010519491231002X 错误' });
    assert.equal(details.providerMessage, '参数 110105********002X 错误');
  });
});
