import assert from 'node:assert/strict';
import { KEY_DERIVATIONS, type KeyDerivation } from '../../../src/providers/westdex/account';
import { aesKey, encrypt } from '../../../src/providers/westdex/cipher';
import { readEnvelope } from '../../../src/providers/westdex/response';
import { refusalOf } from '../../input/refusal';

const KEY = 'fedcba9876543210fedcba9876543210';
const PERSON = { name: '欧阳测试', idNumber: '53010219200508011X' };
const SECRETS = ['a-secret-id-of-the-test', KEY];

const keyOf = (keyDerivation: KeyDerivation) => aesKey(keyDerivation, KEY)!;

/** As the account's usual derivation encrypts it. */
const sealed = (text: string) => encrypt(text, keyOf('sha1prng'));

const NOW = Date.parse('2026-11-25T08:00:00Z');

interface Circumstances {
  keyDerivation?: KeyDerivation;
  status?: number;
  headers?: Record<string, string>;
  offset?: number;
}

function read(
  body: unknown,
  { keyDerivation = 'sha1prng', status = 200, headers = {}, offset = 0 }: Circumstances = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const known = { person: PERSON, secrets: SECRETS };
  const reader = { key: KEY, keyDerivation, aesKey: keyOf(keyDerivation), now: NOW, offset, known };
  return readEnvelope({ status, headers, body: Buffer.from(text) }, reader);
}

const refused = (...given: Parameters<typeof read>) => refusalOf(() => read(...given));

