/** Photos in an object store, a real one that checks signatures. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { VerifyError } from '../../src/contract/errors';
import { bucketAddress, type S3Options, S3Store, type Style } from '../../src/photos/s3';
import type { Store } from '../../src/photos/store';
import type { Due } from '../../src/photos/stored-photos-sql';
import type { Database } from '../../src/store/database';
import { temporaryDirectory } from '../demo-process';
import { selfSigned, uncheckedByEnvironment } from '../http/certificates';
import { failure, makeContext } from '../http/context';
import { atEnd, closeAll, open, pause } from '../http/server';
import { jpg, PNG } from '../input/pictures';
import { openTestDatabase } from '../store/open';
import { until } from '../until';
import { BUCKET, KEYS, type ObjectStore, refuse, startObjectStore } from './object-store';
import { isSignedAsAws } from './verify-signature';

const PHOTO = jpg(2_000);
const HOUR_MS = 3_600_000;

interface Changes extends Partial<Omit<S3Options, 'connect'>> {
  keys?: Record<string, string>;
  endpoint?: URL;
  style?: Style;
  bucketName?: string;
  transport?: Partial<Parameters<typeof open>[0]>;
}

describe('photos: S3', () => {
  let server: ObjectStore;
  let folder: string;
  let database: Database;
  /** What the clock of the database says. */
  let now: () => number;
  const notices: string[] = [];
  beforeEach(async () => {
    server = await startObjectStore();
    folder = temporaryDirectory();
    now = Date.now;
    database = openTestDatabase(join(folder, 'cn-verify.db'), { now: () => now() });
    notices.length = 0;
  });
  afterEach(closeAll);

  function openStore(changes: Changes = {}): Store {
    const {
      endpoint = server.url,
      style = 'path',
      bucketName = BUCKET,
      keys = KEYS,
      transport,
      ...others
    } = changes;
    const bucket = bucketAddress(endpoint, bucketName, style);
    const store = new S3Store({
      database,
      node: 'store',
      keepMs: HOUR_MS,
      bucket,
      publicBucket: bucket,
      prefix: '',
      region: 'us-east-1',
      notify: (notice, { count }) => notices.push(`${notice} ${count}`),
      connect: (origin) => open({ baseUrl: origin, pairs: [keys], timeout: 2_000, ...transport }),
      ...others,
    });
    atEnd(() => store.close());
    return store;
  }
  const get = async (url: string) => {
    const response = await fetch(url);
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: Buffer.from(await response.arrayBuffer()),
    };
  };
  const refused = async (store: Store, code: 'CONFIG' | 'NETWORK') => {
    const error = await failure(store.put(PHOTO, makeContext()), code);
    assert.equal(error.details.charged, false);
    assert.doesNotMatch(JSON.stringify([error.message, error.values, error.details]), /key-of-the-test/);
    return error.problem;
  };
  const held = async (store: Store) => (await store.total()).count;
  const untilHeld = (store: Store, count: number, complaint: string) =>
    until(async () => (await held(store)) === count, complaint);
  /** As if so much time had gone by: stores that are opened from now on see it. */
  const later = (milliseconds: number) => {
    now = () => Date.now() + milliseconds;
  };

  it('puts a photo under a name nobody can guess, gives out its address, and deletes it', async () => {
    const store = openStore();
    const before = Date.now();
    const put = await store.put(PHOTO, makeContext());
    const { pathname, searchParams } = new URL(put.url);
    assert.match(pathname, /^\/photos\/[\w-]{22}\.jpg$/);
    assert.deepEqual(
      ['X-Amz-Expires', 'X-Amz-SignedHeaders'].map((name) => searchParams.get(name)),
      ['3600', 'host'],
    );
    const got = await get(put.url);
    assert.deepEqual([got.status, got.type], [200, 'image/jpeg']);
    assert.ok(got.body.equals(PHOTO));
    // Nothing is served without the signature, or with a changed one.
    assert.equal((await get(put.url.replace(/[^=]$/, (last) => (last === '0' ? '1' : '0')))).status, 403);
    const { count, bytes, oldest } = await store.total();
    assert.deepEqual([count, bytes], [1, PHOTO.length]);
    assert.ok(oldest! >= before && oldest! <= Date.now());
    put.discard();
    await untilHeld(store, 0, 'it is not deleted');
    assert.deepEqual(await server.names(), []);
  });

  it('gives every photo a name and an address of its own, whatever the prefix and the format', async () => {
    const store = openStore({ prefix: '工地 一号/a+b (1)!/' });
    const context = makeContext();
    const puts = await Promise.all([PHOTO, PHOTO, PNG].map((photo) => store.put(photo, context)));
    assert.equal(new Set(puts.map(({ url }) => url)).size, 3);
    for (const [index, photo] of [PHOTO, PHOTO, PNG].entries()) {
      const got = await get(puts[index]!.url);
      assert.deepEqual([got.status, got.body.length], [200, photo.length]);
    }
    for (const name of await server.names())
      assert.match(name, /^工地 一号\/a\+b \(1\)!\/[\w-]{22}\.(?:jpg|png)$/);
    for (const put of puts) put.discard();
    await untilHeld(store, 0, 'they are not deleted');
    assert.deepEqual(await server.names(), []);
  });

  it('is reached by the bucket before the host, over TLS and through a proxy', async () => {
    const identity = selfSigned('DNS:photos.s3.example.com');
    const tlsServer = await startObjectStore(identity);
    const signed: boolean[] = [];
    tlsServer.door = (request) => {
      signed.push(isSignedAsAws(request, KEYS.secretAccessKey));
      return true;
    };
    const connected: string[] = [];
    const proxy = createServer().on('connect', (request, socket, head) => {
      connected.push(request.url!);
      const onward = net.connect(Number(tlsServer.url.port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        onward.write(head);
        onward.pipe(socket).pipe(onward);
      });
      for (const each of [socket, onward]) each.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    atEnd(() => void proxy.close());
    const { port } = proxy.address() as AddressInfo;
    const endpoint = new URL('https://s3.example.com');
    const through = { tls: { ca: identity.cert }, proxy: { url: `http://127.0.0.1:${port}/` } };
    const store = openStore({ endpoint, style: 'virtual-host', transport: through });
    const put = await store.put(PHOTO, makeContext());
    assert.equal(new URL(put.url).host, 'photos.s3.example.com');
    assert.deepEqual(connected, ['photos.s3.example.com:443']);
    assert.deepEqual(signed, [true]);
    assert.equal((await tlsServer.names()).length, 1);
    const untrusted = openStore({ endpoint, style: 'virtual-host', transport: { ...through, tls: {} } });
    assert.equal(await refused(untrusted, 'NETWORK'), 'store-certificate');
    await uncheckedByEnvironment(async () => {
      assert.equal(await refused(untrusted, 'NETWORK'), 'store-certificate');
    });
    put.discard();
    await untilHeld(store, 0, 'it is not deleted');
    assert.deepEqual(await tlsServer.names(), []);
  });

  const wrong: [string, Changes, string][] = [
    ['a key that is not known', { keys: { ...KEYS, accessKeyId: 'other' } }, 'store-key-unknown'],
    ['a wrong secret', { keys: { ...KEYS, secretAccessKey: 'key-of-the-test' } }, 'store-secret-wrong'],
    ['a bucket that is not there', { bucketName: 'elsewhere' }, 'store-bucket-unknown'],
  ];
  for (const [name, changes, problem] of wrong) {
    it(`says which setting is wrong: ${name}`, async () => {
      const store = openStore(changes);
      assert.equal(await refused(store, 'CONFIG'), problem);
      await untilHeld(store, 0, 'nothing is left to delete');
      assert.deepEqual(notices, []);
    });
  }

  const addresses: [endpoint: string, Style, wanted: string][] = [
    ['https://s.example.com:9000/x', 'virtual-host', 'https://b.s.example.com:9000/x/'],
    ['https://oss.example.com/', 'path', 'https://oss.example.com/b/'],
    ['https://p.example.com/x', 'domain', 'https://p.example.com/x/'],
    // Nothing can stand before these.
    ['https://10.0.0.5:9000', 'virtual-host', 'https://10.0.0.5:9000/b/'],
    ['https://[fd00::1]', 'virtual-host', 'https://[fd00::1]/b/'],
    ['http://localhost:9000', 'virtual-host', 'http://localhost:9000/b/'],
    ['https://10.0.0.5', 'domain', 'https://10.0.0.5/'],
  ];
  for (const [endpoint, style, wanted] of addresses)
    it(`of style ${style} at ${endpoint} has its bucket at ${wanted}`, () => {
      assert.equal(bucketAddress(new URL(endpoint), 'b', style).href, wanted);
    });

  it('is reached by a host that is the bucket, and signed so', async () => {
    const signed: boolean[] = [];
    let path = '';
    server.door = (request, response) => {
      signed.push(isSignedAsAws(request, KEYS.secretAccessKey));
      path = request.url!;
      request.resume();
      response.writeHead(200, { ETag: '"a"' }).end();
      return false;
    };
    const publicBucket = bucketAddress(new URL('https://p.example.com'), '', 'domain');
    const { url } = await openStore({ style: 'domain', publicBucket }).put(PHOTO, makeContext());
    assert.match(path, /^\/[\w-]{22}\.jpg$/);
    assert.deepEqual(signed, [true]);
    assert.ok(url.startsWith(`https://p.example.com${path}?`));
  });

  const answers: [string, Parameters<typeof refuse>[1], string, 'CONFIG' | 'NETWORK', string][] = [
    ['no permission to put', 403, 'AccessDenied', 'CONFIG', 'store-denied'],
    ['another region', 400, 'AuthorizationHeaderMalformed', 'CONFIG', 'store-region'],
    ['a redirect to another endpoint', 301, 'PermanentRedirect', 'CONFIG', 'store-region'],
    ['a photo that is too large for it', 400, 'EntityTooLarge', 'CONFIG', 'store-refused'],
    ['OSS: the bucket in the path', 403, 'SecondLevelDomainForbidden', 'CONFIG', 'store-style'],
    ['COS: the bucket in the path', 403, 'PathStyleDomainForbidden', 'CONFIG', 'store-style'],
    ['OBS: the bucket in the path', 400, 'VirtualHostDomainRequired', 'CONFIG', 'store-style'],
    ['OSS: the public endpoint', 400, 'PublicEndpointForbidden', 'CONFIG', 'store-needs-domain'],
    ['OSS: the domain of another bucket', 403, 'CnameDenied', 'CONFIG', 'store-domain-unbound'],
    ['too many requests', 503, 'SlowDown', 'NETWORK', 'store-failing'],
    ['a fault of its own', 500, 'InternalError', 'NETWORK', 'store-failing'],
  ];
  for (const [name, status, code, error, problem] of answers) {
    it(`says what the store said: ${name}`, async () => {
      server.door = (_request, response) => refuse(response, status, code);
      assert.equal(await refused(openStore(), error), problem);
    });
  }

  for (const [status, code] of [
    [403, 'AccessDenied'],
    [301, 'PermanentRedirect'],
    [307, 'TemporaryRedirect'],
  ] as const) {
    it(`names the endpoint that the store names: ${code}`, async () => {
      server.door = (_request, response) =>
        refuse(response, status, code, {}, '<Endpoint>oss-cn-shanghai.aliyuncs.com</Endpoint>');
      const error = await failure(openStore().put(PHOTO, makeContext()), 'CONFIG');
      assert.deepEqual(
        [error.problem, error.values],
        ['store-other-endpoint', { words: code, endpoint: 'oss-cn-shanghai.aliyuncs.com' }],
      );
      server.door = (_request, response) =>
        refuse(response, status, code, {}, '<Endpoint>https://a.example.com/?secret=b</Endpoint>');
      assert.equal(await refused(openStore(), 'CONFIG'), status === 403 ? 'store-denied' : 'store-region');
    });
  }

  it('knows a page that answers in the place of a store', async () => {
    server.door = (_request, response) => {
      response.end('<html>Please log in</html>');
      return false;
    };
    assert.equal(await refused(openStore(), 'CONFIG'), 'store-foreign');
  });

  it('says that a store is away, in which nothing is left to delete', async () => {
    await server.close();
    const store = openStore();
    assert.equal(await refused(store, 'NETWORK'), 'store-away');
    await untilHeld(store, 0, 'what was never put needs no deletion');
    assert.deepEqual(notices, []);
  });

  it('deletes twice what may have arrived although nobody said so', async () => {
    const store = openStore();
    let late: (() => void) | undefined;
    server.door = ({ method }, response) => {
      if (method !== 'PUT') return true;
      late ??= () => response.destroy();
      return false;
    };
    assert.equal(await refused(store, 'NETWORK'), 'store-timeout');
    await until(() => server.requests.some((each) => each.startsWith('DELETE')), 'it is not deleted');
    const clock = { process: 'the test', elapsed: 0 };
    const due = () => database.call<object, Due>('stored-photos.due', { scope: 'store', most: 9, clock });
    const deletions = () => server.requests.filter((each) => each.startsWith('DELETE')).length;
    await until(async () => (await due()).photos.length === 0, 'it would be deleted once more at once');
    store.close();
    later(HOUR_MS / 2);
    const next = openStore();
    await pause(100);
    assert.deepEqual([deletions(), await held(next)], [1, 1]);
    next.close();
    later(2 * HOUR_MS);
    await untilHeld(openStore(), 0, 'it is not deleted once more');
    assert.equal(deletions(), 2);
    late?.();
  });

  it('signs once more with the time of a store whose clock is not ours', async () => {
    const times: string[] = [];
    server.door = ({ headers }, response) => {
      const time = String(headers['x-amz-date']);
      times.push(time);
      const theirs = Date.now() - HOUR_MS;
      const signedAt = Date.parse(time.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'));
      const heading = { Date: new Date(theirs).toUTCString() };
      if (Math.abs(signedAt - theirs) > 900_000)
        return refuse(response, 403, 'RequestTimeTooSkewed', heading);
      response.writeHead(200, { ETag: '"a"' }).end();
      return false;
    };
    const put = await openStore().put(PHOTO, makeContext());
    assert.equal(times.length, 2);
    const signedAt = new URL(put.url).searchParams.get('X-Amz-Date');
    assert.equal(signedAt, times[1], 'the address is valid by the clock of the store');
  });

  it('refuses with the clock as the reason where even that does not help', async () => {
    server.door = (_request, response) => refuse(response, 403, 'RequestTimeTooSkewed');
    assert.equal(await refused(openStore(), 'CONFIG'), 'store-clock');
  });

  it('writes down what it will put before it puts it, and none of its keys', async () => {
    const store = openStore();
    let written = -1;
    server.door = (request, response) => {
      if (request.method !== 'PUT') return true;
      held(store).then((count) => {
        written = count;
        request.resume();
        refuse(response, 403, 'AccessDenied');
      });
      return false;
    };
    assert.equal(await refused(store, 'CONFIG'), 'store-denied');
    assert.equal(written, 1);
    server.door = () => true;
    await store.put(PHOTO, makeContext());
    await database.close();
    for (const name of readdirSync(folder))
      assert.doesNotMatch(readFileSync(join(folder, name), 'latin1'), /X-Amz-Signature|S3RVER/, name);
  });

  it('does not put what it cannot write down', async () => {
    const store = openStore({ database: openTestDatabase('/dev/null/cn-verify.db') });
    assert.equal(await refused(store, 'CONFIG'), 'store-unwritable');
    assert.deepEqual(server.requests, []);
  });

  it('deletes where a photo was put, even if the settings name another place since', async () => {
    const before = openStore({ prefix: 'before/' });
    await before.put(PHOTO, makeContext());
    before.close();
    later(HOUR_MS + 1_000);
    let authorization = '';
    server.door = ({ headers }) => {
      authorization = String(headers.authorization);
      return true;
    };
    await untilHeld(openStore({ bucketName: 'elsewhere', region: 'elsewhere' }), 0, 'it is not deleted');
    assert.match(authorization, /\/us-east-1\/s3\//);
    assert.deepEqual(await server.names(), []);
  });

  it('takes for deleted what is not there, and what was in a bucket that is not there', async () => {
    const store = openStore();
    const puts = [await store.put(PHOTO, makeContext()), await store.put(PHOTO, makeContext())];
    const codes = ['NoSuchKey', 'NoSuchBucket'];
    server.door = ({ method }, response) => method !== 'DELETE' || refuse(response, 404, codes.pop()!);
    for (const put of puts) put.discard();
    await untilHeld(store, 0, 'it is still to be deleted');
    assert.deepEqual(notices, []);
  });

  it('does not count its requests as the provider sees them, and ends with its message', async () => {
    const context = makeContext();
    const store = openStore();
    await store.put(PHOTO, context);
    assert.equal(context.attempts, 0);
    server.door = () => false;
    const hanging = store.put(PHOTO, context);
    await until(() => server.requests.length === 2, 'it is not sent');
    context.controllers.signal.abort();
    const error = await failure(hanging, 'CANCELLED');
    assert.ok(error instanceof VerifyError);
    assert.equal(error.details.charged, false);
  });
});
