/** Photos as a table for Excel and for other programs. */
import { xlsx } from './xlsx.mjs';

/** @returns the heads and one row a photo */
export function tableOf(rows, { say, reason, verdict, why }) {
  const heads = ['number', 'file', 'address', 'verdict', 'reason', 'taken', 'place', 'latitude', 'longitude'];
  return [
    heads.map((head) => say(head)),
    ...rows.map((row) => [
      row.index + 1,
      row.name ?? '',
      row.url ?? '',
      verdict(row),
      row.reason ? reason(row.reason) : why(row),
      row.takenAt ? row.takenAt.slice(0, 16).replace('T', ' ') : (row.takenAtText ?? ''),
      row.address ?? '',
      row.gcj02?.lat ?? '',
      row.gcj02?.lng ?? '',
    ]),
  ];
}

/** With a BOM, or Excel reads it in the code page of the machine; a cell that Excel would take for a formula is text. */
export function csv(table) {
  const quoted = (value) => {
    const text = typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\uFEFF${table.map((row) => `${row.map(quoted).join(',')}\r\n`).join('')}`;
}

/** @param kind `csv` or `xlsx` */
export function download(table, kind, name) {
  const excel = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
  const [content, type] = kind === 'csv' ? [csv(table), 'text/csv'] : [xlsx(table), excel];
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = Object.assign(document.createElement('a'), { href: address, download: `${name}.${kind}` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
