/** Whatever the text, a node sends what its reader in src/input returned, or nothing; the readers are tested in test/input. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { VerifyError } from '../../src/contract/errors';
import { readIdNumber } from '../../src/input/id-number';
import { readName } from '../../src/input/name';
import { readPhoto } from '../../src/input/photo';
import { isAddress, readPhotoUrl } from '../../src/input/photo-url';
import { type GivenPhoto, readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { readText } from '../../src/input/text';
import { readTasks } from '../../src/providers/xhey/tasks';
import { jpg, PNG } from '../input/pictures';
import { ARRIVED, type Arrived, actionOf, checkError, errorOf, flowOf } from './five-actions';
import { ask, deploy, send, startRuntime } from './runtime';
import { closeServers, json, type ScriptedServer, scriptedServer } from './scripted-server';

const NAME = '张三';
const ID_NUMBER = '110101199001011237';
const JPG = jpg(514);
const BASE64 = JPG.toString('base64');
const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';
const C = 'https://p.example.com/c.jpg';

const person = (changes: object) => ({ name: NAME, idNumber: ID_NUMBER, photo: JPG, ...changes });

/** Fields that do not come from where they do by default. */
const CHANGES: Readonly<Record<string, object>> = {
  'get-token': { sequenceId: 'payload.sequenceId', sequenceIdType: 'msg' },
};

let server: ScriptedServer;

async function deployed(type: string): Promise<void> {
  const five = actionOf(type);
  server = await scriptedServer((_request, response) => json(response, five.success()));
  await deploy(flowOf(five, server.baseUrl, { timeout: 10 }, CHANGES[type]));
}

/** What came of a message: what arrived and was changed, or the problem of an INPUT error that sent nothing. */
async function sent(
  type: string,
  payload: unknown,
): Promise<{ arrived: Arrived[]; repaired: unknown } | string> {
  const before = server.requests.length;
  const { out1, caught } = await ask({ payload });
  const requests = server.requests.slice(before);
  if (caught.length > 0) {
    const { code, cause, message } = checkError(caught[0]!);
    assert.deepEqual([code, requests.length, cause.charged], ['INPUT', 0, false], message);
    return cause.problem;
  }
  const { data } = out1[0]!.payload as { data: { repaired: unknown } };
  return { arrived: requests.map(ARRIVED[type]!), repaired: data.repaired };
}

