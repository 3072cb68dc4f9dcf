/** Photos and persons as tables: what Excel opens, and what it saved. */
import { BOM, csvRows, readRows } from '../../dist/src/ledger/csv-rows.js';
import { readSheet } from './xlsx.mjs';

const PHOTO_HEADS = 'number file address verdict reason taken place latitude longitude environment';

/**
 * @param rows as the page shows them
 * @returns the heads and one row a photo
 */
export function tableOf(rows, words, environment) {
  return [
    PHOTO_HEADS.split(' ').map((head) => words.say(head)),
    ...rows.map(({ line, index, name, url, verdict, reason, why, when, address, gcj02 }) => [
      line ?? index + 1,
      name,
      url,
      verdict,
      words.reason(reason) || why,
      when,
      address,
      gcj02?.lat,
      gcj02?.lng,
      environment,
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

/** What can be a table by its kind and name. */
export function isTable({ type, name }) {
  return /^text\/|\.(csv|tsv|txt|xlsx?)$/.test(type + name.toLowerCase());
}

/**
 * @returns the cells of a file as a spreadsheet saved it; Excel writes CSV in GBK in China unless it is asked for UTF-8
 * @throws where it cannot be read: what Excel saved before 2007 (XLS), for example
 */
export async function readTable(file) {
  const bytes = await file.arrayBuffer();
  const begin = String.fromCharCode(...new Uint8Array(bytes.slice(0, 2)));
  if (begin === 'PK') return readSheet(bytes);
  if (begin === '\xd0\xcf') throw new Error('An XLS file is not read.');
  try {
    return readRows(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return readRows(new TextDecoder('gb18030').decode(bytes));
  }
}

/** What a person pasted; a spreadsheet puts a picture of its cells beside their text, which counts. */
export function pasted({ clipboardData }) {
  const text = clipboardData.getData('text/plain');
  const isText = /\t|:\/\//.test(text);
  return { files: isText ? [] : [...clipboardData.files], rows: isText ? readRows(text) : [] };
}

const ID_NUMBER = /^[\dXx\s-]{15,22}$/;
/** An id number that a spreadsheet took for a number; its last digits are lost. */
const ROUNDED = /^\d(?:\.\d+)?E\+1[4-7]$/i;
const HEADS = {
  idNumber: /^(?!监护人).*(?:身份证|证件号|\bid (?:number|no|card))/i,
  name: /^(?:姓名|名字|(?:full )?name)$/i,
  consent: /^(?!监护人|guardian).*(?:同意|consent)/i,
  guardianConsent: /^(?:监护人.*同意|guardian.*consent)/i,
};

/**
 * @param table cells of a table, whose columns may stand in any order; the first row may say which is which
 * @returns a person for each row that has an id number, or should have one
 */
export function personsIn(table) {
  const [first = [], ...others] = table.map((row) =>
    row.map((cell) => cell.trim().replace(/^="(.*)"$|^'/, '$1')),
  );
  const isHead = !first.some((cell) => ID_NUMBER.test(cell) || ROUNDED.test(cell));
  const column = (head) => (isHead ? first.findIndex((cell) => head.test(cell)) : -1);
  const [idColumn, nameColumn] = [column(HEADS.idNumber), column(HEADS.name)];
  const consents = [column(HEADS.consent), column(HEADS.guardianConsent)];
  return (isHead ? others : [first, ...others])
    .map((row) => {
      const [consent = '', guardianConsent = ''] = consents.map((at) => row[at]);
      // The number of a consent may look like an id number.
      const cells = row.map((cell, at) => (consents.includes(at) ? '' : cell));
      const idNumber =
        cells[idColumn] ??
        cells.find((cell) => ID_NUMBER.test(cell)) ??
        cells.find((cell) => ROUNDED.test(cell));
      const file = cells.find((cell) => /\.(jpe?g|png|bmp|webp|heic)$/i.test(cell)) ?? '';
      const name =
        cells[nameColumn] ??
        cells.find((cell) => cell !== idNumber && cell !== file && /\p{L}/u.test(cell)) ??
        '';
      const person = { name, idNumber, consent, guardianConsent, file };
      return { ...person, photo: null, id: null, isAsked: false, isUnreadable: false };
    })
    .filter(({ name, idNumber }) => idNumber || (idColumn >= 0 && name));
}
