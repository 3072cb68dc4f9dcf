/** The ledger for a spreadsheet. */
import type { Entry } from './entry';

const COLUMNS = [
  'id',
  'at',
  'account',
  'node',
  'operation',
  'state',
  'outcome',
  'reason',
  'code',
  'error',
  'requestId',
  'orderNo',
  'charged',
  'price',
  'durationMs',
] as const satisfies readonly (keyof Entry)[];

/** Without it Excel does not read UTF-8. */
const BOM = '\uFEFF';
/** A spreadsheet would compute it, in its full-width form too. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const NEEDS_QUOTES = /[",\r\n]/;

/**
 * RFC 4180, with a byte order mark; a cell that a spreadsheet would take for a formula begins with an apostrophe.
 * @param entries of a ledger
 * @returns pieces of the file
 */
export async function* csv(entries: AsyncIterable<Entry>): AsyncIterable<string> {
  yield `${BOM}${COLUMNS.join(',')}\r\n`;
  for await (const entry of entries) yield `${COLUMNS.map((name) => cell(entry[name])).join(',')}\r\n`;
}

function cell(value: Entry[keyof Entry]): string {
  const text = String(value ?? '');
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return NEEDS_QUOTES.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
