import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { type Cause, ERRORS, type ErrorCode } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { KEY_DERIVATIONS, type KeyDerivation } from '../../src/providers/westdex/account';
import { aesKey, decrypt, encrypt } from '../../src/providers/westdex/cipher';
import { BMP, jpg, PNG } from '../input/pictures';
import {
  actionFlow,
  ask,
  deploy,
  got,
  liveNode,
  logs,
  seen,
  send,
  settledStatus,
  startRuntime,
  until,
} from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const KEY = 'fedcba9876543210fedcba9876543210';
const SECRET_ID = 'a secret/id+of the test';
const NAME = '欧阳测试';
const ID_NUMBER = '53010219200508011X';
const PHOTO = Buffer.concat([jpg(), Buffer.from('a photo of somebody'.repeat(9))]);
const PERSON = { name: NAME, idNumber: ID_NUMBER, photo: PHOTO };

/** What must be nowhere but in the message, the result and the request. */
const HIDDEN = [
  ...[NAME, ID_NUMBER, ID_NUMBER.toLowerCase(), 'photo of somebody'],
  ...[PHOTO.toString('base64'), PHOTO.toString('base64').slice(4, 24), KEY, SECRET_ID],
  encodeURIComponent(SECRET_ID),
];

interface Raised {
  message: string;
  code: string;
  cause: Cause;
  stack?: string;
}

type Three = Result<{ id: string | null; result: unknown }>;

const keyOf = (keyDerivation: KeyDerivation = 'sha1prng') => aesKey(keyDerivation, KEY)!;

const sandboxFlow = (action: object = {}, account: object = {}) =>
  actionFlow(
    { type: 'westdex-three', ...action },
    { type: 'westdex-account', environment: 'sandbox', ...account },
  );

async function verify(payload: unknown): Promise<Three> {
  const { out1, out2, caught, completed } = await ask({ payload });
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [1, 0, 0, 1]);
  return out1[0]!.payload as Three;
}

/** Exactly one error at Catch and nothing else, and no person in it. */
async function raised(payload: unknown): Promise<Raised> {
  const { out1, out2, caught, completed } = await ask({ payload });
  assert.deepEqual([out1.length, out2.length, caught.length, completed.length], [0, 0, 1, 0]);
  const { message, code, cause, stack } = caught[0]!.error as Raised;
  assertHidden(JSON.stringify({ message, code, cause, stack }));
  return { message, code, cause };
}

function assertHidden(text: string): void {
  for (const hidden of HIDDEN) assert.ok(!text.includes(JSON.stringify(hidden).slice(1, -1)), text);
}

