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
      attempts ${integer} NOT NULL DEFAULT 0,
      sealed ${bytes} NOT NULL
    )`,
  ];
}
