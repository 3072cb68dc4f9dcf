import assert from 'node:assert/strict';
import { readPostgresUrl } from '../../src/node-red/ledger/postgres-url';

describe('the address of a PostgreSQL', () => {
  it('is read as libpq reads it, with white space round it', () => {
    assert.deepEqual(readPostgresUrl(' postgresql://u%40x:p%2Fw@[::1]/books?sslmode=require\n'), {
      connection: { host: '::1', port: 5432, user: 'u@x', password: 'p/w', database: 'books' },
      wantsTls: true,
      isLoopback: true,
    });
    assert.equal(readPostgresUrl('postgres://user@db.example.com:6000')?.connection.database, 'user');
  });

  for (const text of [
    '',
    'redis://127.0.0.1',
    'postgres://u:pa/ss@host/books',
    'postgres://host/books?options=-c',
    'postgres://host/a/b',
    'postgres://ho st/books',
  ])
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(readPostgresUrl(text), null));
});
