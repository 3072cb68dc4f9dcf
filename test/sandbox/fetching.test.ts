/** The sandbox that downloads what it is given: docs/contract.md, "Sandbox". */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchPhoto } from '../../src/sandbox/fetch-photo';
import { type Sandbox, startSandbox } from '../../src/sandbox/server';
import { selfSigned, uncheckedByEnvironment } from '../http/certificates';
import { BMP, jpg, PNG } from '../input/pictures';
import { callXhey } from './xhey-caller';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

type Script = (request: IncomingMessage, response: ServerResponse) => void;

const send =
  (bytes: Buffer, status = 200, headers = {}): Script =>
  (_request, response) =>
    response.writeHead(status, headers).end(bytes);
const redirect = (location: string) => send(Buffer.alloc(0), 302, { Location: location });

/** What stands where, and the status it gets; `docs/providers/xhey.md`, the table of a photo's `status`. */
const PHOTOS: Record<string, [Script, number]> = {
  '/a.jpg': [send(jpg(), 200, { 'Content-Type': 'text/plain' }), 0],
  '/a.png': [send(PNG), 0],
  '/a.bmp': [send(BMP), 0],
  '/moved.jpg': [redirect('/moved-again.jpg'), 0],
  '/moved-again.jpg': [redirect('/a.jpg'), 0],
  '/round.jpg': [redirect('/round.jpg'), -2306],
  '/elsewhere.jpg': [redirect('file:///etc/hostname'), -2306],
  '/nowhere.jpg': [send(Buffer.alloc(0), 302), -2306],
  '/missing.jpg': [send(jpg(), 404), -2306],
  '/private.jpg': [send(jpg(), 401), -2306],
  '/broken.jpg': [(_request, response) => response.destroy(), -2306],
  '/cut.jpg': [
    (_request, response) => {
      response.writeHead(200, { 'Content-Length': 1000 }).write(jpg());
      setTimeout(() => response.destroy(), 20);
    },
    -2306,
  ],
  '/large.jpg': [send(Buffer.concat([jpg(), Buffer.alloc(21 * 1024 * 1024)])), -2306],
  '/login.jpg': [send(Buffer.from('<!doctype html><title>login</title>')), -2307],
  '/half.jpg': [send(jpg().subarray(0, 300)), -2307],
  '/a.gif': [send(Buffer.from('GIF89a')), -2307],
  '/empty.jpg': [send(Buffer.alloc(0)), -2307],
};

