/** `fit` of face-compare and westdex-three, in a real Node-RED with the real sharp: what is sent to the provider. */
import assert from 'node:assert/strict';
import sharp from 'sharp';
import type { Cause } from '../../src/contract/errors';
import type { Result } from '../../src/contract/result';
import { colourAt, photo, quarters } from '../photos/pictures';
import { accountAt, actionFlow, ask, deploy, startRuntime } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const PERSON = { name: '欧阳测试', idNumber: '11010519491231002X' };
const COMPARED = {
  msg: '',
  success: true,
  code: 200,
  data: { order_no: '1', score: 0.82, msg: '系统判断为同一人', incorrect: 100 },
};

let server: ScriptedServer;
let sideways: Buffer;

const ACTIONS = {
  'face-compare': {
    type: 'tencent-market-account',
    account: () => ({
      scheme: 'gateway',
      credentials: { secretId: 'an-id-of-the-test', secretKey: 'a-secret-of-the-test' },
    }),
    sent: (body: string) => Buffer.from(new URLSearchParams(body).get('image') ?? '', 'base64'),
    answer: COMPARED,
    maxPhotoKB: 500,
  },
  'westdex-three': {
    type: 'westdex-account',
    account: () => ({
      credentials: { secretId: 'an-id-of-the-test', key: 'fedcba9876543210fedcba9876543210' },
    }),
    sent: (body: string) => Buffer.from((JSON.parse(body) as { photoData: string }).photoData, 'base64'),
    answer: { code: '00000', message: '成功', data: '', id: '1' },
    maxPhotoKB: 50,
  },
};

describe('fit, in a real Node-RED', () => {
  before(async () => {
    await startRuntime();
    sideways = await sharp(await photo(1600, 1200))
      .withMetadata({ orientation: 6 })
      .jpeg({ quality: 95 })
      .toBuffer();
  });
  beforeEach(async () => {
    server = await scriptedServer(() => {});
  });
  afterEach(closeServers);

  for (const [type, { type: accountType, account, sent, answer, maxPhotoKB }] of Object.entries(ACTIONS)) {
    describe(type, () => {
      const flow = (properties: object) => {
        server.script = (_request, response) => json(response, answer);
        return deploy(
          actionFlow({ type, ...properties }, accountAt(server.baseUrl, { type: accountType, ...account() })),
        );
      };
      const result = async (given: unknown) => {
        const { out1, caught } = await ask({ payload: { ...PERSON, photo: given } });
        assert.equal(caught.length, 0, JSON.stringify(caught[0]?.error));
        return out1[0]!.payload as Result;
      };
      const raised = async (given: unknown) => {
        const { caught } = await ask({ payload: { ...PERSON, photo: given } });
        assert.equal(caught.length, 1);
        return (caught[0] as unknown as { error: { code: string; cause: Cause } }).error;
      };

      it(`sends an upright JPG of at most ${maxPhotoKB} KB without metadata, and leaves the caller's alone`, async () => {
        await flow({ fit: true });
        const copy = Buffer.from(sideways);
        await result(sideways);
        const photoSent = sent(server.requests[0]!.body);
        const { width, height, format, exif, orientation } = await sharp(photoSent).metadata();
        assert.deepEqual([format, exif, orientation, height > width], ['jpeg', undefined, undefined, true]);
        assert.ok(photoSent.length <= maxPhotoKB * 1024, `${photoSent.length}`);
        assert.ok(copy.equals(sideways));
      });

      it('sends what comes in any format and any wrapping', async () => {
        await flow({ fit: true, maxPhotoKB: 20 });
        const webp = await (await quarters()).webp().toBuffer();
        const wrappings = [
          ...[webp, { buffer: webp }, webp.toJSON(), JSON.stringify(webp), [...webp]],
          ...[webp.toString('base64'), `data:image/webp;base64,${webp.toString('base64')}`],
          encodeURIComponent(webp.toString('base64')),
        ];
        for (const wrapping of wrappings) await result(wrapping);
        assert.equal(server.requests.length, wrappings.length);
        for (const { body } of server.requests) assert.equal(await colourAt(sent(body), 0.25, 0.25), 'red');
      });

      it('sends nothing of what is no photo, and pays nothing', async () => {
        await flow({ fit: true });
        const wrong: [unknown, string][] = [
          [Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 'fit-format'],
          [sideways.subarray(0, sideways.length / 2), 'photo-damaged'],
          [Buffer.alloc(0), 'photo-missing'],
          [Buffer.alloc(9 * 1024 * 1024), 'photo-too-large'],
        ];
        for (const [given, problem] of wrong) {
          const { code, cause } = await raised(given);
          assert.deepEqual(
            [code, cause.problem, cause.charged, cause.ledger],
            ['INPUT', problem, false, null],
          );
        }
        assert.equal(server.requests.length, 0);
      });

      it('is off unless a flow asks for it', async () => {
        await flow({});
        await result(sideways);
        assert.ok(sent(server.requests[0]!.body).equals(sideways));
        const { cause } = await raised(await (await quarters()).webp().toBuffer());
        assert.equal(cause.problem, 'photo-format');
      });

      it('pays once for a photo that comes again, by what came in', async () => {
        await flow({ fit: true, reuse: 1 });
        const other = await sharp(sideways).jpeg({ quality: 70 }).toBuffer();
        const first = await result(other);
        const again = await result(Buffer.from(other));
        assert.equal(server.requests.length, 1);
        assert.deepEqual([first.reused, again.reused?.ledger], [null, first.ledger]);
      });
    });
  }

  it('leaves an address to the provider', async () => {
    server.script = (_request, response) => json(response, COMPARED);
    const account = ACTIONS['face-compare'].account();
    await deploy(
      actionFlow(
        { type: 'face-compare', fit: true },
        accountAt(server.baseUrl, { type: 'tencent-market-account', ...account }),
      ),
    );
    await ask({ payload: { ...PERSON, photo: 'https://example.com/a.webp' } });
    assert.equal(new URLSearchParams(server.requests[0]!.body).get('url'), 'https://example.com/a.webp');
  });
});
