import assert from 'node:assert/strict';
import { KEY_DERIVATIONS, type KeyDerivation } from '../../../src/providers/westdex/account';
import { aesKey, decrypt, encrypt } from '../../../src/providers/westdex/cipher';
import { sandboxHalf } from '../../../src/providers/westdex/sandbox';
import { BMP, jpg, PNG } from '../../input/pictures';
import { answerOf, worldAt } from '../../sandbox/world';

const NOW = 1_700_000_000_000;
const JPG = jpg().toString('base64');
const ID_NUMBER = '110101199001011237';
const { secretId: OWN = '', key: SECRET = '' } = sandboxHalf.credentials;

const keyOf = (keyDerivation: KeyDerivation) => aesKey(keyDerivation, SECRET)!;
const KEY = keyOf('sha1prng');
const sealed = (text: string) => encrypt(text, KEY);
const opened = (data: unknown, key = KEY) => (data === '' ? null : JSON.parse(decrypt(String(data), key)!));

interface Parts {
  method: string;
  secretId: string;
  operation: string;
  timestamp: string;
  timeStamp: unknown;
  customNumber: unknown;
  contentType: string;
  xM: unknown;
  gMSFZHM: unknown;
  photoData: unknown;
  body: string;
}

describe("westdex's half of the sandbox", () => {
  let world = worldAt(() => NOW);
  const mix = () => {
    world = worldAt(() => NOW, 'mixed');
  };
  afterEach(() => {
    world = worldAt(() => NOW);
  });

  /** As docs/providers/westdex.md says, but for the parts that a test changes. */
  function post(changed: Partial<Parts> = {}) {
    const { method = 'POST', operation = 'idCardThreeElements', contentType = 'application/json' } = changed;
    const { secretId = OWN, customNumber = OWN, timestamp = String(NOW), timeStamp = timestamp } = changed;
    const { xM = sealed('张三'), gMSFZHM = sealed(ID_NUMBER), photoData = JPG } = changed;
    const data = { timeStamp, customNumber, xM, gMSFZHM };
    const { body = JSON.stringify({ data, photoData }) } = changed;
    return answerOf(sandboxHalf, world, {
      method,
      path: `/${secretId}/${operation}`,
      search: `?timestamp=${timestamp}`,
      headers: { 'content-type': contentType },
      body,
    });
  }

  for (const keyDerivation of KEY_DERIVATIONS) {
    it(`reads and answers ${keyDerivation}, with every shape of success where they are mixed`, () => {
      mix();
      const key = keyOf(keyDerivation);
      const person = { xM: encrypt('张三', key), gMSFZHM: encrypt(ID_NUMBER, key) };
      const answers = Array.from({ length: 5 }, () => post(person).json);
      assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set(['00000', 0, '200', 200, '0']));
      for (const { data } of answers) assert.deepEqual(opened(data, key), { code: '0', msg: '一致' });
    });
  }

  it('answers in the documented shape, and says nothing beside a success', () => {
    for (let turn = 0; turn < 5; turn++) {
      const { json, reason } = post();
      assert.deepEqual([json.code, reason], ['00000', null]);
    }
    const { code, data, error_code, reason } = post({ xM: sealed('沙箱30001') }).json;
    assert.deepEqual([code, error_code, reason], ['30001', 30001, '沙箱指定的失败']);
    assert.deepEqual(opened(data), { detail: '沙箱' });
  });

  it('takes JPG, PNG and BMP, an X as check digit, and 15 digits', () => {
    for (const photo of [jpg(), PNG, BMP])
      assert.equal(post({ photoData: photo.toString('base64') }).json.message, '成功');
    for (const idNumber of ['53010219200508011X', '110105491231002'])
      assert.equal(post({ gMSFZHM: sealed(idNumber) }).json.message, '成功');
  });

  const flipped = (text: string) => {
    const bytes = Buffer.from(text, 'base64');
    bytes[0]! ^= 1;
    return bytes.toString('base64');
  };
  const refusals: [string, Partial<Parts>, string][] = [
    ['another secretId', { secretId: 'sandbox-secret-ie' }, '10001'],
    ['another customNumber', { customNumber: 'sandbox-secret-ie' }, '10001'],
    ['no customNumber', { customNumber: null }, '10001'],
    ['two different time stamps', { timeStamp: String(NOW + 1) }, '10002'],
    ['a time stamp that is a number', { timeStamp: NOW }, '10002'],
    ['seconds', { timestamp: String(NOW / 1000) }, '10002'],
    ['no time stamp', { timestamp: '', timeStamp: '' }, '10002'],
    ['a clock 20 minutes slow', { timestamp: String(NOW - 1_200_000) }, '10002'],
    ['a clock 20 minutes fast', { timestamp: String(NOW + 1_200_000) }, '10002'],
    ['a form', { contentType: 'application/x-www-form-urlencoded' }, '10003'],
    ['JSON that is called text', { contentType: 'text/plain' }, '10003'],
    ['JSON that is cut off', { body: '{"data":{' }, '10003'],
    ['JSON that is no object', { body: '[]' }, '10003'],
    ['no data', { body: '{}' }, '10003'],
    ['one bit of the name changed', { xM: flipped(sealed('张三')) }, '10004'],
    ['one bit of the id number changed', { gMSFZHM: flipped(sealed(ID_NUMBER)) }, '10004'],
    ['a name in the clear', { xM: '张三' }, '10004'],
    ['a name whose base64 is not padded', { xM: sealed('张三').replace(/=+$/, '') }, '10004'],
    ['a name with a line break in it', { xM: sealed('张三').replace('=', '\n=') }, '10004'],
    ['a name with something behind it', { xM: `${sealed('张三')}!!` }, '10004'],
    ['no name', { xM: null }, '10004'],
    ['two keys', { xM: encrypt('张三', keyOf('hex')) }, '10004'],
    ['a foreign key', { xM: encrypt('张三', Buffer.alloc(16)) }, '10004'],
    ['a wrong check digit', { gMSFZHM: sealed('110101199001011234') }, '10005'],
    ['a small x', { gMSFZHM: sealed('53010219200508011x') }, '10005'],
    ['a photo with its prefix', { photoData: `data:image/jpeg;base64,${JPG}` }, '10006'],
    ['a photo with a line break', { photoData: `${JPG.slice(0, 4)}\n${JPG.slice(4)}` }, '10006'],
    ['a photo with a line break at its end', { photoData: `${JPG}\n` }, '10006'],
    ['a GIF', { photoData: Buffer.from('GIF89a').toString('base64') }, '10006'],
    ['no photo', { photoData: '' }, '10006'],
    ['a photo that is null', { photoData: null }, '10006'],
    ['an empty name', { xM: sealed(' ') }, '10007'],
  ];
  for (const [name, changed, code] of refusals) {
    it(`refuses ${name} with ${code}, and says why`, () => {
      const { status, json, reason } = post(changed);
      assert.deepEqual([status, json.code, json.error_code], [200, code, Number(code)]);
      // What could be decrypted can be answered in the same cipher.
      assert.deepEqual(opened(json.data), Number(code) >= 10005 ? { detail: '沙箱' } : null);
      assert.ok(reason);
    });
  }

  it('knows one form of its paths, and one method', () => {
    assert.equal(post({ operation: 'idCardThreeElements/' }).status, 404);
    assert.equal(post({ secretId: '' }).status, 404);
    assert.equal(post({ method: 'GET' }).status, 405);
  });

  const named: [string, (string | number)[]][] = [
    ['沙箱30001', ['30001', 30001]],
    ['沙箱00009', ['00009']],
    ['沙箱200', ['200', 200]],
    ['沙箱00000', ['00000']],
  ];
  for (const [name, shapes] of named) {
    it(`gives ${name} the code that it asks for, in every shape`, () => {
      mix();
      const answers = [1, 2].map(() => post({ xM: sealed(name) }).json);
      assert.deepEqual(new Set(answers.map(({ code }) => code)), new Set<unknown>(shapes));
      const isSuccess = name === '沙箱200' || name === '沙箱00000';
      for (const { message, data } of answers) {
        assert.equal(message === '成功', isSuccess);
        if (!isSuccess) assert.deepEqual(opened(data), { detail: '沙箱' });
      }
      const errorCodes = new Set(answers.map(({ error_code }) => error_code));
      if (!isSuccess) assert.deepEqual(errorCodes, new Set<unknown>([name.slice(2), Number(name.slice(2))]));
    });
  }

  it('says of any other api_code what it received, under the key of the request', () => {
    for (const derivation of KEY_DERIVATIONS) {
      const key = keyOf(derivation);
      const data = { timeStamp: String(NOW), customNumber: OWN, xM: encrypt('张三', key), page: 2 };
      const { json } = post({ operation: 'idCardTwoElements', body: JSON.stringify({ data, extra: 'a' }) });
      const body = { data: { ...data, xM: '张三' }, extra: 'a' };
      const received = { apiCode: 'idCardTwoElements', body };
      assert.deepEqual([json.code, opened(json.data, key)], ['00000', { received }]);
    }
  });
});
