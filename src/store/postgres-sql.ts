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
  readonly #client: ClientBase;
  readonly #begun: Promise<unknown>;

  /**
   * @param client whose transaction it is
   * @param begun resolves when the transaction has begun; what only reads is sent with its beginning, and what writes is not
   */
  constructor(client: ClientBase, begun: Promise<unknown>) {
    this.#client = client;
    this.#begun = begun;
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

  async #query(text: string, parameters: Value[]): Promise<QueryResult> {
    if (!READS.test(text)) {
      this.writes++;
      await this.#begun;
    }
    // A named statement is parsed and planned once a connection.
    const statement = statementOf(text);
    return this.#client.query({ ...statement, values: parameters, types: TYPES });
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
