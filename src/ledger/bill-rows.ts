/** The rows of a provider's bill, as a spreadsheet or Node-RED's `csv` node has them: docs/contract.md, "Ledger". */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type ParseResult, type Parser, parse } from 'papaparse';
import { VerifyError } from '../contract/errors';

/** What a row says of one call, and nothing else that stands in it: some bills name persons. */
export interface BillRow {
  /** As a spreadsheet counts: the head is in line 1. */
  line: number;
  orderNo: string | null;
  requestId: string | null;
  /** Unix milliseconds. */
  at: number | null;
  /** How exact `at` is: to a second, or to a minute where the row has no seconds. */
  precisionMs: number;
  /** Yuan. */
  price: number | null;
}

type BillColumn = 'orderNo' | 'requestId' | 'time' | 'price';
/** By what it is, the head of the column; what is left out goes by the heads that are usual. */
export type BillColumns = Partial<Record<BillColumn, string>>;

export const BILL_COLUMNS: readonly BillColumn[] = ['orderNo', 'requestId', 'time', 'price'];

/** Heads that are usual, as `headOf` makes them. No provider publishes the format of its bills. */
const USUAL_HEADS: Readonly<Record<BillColumn, readonly string[]>> = {
  orderNo: ['orderno', 'order_no', '订单号', '订单编号', '流水号', '交易流水号'],
  requestId: ['requestid', 'request_id', '请求id', '请求号', '请求编号'],
  time: ['time', 'at', '时间', '调用时间', '请求时间', '交易时间', '消费时间', '创建时间'],
  price: ['price', 'amount', 'fee', '金额', '费用', '价格', '单价', '消费金额', '金额(元)', '费用(元)'],
};

const MOST_ROWS = 200_000;
/** Of a file. */
const MOST_BILL_BYTES = 20_000_000;
/** Rows that are read without letting anything else happen. */
const ROWS_PER_TURN = 1_000;
/** Characters of a file that are taken apart without letting anything else happen. */
const CHARACTERS_PER_TURN = 50_000;
/** In characters. Papa Parse begins anew with each piece until a line has ended. */
const LONGEST_HEAD = 10_000;
/** Between the cells of a line. */
const DELIMITERS = [',', ';', '\t', '|'];
/** Pieces of a file without the end of a line: no row of a bill is as long. */
const MOST_WITHOUT_ROW = 2;
/** Longer than any id. */
const LONGEST_CELL = 200;