describe('westdex-three, in a real Node-RED', () => {
  before(() => startRuntime());
  afterEach(() => {
    assertHidden(JSON.stringify([seen.statuses, seen.lastStatuses]));
    assertHidden(logs.map(({ msg }) => String((msg as Error)?.stack ?? JSON.stringify(msg))).join('\n'));
  });

  describe('on the sandbox', () => {
    for (const keyDerivation of KEY_DERIVATIONS) {
      it(`${keyDerivation}: gives one clear message back, and it is the one that came in`, async () => {
        await deploy(sandboxFlow({}, { keyDerivation }));
        const message = { payload: { ...PERSON }, topic: 'gate 7', kept: { whatever: 1 } };
        const { out1, caught, completed } = await ask(message);
        assert.deepEqual([out1.length, caught.length, completed.length], [1, 0, 1]);
        assert.equal(out1[0], message);
        assert.deepEqual([message.topic, message.kept], ['gate 7', { whatever: 1 }]);
        const { timing, code, requestId, data, ledger, ...rest } = out1[0]!.payload as unknown as Three;
        assert.deepEqual(rest, {
          provider: 'westdex',
          operation: 'westdex-three',
          environment: 'sandbox',
          outcome: 'answered',
          reason: null,
          message: '成功',
          charged: null,
          reused: null,
        });
        assert.match(ledger!, /^20\d{6}-\d{6}-/);
        assert.ok(['00000', '0', '200'].includes(code));
        assert.match(requestId!, /^SANDBOX\d+$/);
        assert.deepEqual(data, { id: requestId, result: { code: '0', msg: '一致' }, repaired: [] });
        assert.equal(timing.attempts, 1);
        assert.deepEqual(await settledStatus(), { fill: 'green', shape: 'dot', text: 'sandbox answered' });
      });
    }

    const base64 = PHOTO.toString('base64');
    const photos: [string, unknown][] = [
      ['a Buffer', PHOTO],
      ['a Uint8Array', new Uint8Array(PHOTO)],
      ['base64', base64],
      ['base64 with line breaks', base64.replace(/.{8}/g, '$&\r\n')],
      ['a data URI', `data:image/jpeg;base64,${base64}`],
      ['a PNG', PNG],
      ['a BMP', BMP],
    ];
    for (const [name, photo] of photos) {
      it(`takes a photo as ${name}, and leaves it as it is`, async () => {
        await deploy(sandboxFlow());
        const before = Buffer.isBuffer(photo) ? Buffer.from(photo) : structuredClone(photo);
        const payload = { ...PERSON, photo };
        assert.equal((await verify(payload)).outcome, 'answered');
        assert.deepEqual(payload.photo, before);
      });
    }

    it('takes a photo of 5 MB, an id number with a small x and with spaces, and one of 15 digits', async () => {
      await deploy(sandboxFlow());
      const photo = Buffer.concat([PHOTO, Buffer.alloc(5 * 1024 * 1024, 0xa5)]);
      const before = Buffer.from(photo);
      for (const idNumber of [` ${ID_NUMBER.toLowerCase()} `, '110105491231002']) {
        assert.equal((await verify({ name: ` ${NAME} `, idNumber, photo })).outcome, 'answered');
      }
      assert.ok(photo.equals(before));
    });

    const verdicts: [object, string][] = [
      [{ passWhen: 'code = "0"' }, 'passed'],
      [{ passWhen: 'code = "1"' }, 'inconclusive'],
      [{ passWhen: 'code' }, 'inconclusive'],
      [{ passWhen: 'nothing' }, 'inconclusive'],
      [{ passWhen: '$error("no")' }, 'inconclusive'],
      [{ passWhen: 'msg = "一致"' }, 'passed'],
      [{ failWhen: 'code = "0"' }, 'failed'],
      [{ failWhen: 'code = "1"' }, 'inconclusive'],
      [{ passWhen: 'code = "0"', failWhen: 'msg = "一致"' }, 'failed'],
      [{ passWhen: 'code = "0"', failWhen: 'code = "1"' }, 'passed'],
    ];
    for (const [conditions, outcome] of verdicts) {
      it(`${JSON.stringify(conditions)}: ${outcome}`, async () => {
        await deploy(sandboxFlow(conditions));
        const result = await verify(PERSON);
        assert.deepEqual([result.outcome, result.reason], [outcome, null]);
        assert.deepEqual(result.data.result, { code: '0', msg: '一致' });
      });
    }

    it('adds the answer, its data still encrypted, where includeRaw is set', async () => {
      await deploy(sandboxFlow({ includeRaw: true }));
      const { raw } = (await verify(PERSON)) as { raw?: { message: string; data: string } };
      assert.equal(raw!.message, '成功');
      assert.match(raw!.data, /^[A-Za-z0-9+/]+=*$/);
    });

    it('a name that asks for a code gets it', async () => {
      await deploy(sandboxFlow());
      for (let turn = 0; turn < 2; turn++) {
        const { code, cause } = await raised({ ...PERSON, name: '沙箱30001' });
        assert.deepEqual([code, cause.providerCode, cause.retryable], ['PROVIDER', '30001', false]);
        assert.match(cause.requestId!, /^SANDBOX\d+$/);
      }
      assert.equal((await verify({ ...PERSON, name: '沙箱200' })).code, '200');
    });
  });

  describe('at a scripted provider', () => {
    let server: ScriptedServer;

    const custom = (account: object = {}, action: object = {}) =>
      sandboxFlow(action, {
        environment: 'custom',
        baseUrl: `${server.baseUrl}/api/invoke`,
        credentials: { secretId: SECRET_ID, key: KEY },
        ...account,
      });
    const encrypted = (value: unknown, keyDerivation?: KeyDerivation) =>
      encrypt(JSON.stringify(value), keyOf(keyDerivation));
    const answers = (body: unknown, status = 200) => {
      server.script = (_asked, response) => json(response, body, status);
    };

    beforeEach(async () => {
      server = await scriptedServer((_asked, response) => json(response, { code: '00000', message: '成功' }));
    });
    afterEach(closeServers);

    it('is sent exactly what the document says', async () => {
      await deploy(custom());
      const before = Date.now();
      await verify(PERSON);
      const { method, url, headers, body } = server.asked[0]!;
      const { pathname, searchParams } = new URL(url, server.baseUrl);
      assert.equal(method, 'POST');
      assert.equal(pathname, `/api/invoke/${encodeURIComponent(SECRET_ID)}/idCardThreeElements`);
      assert.equal(headers['content-type'], 'application/json');
      assert.equal(headers['content-length'], String(Buffer.byteLength(body)));
      assert.equal(headers['transfer-encoding'], undefined);
      const timeStamp = searchParams.get('timestamp')!;
      assert.ok(Number(timeStamp) >= before && Number(timeStamp) <= Date.now());
      const { xM, gMSFZHM } = JSON.parse(body).data;
      const data = { timeStamp, customNumber: SECRET_ID, xM, gMSFZHM };
      assert.equal(body, JSON.stringify({ data, photoData: PHOTO.toString('base64') }));
      assert.deepEqual([decrypt(xM, keyOf()), decrypt(gMSFZHM, keyOf())], [NAME, ID_NUMBER]);
      assert.ok(!body.includes(NAME) && !body.includes(ID_NUMBER));
    });

    for (const code of ['00000', '200', '0', 0, 200]) {
      it(`takes ${JSON.stringify(code)} for success, with data and without`, async () => {
        await deploy(custom());
        answers({ code, message: '成功', data: encrypted({ verdict: 1 }), id: 7 });
        const { data, outcome, requestId, ...rest } = await verify(PERSON);
        assert.deepEqual([outcome, requestId, rest.code], ['answered', '7', String(code)]);
        assert.deepEqual(data, { id: '7', result: { verdict: 1 }, repaired: [] });
        for (const nothing of [{}, { data: '' }, { data: null }]) {
          answers({ code, message: '成功', ...nothing });
          const empty = await verify(PERSON);
          assert.deepEqual(
            [empty.outcome, empty.data],
            ['answered', { id: null, result: null, repaired: [] }],
          );
        }
      });
    }

    it('judges a success without data by passWhen as well', async () => {
      await deploy(custom({}, { passWhen: '$exists(verdict) ? verdict = 1' }));
      assert.equal((await verify(PERSON)).outcome, 'inconclusive');
    });

    for (const code of ['9999', 9999, '1', -1, '']) {
      it(`takes ${JSON.stringify(code)} for a failure of the provider, sent once`, async () => {
        await deploy(custom());
        const said = `查无此人 ${NAME} ${ID_NUMBER} ${PHOTO.toString('base64').repeat(3)}`;
        answers({
          code,
          message: said,
          data: encrypted({ name: NAME }),
          error_code: 30001,
          reason: SECRET_ID,
        });
        const { message, cause, ...error } = await raised(PERSON);
        assert.deepEqual(
          [error.code, cause.providerCode, cause.retryable, cause.charged, cause.attempts, cause.httpStatus],
          ['PROVIDER', String(code), false, null, 1, 200],
        );
        assert.match(message, /查无此人 欧\*\*\* 530102\*{8}011X/);
        assert.match(cause.providerMessage!, /error_code 30001/);
        assert.equal(server.asked.length, 1);
      });
    }

    it('gives a text as the result, and judges it', async () => {
      await deploy(custom({}, { passWhen: '$ = "一致"', failWhen: '$ = "不一致"' }));
      for (const [text, outcome] of [
        ['一致', 'passed'],
        ['不一致', 'failed'],
        ['库中无照片', 'inconclusive'],
      ]) {
        answers({ code: '00000', message: '成功', data: encrypt(text!, keyOf()), id: 'W77' });
        const result = await verify(PERSON);
        assert.deepEqual([result.outcome, result.data], [outcome, { id: 'W77', result: text, repaired: [] }]);
      }
    });

    it('believes the answer that says whether it was charged', async () => {
      await deploy(custom());
      for (const [IsCharge, charged] of [
        [true, true],
        ['否', false],
        [undefined, null],
      ]) {
        const data = encrypted({ Code: 0, IsCharge, Data: { Result: 1 } });
        answers({ code: '00000', message: '成功', data });
        assert.equal((await verify(PERSON)).charged, charged);
        answers({ code: '9', message: 'no', data });
        const { cause } = await raised(PERSON);
        assert.deepEqual([cause.charged, cause.retryable], [charged, charged === false]);
      }
    });

    it('a refusal that shows a clock off says so', async () => {
      await deploy(custom());
      server.script = (_asked, response) => {
        response.setHeader('Date', new Date(Date.now() - 3_600_000).toUTCString());
        json(response, { code: '10002', message: '时间戳无效', id: 'W78' });
      };
      const { code, cause, message } = await raised(PERSON);
      assert.deepEqual([code, cause.problem, cause.requestId], ['PROVIDER', 'failed-clock', 'W78']);
      assert.match(message, /clock of this machine is 3(?:599|600|601) s off/);
    });

    it('says which AES key to choose', async () => {
      await deploy(custom());
      answers({ code: '00000', message: '成功', data: encrypted({ verdict: 1 }, 'hex'), id: 'abc' });
      const { code, message, cause } = await raised(PERSON);
      assert.deepEqual([code, cause.retryable, cause.requestId], ['PROTOCOL', false, 'abc']);
      assert.match(message, /choose hex/);
      await deploy(custom({ keyDerivation: 'hex' }));
      assert.deepEqual((await verify(PERSON)).data.result, { verdict: 1 });
      answers({ code: '9', message: 'no', data: encrypted({ verdict: 1 }, 'utf8') });
      const failed = await raised(PERSON);
      assert.deepEqual([failed.code, failed.cause.providerCode], ['PROVIDER', '9']);
      assert.match(failed.message, /choose utf8/);
    });

    it('says that no AES key fits', async () => {
      await deploy(custom());
      answers({ code: '00000', data: encrypt('{}', Buffer.alloc(16, 1)) });
      const { code, message } = await raised(PERSON);
      assert.equal(code, 'PROTOCOL');
      assert.match(message, /cannot be decrypted/);
    });

    const configs: [string, object, object][] = [
      [
        'hex with a key that is none',
        { keyDerivation: 'hex', credentials: { secretId: 'x', key: 'zz' } },
        {},
      ],
      [
        'utf8 with a key of another length',
        { keyDerivation: 'utf8', credentials: { secretId: 'x', key: 'short' } },
        {},
      ],
      ['a derivation that is none', { keyDerivation: 'md5' }, {}],
      ['no key', { credentials: { secretId: SECRET_ID, key: '' } }, {}],
      ['no secretId', { credentials: { secretId: '', key: KEY } }, {}],
      ['a variable that is not set', { credentials: { secretId: SECRET_ID, key: '${CN_VERIFY_UNSET}' } }, {}],
      ['an account of another provider', { type: 'xhey-account' }, {}],
      ['passWhen with a syntax error', {}, { passWhen: 'code = ' }],
      ['failWhen with a syntax error', {}, { passWhen: 'code', failWhen: '(' }],
      ['a photo of no size', {}, { maxPhotoMB: 0 }],
      ['a photo of any size', {}, { maxPhotoMB: 1000 }],
      ['JSONata that cannot be read', {}, { photo: 'payload[', photoType: 'jsonata' }],
    ];
    for (const [name, account, action] of configs) {
      it(`CONFIG: ${name}`, async () => {
        await deploy(custom(account, action));
        const { code, cause, message } = await raised(PERSON);
        assert.deepEqual(
          [code, cause.retryable, cause.charged, cause.attempts, cause.operation],
          ['CONFIG', false, false, 0, 'westdex-three'],
        );
        if (name.startsWith('hex') || name.startsWith('utf8')) assert.match(message, /\((?:hex|utf8)\)/);
        assert.ok(!message.includes('zz') && !message.includes('short'));
        assert.equal(server.asked.length, 0);
      });
    }

    const inputs: [string, unknown, RegExp][] = [
      ['nothing', undefined, /personName cannot be read/],
      ['no object', 'text', /no name/],
      ['no name', { ...PERSON, name: undefined }, /no name/],
      ['an empty name', { ...PERSON, name: ' ' }, /no name/],
      ['a name that is a number', { ...PERSON, name: 5 }, /not a text/],
      ['no id number', { ...PERSON, idNumber: '' }, /no ID number/],
      [
        'an id number that is a number',
        { ...PERSON, idNumber: Number('110101199001011237') },
        /is or was a number/,
      ],
      ['an id number of 17 characters', { ...PERSON, idNumber: `${ID_NUMBER.slice(1)}` }, /18 or 15/],
      [
        'an id number with a date that is none',
        { ...PERSON, idNumber: '530102192013080119' },
        /date of birth/,
      ],
      [
        'an id number with a wrong check digit',
        { ...PERSON, idNumber: '530102192005080111' },
        /last character/,
      ],
      ['no photo', { ...PERSON, photo: undefined }, /no photo/],
      ['an empty photo', { ...PERSON, photo: Buffer.alloc(0) }, /no photo/],
      ['an address', { ...PERSON, photo: 'https://example.com/a.jpg' }, /address/],
      ['an address in capitals', { ...PERSON, photo: ' HTTP://example.com/a.jpg' }, /address/],
      ['no base64', { ...PERSON, photo: '照片' }, /not base64/],
      ['a GIF', { ...PERSON, photo: Buffer.from('GIF89a') }, /is GIF/],
      ['a GIF as base64', { ...PERSON, photo: Buffer.from('GIF89a').toString('base64') }, /is GIF/],
      ['too large', { ...PERSON, photo: Buffer.concat([PHOTO, Buffer.alloc(11_000)]) }, /0\.01 MB/],
    ];
    for (const [name, payload, text] of inputs) {
      it(`INPUT: ${name}, and nothing is sent`, async () => {
        await deploy(custom({}, { maxPhotoMB: '0.01' }));
        const { code, cause, message } = await raised(payload);
        assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['INPUT', false, false, 0]);
        assert.match(message, text);
        assert.equal(server.asked.length, 0);
        assert.equal((await verify(PERSON)).outcome, 'answered');
      });
    }

    const broken: [string, (response: ServerResponse) => unknown, ErrorCode, boolean][] = [
      ['reset', (response) => response.socket!.resetAndDestroy(), 'NETWORK', false],
      ['slow', () => {}, 'TIMEOUT', false],
      ['500', (response) => response.writeHead(500).end('<html>'), 'PROVIDER', false],
      ['garbage', (response) => response.end('<html>'), 'PROTOCOL', false],
      ['an array', (response) => json(response, []), 'PROTOCOL', false],
      ['no code', (response) => json(response, { message: '成功' }), 'PROTOCOL', false],
      ['401', (response) => response.writeHead(401).end(), 'AUTH', false],
      ['403', (response) => response.writeHead(403).end(), 'ACCOUNT', false],
      ['404', (response) => response.writeHead(404).end(), 'CONFIG', false],
      ['429', (response) => response.writeHead(429).end(), 'RATE_LIMITED', true],
      ['302', (response) => response.writeHead(302, { Location: '/' }).end(), 'PROTOCOL', false],
    ];
    for (const [name, answer, code, retryable] of broken) {
      it(`${name}: ${code}, and sent once`, async () => {
        await deploy(custom(code === 'TIMEOUT' ? { timeout: 0.5 } : {}));
        server.script = (_asked, response) => answer(response);
        const error = await raised(PERSON);
        assert.deepEqual(
          [error.code, error.cause.retryable, error.cause.charged, error.cause.attempts],
          [code, retryable, ERRORS[code].mayHaveBeenProcessed ? null : false, 1],
        );
        assert.equal(server.asked.length, 1);
      });
    }

    it('is asked again with a time stamp of its own where it said that it did not take the request', async () => {
      await deploy(custom());
      server.script = (_asked, response, count) =>
        count === 1
          ? response.writeHead(429, { 'Retry-After': '1' }).end()
          : json(response, { code: '00000', message: '成功' });
      assert.equal((await verify(PERSON)).timing.attempts, 2);
      const [first, second] = server.asked.map(({ url, body }) => {
        const { data, photoData } = JSON.parse(body);
        assert.ok(url.endsWith(`?timestamp=${data.timeStamp}`));
        return { data, photoData };
      });
      assert.ok(Number(second!.data.timeStamp) >= Number(first!.data.timeStamp) + 1000);
      const { timeStamp, ...same } = second!.data;
      assert.deepEqual({ ...first!.data, timeStamp }, { timeStamp, ...same });
      assert.equal(first!.photoData, second!.photoData);
    });

    it('lets a paid request in flight be answered when its node closes, and tells it at the next start', async () => {
      const nodes = custom();
      await deploy(nodes);
      const closing = new Promise<void>((resolve) => liveNode('action').on('close', () => resolve()));
      server.script = (_asked, response) =>
        void closing.then(() => json(response, { code: '00000', message: '成功' }));
      send('action', { payload: PERSON });
      await until(() => server.asked.length === 1);
      await deploy(nodes);
      await until(() => got('out1').length === 1);
      assert.equal((got('out1')[0]!.payload as Three).outcome, 'answered');
      assert.equal(server.asked.length, 1);
    });

    it('a provider that is not there is tried three times and is certainly not charged', async () => {
      await deploy(custom());
      await server.close();
      const { code, cause } = await raised(PERSON);
      assert.deepEqual([code, cause.retryable, cause.charged, cause.attempts], ['NETWORK', true, false, 3]);
    });
  });
});
