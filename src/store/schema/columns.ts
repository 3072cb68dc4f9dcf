/** The types of columns, in the words of each database. */
export interface ColumnTypes {
  text: string;
  /** Whole numbers up to 2^53, Unix milliseconds among them, and truth values. */
  integer: string;
  real: string;
  bytes: string;
}

export const SQLITE_TYPES: ColumnTypes = { text: 'TEXT', integer: 'INTEGER', real: 'REAL', bytes: 'BLOB' };

export const POSTGRES_TYPES: ColumnTypes = {
  text: 'TEXT COLLATE "C"',
  integer: 'BIGINT',
  real: 'DOUBLE PRECISION',
  bytes: 'BYTEA',
};
