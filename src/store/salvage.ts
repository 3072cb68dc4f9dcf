/** What becomes of a damaged file: it is put aside, and what can be read of it goes into a new one, row by row. */
import { readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

const ASIDE = '.damaged-';
const WAL = '-wal';
const KEPT_MS = 7 * 86_400_000;

/**
 * Renames a file that nobody has open, and what belongs to it.
 * @param now Unix milliseconds
 * @returns its new path
 * @throws Error of the file system
 */
export function putAside(path: string, now: number): string {
  const aside = `${path}${ASIDE}${now}`;
  // Under the name of the database its WAL would be taken for that of the next one.
  for (const suffix of [WAL, '-journal', ''])
    try {
      renameSync(path + suffix, aside + suffix);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  return aside;
}

/** @returns the files that were put aside, oldest first */
export function asideOf(path: string): string[] {
  const prefix = basename(path) + ASIDE;
  return readdirSync(dirname(path))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .sort((a, b) => Number(a.slice(prefix.length)) - Number(b.slice(prefix.length)))
    .map((name) => join(dirname(path), name));
}

/** Deletes what was put aside more than seven days ago. */
export function forgetAside(path: string, now: number): void {
  for (const aside of asideOf(path)) {
    if (now - Number(aside.slice(aside.lastIndexOf('-') + 1)) < KEPT_MS) continue;
    for (const suffix of ['', WAL, '-journal']) rmSync(aside + suffix, { force: true });
  }
}

/**
 * Copies all rows that can be read into the tables of the same name, in the transaction that is open.
 * @param from the damaged database
 * @param into which has the same tables
 */
export function copyReadable(from: DatabaseSync, into: DatabaseSync): void {
  for (const table of namesIn(into, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    if (table.startsWith('sqlite_')) continue;
    const wanted = new Set(namesIn(into, `PRAGMA table_info("${table}")`));
    const columns = namesIn(from, `PRAGMA table_info("${table}")`).filter((name) => wanted.has(name));
    if (columns.length === 0) continue;
    const names = columns.map((name) => `"${name}"`).join(', ');
    const marks = columns.map(() => '?').join(', ');
    const insert = into.prepare(`INSERT OR IGNORE INTO "${table}" (${names}) VALUES (${marks})`);
    for (const row of readableRows(from, table, names)) insert.run(...columns.map((name) => row[name]!));
  }
}

type Row = Record<string, SQLInputValue>;

/** Around each page that cannot be read, the rows before and after it. */
function* readableRows(database: DatabaseSync, table: string, names: string): Generator<Row> {
  // Through an index a row might be found that is not there, or the other way round.
  const select = `SELECT rowid AS "at this row", ${names} FROM "${table}" NOT INDEXED WHERE rowid >= ? ORDER BY rowid`;
  const one = database.prepare(`${select} LIMIT 1`);
  for (let next: number | null = 1; next !== null; ) {
    let row: Row | undefined;
    try {
      row = one.get(next) as Row | undefined;
    } catch {
      next = nextReadable(one, next);
      continue;
    }
    if (!row) return;
    yield row;
    next = Number(row['at this row']) + 1;
  }
}

/** @returns the number of a row after which rows can be read again; null where there is none */
function nextReadable(one: StatementSync, from: number): number | null {
  const look = (rowid: number): 'row' | 'none' | 'bad' => {
    try {
      return one.get(rowid) ? 'row' : 'none';
    } catch {
      return 'bad';
    }
  };
  let bad = from;
  let step = 1;
  while (look(bad + step) === 'bad') {
    bad += step;
    step *= 2;
    if (bad + step > Number.MAX_SAFE_INTEGER) return null;
  }
  // Between the two the first row that can be read is looked for by halves.
  let good = bad + step;
  while (good - bad > 1) {
    const middle = Math.floor((bad + good) / 2);
    if (look(middle) === 'bad') bad = middle;
    else good = middle;
  }
  return look(good) === 'row' ? good : null;
}

function namesIn(database: DatabaseSync, text: string): string[] {
  try {
    return (database.prepare(text).all() as { name: string }[]).map(({ name }) => name);
  } catch {
    return [];
  }
}
