/**
 * How the tables came to be what they are. Each migration is applied once, in one transaction, to every file that was
 * made before it; one that made a file in use is never changed. The number of those applied is the version of a file
 * (`PRAGMA user_version`).
 */
import type { ColumnTypes } from './columns';
import { ledgerTables } from './ledger';
import { photosTables } from './photos';
import { waitingAttempts, waitingTables } from './waiting';

/** @returns the statements of one migration */
export type Migration = (types: ColumnTypes) => string[];

export const MIGRATIONS: readonly Migration[] = [
  (types) => [...storeTables(types), ...ledgerTables(types), ...waitingTables(types), ...photosTables(types)],
  waitingAttempts,
];

/** Tables of which no row is of any use without the secret under which it was written. */
export const SEALED_TABLES: readonly string[] = ['keys', 'waiting', 'seen', 'outbox'];

function storeTables({ text }: ColumnTypes): string[] {
  return [
    // One row at most: the public sign of the secret under which the database is sealed.
    `CREATE TABLE secret_sign (purpose ${text} PRIMARY KEY NOT NULL, sign ${text} NOT NULL)`,
    `CREATE TABLE meta (name ${text} PRIMARY KEY NOT NULL, content ${text} NOT NULL)`,
  ];
}
