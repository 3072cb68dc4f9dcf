import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { assertDefaults } from './form';
import { ask, load, nodeOf, unload } from './load';

describe('node verify-queue', () => {
  afterEach(unload);

  it('is loaded with its defaults, and shows its address to nobody', async () => {
    await load('verify-call', {}, { url: 'redis://:a-secret-of-the-test@127.0.0.1' });
    assert.equal(nodeOf('config').type, 'verify-queue');
    assert.doesNotMatch(inspect(nodeOf('config'), { depth: 10 }), /-of-the-test/);
    assertDefaults('verify-queue', {
      name: 'verification',
      ledger: '',
      keep: 3_600,
      unencrypted: false,
      tls: '',
    });
  });

  for (const [url, properties, problem] of [
    ['redis://redis.example:6379', {}, 'queue-unencrypted'],
    ['redis://LOCALHOST.example', { unencrypted: false }, 'queue-unencrypted'],
    [' http://127.0.0.1', { unencrypted: true }, 'queue-url-unreadable'],
    ['redis://:a-secret-of-the-test/more@127.0.0.1', {}, 'queue-url-unreadable'],
    ['rediss://127.0.0.1', { tls: 'missing' }, 'tls-missing'],
  ] as const) {
    it(`raises ${problem} at Catch for ${url.replace('a-secret-of-the-test', '…')}`, async () => {
      await load('verify-call', properties, { url });
      const { from, error } = await ask({ payload: 1 });
      assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'CONFIG', problem]);
      assert.doesNotMatch(JSON.stringify(error), /-of-the-test/);
    });
  }

  for (const [url, properties] of [
    ['redis://redis.invalid', { unencrypted: true }],
    ['  redis://localhost:1/0\n', {}],
    ['rediss://redis.invalid', {}],
  ] as const) {
    it(`takes ${JSON.stringify(url)} with ${JSON.stringify(properties)}`, async () => {
      await load('verify-call', properties, { url });
      const { options } = nodeOf('config') as unknown as { options(): { server: { place: string } } };
      assert.equal(options().server.place, new URL(url.trim()).host);
    });
  }

  it('raises an error at Catch where its address is of no Redis', async () => {
    await load('verify-call', {}, { url: 'http://127.0.0.1' });
    const { from, error } = await ask({ payload: 1 });
    assert.deepEqual([from, error.code, error.cause.problem], ['caught', 'CONFIG', 'queue-url-unreadable']);
  });
});
