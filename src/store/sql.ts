/**
 * What an operation on the database speaks to. The same operations run in the thread of the embedded SQLite database
 * and on a client of PostgreSQL, so the SQL of a room keeps to what both understand:
 *
 * - Parameters are `?`, in order. Values are text, numbers, null and bytes; a truth value is 0 or 1.
 * - Column types come from `ColumnTypes` (schema/columns.ts), never as words of one database. Every column has a name
 *   that is no keyword in either (`key`, `user`, `end`, `order` are), in lower case with underscores.
 * - `INSERT … ON CONFLICT (…) DO NOTHING` or `DO UPDATE SET … = excluded.…`, and `RETURNING`; no `INSERT OR REPLACE`, no
 *   `rowid`, no `WITHOUT ROWID`, no functions of one database alone (`json_extract`, `strftime`, `ifnull`: `COALESCE`).
 * - `GROUP BY` names every column that is selected and not aggregated. A sum of whole numbers is `CAST(sum(x) AS BIGINT)`.
 *   Texts compare by their bytes. A parameter that nothing else gives a type gets one by `CAST(? AS …)`.
 * - What begins with `SELECT` is not counted as a write and may be sent together with `BEGIN`.
 * - `LIMIT` always with a bound: what may be long is read in pages, because nothing else runs meanwhile.
 *
 * Rules for an operation:
 *
 * - It awaits nothing but `sql`, decides before it writes where it can (what it throws before its first write costs
 *   nothing, what it throws later makes its whole batch run once more), and throws VerifyError for what a caller meets.
 * - It may run twice: when the answer of a commit was lost (the thread ended, the file was replaced) it is run again
 *   with the same parameters. It recognises its own work by an id that the caller made, not by one that it makes itself.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { VerifyError } from '../contract/errors';
import type { Seal } from './seal';

export type Value = string | number | null | Uint8Array;

export interface Sql {
  /** @returns the first row */
  get<Row>(text: string, ...parameters: Value[]): Promise<Row | undefined>;
  /** @returns all rows */
  all<Row>(text: string, ...parameters: Value[]): Promise<Row[]>;
  /** @returns how many rows it inserted, changed or deleted */
  run(text: string, ...parameters: Value[]): Promise<number>;
  /**
   * Writes what needs no answer. PostgreSQL gets it together with what follows, up to the COMMIT: each wait is a round
   * trip. Its failure is that of the transaction; outside a transaction nobody waits for it.
   */
  runLater(text: string, ...parameters: Value[]): void;
}

/** What an operation may know beside its parameters. */
export interface OperationContext {
  /** Unix milliseconds, by the caller's clock, when it called. */
  now: number;
  /** The cipher under the secret of this database; null where there is none, for the reason in `whyNoSeal`. */
  seal: Seal | null;
  /** CONFIG: the secret cannot be read, or is not the one that was used before (`secret-differs`). */
  whyNoSeal: VerifyError | null;
  /**
   * Why paid calls are refused until an operator says that they may go on: rows of the file were lost, or a shared database
   * was set back to an older state. null: all is well.
   */
  damage: 'damaged' | 'set-back' | null;
}

/** Work that is done wholly or not at all. Parameters and answer are JSON, bytes in it base64. */
export type Operation<Parameters, Answer> = (
  sql: Sql,
  parameters: Parameters,
  at: OperationContext,
) => Promise<Answer>;

/** The operations of a room by name: `<room>.<what it does>`. */
export type Operations = Readonly<Record<string, Operation<never, unknown>>>;

/**
 * @param at what the operation was given
 * @returns the cipher
 * @throws VerifyError CONFIG where there is no secret
 */
export function sealOf(at: OperationContext): Seal {
  if (!at.seal) throw at.whyNoSeal!;
  return at.seal;
}

/**
 * @param row by the names of columns, which are constants of ours
 * @param conflict what happens where it is there already: `ON CONFLICT …`
 * @returns how many rows it inserted or changed
 */
export function insert(
  sql: Sql,
  table: string,
  row: Readonly<Record<string, Value>>,
  conflict = '',
): Promise<number> {
  const names = Object.keys(row);
  const places = names.map(() => '?').join(', ');
  const text = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${places}) ${conflict}`;
  return sql.run(text, ...Object.values(row));
}

/** @returns what is written down of the whole database under a name; null where nothing is */
export async function readMeta(sql: Sql, name: string): Promise<string | null> {
  const row = await sql.get<{ content: string }>('SELECT content FROM meta WHERE name = ?', name);
  return row?.content ?? null;
}

/** Writes down something of the whole database. */
export async function writeMeta(sql: Sql, name: string, content: string): Promise<void> {
  await insert(sql, 'meta', { name, content }, 'ON CONFLICT (name) DO UPDATE SET content = excluded.content');
}

/** More are not kept prepared; the rooms have far fewer. */
const MOST_STATEMENTS = 500;
const READS = /^\s*SELECT\b/i;

interface Prepared {
  statement: StatementSync;
  isReading: boolean;
}

/** SQLite, in its thread. */
export class SqliteSql implements Sql {
  /** How many statements that write were started. */
  writes = 0;
  /** What every attempt to write is refused with. */
  refusesWrites: unknown = null;
  readonly #database: DatabaseSync;
  readonly #prepared = new Map<string, Prepared>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async get<Row>(text: string, ...parameters: Value[]): Promise<Row | undefined> {
    return this.#statement(text).get(...parameters) as Row | undefined;
  }

  async all<Row>(text: string, ...parameters: Value[]): Promise<Row[]> {
    return this.#statement(text).all(...parameters) as Row[];
  }

  async run(text: string, ...parameters: Value[]): Promise<number> {
    return Number(this.#statement(text).run(...parameters).changes);
  }

  runLater(text: string, ...parameters: Value[]): void {
    this.#statement(text).run(...parameters);
  }

  /** `BEGIN`, `COMMIT` and the like. */
  control(text: string): void {
    this.#prepare(text).statement.run();
  }

  #statement(text: string): StatementSync {
    const { statement, isReading } = this.#prepare(text);
    if (!isReading) {
      if (this.refusesWrites) throw this.refusesWrites;
      this.writes++;
    }
    return statement;
  }

  #prepare(text: string): Prepared {
    const known = this.#prepared.get(text);
    if (known) return known;
    if (this.#prepared.size >= MOST_STATEMENTS) this.#prepared.clear();
    const prepared = { statement: this.#database.prepare(text), isReading: READS.test(text) };
    this.#prepared.set(text, prepared);
    return prepared;
  }
}
