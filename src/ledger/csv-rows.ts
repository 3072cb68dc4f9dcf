/**
 * The one writer of tables, and the reader of what a spreadsheet wrote: of the ledger, of the examples and of the operator's page. scripts/pages.mjs puts it with its
 * library into flows, where nothing can be imported.
 */
import { parse, unparse } from 'papaparse';

/** Excel takes a file without it for the code page of the machine, which is GBK in China. */
export const BOM = '\uFEFF';

const OPTIONS = {
  newline: '\r\n',
  // A spreadsheet computes what begins so, in full-width form too, rounds a number of more than 15 digits, and takes an id
  // such as 12E34 for one.
  escapeFormulae: /^(?:[=+\-@＝＋－＠\t\r\n]|\d{16,}$|\d+(?:\.\d+)?e\d+$)/i,
  // A spreadsheet may be set to split at them.
  quotes: (value: unknown) => typeof value === 'string' && /[;\t]/.test(value),
};

/**
 * @param rows of cells; one that a spreadsheet would misread begins with an apostrophe, null and undefined are empty
 * @returns them as RFC 4180 says, each with its line end
 */
export function csvRows(rows: readonly (readonly unknown[])[]): string {
  return rows.length === 0 ? '' : `${unparse(rows as unknown[][], OPTIONS)}\r\n`;
}

/** @returns the cells of a table as a spreadsheet saved or copied it, whatever stands between them; no empty lines */
export function readRows(text: string): string[][] {
  return parse<string[]>(text.replace(/^\uFEFF/, ''), { skipEmptyLines: 'greedy' }).data;
}
