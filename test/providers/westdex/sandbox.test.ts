import assert from 'node:assert/strict';
import { KEY_DERIVATIONS, type KeyDerivation } from '../../../src/providers/westdex/account';
import { aesKey, decrypt, encrypt } from '../../../src/providers/westdex/cipher';
import { type Sandbox, startSandbox } from '../../../src/sandbox/server';
import { BMP, jpg, PNG } from '../../input/pictures';
import { assertReason } from '../../sandbox/reason';

const NOW = 1_700_000_000_000;
const JPG = jpg().toString('base64');

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

interface Answered {
  status: number;
  code: string | number;
  message: string;
  data: string;
  id: string;
  error_code: unknown;
  reason: string;
  because: string | null;
}

describe('westdex on the sandbox', () => {
  let sandbox: Sandbox;
  let key: Buffer;

  async function mix(): Promise<void> {
    await sandbox.close();
    sandbox = await startSandbox({ port: 0, file: null, now: () => NOW, shapes: 'mixed' });
  }

  beforeEach(async () => {
    sandbox = await startSandbox({ port: 0, file: null, now: () => NOW });
    key = keyOf('sha1prng');
  });
  afterEach(() => sandbox.close());

  const keyOf = (keyDerivation: KeyDerivation) =>
    aesKey(keyDerivation, sandbox.accounts.westdex!.credentials.key!)!;
  const own = () => sandbox.accounts.westdex!.credentials.secretId!;

  /** As docs/providers/westdex.md says, but for the parts that a test changes. */
  async function post(changed: Partial<Parts> = {}): Promise<Answered> {
    const secretId = changed.secretId ?? encodeURIComponent(own());
    const {
      method = 'POST',
      operation = 'idCardThreeElements',
      timestamp = String(NOW),
      timeStamp = timestamp,
      customNumber = own(),
      contentType = 'application/json',
      xM = encrypt('张三', key),
      gMSFZHM = encrypt('110101199001011237', key),
      photoData = JPG,
    } = changed;
    const data = { timeStamp, customNumber, xM, gMSFZHM };
    const body = changed.body ?? JSON.stringify({ data, photoData });
    const url = `${sandbox.accounts.westdex!.baseUrl}/${secretId}/${operation}?timestamp=${timestamp}`;
    const response = await fetch(url, {
      method,
      headers: { 'Content-Type': contentType },
      ...(method === 'POST' ? { body } : {}),
    });
    const text = await response.text();
    const because = response.headers.get('x-sandbox-reason');
    return { status: response.status, because, ...(text.startsWith('{') ? JSON.parse(text) : {}) };
  }

  for (const keyDerivation of KEY_DERIVATIONS) {
    it(`reads and answers ${keyDerivation}, with every shape of success where they are mixed`, async () => {
      await mix();
      const derived = keyOf(keyDerivation);
      const codes = new Set();
      for (let turn = 0; turn < 5; turn++) {
        const { code, data } = await post({
          xM: encrypt('张三', derived),
          gMSFZHM: encrypt('110101199001011237', derived),
        });
        codes.add(code);
        assert.deepEqual(JSON.parse(decrypt(data, derived)!), { code: '0', msg: '一致' });
      }
      assert.deepEqual(codes, new Set(['00000', 0, '200', 200, '0']));
    });
  }

  it('answers in the documented shape, and says nothing beside a success', async () => {
    for (let turn = 0; turn < 5; turn++) {
      const { code, because } = await post();
      assert.deepEqual([code, because], ['00000', null]);
    }
    const { code, data, error_code, reason, because } = await post({ xM: encrypt('沙箱30001', key) });
    assert.deepEqual([code, error_code, reason], ['30001', 30001, '沙箱指定的失败']);
    assert.deepEqual(JSON.parse(decrypt(data, key)!), { detail: '沙箱' });
    assertReason(because);
  });

  it('takes JPG, PNG and BMP, an X as check digit, and 15 digits', async () => {
    for (const photo of [jpg(), PNG, BMP]) {
      assert.equal((await post({ photoData: photo.toString('base64') })).message, '成功');
    }
    for (const idNumber of ['53010219200508011X', '110105491231002']) {
      assert.equal((await post({ gMSFZHM: encrypt(idNumber, key) })).message, '成功');
    }
  });

  const flipped = (text: string) => {
    const bytes = Buffer.from(text, 'base64');
    bytes[0]! ^= 1;
    return bytes.toString('base64');
  };
  const refusals: [string, () => Partial<Parts>, string][] = [
    ['another secretId', () => ({ secretId: 'sandbox-secret-ie' }), '10001'],
    ['another customNumber', () => ({ customNumber: 'sandbox-secret-ie' }), '10001'],
    ['no customNumber', () => ({ customNumber: null }), '10001'],
    ['two different time stamps', () => ({ timeStamp: String(NOW + 1) }), '10002'],
    ['a time stamp that is a number', () => ({ timeStamp: NOW }), '10002'],
    ['seconds', () => ({ timestamp: String(NOW / 1000) }), '10002'],
    ['no time stamp', () => ({ timestamp: '', timeStamp: '' }), '10002'],
    ['a clock 20 minutes slow', () => ({ timestamp: String(NOW - 1_200_000) }), '10002'],
    ['a clock 20 minutes fast', () => ({ timestamp: String(NOW + 1_200_000) }), '10002'],
    ['a form', () => ({ contentType: 'application/x-www-form-urlencoded' }), '10003'],
    ['JSON that is called text', () => ({ contentType: 'text/plain' }), '10003'],
    ['JSON that is cut off', () => ({ body: '{"data":{' }), '10003'],
    ['JSON that is no object', () => ({ body: '[]' }), '10003'],
    ['no data', () => ({ body: '{}' }), '10003'],
    ['one bit of the name changed', () => ({ xM: flipped(encrypt('张三', key)) }), '10004'],
    [
      'one bit of the id number changed',
      () => ({ gMSFZHM: flipped(encrypt('110101199001011237', key)) }),
      '10004',
    ],
    ['a name in the clear', () => ({ xM: '张三' }), '10004'],
    ['no name', () => ({ xM: null }), '10004'],
    ['two keys', () => ({ xM: encrypt('张三', keyOf('hex')) }), '10004'],
    ['a foreign key', () => ({ xM: encrypt('张三', Buffer.alloc(16)) }), '10004'],
    ['a wrong check digit', () => ({ gMSFZHM: encrypt('110101199001011234', key) }), '10005'],
    ['a small x', () => ({ gMSFZHM: encrypt('53010219200508011x', key) }), '10005'],
    ['a photo with its prefix', () => ({ photoData: `data:image/jpeg;base64,${JPG}` }), '10006'],
    ['a photo with a line break', () => ({ photoData: `${JPG.slice(0, 4)}\n${JPG.slice(4)}` }), '10006'],
    ['a photo with a line break at its end', () => ({ photoData: `${JPG}\n` }), '10006'],
    ['a GIF', () => ({ photoData: Buffer.from('GIF89a').toString('base64') }), '10006'],
    ['no photo', () => ({ photoData: '' }), '10006'],
    ['a photo that is null', () => ({ photoData: null }), '10006'],
    ['an empty name', () => ({ xM: encrypt(' ', key) }), '10007'],
  ];
  for (const [name, changed, code] of refusals) {
    it(`refuses ${name} with ${code}`, async () => {
      const answer = await post(changed());
      assert.deepEqual([answer.status, answer.code, answer.error_code], [200, code, Number(code)]);
      // What could be decrypted can be answered in the same cipher.
      const data = Number(code) >= 10005 ? { detail: '沙箱' } : null;
      assert.deepEqual(answer.data === '' ? null : JSON.parse(decrypt(answer.data, key)!), data);
      assertReason(answer.because);
    });
  }

  it('knows one form of its paths, and one method', async () => {
    assert.equal((await post({ operation: 'idCardThreeElements/' })).status, 404);
    assert.equal((await post({ secretId: '' })).status, 404);
    assert.equal((await post({ method: 'GET' })).status, 405);
  });

  it('gives the code that a name asks for, as a string and as a number', async () => {
    await mix();
    const named = (name: string) => post({ xM: encrypt(name, key) });
    for (const [name, shapes] of [
      ['沙箱30001', ['30001', 30001]],
      ['沙箱00009', ['00009']],
      ['沙箱200', ['200', 200]],
      ['沙箱00000', ['00000']],
    ] as const) {
      const answers = [await named(name), await named(name)];
      assert.deepEqual(new Set<unknown>(answers.map(({ code }) => code)), new Set<unknown>(shapes), name);
      const success = name === '沙箱200' || name === '沙箱00000';
      assert.ok(answers.every(({ message }) => (message === '成功') === success));
      if (!success) {
        for (const { data } of answers) assert.deepEqual(JSON.parse(decrypt(data, key)!), { detail: '沙箱' });
        const errorCodes = answers.map(({ error_code }) => error_code);
        assert.deepEqual(new Set<unknown>(errorCodes), new Set([name.slice(2), Number(name.slice(2))]));
      }
    }
  });
});
