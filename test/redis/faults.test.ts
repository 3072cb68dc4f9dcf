/** The shared ledger while Redis is away, hangs, dies, forgets or refuses. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { VerifyError } from '../../src/errors';
import { ROOT, temporaryDirectory } from '../demo-process';
import { freePort } from '../http/server';
import { answered, call, claimed, patient, unknown } from '../ledger/ledgers';
import { startProcess } from './process';
import { closeLedgers, ledgerOn, type RedisServer, startRedis, type TestLedger } from './server';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const refused =
  (code: string, problem: string, values: object = {}) =>
  (error: unknown) => {
    assert.ok(error instanceof VerifyError, String(error));
    const { charged } = error.details;
    assert.deepEqual([error.code, error.problem, error.values, charged], [code, problem, values, false]);
    return true;
  };

describe('the shared ledger, when Redis', () => {
  let server: RedisServer;
  const look = async (ledger: TestLedger, key: string) =>
    (await ledger.look([key], null, patient())).get(key) ?? null;
  const until = async (isSo: () => Promise<boolean>, within = 5_000) => {
    for (const deadline = performance.now() + within; !(await isSo()); await pause(20))
      assert.ok(performance.now() < deadline, 'It did not come');
  };

  afterEach(async () => {
    await closeLedgers();
    await server?.stop();
  });

  it('is away, waits for as long as it may, sends nothing, and goes on once it is back', async () => {
    server = await startRedis();
    const ledger = ledgerOn(server.url);
    await claimed(ledger, call(['a']));
    await server.kill();
    const began = performance.now();
    const away = refused('NETWORK', 'ledger-away', { seconds: 0.6, code: 'ECONNREFUSED' });
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const one = call([String(index)], { maxPerSecond: index % 2 ? 1_000 : 0 });
        return assert.rejects(ledger.claim(one, patient(600)), (error) =>
          // Those that go one by one have less time left when it is their turn.
          index % 2 ? error instanceof VerifyError && error.problem === 'ledger-away' : away(error),
        );
      }),
    );
    const took = performance.now() - began;
    assert.ok(took > 590 && took < 1_500, `${took} ms`);
    const waiting = [claimed(ledger, call(['b'])), claimed(ledger, call(['c'], { maxPerSecond: 1_000 }))];
    await server.start();
    await Promise.all(waiting);
    assert.equal((await look(ledger, 'a'))?.state, 'under-way');
    assert.deepEqual(
      ledger.told.map(({ trouble }) => trouble),
      ['away', 'back'],
    );
    // Of what was given up nothing is left.
    await until(async () => (await ledger.spent('an-account')).day === 3);
    assert.equal(await look(ledger, '1'), null);
  });

  it('was never there', async () => {
    const port = await freePort();
    const ledger = ledgerOn(`redis://127.0.0.1:${port}`);
    await assert.rejects(
      ledger.claim(call(['a']), patient(200)),
      refused('NETWORK', 'ledger-away', { seconds: 0.2, code: 'ECONNREFUSED' }),
    );
    await assert.rejects(ledger.look(['a'], null, patient(100)), { problem: 'ledger-away' });
    const patience = patient();
    const waiting = ledger.claim(call(), patience);
    await pause(50);
    patience.cancel.cancel();
    await assert.rejects(waiting, refused('CANCELLED', 'cancelled'));
    const closing = performance.now();
    await ledger.close();
    assert.ok(performance.now() - closing < 5_500);
  });

  for (const [what, settings, trouble] of [
    ['keeps what it was told', [], []],
    ['forgets all of it', ['--appendonly', 'no'], ['forgetful']],
  ] as const) {
    it(`is killed between a claim and its end and ${what}, learns the end later`, async () => {
      server = await startRedis(...settings);
      const ledger = ledgerOn(server.url);
      const ends = [answered({ a: 'the answer' }), answered({}, { charged: false }), unknown];
      const ids = [];
      for (const key of ['a', 'b', 'c']) ids.push(await claimed(ledger, call([key], { price: 2 })));
      await server.kill();
      const began = performance.now();
      await Promise.all(ids.map((id, index) => ledger.settle(id, ends[index]!)));
      assert.ok(performance.now() - began < 500);
      await pause(700);
      await server.start();
      await until(
        async () => (await ledger.find({}, 10)).filter(({ state }) => state !== 'claimed').length === 3,
      );
      const known = await look(ledger, 'a');
      assert.deepEqual(known?.state === 'answered' && [known.entry, known.answer], [ids[0], 'the answer']);
      assert.equal(await look(ledger, 'b'), null);
      assert.deepEqual(await look(ledger, 'c'), { state: 'uncertain', entry: ids[2] });
      const [sum] = await ledger.sums('month', {});
      assert.deepEqual(
        [sum?.calls, sum?.charged, sum?.uncharged, sum?.uncertain, sum?.price],
        [3, 1, 1, 1, 4],
      );
      assert.deepEqual(await ledger.spent('an-account'), { day: 2, month: 2 });
      assert.deepEqual(
        ledger.told.map((one) => one.trouble),
        [...trouble, 'away', 'back'],
      );
    });
  }

  it('is killed, and all is closed before it is back: then the end is sent as soon as it is', async () => {
    server = await startRedis();
    const ledger = ledgerOn(server.url);
    const id = await claimed(ledger, call(['a']));
    await server.kill();
    await ledger.settle(id, answered({ a: 1 }));
    const closed = ledger.close();
    await server.start();
    await closed;
    assert.equal((await look(ledgerOn(server.url), 'a'))?.state, 'answered');
    assert.equal(await server.client.hlen('{cn-verify}:processes'), 0);
  });

  it('hangs, leaves no claim behind that somebody has given up', async () => {
    server = await startRedis();
    const ledger = ledgerOn(server.url);
    await claimed(ledger, call(['a']));
    process.kill(server.pid(), 'SIGSTOP');
    await assert.rejects(
      ledger.claim(call(['b']), patient(300)),
      refused('NETWORK', 'ledger-away', { seconds: 0.3, code: 'ETIMEDOUT' }),
    );
    process.kill(server.pid(), 'SIGCONT');
    await claimed(ledger, call(['c']));
    await until(async () => (await look(ledger, 'b')) === null);
    await until(async () => (await ledger.spent('an-account')).day === 2);
    await claimed(ledger, call(['b']));
  });

  it('is told that a claim was given up before the claim itself reaches it, claims nothing', async () => {
    server = await startRedis();
    const held: { bytes: Buffer; to: Socket }[] = [];
    let isHolding = false;
    // On its way the first thing that is said is held up, and whatever follows it is lost.
    const way = createServer((from) => {
      const to = connect(Number(new URL(server.url).port), '127.0.0.1');
      to.pipe(from);
      let isSlow = false;
      from.on('data', (bytes) => {
        if (isHolding) held.push({ bytes, to });
        isSlow ||= isHolding;
        isHolding = false;
        if (!isSlow) to.write(bytes);
      });
      for (const socket of [from, to]) socket.on('error', () => {});
    }).listen(0, '127.0.0.1');
    await once(way, 'listening');
    const ledger = ledgerOn(`redis://127.0.0.1:${(way.address() as AddressInfo).port}`, { leaseMs: 600_000 });
    await ledger.settle(await claimed(ledger, call(['a'])), answered({ a: 1 }));
    isHolding = true;
    const patience = patient();
    const claim = ledger.claim(call(['b']), patience);
    await until(async () => held.length === 1);
    patience.cancel.cancel();
    await assert.rejects(claim, refused('CANCELLED', 'cancelled'));
    // It is said again over another connection, once this one is given up.
    const abandoned = async () => {
      for (const key of await server.client.keys('{cn-verify}:entry:*'))
        if ((await server.client.hget(key, 'state')) === 'abandoned') return true;
      return false;
    };
    await until(abandoned, 10_000);
    held[0]!.to.write(held[0]!.bytes);
    await pause(200);
    assert.ok(held[0]!.bytes.includes('an-account'));
    assert.equal(await look(ledger, 'b'), null);
    assert.deepEqual(await ledger.spent('an-account'), { day: 1, month: 1 });
    await ledger.close();
    way.close();
    for (const { to } of held) to.destroy();
  });

  it('is killed again and again under load, pays for no key twice', async function () {
    this.timeout(60_000);
    server = await startRedis();
    const one = await startProcess(server.url);
    const two = await startProcess(server.url);
    const orders = [3, 7].map((step) => Array.from({ length: 12_000 }, (_, index) => (index * step) % 6_000));
    const working = Promise.all([one.ask('work', orders[0]!, {}), two.ask('work', orders[1]!, {})]);
    let kills = 0;
    const killing = (async () => {
      for (; kills < 4; kills++) {
        await pause(150);
        await server.kill();
        await pause(100);
        await server.start();
      }
    })();
    const done = await working;
    await killing;
    const paid = done.flatMap((each) => each.paid);
    assert.deepEqual(
      done.flatMap((each) => each.refused),
      [],
    );
    assert.deepEqual([paid.length, new Set(paid).size], [6_000, 6_000]);
    assert.equal(kills, 4);
    await Promise.all([one.kill(), two.kill()]);
  });

  it('wants a password that is wrong, says so at once', async () => {
    server = await startRedis();
    await server.client.config('SET', 'requirepass', 'another');
    const url = new URL(server.url);
    for (const [password, code] of [
      ['wrong', 'WRONGPASS'],
      ['', 'NOAUTH'],
    ] as const) {
      url.password = password;
      const began = performance.now();
      await assert.rejects(
        ledgerOn(url.href).claim(call(), patient()),
        refused('CONFIG', 'ledger-refused', { code }),
      );
      assert.ok(performance.now() - began < 2_000);
    }
    url.password = 'another';
    await claimed(ledgerOn(url.href), call());
    await server.client.config('SET', 'requirepass', '');
  });

  it('was used under another secret, is not used under this one', async () => {
    server = await startRedis();
    await claimed(ledgerOn(server.url), call(['a']));
    const other = ledgerOn(server.url, { secret: 'another secret of the test' });
    await assert.rejects(other.claim(call(['a']), patient()), refused('CONFIG', 'ledger-secret-differs'));
    await assert.rejects(other.look(['a'], null, patient()), refused('CONFIG', 'ledger-secret-differs'));
    // Another database is another ledger.
    await claimed(ledgerOn(`${server.url}/1`, { secret: 'another secret of the test' }), call(['a']));
  });

  it('may throw away what it was told, says by which setting', async () => {
    server = await startRedis(
      '--appendonly',
      'no',
      '--maxmemory',
      '100mb',
      '--maxmemory-policy',
      'allkeys-lru',
    );
    const ledger = ledgerOn(server.url);
    await claimed(ledger, call());
    assert.deepEqual(ledger.told, [{ trouble: 'forgetful', count: 0, code: 'appendonly, maxmemory-policy' }]);
  });

  it('takes a connection and says nothing, is asked over another one', async () => {
    server = await startRedis();
    let connections = 0;
    const { port } = new URL(server.url);
    const silent = createServer((near) => {
      near.on('error', () => {});
      if (++connections === 1) return;
      const far = connect(Number(port), '127.0.0.1');
      near.pipe(far).pipe(near);
      near.on('close', () => far.destroy());
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const ledger = ledgerOn(`redis://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    assert.equal((await ledger.look(['k'], null, patient(15_000))).size, 0);
    assert.ok(connections > 1);
    silent.close();
  });

  it('is not named in a way that can be read', async () => {
    for (const url of ['', 'localhost:6379', 'http://localhost', 'redis:', 'redis://', 'rediss:///0'])
      await assert.rejects(
        ledgerOn(url).claim(call(), patient()),
        refused('CONFIG', 'ledger-url-unreadable'),
        url,
      );
    const ledger = ledgerOn('redis://localhost', { secret: '' });
    await assert.rejects(ledger.claim(call(), patient()), refused('CONFIG', 'ledger-secret-missing'));
    await assert.rejects(ledger.digest('a', 'b'), refused('CONFIG', 'ledger-secret-missing'));
  });

  it('could be spoken to if ioredis were installed', () => {
    const directory = temporaryDirectory();
    cpSync(join(ROOT, 'dist/src'), join(directory, 'src'), { recursive: true });
    const program = `
      const { openRedisLedger } = require('./src/ledger/redis');
      const { Cancel } = require('./src/cancel');
      const ledger = openRedisLedger({ url: 'redis://127.0.0.1', secret: 's', told() {}, onBudget() {} });
      ledger.look(['k'], null, { timeoutMs: 1000, cancel: new Cancel() })
        .catch(({ code, problem }) => console.log(code, problem));`;
    const said = execFileSync(process.execPath, ['-e', program], { cwd: directory, encoding: 'utf8' });
    assert.equal(said, 'CONFIG ioredis-missing\n');
  });
});
