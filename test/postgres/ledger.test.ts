/** The ledger that several processes share, on a real PostgreSQL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { VerifyError } from '../../src/contract/errors';
import type { Call, Claim } from '../../src/ledger/entry';
import { selfSigned, uncheckedByEnvironment } from '../http/certificates';
import { ACCOUNT, call as aCall, answered, idOf } from '../ledger/ledgers';
import { until } from '../until';
import { type Cluster, startCluster } from './cluster';
import { delayed } from './delayed';
import { closeShared, openShared, type Shared } from './shared';

const DAY_MS = 86_400_000;
const NEVER = new AbortController().signal;
let number = 0;

interface CallChanges extends Partial<Call> {
  name?: string;
  content?: string;
}

/** A call under the key `name`, or under none. */
function call({ name, content = 'request', ...changes }: CallChanges = {}): Call {
  const keys = name === undefined ? [] : [{ key: name, content }];
  return aCall([], { waitMs: 2_000, keys, ...changes });
}

describe('a shared ledger', () => {
  let cluster: Cluster;
  /** Of this test alone. */
  let schema: string;
  before(async function () {
    this.timeout(120_000);
    cluster = await startCluster('max_connections = 30');
  });
  beforeEach(() => {
    schema = `test_${++number}`;
  });
  afterEach(closeShared);
  after(() => cluster.remove());

  const open = (changes = {}) => openShared({ url: cluster.url, schema, ...changes });
  /** @returns the id of the call */
  const claim = async ({ ledger }: Shared, changes?: CallChanges): Promise<string> =>
    idOf(await ledger.claim(call(changes), NEVER));
  /** @returns what the key is for another call that would have it: `claimed` where it was free */
  async function found({ ledger }: Shared, name: string, content = 'request'): Promise<string | undefined> {
    const answer = await ledger.claim(call({ name, content }), NEVER);
    return answer.state === 'known' ? answer.keys.get(name)?.state : answer.state;
  }
  const settle = ({ ledger }: Shared, id: string, answers: Record<string, unknown> = {}) =>
    ledger.settle(id, answered(answers));
  const stateOf = async ({ ledger }: Shared, key: string) =>
    (await ledger.look(ACCOUNT, [{ key, content: 'request' }], null, 5_000, NEVER)).get(key);

  it('gives the answer of one process to another that asks the same under the same key, and refuses other content', async () => {
    const [first, second] = [await open(), await open()];
    const id = await claim(first, { name: 'k' });
    assert.equal(await found(second, 'k'), 'under-way');
    await settle(first, id, { k: { score: 1 } });
    const state = await stateOf(second, 'k');
    assert.deepEqual(state?.state === 'answered' && state.answer, { score: 1 });
    assert.equal(await found(second, 'k', 'another person'), 'other-content');
  });

  it('lets exactly as many calls through as the budget has, from three processes at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    const tries = all.flatMap(({ ledger }) =>
      Array.from({ length: 20 }, () => ledger.claim(call({ maxPerDay: 25 }), NEVER)),
    );
    const ended = await Promise.allSettled(tries);
    assert.equal(ended.filter(({ status }) => status === 'fulfilled').length, 25);
    for (const each of ended)
      if (each.status === 'rejected') assert.equal((each.reason as VerifyError).code, 'BUDGET');
    assert.equal((await all[0].ledger.spent(ACCOUNT)).day, 25);
  });

  it('claims a key once, however many ask at once', async () => {
    const all = await Promise.all([open(), open(), open()]);
    const claims = await Promise.all(
      all.flatMap(({ ledger }) =>
        Array.from({ length: 10 }, () => ledger.claim(call({ name: 'one' }), NEVER)),
      ),
    );
    assert.equal(claims.filter(({ state }) => state === 'claimed').length, 1);
  });

  it('claims a key once, also where one process reads it and writes only after another', async () => {
    const near = await open();
    const slow = await delayed(cluster.port, 50);
    const far = await open({ url: cluster.url.replace(String(cluster.port), String(slow.port)) });
    try {
      // It has connected, and its ledger has begun.
      await claim(far);
      const late = far.ledger.claim(call({ name: 'k' }), NEVER);
      const reading = "SELECT FROM pg_stat_activity WHERE state = 'idle in transaction'";
      await until(async () => (await cluster.query(reading)).length > 0);
      const claims = await Promise.all([late, near.ledger.claim(call({ name: 'k' }), NEVER)]);
      assert.deepEqual(claims.map(({ state }) => state).sort(), ['claimed', 'known']);
    } finally {
      await far.close();
      await slow.close();
    }
  });

  it('gives up where what it inserts conflicts with something that stays', async () => {
    const one = await open();
    await claim(one);
    await cluster.query(`CREATE FUNCTION ${schema}.conflict() RETURNS trigger LANGUAGE plpgsql
        AS 'BEGIN RAISE unique_violation; END';
      CREATE TRIGGER conflict BEFORE INSERT ON ${schema}.entries EXECUTE FUNCTION ${schema}.conflict()`);
    await assert.rejects(claim(one), { code: '23505' });
  });

  it('gives turns that are no closer than the rate, over all processes', async () => {
    const [first, second] = [await open(), await open()];
    assert.equal(await first.ledger.turn(ACCOUNT, 10), 0);
    const nextAt = async () =>
      Number((await cluster.query(`SELECT next_at FROM ${schema}.rates`))[0]!.next_at);
    // So far ahead that it makes no difference how long the calls themselves take.
    await cluster.query(`UPDATE ${schema}.rates SET next_at = next_at + 60000`);
    const before = await nextAt();
    const turns = Array.from({ length: 10 }, (_, index) =>
      (index % 2 ? first : second).ledger.turn(ACCOUNT, 10),
    );
    for (const wait of await Promise.all(turns)) assert.ok(wait > 0);
    assert.equal(Math.round((await nextAt()) - before), 10 * 105);
  });

  it('makes uncertain what a process had under way that gives no sign of life', async () => {
    const dead = await open({ leaseMs: 300 });
    const id = await claim(dead, { name: 'k' });
    await dead.vanish();
    const alive = await open({ leaseMs: 300 });
    await until(async () => (await alive.ledger.find({ id }, 1))[0]?.state === 'uncertain');
    assert.equal(await found(alive, 'k'), 'uncertain');
    await alive.ledger.release([id]);
    assert.equal(await found(alive, 'k'), 'claimed');
  });

  it('leaves alone what a process has under way that only stood still', async () => {
    const [slow, other] = [await open({ leaseMs: 60_000 }), await open({ leaseMs: 60_000 })];
    const id = await claim(slow, { name: 'k' });
    // Both have said that they are there; the next sign of life is far off.
    await until(async () => (await cluster.query(`SELECT owner FROM ${schema}.processes`)).length === 2);
    await cluster.query(`DELETE FROM ${schema}.processes`);
    for (const each of [other, slow]) await claim(each);
    assert.equal(await found(other, 'k'), 'under-way');
    await settle(slow, id, { k: 1 });
    assert.equal((await stateOf(other, 'k'))?.state, 'answered');
  });

  it('loses nothing that it acknowledged to a power cut, and settles afterwards what it could not', async () => {
    const one = await open();
    const keys = Array.from({ length: 40 }, (_, index) => `k${index}`);
    const ids = await Promise.all(keys.map((name) => claim(one, { name })));
    await cluster.stop('immediate');
    const settled = Promise.all(ids.map((id, index) => settle(one, id, { [keys[index]!]: index })));
    await assert.rejects(one.ledger.claim(call({ waitMs: 200 }), NEVER), (error: VerifyError) => {
      assert.deepEqual([error.code, error.problem, error.details.charged], ['NETWORK', 'ledger-away', false]);
      return true;
    });
    await settled;
    await cluster.start();
    const other = await open();
    for (const key of keys) await until(async () => (await stateOf(other, key))?.state === 'answered');
    assert.deepEqual(one.notices.slice(0, 2), ['away', 'reached']);
  });

  it('delivers after a restart what its process could not deliver before it ended', async () => {
    const one = await open();
    const id = await claim(one, { name: 'k' });
    await cluster.stop('immediate');
    await settle(one, id, { k: 7 });
    await until(async () => (await one.outbox()) === 1);
    await one.vanish();
    await cluster.start();
    const again = await open({ file: one.file });
    await until(async () => (await stateOf(again, 'k'))?.state === 'answered');
    await until(async () => (await again.outbox()) === 0);
  });

  it('refuses paid calls with a key where the database was set back, until an operator says go on', async () => {
    const [one, other] = [await open(), await open()];
    for (const each of [one, other]) await claim(each);
    await cluster.query(`SELECT setval('${schema}.commits', 1)`);
    await Promise.all([one.reconnect(), other.reconnect()]);
    for (const { ledger } of [one, other])
      await assert.rejects(ledger.claim(call({ name: 'new' }), NEVER), {
        code: 'CONFIG',
        problem: 'ledger-set-back',
      });
    assert.ok(one.notices.includes('set-back'));
    await one.database.acknowledge();
    await claim(one, { name: 'new' });
    await until(async () => other.database.state() === 'ready');
    await claim(other, { name: 'other' });
  });

  it('is set back also for a process that had seen less of it, whatever is settled meanwhile', async () => {
    const operator = await open();
    await operator.ledger.spent(ACCOUNT);
    const one = await open();
    const ids = await Promise.all(Array.from({ length: 9 }, (_, index) => claim(one, { name: `k${index}` })));
    await cluster.query(`SELECT setval('${schema}.commits', 5)`);
    assert.equal(await operator.database.findProblem(), null);
    await one.reconnect();
    assert.equal((await operator.database.findProblem())?.problem, 'ledger-set-back');
    for (const id of ids) await settle(one, id);
    assert.equal((await one.database.findProblem())?.problem, 'ledger-set-back');
    await operator.database.acknowledge();
    for (const each of [operator, one]) assert.equal(await each.database.findProblem(), null);
    await claim(one, { name: 'new' });
  });

  it('notices also where somebody has dropped the tables, which are made again', async () => {
    const one = await open();
    await claim(one, { name: 'k' });
    await cluster.query(`DROP SCHEMA ${schema} CASCADE`);
    await one.reconnect();
    await assert.rejects(one.ledger.claim(call({ name: 'other' }), NEVER), { problem: 'ledger-set-back' });
  });

  it('remembers over a restart how far the database had come', async () => {
    const one = await open();
    await claim(one, { name: 'k' });
    await one.close();
    await cluster.query(`SELECT setval('${schema}.commits', 1)`);
    const again = await open({ file: one.file });
    await assert.rejects(again.ledger.claim(call({ name: 'x' }), NEVER), { problem: 'ledger-set-back' });
  });

  it('refuses another secret', async () => {
    await claim(await open());
    const other = await open({ secret: 'another secret of the test' });
    await assert.rejects(other.ledger.claim(call(), NEVER), {
      code: 'CONFIG',
      problem: 'ledger-secret-differs',
    });
  });

  it('says that the password is wrong, and that the database is not there', async () => {
    const wrong = await open({ url: cluster.url.replace('secret', 'wrong') });
    await assert.rejects(wrong.ledger.claim(call(), NEVER), (error: VerifyError) => {
      assert.deepEqual([error.code, error.problem, error.values.code], ['CONFIG', 'ledger-refused', '28P01']);
      assert.doesNotMatch(JSON.stringify([error, error.message]), /wrong/);
      return true;
    });
    const nowhere = await open({ url: `${cluster.url}_not` });
    await assert.rejects(nowhere.ledger.claim(call(), NEVER), { problem: 'ledger-refused' });
  });

  it('names the statement for a role that may not make the schema', async () => {
    await cluster.query("CREATE ROLE visitor LOGIN PASSWORD 'secret'");
    const url = cluster.url.replace('postgres:secret', 'visitor:secret');
    const one = await open({ url });
    let sql = '';
    await assert.rejects(one.ledger.claim(call(), NEVER), (error: VerifyError) => {
      sql = String(error.values.sql);
      return error.problem === 'ledger-may-not-create';
    });
    await cluster.query(sql);
    await claim(one);
  });

  it('makes the tables once, however many processes begin at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => open()));
    await Promise.all(all.map((each) => claim(each)));
    assert.equal((await all[0]!.ledger.spent(ACCOUNT)).day, 6);
  });

  it('waits where the server has no connection left', async () => {
    const blockers = await cluster.useUp();
    const one = await open();
    let waiting: Promise<Claim> | undefined;
    try {
      await assert.rejects(one.ledger.claim(call({ waitMs: 300 }), NEVER), {
        code: 'NETWORK',
        problem: 'ledger-away',
      });
      waiting = one.ledger.claim(call({ waitMs: 60_000 }), NEVER);
    } finally {
      await Promise.all(blockers.map((client) => client.end()));
    }
    assert.equal((await waiting).state, 'claimed');
  });

  it('waits where the server is a standby, and goes on once it has taken over', async () => {
    await claim(await open(), { name: 'k' });
    const standby = await cluster.startStandby();
    try {
      const one = await open({ url: standby.url });
      await assert.rejects(one.ledger.claim(call({ waitMs: 300 }), NEVER), (error: VerifyError) => {
        assert.deepEqual([error.code, error.values.code], ['NETWORK', '25006']);
        return true;
      });
      assert.equal((await one.database.findProblem())?.problem, 'ledger-away');
      const waiting = one.ledger.claim(call({ waitMs: 60_000 }), NEVER);
      await standby.promote();
      assert.equal((await waiting).state, 'claimed');
      assert.equal(await found(one, 'k'), 'under-way');
      await one.close();
    } finally {
      await standby.remove();
    }
  });

  // docs of PostgreSQL, "Message Formats": a letter, the length with itself, and what is too short for what it says.
  const message = (kind: string, ...body: number[]) =>
    Buffer.from([kind.charCodeAt(0), 0, 0, 0, 4 + body.length, ...body]);
  const [letIn, ready] = [message('R', 0, 0, 0, 0), message('Z', 'I'.charCodeAt(0))];
  for (const [what, greeting, answer] of [
    ['greets with half a message', [letIn, message('K', 1)], []],
    ['answers with half a row', [letIn, ready], [message('D', 0, 9, 0, 0)]],
    ['notifies of nothing', [letIn, ready], [message('A', 0)]],
  ] as const) {
    it(`takes what ${what} for a server that is away, and lives on`, async () => {
      const nonsense = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => {
          socket.write(Buffer.concat(greeting));
          socket.on('data', () => socket.write(Buffer.concat(answer)));
        });
      }).listen(0, '127.0.0.1');
      await once(nonsense, 'listening');
      try {
        const { port } = nonsense.address() as AddressInfo;
        const one = await open({ url: `postgres://a:b@127.0.0.1:${port}/c` });
        const claimed = one.ledger.claim(call({ waitMs: 300 }), NEVER);
        await assert.rejects(claimed, { code: 'NETWORK', problem: 'ledger-away' });
        await one.close();
      } finally {
        nonsense.close();
      }
    });
  }

  it('verifies the server over TLS, and sends nothing where it cannot', async () => {
    const verified = { rejectUnauthorized: true } as const;
    const plain = await open({ ssl: verified });
    await assert.rejects(plain.ledger.claim(call(), NEVER), { code: 'CONFIG', problem: 'ledger-refused' });
    const identity = selfSigned('IP:127.0.0.1');
    cluster.useTls(identity);
    await cluster.stop('fast');
    await cluster.start();
    const stranger = await open({ ssl: verified });
    await assert.rejects(stranger.ledger.claim(call(), NEVER), { code: 'CONFIG', problem: 'ledger-refused' });
    await uncheckedByEnvironment(async () => {
      const other = await open({ ssl: verified });
      await assert.rejects(other.ledger.claim(call(), NEVER), { code: 'CONFIG', problem: 'ledger-refused' });
    });
    const known = await open({ ssl: { ...verified, ca: identity.cert } });
    await claim(known);
  });

  it('waits where the certificate of the server is not valid yet, because the clock here is not set yet', async () => {
    const identity = selfSigned('IP:127.0.0.1', Date.now() + DAY_MS);
    cluster.useTls(identity);
    await cluster.stop('fast');
    await cluster.start();
    const one = await open({ ssl: { rejectUnauthorized: true, ca: identity.cert } });
    await assert.rejects(one.ledger.claim(call({ waitMs: 300 }), NEVER), (error: VerifyError) => {
      assert.deepEqual([error.problem, error.values.code], ['ledger-away', 'CERT_NOT_YET_VALID']);
      return true;
    });
  });

  it('tells one process what photos came to another', async () => {
    const [first, second] = [await open(), await open()];
    const met = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? first : second).seen.recordAndCheck(
          [{ identity: 'a code', photo: `photo ${index}` }],
          30,
        ),
      ),
    );
    assert.equal(met.filter(([gap]) => gap === Number.POSITIVE_INFINITY).length, 1);
  });

  it('pays once for a key where the server answers half a second late', async () => {
    // The tables are there already.
    const near = await open();
    await claim(near, { account: 'another' });
    const slow = await delayed(cluster.port, 500);
    const far = await open({ url: cluster.url.replace(String(cluster.port), String(slow.port)) });
    try {
      const request = call({ name: 'k', waitMs: 30_000 });
      const claims = await Promise.all([1, 2].map(() => far.ledger.claim(request, NEVER)));
      assert.deepEqual(claims.map(({ state }) => state).sort(), ['claimed', 'known']);
      assert.equal((await near.ledger.spent(ACCOUNT)).day, 1);
    } finally {
      await far.close();
      await slow.close();
    }
  });

  it('waits for the server twice to claim, settle or take a turn, and once more where a budget has to be exact', async () => {
    const slow = await delayed(cluster.port, 20);
    const one = await open({ url: cluster.url.replace(String(cluster.port), String(slow.port)) });
    const roundTrips = async (work: () => Promise<unknown>) => {
      slow.roundTrips();
      await work();
      return slow.roundTrips();
    };
    const pay = async (name: string, maxPerDay: number) => {
      let id = '';
      const claimed = await roundTrips(async () => {
        id = await claim(one, { name, maxPerDay });
      });
      return [claimed, await roundTrips(() => settle(one, id, { [name]: { score: 1 } }))];
    };
    const turn = () => one.ledger.turn(ACCOUNT, 1_000);
    try {
      // Which connects, and has each statement read by the server.
      for (const maxPerDay of [0, 9]) await pay(`first ${maxPerDay}`, maxPerDay);
      await turn();
      assert.deepEqual(await pay('plain', 0), [2, 2]);
      assert.deepEqual(await pay('limited', 9), [3, 2]);
      const counted = () => cluster.query(`SELECT last_value FROM ${schema}.commits`);
      const before = await counted();
      assert.equal(await roundTrips(turn), 2);
      // A turn is not flushed, so that nothing may depend on its being there after a power cut.
      assert.deepEqual(await counted(), before);
    } finally {
      await one.close();
      await slow.close();
    }
  });
});
