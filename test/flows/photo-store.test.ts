/** A photo store in a Node-RED of its own: what it serves, what survives a kill, and what the editor asks it. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Result } from '../../src/contract/result';
import { closeAll } from '../http/server';
import { jpg } from '../input/pictures';
import { type NodeRed, READER, startNodeRed } from '../node-red-process';
import { overHttp } from '../over-http';
import { BUCKET, KEYS, type ObjectStore, refuse, startObjectStore } from '../photos/object-store';
import { until } from '../until';

const PHOTO = jpg(5_000);
const ID = /^[\w-]{22}$/;

/** An upload over HTTP to a verdict, as the example has it. */
function flows(store: Record<string, unknown>): object[] {
  const { id = 'store' } = store;
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    { id: 'account', type: 'xhey-account', environment: 'sandbox', sandboxFetches: true },
    { ...store, id, type: 'photo-store' },
    ...overHttp('/verify/upload', ['create'], { upload: true }),
    {
      id: 'create',
      ...at,
      type: 'truth-create',
      account: 'account',
      store: id,
      photos: 'req.files',
      photosType: 'msg',
      wires: [['poll']],
    },
    {
      id: 'poll',
      ...at,
      type: 'truth-poll',
      account: 'account',
      interval: 0.1,
      wires: [['answer'], ['answer']],
    },
  ];
}

