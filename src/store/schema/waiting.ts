import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/waiting */
export function waitingTables(_types: ColumnTypes): string[] {
  return [];
}