describe('inputs, in a real Node-RED', () => {
  before(() => startRuntime());
  afterEach(closeServers);

  it('an address that was given twice is submitted once and reported twice', async () => {
    await deployed('truth-create');
    const { out1 } = await ask({ payload: [A, B, A] });
    const { data } = out1[0]!.payload as { data: { tasks: { photoUrls: string[] }[]; photoCount: number } };
    assert.deepEqual([data.tasks.map(({ photoUrls }) => photoUrls), data.photoCount], [[[A, B, A]], 2]);
  });

  describe('an error before anything was sent says of all photos that they were not', () => {
    const nothingSent = { submitted: [], notSubmitted: [A, B, A], uncertain: [] };
    const listsOf = async () => {
      const { code, cause } = await errorOf({ payload: [A, B, A] });
      const { submitted, notSubmitted, uncertain } = cause;
      return [code, { submitted, notSubmitted, uncertain }];
    };

    it('an account without a key', async () => {
      const five = actionOf('truth-create');
      server = await scriptedServer(() => {});
      await deploy(flowOf(five, server.baseUrl, { credentials: { groupKey: 'a', groupSecret: '' } }));
      assert.deepEqual(await listsOf(), ['CONFIG', nothingSent]);
    });

    it('too many that wait', async () => {
      const five = actionOf('truth-create');
      server = await scriptedServer(() => {});
      await deploy(flowOf(five, server.baseUrl, { maxConcurrent: 1, maxWaiting: 0, timeout: 10 }));
      send('action', { payload: C });
      assert.deepEqual(await listsOf(), ['OVERLOADED', nothingSent]);
    });
  });

  describe('whatever the text', () => {
    const fragments = [
      ...'张三欧·•. \u3000\u200b\ufeff\0\n\t-\'?*𠮷\ufffdＸⅩx\uf9f4\u2ee298,，"[]{}\\/=+',
      ...['欧阳', '\ud842', '%E5', '&#24352;', 'https://', 'p.example.com', '10.0.0.1', '/a.jpg', 'data:'],
      ...['base64,', ID_NUMBER, NAME, A, B, BASE64, PNG.toString('base64'), '古丽米热·艾比布力', '沙箱101'],
    ];
    const texts = fc.oneof(
      fc.string({ unit: fc.nat(0x10ffff).map((point) => String.fromCodePoint(point)), maxLength: 80 }),
      fc.array(fc.constantFrom(...fragments), { maxLength: 6 }).map((parts) => parts.join('')),
    );
    const environment = 'custom';

    const properties: [
      type: string,
      what: string,
      payload: (text: string) => unknown,
      expected: (text: string, repaired: Set<string>) => Arrived,
    ][] = [
      ...(['face-compare', 'westdex-three'] as const).flatMap((type): typeof properties => [
        [
          type,
          'name',
          (name) => person({ name }),
          (text, repaired) => ({ name: readName(text, 'personName', environment, repaired) }),
        ],
        [
          type,
          'id number',
          (idNumber) => person({ idNumber }),
          (text, repaired) => ({ idcard: readIdNumber(text, 'idNumber', Date.now(), repaired) }),
        ],
        [
          type,
          'photo',
          (photo) => person({ photo }),
          (text, repaired) =>
            type === 'face-compare' && isAddress(text)
              ? { url: readPhotoUrl(text, { field: 'photo', environment, now: Date.now(), repaired }) }
              : { image: atOnce(readPhoto(text, 'photo', 8, repaired)).toString('base64') },
        ],
      ]),
      [
        'truth-create',
        'photo URL',
        (text) => text,
        (text, repaired) => {
          const settings = { field: 'photos', environment, now: Date.now(), store: null, repaired } as const;
          const photos: GivenPhoto[] = atOnce(readPhotos(text, settings));
          const photoUrlList = new Set(photos.map(({ photo }) => ('url' in photo ? photo.url : null)));
          return { photoUrlList: [...photoUrlList] };
        },
      ],
      [
        'truth-poll',
        'task id',
        (text) => text,
        (text, repaired) => ({ taskID: readTasks(text, null, repaired).tasks[0]!.taskId }),
      ],
      [
        'get-token',
        'sequence id',
        (sequenceId) => ({ sequenceId }),
        (text, repaired) => {
          const sequenceId = readText(text, 'sequenceId', 128, repaired);
          if (sequenceId !== '') return { sequence_id: sequenceId };
          // One of random characters takes its place.
          repaired.clear();
          return {};
        },
      ],
    ];
    for (const [type, what, payload, expected] of properties) {
      it(`of a ${what}, ${type} ends as INPUT that sent nothing, or what its reader returned arrives`, async () => {
        await deployed(type);
        await fc.assert(
          fc.asyncProperty(texts, async (text) => {
            const repaired = new Set<string>();
            let wanted: Arrived | string;
            try {
              wanted = expected(text, repaired);
            } catch (error) {
              assert.ok(error instanceof VerifyError);
              wanted = error.problem;
            }
            const came = await sent(type, payload(text));
            if (typeof came === 'string' || typeof wanted === 'string') {
              // westdex downloads nothing.
              if (came === 'photo-url') return;
              assert.equal(came, wanted);
            } else {
              assert.deepEqual({ ...came.arrived[0], ...wanted }, came.arrived[0]);
              assert.deepEqual(came.repaired, [...repaired]);
            }
          }),
          { numRuns: 30, examples: [['\n']] },
        );
      });
    }
  });
});
