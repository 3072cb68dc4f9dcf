import type { ColumnTypes } from './columns';

/** @returns the statements that make what only a shared database has, before its first migration */
export function sharedTables({ text, real }: ColumnTypes): string[] {
  return [
    // Counts the commits: a database that was set back to an older state is noticed by it.
    'CREATE SEQUENCE commits',
    // When the next request of an account may start, in milliseconds of the server's clock.
    `CREATE TABLE rates (account ${text} PRIMARY KEY NOT NULL, next_at ${real} NOT NULL)`,
  ];
}
