import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/waiting */
export function waitingTables({ text, integer, bytes }: ColumnTypes): string[] {
  return [
    `CREATE TABLE waiting (
      id ${text} PRIMARY KEY NOT NULL,
      node ${text} NOT NULL,
      type ${text} NOT NULL,
      since ${integer} NOT NULL,
      deadline ${integer},
      orphaned_at ${integer},
      task_ids ${text} NOT NULL,
      sealed ${bytes} NOT NULL
    )`,
  ];
}

/** Requests sent for a task, since version 2. */
export function waitingAttempts({ integer }: ColumnTypes): string[] {
  return [`ALTER TABLE waiting ADD COLUMN attempts ${integer} NOT NULL DEFAULT 0`];
}
