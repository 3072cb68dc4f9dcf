/** The ledger for a spreadsheet. */
import { secondOf } from './calendar';
import { FIELDS } from './columns';
import { BOM, csvRows } from './csv-rows';
import type { Entry } from './entry';

/** Columns of the record of handling. `known`: whether the outcome is known. */
export const HANDLING_COLUMNS = [
  'id',
  'at',
  'purpose',
  'provider',
  'operation',
  'consent',
  'guardianConsent',
  'known',
] as const;

/** Rows of one piece of the file. */
const ROWS = 500;

/**
 * @param entries of a ledger
 * @param heads of `FIELDS`, in the language of the reader
 * @returns pieces of the file; times are those of Asia/Shanghai
 */
export function csv(
  entries: AsyncIterable<Entry>,
  heads: readonly string[] = FIELDS,
): AsyncGenerator<string, void> {
  return table(entries, heads, (entry) =>
    FIELDS.map((name) => (name === 'at' ? timeOf(entry) : entry[name])),
  );
}

/**
 * The record of handling: docs/contract.md, "Editor sidebar".
 * @param entries of calls about persons, each with its provider's name
 * @param heads of `HANDLING_COLUMNS`, in the language of the reader
 * @param known yes and no, in the language of the reader
 * @returns pieces of the file
 */
export function handlingCsv(
  entries: AsyncIterable<Entry & { provider: string }>,
  heads: readonly string[],
  known: { yes: string; no: string },
): AsyncGenerator<string, void> {
  return table(entries, heads, (entry) => [
    entry.id,
    timeOf(entry),
    entry.purpose,
    entry.provider,
    entry.operation,
    entry.consent,
    entry.guardianConsent,
    entry.outcome === null ? known.no : known.yes,
  ]);
}

function timeOf({ at }: Entry): string {
  return secondOf(Date.parse(at)).replace('T', ' ');
}

async function* table<Each>(
  all: AsyncIterable<Each>,
  heads: readonly string[],
  cellsOf: (each: Each) => unknown[],
): AsyncGenerator<string, void> {
  let rows: unknown[][] = [[...heads]];
  let before = BOM;
  for await (const each of all) {
    rows.push(cellsOf(each));
    if (rows.length < ROWS) continue;
    yield before + csvRows(rows);
    rows = [];
    before = '';
  }
  yield before + csvRows(rows);
}
