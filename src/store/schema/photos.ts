import type { ColumnTypes } from './columns';

/** @returns the statements that make the tables of src/photos */
export function photosTables(_types: ColumnTypes): string[] {
  return [];
}
