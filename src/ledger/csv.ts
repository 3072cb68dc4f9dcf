/** The ledger for a spreadsheet. */
import { secondOf } from './calendar';
import { BOM, csvRows } from './csv-rows';
import type { Entry } from './entry';

export const COLUMNS = [
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
  'consent',
  'guardianConsent',
  'purpose',
] as const satisfies readonly (keyof Entry)[];

/** Rows of one piece of the file. */
const ROWS = 500;

/**
 * @param entries of a ledger
 * @param heads of `COLUMNS`, in the language of the reader
 * @returns pieces of the file; times are those of Asia/Shanghai
 */
export async function* csv(
  entries: AsyncIterable<Entry>,
  heads: readonly string[] = COLUMNS,
): AsyncGenerator<string, void> {
  let rows: unknown[][] = [[...heads]];
  let before = BOM;
  for await (const entry of entries) {
    const at = secondOf(Date.parse(entry.at)).replace('T', ' ');
    rows.push(COLUMNS.map((name) => (name === 'at' ? at : entry[name])));
    if (rows.length < ROWS) continue;
    yield before + csvRows(rows);
    rows = [];
    before = '';
  }
  yield before + csvRows(rows);
}
