import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/ledger */
export function ledgerTables(_types: ColumnTypes): string[] {
  return [];
}
