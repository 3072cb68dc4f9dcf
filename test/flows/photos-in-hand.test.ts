/** Photos that a message has in hand, through truth-create and truth-poll in a real Node-RED: docs/contract.md, "Photos in hand". */
import assert from 'node:assert/strict';
import type { Result } from '../../src/contract/result';
import type { Message } from '../../src/node-red/runner/red';
import type { PollData } from '../../src/providers/xhey/report';
import type { CreateData } from '../../src/providers/xhey/truth-create';
import { closeAll } from '../http/server';
import { jpg, PNG } from '../input/pictures';
import { BUCKET, KEYS, type ObjectStore, refuse, startObjectStore } from '../photos/object-store';
import { errorOf, resultOf } from './five-actions';
import { accountAt, actionFlow, ask, deploy, type FlowNode, got, send, startRuntime, until } from './runtime';
import { closeServers, json, scriptedServer, taskCreated } from './scripted-server';

const URL_A = 'https://p.example.com/a.jpg';
const SANDBOX = { environment: 'sandbox', sandboxFetches: true };

/** Nine that differ. */
const NINE = Array.from({ length: 9 }, (_, index) => jpg(3_000 + index));

describe('photos in hand, in a flow', function () {
  this.timeout(30_000);
  let server: ObjectStore;
  let stores = 0;
  let storeId = '';
  before(startRuntime);
  beforeEach(async () => {
    // Each test has a store of its own, so that none finds what another left in the bucket.
    storeId = `store of test ${++stores}`;
    server = await startObjectStore();
  });
  afterEach(async () => {
    await deploy([]);
    await closeAll();
    closeServers();
  });

  const storeNode = (properties: object = {}): FlowNode => ({
    id: storeId,
    type: 'photo-store',
    kind: 's3',
    endpoint: server.url.origin,
    bucket: BUCKET,
    style: 'path',
    credentials: KEYS,
    timeout: 2,
    ...properties,
  });
  const start = (action: object = {}, account: object = SANDBOX, store: object = {}) =>
    deploy([
      ...actionFlow({ type: 'truth-create', store: storeId, ...action }, account as Record<string, unknown>),
      storeNode(store),
    ]);
  const created = (payload: unknown, more: Message = {}) => resultOf<CreateData>({ payload, ...more });
  const failed = (payload: unknown, more: Message = {}) => errorOf({ payload, ...more });
  const emptied = async () => {
    await until(async () => (await server.names()).length === 0);
  };

  it('are read in any wrapping, mixed with addresses, and go out in their order with their names', async () => {
    await start();
    const [a, b, c, d, e, f, g] = NINE as [Buffer, ...Buffer[]] as Buffer[];
    const upload = {
      fieldname: 'photo',
      originalname: Buffer.from('工地 一.jpg').toString('latin1'),
      mimetype: 'image/jpeg',
      buffer: b,
    };
    const { data, outcome } = await created([
      a,
      URL_A,
      upload,
      c!.toString('base64'),
      `data:image/jpeg;base64,${d!.toString('base64')}`,
      JSON.parse(JSON.stringify(e)),
      { photo: f, name: 'C:\\fakepath\\six.jpg' },
      new Uint8Array(g!),
      { photo: PNG.toString('base64'), name: 'dot.png' },
    ]);
    assert.equal(outcome, 'submitted');
    assert.equal(data.photoCount, 9);
    const [{ photoUrls, names } = assert.fail()] = data.tasks;
    assert.equal(photoUrls[1], URL_A);
    assert.deepEqual(names, [null, null, '工地 一.jpg', null, null, null, 'six.jpg', null, 'dot.png']);
    const inHand = [a, null, b, c, d, e, f, g, PNG];
    for (const [index, photo] of inHand.entries()) {
      if (photo === null) continue;
      const got = Buffer.from(await (await fetch(photoUrls[index]!)).arrayBuffer());
      assert.ok(got.equals(photo!), `photo ${index}`);
    }
  });

  it('are put once and reported twice where one was given twice', async () => {
    await start();
    const { data } = await created([
      { photo: NINE[0], name: 'a.jpg' },
      URL_A,
      { photo: NINE[0], name: 'b.jpg' },
    ]);
    assert.equal(data.photoCount, 2);
    assert.equal(server.requests.filter((each) => each.startsWith('PUT')).length, 1);
    const [{ photoUrls, names } = assert.fail()] = data.tasks;
    assert.equal(photoUrls[0], photoUrls[2]);
    assert.deepEqual(names, ['a.jpg', null, 'b.jpg']);
  });

  it('have their names in the verdict, and carry them through output 2', async () => {
    await start();
    const { data } = await created([
      { photo: NINE[0], name: '一.jpg' },
      { photo: NINE[1] },
      { photo: NINE[2], name: '三.jpg' },
    ]);
    const poll = async (payload: unknown) => {
      await deploy(actionFlow({ type: 'truth-poll', interval: 0.05, timeout: 20 }, SANDBOX));
      return resultOf<PollData>({ payload });
    };
    const names = ({ data: { photos } }: { data: PollData }) => photos.map(({ name }) => name);
    const done = await poll({ data });
    assert.deepEqual([done.outcome, names(done)], ['passed', ['一.jpg', undefined, '三.jpg']]);
    const { taskIds, tasks, photos } = done.data;
    assert.deepEqual(names(await poll({ data: { taskIds, tasks, photos } })), [
      '一.jpg',
      undefined,
      '三.jpg',
    ]);
  });

  it("choose the sandbox's answer by the name of their file, which their address has not", async () => {
    await start({}, { environment: 'sandbox' });
    const { data } = await created([
      { photo: NINE[0], name: 'C:\\fakepath\\sandbox-2305.jpg' },
      NINE[1],
      { photo: NINE[2], name: 'sandbox-2301 (1).jpg' },
      { photo: 'https://p.example.com/b.jpg', name: 'sandbox-2302.jpg' },
    ]);
    assert.ok(data.tasks[0]!.photoUrls.every((url) => !url.includes('sandbox')));
    await deploy(actionFlow({ type: 'truth-poll', interval: 0.05, timeout: 20 }, { environment: 'sandbox' }));
    const { out1, out2 } = await ask({ payload: { data } });
    const { photos } = ((out1[0] ?? out2[0]) as { payload: { data: PollData } }).payload.data;
    assert.deepEqual(
      photos.map(({ status }) => status),
      [-2305, 0, -2301, -2302],
    );
  });

  it('are INPUT without a store, and CONFIG where the store is missing or out of reach', async () => {
    await start({ store: '' });
    const bare = await failed([URL_A, NINE[0]]);
    assert.deepEqual(
      [bare.code, bare.cause.problem, bare.cause.values],
      ['INPUT', 'photos-need-store', { position: 2 }],
    );
    await start({ store: 'elsewhere' });
    const missing = await failed([URL_A, NINE[0]]);
    assert.deepEqual(
      [missing.code, missing.cause.problem, missing.cause.charged],
      ['CONFIG', 'store-missing', false],
    );
    assert.deepEqual(missing.cause.notSubmitted, [URL_A, 'photos[1]']);
    // Addresses need no store.
    assert.equal((await created(URL_A)).outcome, 'submitted');
    const provider = await scriptedServer((_request, response) => taskCreated(response));
    await start({}, accountAt(provider.baseUrl));
    const outOfReach = await failed(NINE[0]);
    assert.deepEqual([outOfReach.code, outOfReach.cause.problem], ['CONFIG', 'store-out-of-reach']);
    assert.deepEqual([provider.requests.length, server.requests.length], [0, 0]);
  });

  it('of which the store dies half-way are none of them submitted, and none of them stays', async () => {
    await start();
    let puts = 0;
    server.door = ({ method }, response) => {
      if (method !== 'PUT' || ++puts <= 4) return true;
      response.destroy();
      return false;
    };
    const error = await failed([URL_A, ...NINE.slice(0, 8)]);
    assert.deepEqual(
      [error.code, error.cause.problem, error.cause.charged],
      ['NETWORK', 'store-away', false],
    );
    assert.equal(error.cause.retryable, true);
    const { submitted, notSubmitted, uncertain } = error.cause;
    assert.deepEqual([submitted, uncertain], [[], []]);
    assert.deepEqual(notSubmitted, [
      URL_A,
      ...Array.from({ length: 8 }, (_, index) => `photos[${index + 1}]`),
    ]);
    server.door = () => true;
    await emptied();
    // Sent again, the message goes through.
    assert.equal((await created([URL_A, ...NINE.slice(0, 8)])).outcome, 'submitted');
  });

  it('that were put for a message which is refused then are deleted, but not where the outcome is unknown', async () => {
    const provider = await scriptedServer((_request, response) => json(response, { code: 400, msg: 'no' }));
    const reach = { publicUrl: 'https://oss.example.com' };
    await start({}, accountAt(provider.baseUrl), reach);
    const refused = await failed(NINE[0]);
    assert.equal(refused.code, 'INPUT');
    await emptied();
    provider.script = (_request, response) => response.destroy();
    const unknown = await failed([NINE[0], NINE[1]]);
    assert.deepEqual([unknown.code, unknown.cause.uncertain], ['NETWORK', ['photos[0]', 'photos[1]']]);
    assert.equal((await server.names()).length, 2);
  });

  it('that were seen before are not even put again: by reuse, photo by photo', async () => {
    await start({ reuse: 1 });
    const first = await created([NINE[0], NINE[1]]);
    assert.equal((await server.names()).length, 2);
    server.requests.length = 0;
    const second = await created([NINE[1], NINE[2], { photo: NINE[0], name: 'again.jpg' }]);
    assert.equal(server.requests.filter((each) => each.startsWith('PUT')).length, 1);
    const known = second.data.tasks.find(({ taskId }) => taskId === first.data.taskIds[0])!;
    // Under the address at which the provider knows it.
    assert.deepEqual(known.photoUrls, [...first.data.tasks[0]!.photoUrls].reverse());
    assert.deepEqual(known.names, [null, 'again.jpg']);
    server.requests.length = 0;
    const third = await created([NINE[0], NINE[2]]);
    assert.deepEqual([third.charged, third.reused !== null, server.requests], [false, true, []]);
  });

  it('that were submitted under a key are not put again', async () => {
    await start({ key: 'order', keyType: 'msg', batchSize: 2 });
    const first = await created(NINE.slice(0, 3), { order: 'A-1' });
    assert.equal(first.data.taskIds.length, 2);
    server.requests.length = 0;
    const second = await created(NINE.slice(0, 3), { order: 'A-1' });
    assert.deepEqual(second.data.tasks, first.data.tasks);
    assert.deepEqual([second.charged, server.requests], [false, []]);
    // With the store away too.
    server.door = (_request, response) => refuse(response, 500, 'InternalError');
    assert.deepEqual((await created(NINE.slice(0, 3), { order: 'A-1' })).data.tasks, first.data.tasks);
    const other = await failed(NINE.slice(0, 3), { order: 'A-2' });
    assert.deepEqual([other.code, other.cause.charged, other.cause.submitted], ['NETWORK', false, []]);
  });

  it('of two messages with the same photos at once are paid for once, and only one of each stays', async () => {
    await start({ reuse: 1 });
    const payload = NINE.slice(3, 6);
    for (let index = 0; index < 2; index++) send('action', { payload });
    await until(() => got('out1').length === 2);
    const tasks = new Set(
      got('out1').flatMap((message) => (message.payload as Result & { data: CreateData }).data.taskIds),
    );
    assert.equal(tasks.size, 1);
    await until(async () => (await server.names()).length <= 3);
    assert.equal((await server.names()).length, 3);
  });

  it('are put several at once, and not more than the store may have', async () => {
    await start();
    let [atOnce, most] = [0, 0];
    server.door = ({ method }, response) => {
      if (method === 'PUT') {
        most = Math.max(most, ++atOnce);
        response.once('close', () => atOnce--);
      }
      return true;
    };
    await created(NINE);
    assert.ok(most > 1 && most <= 4, `${most} at once`);
  });

  it('are fitted where the store says so', async () => {
    const sharp = require('sharp') as typeof import('sharp');
    const webp = await sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
      .webp()
      .toBuffer();
    await start({}, SANDBOX, { fit: true });
    const { data } = await created([webp, PNG]);
    const types = await Promise.all(
      data.tasks[0]!.photoUrls.map(async (url) => (await fetch(url)).headers.get('content-type')),
    );
    assert.equal(types[0], 'image/jpeg');
    server.requests.length = 0;
    const damaged = await failed([webp, PNG, webp.subarray(0, 60)]);
    assert.deepEqual(
      [damaged.code, damaged.cause.problem, damaged.cause.charged],
      ['INPUT', 'photo-damaged', false],
    );
    assert.equal(damaged.cause.values.position, 3);
  });
});
