/** What channels do to inputs, through a real Node-RED: what arrives at a server, or that nothing does. */
import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { type Cause, VerifyError } from '../../src/contract/errors';
import { readIdNumber } from '../../src/input/id-number';
import { readName } from '../../src/input/name';
import { readPhoto } from '../../src/input/photo';
import { isAddress, readPhotoUrl } from '../../src/input/photo-url';
import { type GivenPhoto, readPhotos } from '../../src/input/photos';
import { atOnce } from '../../src/input/slices';
import { readText } from '../../src/input/text';
import type { Message } from '../../src/node-red/runner/red';
import { aesKey, decrypt } from '../../src/providers/westdex/cipher';
import { readTasks } from '../../src/providers/xhey/tasks';
import { jpg, PNG } from '../input/pictures';
import { actionOf, checkError, flowOf, SECRET } from './five-actions';
import { ask, deploy, send, startRuntime } from './runtime';
import {
  closeServers,
  json,
  type ReceivedRequest,
  type ScriptedServer,
  scriptedServer,
} from './scripted-server';

const NAME = '张三';
const ID_NUMBER = '110101199001011237';
const JPG = jpg(514);
const BASE64 = JPG.toString('base64');
const A = 'https://p.example.com/a.jpg';
const B = 'https://p.example.com/b.jpg';
const C = 'https://p.example.com/c.jpg';

const person = (changes: object) => ({ name: NAME, idNumber: ID_NUMBER, photo: JPG, ...changes });

type Arrived = Record<string, unknown>;
/** What each provider reads off a request. */
const READ: Readonly<Record<string, (asked: ReceivedRequest) => Arrived>> = {
  'truth-create': ({ body }) => JSON.parse(body),
  'truth-poll': ({ body }) => JSON.parse(body),
  'get-token': ({ url }) => Object.fromEntries(new URL(url, 'http://localhost').searchParams),
  'face-compare': ({ body }) => Object.fromEntries(new URLSearchParams(body)),
  'westdex-three': ({ body }) => {
    const { data, photoData } = JSON.parse(body);
    const key = aesKey('sha1prng', SECRET)!;
    return { name: decrypt(data.xM, key), idcard: decrypt(data.gMSFZHM, key), image: photoData };
  },
};

/** What is given, and what arrives or which problem an INPUT error has. */
type Row = readonly [
  what: string,
  payload: unknown,
  wanted: Arrived | string,
  repaired?: readonly string[] | undefined,
];

const faces = (rows: [string, object, Arrived | string, string[]?][]): Row[] =>
  rows.map(([what, changes, wanted, repaired]) => [what, person(changes), wanted, repaired]);

const named = (names: [string, unknown, string][]): Row[] =>
  names.map(([what, name, wanted]) =>
    wanted.includes('-')
      ? [what, person({ name }), wanted]
      : [
          what,
          person({ name }),
          { name: wanted, idcard: ID_NUMBER, image: BASE64 },
          wanted === name ? [] : ['personName'],
        ],
  );

