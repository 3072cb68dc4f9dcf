/**
 * The columns of a call in the ledger, one row each. `Entry`, the statements of ledger-sql.ts, the table for a spreadsheet
 * and the check of the documents follow from it; CONTRIBUTING.md, "A column of the ledger", says what a new row needs.
 */
import type { ErrorCode } from '../contract/errors';
import type { Value } from '../store/sql';
import type { Entry, EntryState } from './entry';

/** A price has no more decimals; binary fractions would show some. */
export const PRICE_STEPS = 10_000;

/** How a value is kept in the database. */
interface Kind<Kept> {
  /** As src/store/schema/columns.ts names it. */
  type: 'text' | 'integer';
  write(value: Kept): Value;
  read(column: Value): Kept;
}

/** `claim`: the call as it is claimed. `end`: how it ended; null until then. `both`: what changes when it ends. */
type SetBy = 'claim' | 'end' | 'both';

const asItIs = { write: (value: unknown) => value as Value, read: (column: Value) => column as never };
const TEXT: Kind<string> = { type: 'text', ...asItIs };
const NUMBER: Kind<number> = { type: 'integer', ...asItIs };
const TRUTH: Kind<boolean> = { type: 'integer', write: Number, read: Boolean };
/** ISO 8601; in the database Unix milliseconds. */
const TIME: Kind<string> = {
  type: 'integer',
  write: Date.parse,
  read: (column) => new Date(Number(column)).toISOString(),
};
/** In the database ten-thousandths. */
const YUAN: Kind<number> = {
  type: 'integer',
  write: (yuan) => Math.round(yuan * PRICE_STEPS),
  read: (column) => Number(column) / PRICE_STEPS,
};

/** By the name in JSON; in the database it is `nameOf` this name, and its head is `columns.<name>` in src/texts. */
export const COLUMNS = {
  /** Begins with the second of the claim in Shanghai, `20261125-213201-…`, and sorts as time does. */
  id: column(TEXT, 'claim'),
  /** When it was claimed. */
  at: column(TIME, 'claim'),
  account: column(TEXT, 'claim'),
  node: column(TEXT, 'claim'),
  operation: column(TEXT, 'claim'),
  state: column(TEXT as Kind<EntryState>, 'both'),
  outcome: column(optional(TEXT), 'end'),
  reason: column(optional(TEXT), 'end'),
  /** The provider's own. */
  code: column(optional(TEXT), 'end'),
  /** Of the error that the call ended in. */
  error: column(optional(TEXT as Kind<ErrorCode>), 'end'),
  requestId: column(optional(TEXT), 'end'),
  orderNo: column(optional(TEXT), 'end'),
  /** null: not known, or not yet. */
  charged: column(optional(TRUTH), 'end'),
  /** 0 once it is known that it was not charged. */
  price: column(YUAN, 'both'),
  durationMs: column(optional(NUMBER), 'end'),
  /** Reference of what the person agreed to, such as the number of a form; null where it is not about a person. */
  consent: column(optional(TEXT), 'claim'),
  /** Likewise of a guardian. */
  guardianConsent: column(optional(TEXT), 'claim'),
  /** What the handling is for, as the account says. */
  purpose: column(optional(TEXT), 'claim'),
};

type Columns = typeof COLUMNS;
export type Field = keyof Columns;
type Kept<Name extends Field> = Columns[Name] extends Kind<infer Value> ? Value : never;

export type ColumnValues = { [Name in Field]: Kept<Name> };

/** Those that may be left out where an entry is made or settled, and are null then. */
export type Optional<By extends SetBy> = {
  [Name in Field as Columns[Name]['setBy'] extends By
    ? null extends Kept<Name>
      ? Name
      : never
    : never]?: Kept<Name>;
};

export const FIELDS = Object.keys(COLUMNS) as Field[];

/** @returns those that are set then, `both` among them */
function fieldsSetBy(when: 'claim' | 'end'): Field[] {
  return FIELDS.filter((field) => COLUMNS[field].setBy === when || COLUMNS[field].setBy === 'both');
}

/** Those that a call has once it is claimed, and those that its end sets beside its state. */
export const CLAIMED = fieldsSetBy('claim');
export const ENDED = fieldsSetBy('end').filter((field) => field !== 'state');

/** Of the columns, such as `request_id`. Made once: an export reads each for every entry. */
const NAMES = Object.fromEntries(
  FIELDS.map((field) => [field, field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
) as Record<Field, string>;

/** @returns the name of the column */
export function nameOf(field: Field): string {
  return NAMES[field];
}

/** @returns the values of some fields, as the database has them */
export function valuesOf(entry: Entry, fields: readonly Field[]): Value[] {
  return fields.map((field) => (COLUMNS[field] as Kind<unknown>).write(entry[field]));
}

/** @param row of all columns */
export function entryOf(row: Readonly<Record<string, Value>>): Entry {
  const entry = FIELDS.map((field) => [field, COLUMNS[field].read(row[nameOf(field)]!)]);
  return Object.fromEntries(entry) as Entry;
}

function column<Kept, By extends SetBy>(kind: Kind<Kept>, setBy: By): Kind<Kept> & { setBy: By } {
  return { ...kind, setBy };
}

function optional<Kept>({ type, write, read }: Kind<Kept>): Kind<Kept | null> {
  return {
    type,
    write: (value) => (value === null ? null : write(value)),
    read: (column) => (column === null ? null : read(column)),
  };
}
