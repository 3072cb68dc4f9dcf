import assert from 'node:assert/strict';
import { readServerUrl } from '../../src/http/address';
import { readRedisUrl, redisServer } from '../../src/queue/redis-url';

/** Of a secret, so that a message shows which part of it came out. */
const PASSWORD = 'pass-of-the-test';

describe('the URL of a server', () => {
  const usable: [string, object][] = [
    ['redis://127.0.0.1', { host: '127.0.0.1', port: 6379, db: 0 }],
    ['redis://redis.example:6380/3', { host: 'redis.example', port: 6380, db: 3 }],
    ['  rediss://cache\n', { host: 'cache', port: 6379, db: 0, tls: {} }],
    ['redis://[::1]:6379/', { host: '::1', port: 6379, db: 0 }],
    [`redis://:${PASSWORD}@my_cache`, { host: 'my_cache', port: 6379, db: 0, password: PASSWORD }],
    ['redis://user:a%2Fb%40c@h', { host: 'h', port: 6379, db: 0, username: 'user', password: 'a/b@c' }],
    ['redis://:a@b:c@h', { host: 'h', port: 6379, db: 0, password: 'a@b:c' }],
  ];
  for (const [text, options] of usable) {
    it(`${JSON.stringify(text)} is read`, () => {
      const url = readRedisUrl(text);
      assert.ok(url);
      const server = redisServer(url, {});
      assert.deepEqual(server.options, { family: 0, ...options });
      assert.doesNotMatch(server.place, /pass-of-the-test|@|\//);
    });
  }

  const unusable = [
    ['', ' ', 'redis://', 'redis:h', '127.0.0.1:6379', 'http://h', 'redis+tls://h', 'postgres://h/d'],
    [
      'redis://h/name',
      'redis://h/0?family=6',
      'redis://h#0',
      'redis://h h',
      'redis://h\u200b',
      'redis://h\t/0',
    ],
    // What nobody escaped.
    ['redis://:pa/ss@h:6379', 'redis://12:34/ss@h', 'redis://u:1/2@h', 'redis://u:1?a@h', 'redis://:1#a@h'],
    ['redis://u:a%zz@h', 'redis://u:100%@h', 'redis://"h"', 'redis://u:p@', 'redis://h:port'],
  ];
  for (const text of unusable.flat())
    it(`${JSON.stringify(text)} is not`, () => assert.equal(readRedisUrl(text), null));

  it('may be of a database', () => {
    const read = (text: string) =>
      readServerUrl(text, ['postgres:', 'postgresql:'], /^\/[\w-]+(?:\?[^@]*)?$/);
    const url = read(' postgresql://verify:a%2Fb@db.example:5432/ledger?sslmode=require ');
    assert.equal(url?.host, 'db.example:5432');
    for (const text of [
      'postgres://db',
      'postgres://u:a/b@db/ledger',
      'postgres://u:1/2?@db/ledger',
      'redis://h',
    ])
      assert.equal(read(text), null, text);
  });
});