const UYGHUR = '古丽米热·艾比布力';
/** One or two for each kind of repair and refusal; all of them are in test/input. */
const PERSONS: Row[] = [
  ...named([
    ['a name as it should be', NAME, NAME],
    ['a bullet for the dot', '古丽米热•艾比布力', UYGHUR],
    ['spaces round it', '古丽米热 · 艾比布力', UYGHUR],
    ['a zero-width space', '张三\u200b', NAME],
    ['a wide space inside', '张\u3000三', NAME],
    ['a compatibility character', '\uf9f4三', '林三'],
    ['a surname of the second plane', '𠮷田', '𠮷田'],
    ['half of a character', '张\ud842', 'text-damaged'],
    ['GBK of a form', '%D5%C5%C8%FD', 'name-encoded'],
    ['UTF-8 read as GBK', '寮犱笁', 'name-misread'],
    ['UTF-8 read as Latin-1', 'å¼ ä¸‰', 'name-misread'],
    ['a name as long as a book', '张'.repeat(1_000_000), 'text-too-long'],
  ]),
  ...faces([
    ['a wide X', { idNumber: '11010519491231002Ｘ' }, { idcard: '11010519491231002X' }, ['idNumber']],
    ['an id number in groups', { idNumber: '110101 19900101 1237' }, { idcard: ID_NUMBER }, ['idNumber']],
    ['a number of 15 digits', { idNumber: 110105491231002 }, { idcard: '110105491231002' }, ['idNumber']],
    ['a number of 18', { idNumber: Number(ID_NUMBER) }, 'id-number-number'],
    ['an id number of 1799', { idNumber: '110101179901011234' }, 'id-number-birth-date'],
    ['base64 as it should be', { photo: BASE64 }, { image: BASE64 }, []],
    ['base64 whose + became spaces', { photo: BASE64.replaceAll('+', ' ') }, { image: BASE64 }, ['photo']],
    ['base64 for URLs', { photo: JPG.toString('base64url') }, { image: BASE64 }, ['photo']],
    ['a prefix without data:', { photo: `image/jpeg;base64,${BASE64}` }, { image: BASE64 }, ['photo']],
    ['a Buffer that went through JSON', { photo: JSON.parse(JSON.stringify(JPG)) }, { image: BASE64 }, []],
    ['the file of an upload', { photo: { originalname: 'a.jpg', buffer: JPG } }, { image: BASE64 }, []],
    ['a PNG', { photo: PNG }, { image: PNG.toString('base64') }, []],
    ['a JPG that is cut off', { photo: JPG.subarray(0, 300) }, 'photo-not-whole'],
    ['a WebP', { photo: Buffer.from('RIFF\x24\0\0\0WEBPVP8 ') }, 'photo-format'],
    ['bytes read as UTF-8', { photo: JPG.toString('utf8') }, 'photo-decoded'],
  ]),
];

const TABLE: Readonly<Record<string, Row[]>> = {
  'face-compare': [
    ...PERSONS,
    ...faces([
      ['an address with a line break behind it', { photo: `${A}\n` }, { url: A }, ['photo']],
      ['a private address', { photo: 'http://172.16.0.1/a.jpg' }, 'url-unreachable'],
      ['ten million holes', { photo: Array(10_000_000) }, 'photo-too-large'],
      ['two addresses', { photo: `${A} ${B}` }, 'url-with-space'],
    ]),
  ],
  'westdex-three': [...PERSONS, ...faces([['an address', { photo: A }, 'photo-url']])],
  'truth-create': [
    ['two lines', `${A}\n${B}`, { photoUrlList: [A, B] }, ['photos']],
    ['three with spaces and tabs', `${A} ${B}\t${C}`, { photoUrlList: [A, B, C] }, ['photos']],
    ['JSON of a list', JSON.stringify([A, B]), { photoUrlList: [A, B] }, []],
    ['the same three times', [A, `${A} `, A], { photoUrlList: [A] }, ['photos']],
    ['the same among others', [A, B, A, C], { photoUrlList: [A, B, C] }, []],
    ['two with a comma', `${A},${B}`, 'urls-glued'],
    ['a line break inside', 'https://p.example.com/a\n.jpg', 'url-with-space'],
    ['a private address', ['http://192.168.1.10/cam/5.jpg', A], 'url-unreachable'],
    ["a store's internal host", 'https://b.oss-cn-beijing-internal.aliyuncs.com/a.jpg', 'url-unreachable'],
    ['100,000', Array(100_000).fill(A), 'too-many-photos'],
  ],
  'truth-poll': [
    ['an id', '9', { taskID: '9' }],
    ['JSON of a result', '{"data":{"taskIds":["9"]}}', { taskID: '9' }],
    ['JSON of a list with a long number', '[1916812048797622272]', { taskID: '1916812048797622272' }],
    ['a JSON text', '"9"', { taskID: '9' }],
    ['an id with a byte order mark', '\ufeff9\n', { taskID: '9' }],
    ['two with a comma', '9,8', 'task-ids-glued'],
    ['an address', A, 'task-id-is-url'],
    ['a number that lost its last digits', 1916812048797622300, 'task-id-inexact'],
    ['JSON that is cut off', '{"data":{"taskIds":["9"', 'not-a-task-id'],
  ],
  'get-token': [
    ['an id', { sequenceId: '订单 & /' }, { sequence_id: '订单 & /' }, []],
    ['white space round it', { sequenceId: ' 7\r\n' }, { sequence_id: '7' }, ['sequenceId']],
    ['a zero-width space', { sequenceId: '7\u200b' }, { sequence_id: '7' }, ['sequenceId']],
    ['a damaged id', { sequenceId: '7\ufffd' }, 'text-damaged'],
    ['a line break inside', { sequenceId: '7\n8' }, 'text-control'],
    ['129 characters', { sequenceId: 'x'.repeat(129) }, 'text-too-long'],
  ],
};
/** Fields that do not come from where they do by default. */
const CHANGES: Readonly<Record<string, object>> = {
  'get-token': { sequenceId: 'payload.sequenceId', sequenceIdType: 'msg' },
};