describe('a photo store in Node-RED', function () {
  this.timeout(90_000);
  let nodeRed: NodeRed;

  const local = () => ({ kind: 'local', publicUrl: nodeRed.address });
  const upload = async (...photos: Buffer[]) => {
    const form = new FormData();
    for (const [index, photo] of photos.entries())
      form.append('photo', new Blob([new Uint8Array(photo)], { type: 'image/jpeg' }), `现场 ${index}.jpg`);
    const response = await fetch(`${nodeRed.address}/verify/upload`, { method: 'POST', body: form });
    return (await response.json()) as Result & { data: { photos: { url: string; name: string }[] } };
  };
  const folder = () => join(nodeRed.userDir, 'cn-verify/photos');
  const files = () => (existsSync(folder()) ? readdirSync(folder()).filter((name) => ID.test(name)) : []);
  /** As if the time of some photos had come while no Node-RED was running. */
  const makeDue = (...ids: string[]) => {
    const database = new DatabaseSync(join(nodeRed.userDir, 'cn-verify/cn-verify.db'));
    const update = database.prepare('UPDATE stored_photos SET delete_at = 1 WHERE id = ?');
    for (const id of ids) assert.equal(update.run(id).changes, 1);
    database.close();
  };
  /** @param meanwhile what happens while no Node-RED runs */
  const restart = async (meanwhile = () => {}) => {
    await nodeRed.stop();
    meanwhile();
    nodeRed = await startNodeRed({}, undefined, nodeRed.userDir);
  };
  before(async () => {
    nodeRed = await startNodeRed();
  });
  after(async () => {
    await nodeRed?.stop();
    await closeAll();
  });

  describe('that serves the photos itself', () => {
    beforeEach(() => nodeRed.deploy(flows(local())));

    it('brings an upload to a verdict', async () => {
      const { outcome, data } = await upload(PHOTO, jpg(6_000));
      assert.equal(outcome, 'passed');
      assert.deepEqual(
        data.photos.map(({ name }) => name),
        ['现场 0.jpg', '现场 1.jpg'],
      );
      for (const { url } of data.photos) {
        assert.ok(url.startsWith(`${nodeRed.address}/cn-verify/photos/`));
        assert.match(url.split('/').at(-1)!, /^[\w-]{22}$/);
      }
      for (const name of files()) assert.equal(statSync(join(folder(), name)).mode & 0o777, 0o600);
    });

    it('serves a photo whole, in parts and by its head, and lets nobody look around', async () => {
      const { data } = await upload(PHOTO);
      const { url } = data.photos[0]!;
      const whole = await fetch(url);
      assert.deepEqual(
        [
          whole.status,
          ...['content-type', 'x-content-type-options', 'cache-control', 'content-length'].map((name) =>
            whole.headers.get(name),
          ),
        ],
        [200, 'image/jpeg', 'nosniff', 'private', String(PHOTO.length)],
      );
      assert.ok(Buffer.from(await whole.arrayBuffer()).equals(PHOTO));
      const head = await fetch(url, { method: 'HEAD' });
      assert.deepEqual(
        [head.status, head.headers.get('content-length'), (await head.arrayBuffer()).byteLength],
        [200, String(PHOTO.length), 0],
      );
      const part = await fetch(url, { headers: { Range: 'bytes=10-19' } });
      assert.deepEqual(
        [part.status, part.headers.get('content-range')],
        [206, `bytes 10-19/${PHOTO.length}`],
      );
      assert.ok(Buffer.from(await part.arrayBuffer()).equals(PHOTO.subarray(10, 20)));
      assert.equal((await fetch(url, { headers: { Range: 'bytes=9999-' } })).status, 416);
      for (const path of [
        '',
        '.',
        '..%2f..%2f..%2fflows.json',
        '..%2fkey',
        '%2e%2e',
        'of-store',
        `${url.slice(-22, -1)}`,
        `${url.slice(-22)}%00`,
      ]) {
        assert.equal(await statusOf(`/cn-verify/photos/${path}`), 404, path);
      }
    });

    it('fails a photo that nobody can get any more, as the provider would', async () => {
      await nodeRed.deploy(flows({ ...local(), publicUrl: 'http://127.0.0.1:9' }));
      const { outcome, data } = await upload(PHOTO);
      const [{ reason } = assert.fail()] = data.photos as unknown as { reason: string }[];
      assert.deepEqual([outcome, reason], ['inconclusive', 'photo-unreachable']);
    });

    it('forgets a photo after a restart, and answers nobody whether it was ever there', async () => {
      const before = new Set(files());
      await upload(PHOTO, jpg(6_000));
      const [due, kept] = files().filter((name) => !before.has(name)) as [string, string];
      const answer = async (id: string) => {
        const response = await fetch(`${nodeRed.address}/cn-verify/photos/${id}`);
        const { date, 'keep-alive': _alive, ...headers } = Object.fromEntries(response.headers);
        return [response.status, headers, await response.text()] as const;
      };
      await restart(() => makeDue(due));
      await until(() => !files().includes(due), 'it is not deleted');
      assert.equal(await statusOf(`/cn-verify/photos/${kept}`), 200);
      const never = await answer('A'.repeat(22));
      assert.equal(never[0], 404);
      assert.deepEqual(await answer(due), never);
    });

    it('takes no more than it may hold, and says so', async () => {
      await nodeRed.deploy(flows({ ...local(), maxMB: 1 }));
      const before = files().length;
      const half = jpg(600_000);
      assert.equal((await upload(half)).outcome, 'passed');
      const { code, cause, message } = (await upload(jpg(600_001))) as unknown as {
        code: string;
        message: string;
        cause: { problem: string; charged: boolean };
      };
      assert.deepEqual([code, cause.problem, cause.charged], ['CONFIG', 'store-full', false]);
      assert.match(message, /1 MB together/);
      assert.equal(files().length, before + 1);
    });

    it('does so in a subflow', async () => {
      const inner = flows(local()) as { id: string; z?: string; type: string; wires?: string[][] }[];
      const create = inner.find(({ id }) => id === 'create')!;
      const others = inner.filter(({ id }) => id !== 'create');
      await nodeRed.deploy([
        {
          id: 'sub',
          type: 'subflow',
          name: 'submit',
          in: [{ x: 1, y: 1, wires: [{ id: 'create' }] }],
          out: [{ x: 2, y: 1, wires: [{ id: 'create', port: 0 }] }],
        },
        { ...create, z: 'sub', wires: [[]] },
        ...others.map((node) => (node.id === 'read' ? { ...node, wires: [['instance']] } : node)),
        { id: 'instance', z: 'tab', x: 1, y: 1, type: 'subflow:sub', wires: [['poll']] },
      ]);
      assert.equal((await upload(PHOTO)).outcome, 'passed');
    });

    /** Past what `fetch` makes of a path. */
    function statusOf(path: string): Promise<number> {
      const { port } = new URL(nodeRed.address);
      return new Promise((resolve, reject) => {
        request({ host: '127.0.0.1', port, path }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end();
      });
    }
  });

  describe('of an object store', () => {
    let server: ObjectStore;
    before(async () => {
      server = await startObjectStore();
    });
    beforeEach(() => nodeRed.deploy(flows(s3())));

    const s3 = (more: object = {}) => ({
      id: 'bucket',
      kind: 's3',
      endpoint: server.url.origin,
      bucket: BUCKET,
      style: 'path',
      credentials: KEYS,
      ...more,
    });
    const test = async (id = 'tested', token?: string) => {
      const response = await nodeRed.ask(`/cn-verify/photo-stores/${id}/test`, {}, token);
      return {
        status: response.status,
        ...((await response.json().catch(() => ({}))) as { state?: string; text?: string }),
      };
    };
    const held = async () =>
      (await (await nodeRed.ask('/cn-verify/photo-stores')).json()) as {
        node: string;
        count: number;
        problem?: string;
      }[];
    const untilHeld = (id: string, count: number, complaint: string) =>
      until(async () => ((await held()).find(({ node }) => node === id)?.count ?? 0) === count, complaint);

    it('deletes at the next start what was put before a kill', async () => {
      let killed: Promise<void> | undefined;
      server.door = ({ method }) => {
        // Killed once it has arrived, whether or not anybody heard of it.
        if (method === 'PUT') killed ??= arrived().then(() => nodeRed.stop('SIGKILL'));
        return true;
      };
      const arrived = () => until(async () => (await server.names()).length > 0);
      await upload(PHOTO).catch(() => null);
      await killed;
      server.door = () => true;
      const [name = '', ...others] = await server.names();
      assert.deepEqual(others, []);
      await restart(() => makeDue(name.slice(0, 22)));
      await untilHeld('bucket', 0, 'it is not deleted');
      assert.deepEqual(await server.names(), []);
    });

    it('says what it holds to whoever may read', async () => {
      await upload(PHOTO, jpg(6_000));
      const answer = await (await nodeRed.ask('/cn-verify/photo-stores', undefined, READER)).json();
      const { oldest, ...rest } = (answer as { node: string; oldest: string }[]).find(
        ({ node }) => node === 'bucket',
      )!;
      assert.deepEqual(rest, { node: 'bucket', count: 2, bytes: 11_000 });
      assert.equal(new Date(oldest).toISOString(), oldest);
      assert.equal((await nodeRed.ask('/cn-verify/photo-stores', undefined, null)).status, 401);
      await nodeRed.deploy(flows(s3({ bucket: '' })));
      assert.equal((await held()).find(({ node }) => node === 'bucket')!.problem, 'store-bucket-name');
    });

    it('that is deleted leaves photos in its bucket, which a warning says, and none in its own folder', async () => {
      const left = files();
      assert.notDeepEqual(left, []);
      await nodeRed.deploy([]);
      await restart(() => makeDue(...left));
      await until(() => /2 photos are in buckets/.test(nodeRed.output()), 'nothing is logged');
      await until(() => files().length === 0, 'no store deletes them any more');
    });

    it('is tested by a button, which says which step failed', async () => {
      const stored = await server.names();
      await nodeRed.deploy([{ ...s3(), id: 'tested', type: 'photo-store' }]);
      const works = await test();
      assert.deepEqual([works.status, works.state], [200, 'works']);
      assert.deepEqual(await server.names(), stored);
      await untilHeld('tested', 0, 'it is not forgotten');
      const steps: [string, string, RegExp][] = [
        ['PUT', 'refused', /^Putting a photo failed\. .*may not do that/],
        ['GET', 'refused', /^The photo was put, but cannot be fetched .*HTTP 403/],
        ['DELETE', 'refused', /^The photo was put and fetched, but cannot be deleted\. .*may not do that/],
      ];
      for (const [method, state, text] of steps) {
        server.door = (request, response) =>
          request.method !== method || refuse(response, 403, 'AccessDenied');
        const found = await test();
        assert.equal(found.state, state, method);
        assert.match(found.text!, text);
      }
      assert.equal((await test('tested', READER)).status, 401);
      assert.equal((await test('nobody')).status, 404);
      await nodeRed.deploy([{ ...s3({ bucket: '' }), id: 'tested', type: 'photo-store' }]);
      assert.equal((await test()).state, 'not-set-up');
    });

    it('that Node-RED would ask a password for is not set up, and says so before going live', async () => {
      await nodeRed.stop();
      const httpNodeAuth = { user: 'u', pass: '$2b$08$abcdefghijklmnopqrstuv' };
      nodeRed = await startNodeRed({}, undefined, undefined, { httpNodeAuth });
      await nodeRed.deploy(flows(local()));
      const check = await (await nodeRed.ask('/cn-verify/check')).json();
      const [{ store, problem, text } = assert.fail()] = (
        check as { stores: { store: string; problem: string; text: string }[] }
      ).stores;
      assert.deepEqual([store, problem], ['store', 'store-asks-password']);
      assert.match(text, /httpNodeAuth/);
    });
  });
});