/** What a spreadsheet puts around a text that is not to be a number: `="123"`, `'123`, and what copying adds. */
const WRAPPED = /^(?:="(.*)"|['`](.*))$/;
/** A long number that a spreadsheet has rounded. */
const ROUNDED = /^\d(?:\.\d+)?[eE]\+?\d+$/;
const AMOUNT = /^[¥￥]?\s*(-?\d{1,3}(?:,\d{3})*(?:\.\d+)?|-?\d*\.?\d+)\s*(?:元|CNY|RMB)?$/i;
const TIME =
  /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/;
const UNIX_SECONDS = /^\d{10}$/;
const UNIX_MILLISECONDS = /^\d{13}$/;
/** Bills are written in the time of China unless they say otherwise. */
const ZONE = '+08:00';

/**
 * @param bill rows by head, as Node-RED's `csv` node gives them, or the whole file: a text, or bytes in UTF-8 or GBK
 * @param columns heads of the columns
 * @returns the rows that are of a call: one without an id and without a time is a sum or empty
 * @throws VerifyError INPUT
 */
export async function readBill(bill: unknown, columns: BillColumns): Promise<BillRow[]> {
  if (Array.isArray(bill) && bill.length > MOST_ROWS) throw new VerifyError('INPUT', 'bill-large');
  // Of a list with gaps, too, each row is looked at.
  const rows = Array.isArray(bill) ? Array.from(bill, rowAt) : await rowsOf(textOf(bill), columns);
  if (rows.length > MOST_ROWS) throw new VerifyError('INPUT', 'bill-large');
  const heads = new Set<string>();
  for (const { cells } of rows.slice(0, ROWS_PER_TURN))
    for (const name of Object.keys(cells)) heads.add(headOf(name));
  const column = columnsIn(heads, columns);
  const read: BillRow[] = [];
  for (const [index, { line, cells }] of rows.entries()) {
    if (index % ROWS_PER_TURN === 0) await nextTurn();
    const byHead = new Map(Object.entries(cells).map(([name, cell]) => [headOf(name), cell]));
    const cell = (name: BillColumn) => textIn(byHead.get(column[name] ?? ''));
    const [orderNo, requestId] = [readId(cell('orderNo'), line), readId(cell('requestId'), line)];
    const time = cell('time');
    if (orderNo === null && requestId === null && !/\d/.test(time)) continue;
    read.push({ line, orderNo, requestId, ...readTime(time, line), price: readPrice(cell('price'), line) });
  }
  return read;
}

/**
 * @param pieces of a file
 * @throws VerifyError INPUT
 */
export async function readBillFile(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.length;
    if (bytes > MOST_BILL_BYTES) throw new VerifyError('INPUT', 'bill-large');
    read.push(piece);
  }
  return Buffer.concat(read);
}

interface Row {
  line: number;
  cells: Record<string, unknown>;
}

/** @throws VerifyError INPUT */
function rowAt(cells: unknown, index: number): Row {
  if (typeof cells !== 'object' || cells === null || Array.isArray(cells))
    throw new VerifyError('INPUT', 'bill-rows');
  return { line: index + 2, cells: cells as Row['cells'] };
}

/** @throws VerifyError INPUT */
function textOf(bill: unknown): string {
  if (typeof bill !== 'string' && !(bill instanceof Uint8Array)) throw new VerifyError('INPUT', 'bill-rows');
  if (bill.length > MOST_BILL_BYTES) throw new VerifyError('INPUT', 'bill-large');
  if (typeof bill === 'string') return bill;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bill);
  } catch {
    // As Excel in China saves a CSV.
    return new TextDecoder('gb18030').decode(bill);
  }
}

/**
 * @returns a row for each line below the head in which something stands
 * @throws VerifyError INPUT where a line is longer than any of a bill, or there are too many
 */
function rowsOf(text: string, columns: BillColumns): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const refuse = (problem: string) => reject(new VerifyError('INPUT', problem));
    const [blank] = /^\uFEFF?(?:(?:[\s,;|]|"")*[\r\n])?/.exec(text.slice(0, LONGEST_HEAD))!;
    const { delimiter, end } = headIn(text.slice(blank.length, blank.length + LONGEST_HEAD), columns);
    if (end >= LONGEST_HEAD) return refuse('bill-rows');
    const rows: Row[] = [];
    const names: string[] = [];
    let line = blank.match(/\r\n?|\n/g)?.length ?? 0;
    let [readTo, withoutRow] = [0, 0];
    parse<string[]>(text.slice(blank.length), {
      delimiter,
      chunkSize: CHARACTERS_PER_TURN,
      chunk({ data, meta }: ParseResult<string[]>, parser: Parser) {
        for (const cells of data) {
          line++;
          if (cells.join('').trim() === '') continue;
          if (names.length === 0) names.push(...distinct(cells));
          else {
            const known = cells.slice(0, names.length).map((cell, at) => [names[at], cell]);
            rows.push({ line, cells: Object.fromEntries(known) });
          }
        }
        // An empty line counts, too.
        withoutRow = meta.cursor > readTo ? 0 : withoutRow + 1;
        readTo = meta.cursor;
        if (withoutRow > MOST_WITHOUT_ROW || rows.length > MOST_ROWS) {
          refuse(rows.length > MOST_ROWS ? 'bill-large' : 'bill-rows');
          return parser.abort();
        }
        parser.pause();
        setImmediate(() => parser.resume());
      },
      complete: () => resolve(rows),
    });
  });
}

/**
 * @param beginning of a file
 * @returns the delimiter with which most of the wanted heads are found, of several the one that makes most columns; and
 *   where the head ends with it
 */