let server: ScriptedServer;

async function deployed(type: string): Promise<void> {
  const five = actionOf(type);
  server = await scriptedServer((_asked, response) => json(response, five.success()));
  await deploy(flowOf(five, server.baseUrl, { timeout: 10 }, CHANGES[type]));
}

/** What came of a message: what arrived and was changed, or the problem of an INPUT error that sent nothing. */
async function sent(
  type: string,
  payload: unknown,
): Promise<{ arrived: Arrived[]; repaired: unknown } | string> {
  const before = server.asked.length;
  const { out1, caught } = await ask({ payload });
  const asked = server.asked.slice(before);
  if (caught.length > 0) {
    const { code, cause, message } = checkError(caught[0]!);
    assert.deepEqual([code, asked.length, cause.charged], ['INPUT', 0, false], message);
    return cause.problem;
  }
  const { data } = out1[0]!.payload as { data: { repaired: unknown } };
  return { arrived: asked.map(READ[type]!), repaired: data.repaired };
}

describe('inputs, in a real Node-RED', () => {
  before(() => startRuntime());
  afterEach(closeServers);

  for (const [type, rows] of Object.entries(TABLE)) {
    describe(type, () => {
      for (const [what, payload, wanted, repaired] of rows) {
        it(`${what}: ${typeof wanted === 'string' ? wanted : 'arrives'}`, async () => {
          await deployed(type);
          const came = await sent(type, payload);
          if (typeof wanted === 'string' || typeof came === 'string') return assert.equal(came, wanted);
          const [arrived = {}] = came.arrived;
          for (const [name, value] of Object.entries(wanted)) assert.deepEqual(arrived[name], value);
          if (repaired) assert.deepEqual(came.repaired, repaired);
        });
      }
    });
  }

  it('an address that was given twice is submitted once and reported twice', async () => {
    await deployed('truth-create');
    const { out1 } = await ask({ payload: [A, B, A] });
    const { data } = out1[0]!.payload as { data: { tasks: { photoUrls: string[] }[]; photoCount: number } };
    assert.deepEqual([data.tasks.map(({ photoUrls }) => photoUrls), data.photoCount], [[[A, B, A]], 2]);
  });

  it('a hole among task ids is none', async () => {
    await deployed('truth-poll');
    assert.equal(await sent('truth-poll', Object.assign(['9'], { length: 2 })), 'not-a-task-id');
  });

  describe('an error before anything was sent tells of all photos that they were not', () => {
    const nothingSent = { submitted: [], notSubmitted: [A, B, A], uncertain: [] };
    const told = ({ error }: Message) => {
      const { code, cause } = error as { code: string; cause: Cause };
      const { submitted, notSubmitted, uncertain } = cause;
      return [code, { submitted, notSubmitted, uncertain }];
    };

    it('an account without a key', async () => {
      const five = actionOf('truth-create');
      server = await scriptedServer(() => {});
      await deploy(flowOf(five, server.baseUrl, { credentials: { groupKey: 'a', groupSecret: '' } }));
      const { caught } = await ask({ payload: [A, B, A] });
      assert.deepEqual(told(caught[0]!), ['CONFIG', nothingSent]);
    });

    it('too many that wait', async () => {
      const five = actionOf('truth-create');
      server = await scriptedServer(() => {});
      await deploy(flowOf(five, server.baseUrl, { maxConcurrent: 1, maxWaiting: 0, timeout: 10 }));
      send('action', { payload: C });
      const { caught } = await ask({ payload: [A, B, A] });
      assert.deepEqual(told(caught[0]!), ['OVERLOADED', nothingSent]);
    });
  });

  describe('whatever the text', () => {
    const fragments = [
      ...'张三欧·•. \u3000\u200b\ufeff\0\n\t-\'?*𠮷\ufffdＸⅩx\uf9f4\u2ee298,，"[]{}\\/=+',
      ...['欧阳', '\ud842', '%E5', '&#24352;', 'https://', 'p.example.com', '10.0.0.1', '/a.jpg', 'data:'],
      ...['base64,', ID_NUMBER, NAME, A, B, BASE64, PNG.toString('base64'), UYGHUR, '沙箱101'],
    ];
    const texts = fc.oneof(
      fc.string({ unit: fc.nat(0x10ffff).map((point) => String.fromCodePoint(point)), maxLength: 80 }),
      fc.array(fc.constantFrom(...fragments), { maxLength: 6 }).map((parts) => parts.join('')),
    );
    const environment = 'custom';
    const once = (read: (repaired: Set<string>) => unknown) => read(new Set());

    const properties: [
      type: string,
      what: string,
      payload: (text: string) => unknown,
      expected: (text: string) => unknown,
    ][] = [
      ...(['face-compare', 'westdex-three'] as const).flatMap((type): typeof properties => [
        [
          type,
          'name',
          (text) => person({ name: text }),
          (text) => ({ name: once((repaired) => readName(text, 'personName', environment, repaired)) }),
        ],
        [
          type,
          'id number',
          (text) => person({ idNumber: text }),
          (text) => ({ idcard: once((repaired) => readIdNumber(text, 'idNumber', Date.now(), repaired)) }),
        ],
        [
          type,
          'photo',
          (text) => person({ photo: text }),
          (text) =>
            once((repaired) => {
              if (type === 'face-compare' && isAddress(text))
                return {
                  url: readPhotoUrl(text, { field: 'photo', environment, now: Date.now(), repaired }),
                };
              const photo = atOnce(readPhoto(text, 'photo', 8, repaired));
              return { image: photo.toString('base64') };
            }),
        ],
      ]),
      [
        'truth-create',
        'photo URL',
        (text) => text,
        (text) => ({
          photoUrlList: [
            ...new Set(
              (
                once((repaired) =>
                  atOnce(
                    readPhotos(text, {
                      field: 'photos',
                      environment,
                      now: Date.now(),
                      store: null,
                      repaired,
                    }),
                  ),
                ) as GivenPhoto[]
              ).map(({ photo }) => ('url' in photo ? photo.url : null)),
            ),
          ],
        }),
      ],
      [
        'truth-poll',
        'task id',
        (text) => text,
        (text) => ({ taskID: readTasks(text, null, new Set()).tasks[0]!.taskId }),
      ],
      [
        'get-token',
        'sequence id',
        (text) => ({ sequenceId: text }),
        (text) => {
          const sequenceId = once((repaired) => readText(text, 'sequenceId', 128, repaired));
          return sequenceId === '' ? {} : { sequence_id: sequenceId };
        },
      ],
    ];
    for (const [type, what, payload, expected] of properties) {
      it(`of a ${what}, ${type} ends as INPUT that sent nothing, or what its reader returned arrives`, async () => {
        await deployed(type);
        await fc.assert(
          fc.asyncProperty(texts, async (text) => {
            let wanted: object | string;
            try {
              wanted = expected(text) as object;
            } catch (error) {
              assert.ok(error instanceof VerifyError);
              wanted = error.problem;
            }
            const came = await sent(type, payload(text));
            if (typeof came === 'string' || typeof wanted === 'string') {
              // westdex downloads nothing.
              if (came === 'photo-url') return;
              assert.equal(came, wanted);
            } else assert.deepEqual({ ...came.arrived[0], ...wanted }, came.arrived[0]);
          }),
          { numRuns: 30 },
        );
      });
    }
  });
});
