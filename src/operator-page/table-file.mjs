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

/**
 * @param table cells of a table, whose columns may stand in any order; a row without an id number is a head
 * @returns a person for each row
 */
export function personsIn(table) {
  return table
    .map((cells) => cells.map((cell) => cell.trim().replace(/^'/, '')))
    .map((cells) => {
      const idNumber = cells.find((cell) => /^[\dXx\s-]{15,22}$/.test(cell));
      const file = cells.find((cell) => /\.(jpe?g|png|bmp|webp|heic)$/i.test(cell)) ?? '';
      const name = cells.find((cell) => cell !== idNumber && cell !== file && /\p{L}/u.test(cell)) ?? '';
      return { name, idNumber, file, photo: null, id: null, isAsked: false, isUnreadable: false };
    })
    .filter(({ idNumber }) => idNumber);
}