function headIn(beginning: string, columns: BillColumns): { delimiter: string; end: number } {
  const wanted = BILL_COLUMNS.flatMap((name) => (columns[name] ? headOf(columns[name]) : USUAL_HEADS[name]));
  const candidates = DELIMITERS.map((delimiter) => {
    // In fast mode the cursor stands after the line that follows.
    const { data, meta } = parse<string[]>(beginning, { delimiter, preview: 1, fastMode: false });
    const cells = data[0] ?? [];
    const known = cells.filter((cell) => wanted.includes(headOf(cell))).length;
    return { delimiter, end: meta.cursor, known, count: cells.length };
  });
  candidates.sort((a, b) => b.known - a.known || b.count - a.count);
  return candidates[0]!;
}

/** @returns the heads, where the second `金额` is `金额_1`, as Papa Parse names them without its line on the console */
function distinct(heads: readonly string[]): string[] {
  const used = new Set(heads);
  const copies = new Map<string, number>();
  return heads.map((head) => {
    let name = head;
    let copy = copies.get(head) ?? 0;
    while (copy > 0 && used.has(name)) name = `${head}_${copy++}`;
    copies.set(head, copy || 1);
    used.add(name);
    return name;
  });
}

/** @throws VerifyError INPUT */
function columnsIn(heads: ReadonlySet<string>, columns: BillColumns): BillColumns {
  const found: BillColumns = {};
  for (const name of BILL_COLUMNS) {
    const wanted = columns[name] ?? '';
    const head = wanted ? headOf(wanted) : USUAL_HEADS[name].find((usual) => heads.has(usual));
    if (head === undefined) continue;
    if (!heads.has(head)) throw new VerifyError('INPUT', 'bill-column', { column: wanted });
    found[name] = head;
  }
  if (!found.orderNo && !found.requestId && !found.time) throw new VerifyError('INPUT', 'bill-columns');
  return found;
}

/** @returns the head of a column as it is compared: a byte order mark, blanks, width and case do not matter */
function headOf(name: string): string {
  return name
    .normalize('NFKC')
    .replace(/[\s\uFEFF\u200B"]/g, '')
    .toLowerCase();
}

function textIn(cell: unknown): string {
  if (typeof cell !== 'string' && typeof cell !== 'number' && !(cell instanceof Date)) return '';
  const text = cell instanceof Date ? cell.toISOString() : String(cell);
  if (text.length > LONGEST_CELL) return '';
  const trimmed = text.normalize('NFKC').trim();
  const [, inside, after] = WRAPPED.exec(trimmed) ?? [];
  return (inside ?? after ?? trimmed).trim();
}

/** @throws VerifyError INPUT where a spreadsheet has rounded it */
function readId(text: string, line: number): string | null {
  if (ROUNDED.test(text)) throw new VerifyError('INPUT', 'bill-rounded', { line });
  return text === '' ? null : text;
}

/** @throws VerifyError INPUT */
function readTime(text: string, line: number): Pick<BillRow, 'at' | 'precisionMs'> {
  if (text === '') return { at: null, precisionMs: 0 };
  if (UNIX_SECONDS.test(text)) return { at: Number(text) * 1000, precisionMs: 1000 };
  if (UNIX_MILLISECONDS.test(text)) return { at: Number(text), precisionMs: 1 };
  const [, year, month, day, hour = '0', minute = '00', second, fraction = '', zone = ZONE] =
    TIME.exec(text) ?? [];
  const two = (number = '') => number.padStart(2, '0');
  const clock = `${two(hour)}:${minute}:${second ?? '00'}${fraction.slice(0, 4)}`;
  const at = Date.parse(`${year}-${two(month)}-${two(day)}T${clock}${zone}`);
  if (Number.isNaN(at)) throw new VerifyError('INPUT', 'bill-time', { line });
  return { at, precisionMs: second === undefined ? 60_000 : 1000 };
}

/** @throws VerifyError INPUT */
function readPrice(text: string, line: number): number | null {
  if (text === '') return null;
  const [, amount] = AMOUNT.exec(text) ?? [];
  if (amount === undefined) throw new VerifyError('INPUT', 'bill-price', { line });
  return Number(amount.replaceAll(',', ''));
}