describe('sandbox: photos that are downloaded', () => {
  let photos: Server;
  let base: string;
  let scripts: Record<string, Script>;
  let downloads: string[];
  let sandbox: Sandbox;

  beforeEach(async () => {
    scripts = Object.fromEntries(Object.entries(PHOTOS).map(([path, [script]]) => [path, script]));
    downloads = [];
    photos = createServer((request, response) => {
      downloads.push(request.url!);
      scripts[request.url!]!(request, response);
    });
    await new Promise<void>((resolve) => photos.listen(0, '127.0.0.1', resolve));
    base = `http://127.0.0.1:${(photos.address() as AddressInfo).port}`;
    sandbox = await startSandbox({ port: 0, file: null });
  });
  afterEach(async () => {
    await sandbox.close();
    photos.closeAllConnections();
    await new Promise((resolve) => photos.close(resolve));
  });

  async function create(photoUrlList: string[], path = '/fetching'): Promise<string> {
    const response = await callXhey(sandbox, `${path}/v2/truth_build/create`, { photoUrlList });
    const text = await response.text();
    return /"taskID":"(\d+)"/.exec(text)?.[1] ?? assert.fail(text);
  }

  async function query(taskID: string, path = '/fetching') {
    const response = await callXhey(sandbox, `${path}/v2/truth_build/query`, { taskID });
    const answer = (await response.json()) as Record<string, unknown>;
    const { taskStatus, list } = (answer.data ?? answer) as {
      taskStatus: number;
      list: { photoUrl: string; status: number }[];
    };
    return { taskStatus, statuses: list.map(({ photoUrl, status }) => [photoUrl, status] as const) };
  }

  async function finished(taskID: string): Promise<(readonly [string, number])[]> {
    for (;;) {
      const { taskStatus, statuses } = await query(taskID);
      if (taskStatus === 5) return statuses;
      await pause(20);
    }
  }

  it('are distinguished by whether there is a picture', async () => {
    const wanted = Object.entries(PHOTOS).map(([path, [, status]]) => [base + path, status] as const);
    for (let start = 0; start < wanted.length; start += 10) {
      const batch = wanted.slice(start, start + 10);
      assert.deepEqual(await finished(await create(batch.map(([url]) => url))), batch);
    }
  });

  it('are no longer there where nobody listens', async () => {
    const url = 'http://127.0.0.1:9/a.jpg';
    assert.deepEqual(await finished(await create([url])), [[url, -2306]]);
  });

  it('are not there over TLS where nobody vouches for the server, whatever the environment says', async () => {
    const secured = createTlsServer(selfSigned('IP:127.0.0.1'), (_request, response) => response.end(jpg()));
    await new Promise<void>((resolve) => secured.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(secured.address() as AddressInfo).port}/a.jpg`;
    try {
      await uncheckedByEnvironment(async () => {
        assert.deepEqual(await finished(await create([url])), [[url, -2306]]);
      });
    } finally {
      secured.close();
    }
  });

  it('are waited for: the create is answered before, and the task is in progress', async () => {
    let arrived: ServerResponse | undefined;
    scripts['/slow.jpg'] = (_request, response) => {
      arrived = response;
    };
    const task = await create([`${base}/slow.jpg`, `${base}/a.gif`]);
    const statuses = ['/slow.jpg', '/a.gif'].map((path) => [base + path, 1]);
    for (const taskStatus of [1, 2]) assert.deepEqual(await query(task), { taskStatus, statuses });
    while (!arrived) await pause(10);
    arrived.end(jpg());
    assert.deepEqual(await finished(task), [
      [`${base}/slow.jpg`, 0],
      [`${base}/a.gif`, -2307],
    ]);
    assert.deepEqual(downloads.toSorted(), ['/a.gif', '/slow.jpg']);
  });

  it('are not downloaded where the address chooses the answer', async () => {
    const rows = [
      [`${base}/sandbox/-2305/a.jpg`, -2305],
      [`${base}/sandbox/slow-2/a.jpg`, 0],
      [`${base}/a.jpg`, 0],
    ] as const;
    assert.deepEqual(await finished(await create(rows.map(([url]) => url))), rows);
    assert.deepEqual(downloads, ['/a.jpg']);
  });

  it('are not downloaded unless the path wants it', async () => {
    const task = await create([`${base}/missing.jpg`], '');
    assert.deepEqual(await query(task, ''), { taskStatus: 5, statuses: [[`${base}/missing.jpg`, 0]] });
    assert.deepEqual(downloads, []);
  });

  it('are downloaded again where a restart came between', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sandbox-'));
    const file = join(folder, 'store.json');
    try {
      await sandbox.close();
      sandbox = await startSandbox({ port: 0, file });
      scripts['/slow.jpg'] = () => {};
      const task = await create([`${base}/slow.jpg`]);
      await sandbox.close();
      scripts['/slow.jpg'] = send(Buffer.from('none'));
      sandbox = await startSandbox({ port: 0, file });
      assert.deepEqual(await finished(task), [[`${base}/slow.jpg`, -2307]]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('are eight at a time, and all of them are seen', async () => {
    let open = 0;
    let most = 0;
    scripts['/a.jpg'] = (_request, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end(jpg());
      }, 10);
    };
    const seen = await Promise.all(
      Array.from({ length: 30 }, () => fetchPhoto(`${base}/a.jpg`, (bytes) => bytes)),
    );
    assert.deepEqual([most, open], [8, 0]);
    assert.ok(seen.every((bytes) => bytes?.equals(jpg())));
  });

  it('are given up after a while', async () => {
    scripts['/never.jpg'] = (_request, response) => response.writeHead(200).write('a');
    assert.equal(await fetchPhoto(`${base}/never.jpg`, (bytes) => bytes), null);
  });
});