describe('westdex answer', () => {
  for (const code of ['00000', '200', '0', 0, 200]) {
    it(`${JSON.stringify(code)} is success`, () => {
      const data = sealed('{"code":"0","msg":"一致"}');
      const { result, raw, ...rest } = read({ code, message: '成功', data, id: 'abc' });
      assert.deepEqual(result, { code: '0', msg: '一致' });
      assert.deepEqual(rest, { code: String(code), message: '成功', id: 'abc', charged: null });
      assert.equal(raw.data, data);
    });
  }

  for (const error_code of [30001, '30001', '1', 'E1']) {
    it(`success with the error_code ${JSON.stringify(error_code)} is a failure`, () => {
      const data = sealed('{"IsCharge":true}');
      const { code, details } = refused({ code: '00000', message: '成功', data, id: 'abc', error_code });
      assert.deepEqual(
        [code, details.providerCode, details.charged, details.requestId],
        ['PROVIDER', '00000', true, 'abc'],
      );
      assert.match(String(details.providerMessage), new RegExp(`error_code ${error_code}`));
    });
  }

  for (const error_code of [0, '0', '', null, '00000', 'null', undefined]) {
    it(`success with the error_code ${JSON.stringify(error_code)} is one`, () =>
      assert.equal(read({ code: '00000', message: '成功', data: '', error_code }).result, null));
  }

  it('without data is a success without a result', () => {
    const nothing = sealed('');
    for (const beside of [{}, { data: null }, { data: '' }, { data: nothing }]) {
      assert.equal(read({ code: '00000', ...beside }).result, null);
    }
  });

  it('passes on any JSON, with long ids exact', () => {
    for (const json of ['[1,"a"]', '5', '"text"', 'null', 'false', '{}']) {
      assert.deepEqual(read({ code: 0, data: sealed(json) }).result, JSON.parse(json), json);
    }
    const twice = sealed(JSON.stringify('{"Code":0}'));
    assert.deepEqual(read({ code: 0, data: twice }).result, { Code: 0 });
    const data = sealed('{"no":1916812048797622272}');
    assert.deepEqual(read({ code: 0, data }).result, { no: '1916812048797622272' });
    assert.equal(read('{"code":0,"id":1916812048797622272}').id, '1916812048797622272');
  });

  it('is not taken for a success by anything that resembles one', () => {
    for (const code of ['0000', '000000', '2000', '1', 1, -1, '', '0.0', '00']) {
      const { code: raised, details } = refused({ code, message: 'no' });
      assert.deepEqual([raised, details.providerCode], ['PROVIDER', String(code)]);
      assert.equal(details.envelope, true);
    }
  });

  for (const chosen of KEY_DERIVATIONS) {
    for (const right of KEY_DERIVATIONS.filter((each) => each !== chosen)) {
      it(`of ${right}, read with ${chosen}, says to choose ${right}`, () => {
        const data = encrypt('{"code":"0"}', keyOf(right));
        const success = refused({ code: '00000', data }, { keyDerivation: chosen });
        assert.deepEqual([success.code, success.problem], ['PROTOCOL', 'answer-other-key']);
        assert.deepEqual(success.values, { keyDerivation: right });
        const failure = refused({ code: '9', message: 'no', data }, { keyDerivation: chosen });
        assert.deepEqual([failure.code, failure.problem], ['PROVIDER', 'failed-other-key']);
        assert.deepEqual(failure.values, { keyDerivation: right, words: '9: no' });
      });
    }
  }

  it('of another derivation is known by its beginning, however long it is', () => {
    // A character of three bytes is cut at the end of what is looked at.
    for (const beginning of ['', '.', '..']) {
      const data = encrypt(`${beginning}${'认证'.repeat(5_000)}`, keyOf('hex'));
      const { problem, values } = refused({ code: '00000', data });
      assert.deepEqual([problem, values], ['answer-other-key', { keyDerivation: 'hex' }]);
    }
    const foreign = encrypt('认证'.repeat(5_000), Buffer.alloc(16, 9));
    assert.equal(refused({ code: '00000', data: foreign }).problem, 'answer-undecryptable');
    const own = sealed('认证'.repeat(5_000));
    assert.equal(read({ code: '00000', data: own }).result, '认证'.repeat(5_000));
  });

  it('that no derivation reads is said to be so', () => {
    const foreign = encrypt('{"code":"0"}', Buffer.alloc(16, 9));
    const bytes = sealed('\u0001\u0002');
    const bytesOfAnother = encrypt('一\u0000致', keyOf('hex'));
    for (const data of [foreign, bytes, bytesOfAnother, 'not base64 at all', 'AAAA', ' ']) {
      const { code, problem: reason, details } = refused({ code: '00000', message: '成功', data, id: 'abc' });
      assert.deepEqual([code, reason], ['PROTOCOL', 'answer-undecryptable']);
      assert.deepEqual([details.providerCode, details.requestId, details.envelope], ['00000', 'abc', true]);
    }
    for (const data of [5, {}, [], true]) {
      assert.equal(refused({ code: '00000', data }).problem, 'answer-unreadable');
    }
  });

  it('is the text, where it is text that people read', () => {
    for (const text of ['一致', '不一致', 'no JSON', '认证通过\r\n得分：98', '{"half":', '王\t李 𠮷😀']) {
      const data = sealed(text);
      assert.equal(read({ code: '00000', data }).result, text);
      const { problem, values } = refused({ code: '00000', data }, { keyDerivation: 'utf8' });
      assert.deepEqual([problem, values], ['answer-other-key', { keyDerivation: 'sha1prng' }]);
    }
  });

  const charges: [unknown, boolean | null][] = [
    [{ Code: 0, IsCharge: true, Data: { Result: 1 } }, true],
    [{ Code: 0, IsCharge: false }, false],
    [{ isCharge: 1 }, true],
    [{ is_charge: '0' }, false],
    [{ ISCHARGE: ' True ' }, true],
    [{ IsCharge: '是' }, true],
    [{ IsCharge: '否' }, false],
    [{ IsCharge: 2 }, null],
    [{ IsCharge: null }, null],
    [{ IsCharge: [] }, null],
    // String() of it would throw.
    [{ IsCharge: { toString: 0 } }, null],
    [{ Data: { Charge: 1 } }, null],
    [[{ IsCharge: true }], null],
    ['IsCharge', null],
    [null, null],
  ];
  for (const [answer, charged] of charges) {
    it(`${JSON.stringify(answer)} was charged: ${charged}`, () => {
      const data = sealed(JSON.stringify(answer));
      assert.equal(read({ code: '00000', data }).charged, charged);
      assert.equal(refused({ code: '9', data }).details.charged, charged);
    });
  }

  it('of a failure shows a clock that is off', () => {
    const date = (seconds: number) => ({ date: new Date(NOW + seconds * 1000).toUTCString() });
    for (const seconds of [-3600, -31, 31, 600]) {
      const { code, problem, values } = refused({ code: '9', message: 'no' }, { headers: date(seconds) });
      assert.deepEqual([code, problem], ['PROVIDER', 'failed-clock']);
      assert.deepEqual(values, { words: '9: no', seconds: Math.abs(seconds) });
    }
    for (const circumstances of [
      { headers: date(30) },
      { headers: date(-30) },
      { headers: { ...date(600), age: '5' } },
      {},
      // The request had the provider's time.
      { headers: date(600), offset: 600_000 },
    ])
      assert.equal(refused({ code: '9' }, circumstances).problem, 'refused.PROVIDER');
  });

  it('names the key where the provider could not decrypt what was sent', () => {
    for (const message of ['参数解密失败', 'Decrypt error'])
      assert.equal(refused({ code: '10004', message }).problem, 'failed-decrypt');
  });

  it('appends what a failure says beside its message', () => {
    const rows: [object, string][] = [
      [{ message: '失败' }, '失败'],
      [{ message: '失败', error_code: null, reason: '' }, '失败'],
      [{ message: '失败', error_code: 30001, reason: '' }, '失败 (error_code 30001)'],
      [{ message: '失败', error_code: '30001', reason: '照片模糊' }, '失败 (error_code 30001: 照片模糊)'],
      [{ message: '失败', reason: '照片模糊' }, '失败 (照片模糊)'],
      [{ error_code: 1 }, '(error_code 1)'],
      [{ message: '失败', error_code: 0 }, '失败'],
      [{ message: '失败', error_code: '0', reason: '照片模糊' }, '失败 (照片模糊)'],
      [{ message: '失败', error_code: '00000' }, '失败'],
      [{ message: '失败', error_code: '10' }, '失败 (error_code 10)'],
      [{ message: '失败', error_code: '9', reason: '失败' }, '失败'],
      [{ message: '失败', error_code: 9, reason: '照片模糊' }, '失败 (照片模糊)'],
      [{}, ''],
      [{ message: { a: 1 }, reason: [2] }, ''],
    ];
    for (const [body, words] of rows) {
      assert.equal(refused({ code: '9', ...body }).details.providerMessage, words);
    }
  });

  it('takes the person and the secrets out of whatever the provider says', () => {
    const { name, idNumber } = PERSON;
    const words = `${name} ${idNumber} ${idNumber.toLowerCase()} 张三 110101199001011237 ${SECRETS.join(' ')} ${'A9+/'.repeat(30)}==`;
    const error = refused({ code: `9 ${idNumber}`, message: words, reason: words, id: idNumber });
    const shown = JSON.stringify([error.message, error.values, error.details]);
    for (const hidden of [name, '19200508', '19900101', ...SECRETS, 'A9+/A9+/A9+/A9+/']) {
      assert.ok(!shown.includes(hidden), hidden);
    }
    assert.match(shown, /欧\*\*\* 530102\*\*\*\*\*\*\*\*011X/);
    assert.equal(error.details.requestId, null);
  });

  it('keeps an id of 18 digits whole for support', () => {
    assert.equal(refused({ code: '9', id: '110101199001011237' }).details.requestId, '110101199001011237');
  });

  it('is none where what decides is there twice, and still says its id', () => {
    const text = JSON.stringify({ code: '00000', message: '成功', data: '', error_code: null, id: 'abc' });
    for (const twice of ['"code":"500"', '"data":"AAAA"', '"error_code":7']) {
      const { code, details } = refused(text.replace(twice.split(':')[0]!, `${twice},$&`));
      assert.deepEqual([code, details.requestId], ['PROTOCOL', 'abc'], twice);
    }
    for (const twice of ['"message":"ok"', '"id":"7"'])
      assert.equal(read(text.replace(twice.split(':')[0]!, `${twice},$&`)).id, 'abc', twice);
  });

  it('goes by the HTTP status where there is no envelope, and by the envelope where there is one', () => {
    const rows: [number, string][] = [
      [401, 'AUTH'],
      [403, 'ACCOUNT'],
      [404, 'CONFIG'],
      [413, 'INPUT'],
      [429, 'RATE_LIMITED'],
      [500, 'PROVIDER'],
      [302, 'PROTOCOL'],
      [200, 'PROTOCOL'],
    ];
    for (const [status, code] of rows) {
      for (const body of ['', '<html>', '[]', 'null', '{"status":404}', '{"code":null}', '{"code":00000}']) {
        assert.equal(refused(body, { status }).code, code, `${status} ${body}`);
      }
      assert.equal(refused({ code: '9' }, { status }).code, 'PROVIDER');
    }
    assert.equal(read({ code: '00000' }, { status: 500 }).result, null);
  });
});
