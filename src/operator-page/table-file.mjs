/** Photos and persons as tables: what Excel opens, and what it saved. */
import { BOM, csvRows, readRows } from '../../dist/src/ledger/csv-rows.js';

/** @returns the heads and one row a photo */
export function tableOf(rows, { say, reason, verdict, why }) {
  const heads = ['number', 'file', 'address', 'verdict', 'reason', 'taken', 'place', 'latitude', 'longitude'];
  return [
    heads.map((head) => say(head)),
    ...rows.map((row) => [
      row.index + 1,
      row.name,
      row.url,
      verdict(row),
      row.reason ? reason(row.reason) : why(row),
      row.takenAt ? row.takenAt.slice(0, 16).replace('T', ' ') : row.takenAtText,
      row.address,
      row.gcj02?.lat,
      row.gcj02?.lng,
    ]),
  ];
}

/** @param name of the file, without its ending */
export function download(table, name) {
  const address = URL.createObjectURL(new Blob([BOM, csvRows(table)], { type: 'text/csv' }));
  const link = Object.assign(document.createElement('a'), { href: address, download: `${name}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** @returns the cells of a file as a spreadsheet saved it; Excel writes GBK in China unless it is asked for UTF-8 */
export async function readTable(file) {
  const bytes = await file.arrayBuffer();
  try {
    return readRows(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return readRows(new TextDecoder('gb18030').decode(bytes));
  }
}
