/** PostgreSQL as operations speak to it: the same statements as in SQLite, by the rules at the head of sql.ts. */
import type { ClientBase, QueryResult } from 'pg';
import type { Sql, Value } from './sql';

/** PostgreSQL's type of whole numbers, and of what `count` and `sum` answer. Ours stay below 2^53. */
const INT8 = 20;

/** Numbers come as numbers, as they do from SQLite; all else as the driver has it. */
const TYPES = {
  getTypeParser: (id: number, format?: string) => {
    if (id === INT8) return Number;
    const { types } = require('pg') as typeof import('pg');
    return types.getTypeParser(id, format as 'text');
  },
};

const READS = /^\s*SELECT\b/i;

/** Statements with `$1`, `$2`, … by the statement with `?`; the rooms have a few dozen. */
const numbered = new Map<string, { text: string; name: string }>();

/** The operations of one transaction on one connection. */
export class PostgresSql implements Sql {
  /** How many statements that write were started. */
  writes = 0;
  /** Why the first statement failed that did: those after it failed because it had. */
  failure: unknown = null;
  readonly #client: ClientBase;
  readonly #beginning: Promise<unknown>;
  #hasBegun = false;
  readonly #sent: Promise<unknown>[] = [];

  /**
   * @param client whose transaction it is
   * @param beginning resolves when the transaction has begun; what only reads is sent together with its `BEGIN`, and what
   *   writes waits for it
   */
  constructor(client: ClientBase, beginning: Promise<unknown>) {
    this.#client = client;
    this.#beginning = beginning.then(() => {
      this.#hasBegun = true;
    });
    // Whoever waits for it learns of it.
    this.#beginning.catch(() => {});
  }

  async get<Row>(text: string, ...parameters: Value[]): Promise<Row | undefined> {
    return (await this.#query(text, parameters)).rows[0] as Row | undefined;
  }

  async all<Row>(text: string, ...parameters: Value[]): Promise<Row[]> {
    return (await this.#query(text, parameters)).rows as Row[];
  }

  async run(text: string, ...parameters: Value[]): Promise<number> {
    return (await this.#query(text, parameters)).rowCount ?? 0;
  }

  runLater(text: string, ...parameters: Value[]): void {
    const sent = this.#query(text, parameters);
    sent.catch(() => {});
    this.#sent.push(sent);
  }

  /**
   * Ends the transaction, with all that was sent and not waited for.
   * @returns what `last` reads, where something was written
   */
  async commit<Row>(last: string): Promise<Row | undefined> {
    await this.#beginning;
    // PostgreSQL answers a COMMIT after a statement that failed as if nothing was wrong, so all are looked at.
    const [row] = await Promise.all([
      this.writes > 0 ? this.get<Row>(last) : undefined,
      this.#client.query('COMMIT'),
      ...this.#sent,
    ]);
    return row;
  }

  async #query(text: string, parameters: Value[]): Promise<QueryResult> {
    if (!READS.test(text)) this.writes++;
    try {
      if (this.writes > 0 && !this.#hasBegun) await this.#beginning;
      // A named statement is parsed and planned once a connection.
      const statement = statementOf(text);
      return await this.#client.query({ ...statement, values: parameters, types: TYPES });
    } catch (reason) {
      this.failure ??= reason;
      throw reason;
    }
  }
}

function statementOf(text: string): { text: string; name: string } {
  let statement = numbered.get(text);
  if (!statement) {
    let count = 0;
    // A question mark in a quoted text is not a placeholder.
    const own = text.replace(/'[^']*'|\?/g, (found) => (found === '?' ? `$${++count}` : found));
    statement = { text: own, name: `cn_verify_${numbered.size}` };
    numbered.set(text, statement);
  }
  return statement;
}
