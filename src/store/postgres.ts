/**
 * A database that several processes share: the operations of the rooms on PostgreSQL, one transaction each. What is
 * written is on the server's disk when a call resolves (`synchronous_commit`).
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, ClientConfig, Connection, Pool, PoolClient, PoolConfig } from 'pg';
import { cancelled, VerifyError } from '../contract/errors';
import type { CallOptions, RoomDatabase, StoreState } from './database';
import { away, failureOf, READ_ONLY, refused } from './postgres-fault';
import { migrate } from './postgres-schema';
import { PostgresSql } from './postgres-sql';
import { Seal } from './seal';
import { type Operation, type OperationContext, type Operations, readMeta, type Sql, writeMeta } from './sql';
import { untilDone } from './until-done';

/** One operation is one transaction, and a row that counts is locked until its commit: more would only wait. */
const CONNECTIONS = 8;
const CONNECT_MS = 5_000;
/** A statement that takes longer is one of a server that does not answer. */
const STATEMENT_MS = 15_000;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
/** Another process gets in between a few times at most: what fails as often as this stays as it is. */
const MOST_CONFLICTS = 50;
/** How long a call waits for a server that is away, where its caller does not say. */
const WAIT_MS = 10_000;
/** How often a database that was set back is looked at until an operator has confirmed it. */
const LOOK_AGAIN_MS = 2_000;
const CLOSE_MS = 4_000;
/** By this much an operator's confirmation moves the counter on, past what any process remembers. */
const CONFIRMED_STEP = 1_000_000_000;
/** So much is still counted while an operator has not confirmed it: results of calls that were under way. */
const NOTICED_STEP = 1_000_000;

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * What an operator is warned of, once when it begins and once (`reached`) when it is over. `location`: host, port, database
 * and schema.
 */
export type SharedNotice = 'away' | 'reached' | 'refused' | 'set-back' | 'secret-differs';

/** The greatest count of the shared database that this process has seen, kept where the process keeps its own things. */
export interface Memory {
  /** @param location digest of where the shared database is */
  read(location: string): Promise<Remembered | null>;
  write(location: string, remembered: Remembered): Promise<void>;
}

export interface Remembered {
  /** Made with the tables. */
  id: string;
  count: number;
}

/** Calls that have to reach the shared database, kept where the process keeps its own things. */
export interface Outbox {
  put(id: string, location: string, operation: string, parameters: unknown): Promise<void>;
  remove(id: string): Promise<void>;
  /** @returns what was kept by a process that has ended, oldest first */
  list(location: string): Promise<{ id: string; operation: string; parameters: unknown }[]>;
}

interface PostgresOptions {
  /** How to connect, as `pg` takes it. */
  connection: Pick<PoolConfig, 'host' | 'port' | 'user' | 'password' | 'database' | 'ssl'>;
  schema: string;
  /** 32 bytes, the same in every process. */
  secret: Uint8Array;
  operations: Operations;
  /** Unix milliseconds. */
  now(): number;
  notify(notice: SharedNotice, values: { location: string; code: string }): void;
  memory: Memory;
  outbox: Outbox;
}

/** @returns a database that connects at first use */
export function openPostgres(options: PostgresOptions): PostgresDatabase {
  return new PostgresDatabase(options);
}

export class PostgresDatabase implements RoomDatabase {
  readonly location: string;
  /** A name of the location that says nothing of it. */
  readonly locationDigest: string;
  readonly #options: PostgresOptions;
  readonly #seal: Seal;
  readonly #listeners = new Set<(state: StoreState) => void>();
  readonly #rewriters = new Set<() => void>();
  readonly #statements = new Map<string, Operation<unknown, unknown>>();
  #pool: Pool | null = null;
  /** Resolves once the tables are there and everything about the database is known; null: it has to be looked at. */
  #opening: Promise<void> | null = null;
  /** The greatest count that was seen. */
  #remembered: Remembered | null = null;
  #isRemembering = false;
  #isSetBack = false;
  #lookAgain: NodeJS.Timeout | null = null;
  #ongoing: SharedNotice | null = null;
  #isClosed = false;

  constructor(options: PostgresOptions) {
    const { host = '', port = '', database = '' } = options.connection;
    this.#options = options;
    this.location = `${host}:${port}/${database} ${options.schema}`;
    this.locationDigest = createHash('sha256').update(this.location).digest('base64url').slice(0, 22);
    this.#seal = new Seal(options.secret);
    for (const [name, operation] of Object.entries(options.operations))
      this.#statements.set(name, operation as unknown as Operation<unknown, unknown>);
    void this.#deliverOutbox();
  }

  /**
   * Runs an operation. While the server cannot be reached it is tried again: for `waitMs`, or with `keep` until it is
   * reached, and then the call survives the end of this process, too.
   * @throws VerifyError that the operation throws; NETWORK `ledger-away`, `charged` false; CONFIG; CANCELLED
   */
  async call<Parameters, Answer>(
    operation: string,
    parameters: Parameters,
    { whenAway = 'fail', waitMs = WAIT_MS, signal }: CallOptions<Answer> = {},
  ): Promise<Answer> {
    const isKept = whenAway === 'keep';
    const now = this.#options.now();
    const until = performance.now() + waitMs;
    let keptAs: string | null = null;
    let conflicts = 0;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      if (this.#isClosed || signal?.aborted) throw cancelled();
      try {
        const answer = (await this.#run(operation, parameters, now)) as Answer;
        if (keptAs) await this.#options.outbox.remove(keptAs).catch(() => {});
        return answer;
      } catch (reason) {
        if (reason instanceof VerifyError) throw reason;
        const failure = failureOf(reason);
        if (failure.kind === 'fault') throw reason;
        if (failure.kind === 'conflict') {
          if (++conflicts > MOST_CONFLICTS) throw reason;
          await pause(Math.random() * FIRST_PAUSE_MS);
          continue;
        }
        this.#warn(failure.kind, failure.code);
        if (!isKept && failure.kind === 'refused') throw refused(failure.code);
        if (!isKept && performance.now() + pauseMs > until) throw away(waitMs, failure.code);
        if (isKept && !keptAs) {
          keptAs = randomUUID();
          await this.#options.outbox.put(keptAs, this.locationDigest, operation, parameters).catch(() => {});
        }
        await pause(pauseMs, undefined, { ref: !isKept });
      }
    }
  }

  callUntilDone(operation: string, parameters: unknown, options?: CallOptions<number>): Promise<number> {
    return untilDone(() => this.call(operation, parameters, options));
  }

  state(): StoreState {
    if (this.#isClosed) return 'closed';
    if (this.#isSetBack) return 'damaged';
    return this.#ongoing === 'away' || this.#ongoing === 'refused' ? 'unwritable' : 'ready';
  }

  subscribe(listener: (state: StoreState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param listener called when the database was set back: what is under way is to be written again */
  onReplaced(listener: () => void): () => void {
    this.#rewriters.add(listener);
    return () => this.#rewriters.delete(listener);
  }

  /** @returns whether the server has the database at an older state than this process has seen */
  get isSetBack(): boolean {
    return this.#isSetBack;
  }

  /** An operator has compared the books: the database goes on as it is, for every process. */
  async acknowledge(): Promise<void> {
    await this.#withClient(async (sql) => {
      const count = Math.max(await countIn(sql), this.#remembered?.count ?? 0) + CONFIRMED_STEP;
      await sql.run("SELECT setval('commits', ?)", count);
      await this.#remember({ id: (await readMeta(sql, 'id')) ?? '', count });
    });
    this.#setBack(false);
  }

  /** What is under way has ended by now, or goes to the outbox. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#lookAgain!);
    await Promise.race([this.#pool?.end().catch(() => {}), pause(CLOSE_MS, undefined, { ref: false })]);
    if (this.#remembered)
      await this.#options.memory.write(this.locationDigest, this.#remembered).catch(() => {});
  }

  /** Compares what the database says of itself with what this process has seen of it. */
  async look(): Promise<void> {
    this.#opening = null;
    await this.#opened();
  }

  /** @returns what is wrong with it now; null where it can be used */
  async findProblem(): Promise<VerifyError | null> {
    try {
      await this.look();
      if (await this.#withClient(isReadOnly)) return away(0, READ_ONLY);
      if (this.#ongoing) this.#warn('reached', '');
      return this.#isSetBack ? new VerifyError('CONFIG', 'ledger-set-back', {}, { charged: false }) : null;
    } catch (reason) {
      if (reason instanceof VerifyError) return reason;
      const { kind, code } = failureOf(reason);
      this.#warn(kind === 'refused' ? 'refused' : 'away', code);
      return kind === 'refused' ? refused(code) : away(0, code);
    }
  }

  async #opened(): Promise<void> {
    const opening = this.#opening ?? this.#open();
    this.#opening = opening;
    try {
      await opening;
    } catch (reason) {
      if (this.#opening === opening) this.#opening = null;
      throw reason;
    }
  }

  async #run(name: string, parameters: unknown, now: number): Promise<unknown> {
    const operation = this.#statements.get(name);
    if (!operation) throw new Error(`There is no operation ${name}`);
    await this.#opened();
    const client = await this.#connect();
    let lost: unknown = null;
    try {
      const answer = await this.#transact(client, operation, parameters, now);
      if (this.#ongoing) this.#warn('reached', '');
      return answer;
    } catch (reason) {
      if (!(reason instanceof VerifyError) && failureOf(reason).kind === 'away') lost = reason;
      throw reason;
    } finally {
      // Whoever comes back may not be the one that went: it is looked at again before the next operation.
      if (lost) this.#opening = null;
      client.release(lost !== null);
    }
  }

  async #transact(
    client: PoolClient,
    operation: Operation<unknown, unknown>,
    parameters: unknown,
    now: number,
  ): Promise<unknown> {
    const sql = new PostgresSql(client, client.query('BEGIN ISOLATION LEVEL READ COMMITTED'));
    const at: OperationContext = {
      now,
      seal: this.#seal,
      whyNoSeal: null,
      damage: this.#isSetBack ? 'set-back' : null,
    };
    try {
      const answer = await operation(sql, parameters, at);
      const count = await sql.commit<{ count: number | null }>(NEXT_COUNT);
      if (count?.count) this.#counted(count.count);
      return answer;
    } catch (reason) {
      await client.query('ROLLBACK').catch(() => {});
      throw reason instanceof VerifyError ? reason : (sql.failure ?? reason);
    }
  }

  async #connect(): Promise<PoolClient> {
    this.#pool ??= this.#createPool();
    return this.#pool.connect();
  }

  #createPool(): Pool {
    const { Pool, Client } = loadPg();
    const { connection, schema } = this.#options;
    if (!SCHEMA_NAME.test(schema))
      throw new VerifyError('CONFIG', 'ledger-schema-unreadable', {}, { charged: false });
    const pool = new Pool({
      ...connection,
      Client: breakingOnNonsense(Client),
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: STATEMENT_MS,
      idleTimeoutMillis: 60_000,
      keepAlive: true,
      // What need not wait for an answer is sent at once.
      pipeline: true,
      allowExitOnIdle: true,
      application_name: 'cn-verify',
      options: `-c search_path=${schema} -c synchronous_commit=on -c idle_in_transaction_session_timeout=${2 * STATEMENT_MS}`,
    });
    // A connection that breaks while nobody uses it: the next operation looks at the database again.
    pool.on('error', () => {
      this.#opening = null;
    });
    // A connection that breaks while it is in use reports it twice: its query rejects, and there is an event that ends the
    // process where nobody listens.
    pool.on('connect', (client) => client.on('error', () => {}));
    return pool;
  }

  /** Makes the tables where they are missing, and compares what the database says of itself with what is remembered. */
  async #open(): Promise<void> {
    const { schema, connection } = this.#options;
    await this.#withClient(async (sql, client) => {
      await migrate(client, schema, String(connection.user ?? ''), this.#seal.sign);
      const row = await sql.get<{ sign: string }>('SELECT sign FROM secret_sign');
      if (row?.sign !== this.#seal.sign) {
        this.#warn('secret-differs', '');
        throw new VerifyError('CONFIG', 'ledger-secret-differs', {}, { charged: false });
      }
      await this.#compare(sql);
    });
  }

  /** Works on a connection, outside of a transaction. */
  async #withClient<Answer>(work: (sql: Sql, client: PoolClient) => Promise<Answer>): Promise<Answer> {
    const client = await this.#connect();
    try {
      return await work(new PostgresSql(client, Promise.resolve()), client);
    } finally {
      client.release();
    }
  }

  /**
   * A database that counts less than what was seen, or that was created in its place, has lost calls. Whoever notices
   * it writes down how far it had come: a process that had seen less of it, such as that of the operator, knows it then.
   */
  async #compare(sql: Sql): Promise<void> {
    this.#remembered ??= await this.#options.memory.read(this.locationDigest).catch(() => null);
    const id = (await readMeta(sql, 'id')) ?? '';
    const noted = Number((await readMeta(sql, 'came-to')) ?? 0);
    const count = await countIn(sql);
    const remembered = this.#remembered;
    const isNoticed = remembered !== null && (remembered.id !== id || count < remembered.count);
    if (isNoticed && noted <= count)
      await writeMeta(sql, 'came-to', String(Math.max(count, remembered.count) + NOTICED_STEP));
    const isSetBack = isNoticed || count < noted;
    if (!isSetBack) await this.#remember({ id, count });
    this.#setBack(isSetBack);
  }

  #setBack(isSetBack: boolean): void {
    if (isSetBack === this.#isSetBack) return;
    this.#isSetBack = isSetBack;
    if (isSetBack) {
      this.#warn('set-back', '');
      // An operator may confirm it in another process.
      this.#lookAgain = setInterval(() => void this.look().catch(() => {}), LOOK_AGAIN_MS).unref();
    } else {
      clearInterval(this.#lookAgain!);
      this.#ongoing = null;
    }
    this.#announceState();
    for (const rewrite of this.#rewriters) rewrite();
  }

  #counted(count: number): void {
    if (!this.#remembered || count <= this.#remembered.count) return;
    this.#remembered = { ...this.#remembered, count };
    if (this.#isRemembering) return;
    // Once a second is often enough: what was seen is in the memory of this process, too.
    this.#isRemembering = true;
    setTimeout(() => {
      this.#isRemembering = false;
      if (this.#remembered)
        void this.#options.memory.write(this.locationDigest, this.#remembered).catch(() => {});
    }, 1_000).unref();
  }

  async #remember(remembered: Remembered): Promise<void> {
    this.#remembered = remembered;
    await this.#options.memory.write(this.locationDigest, remembered).catch(() => {});
  }

  /** What a process that has ended could not deliver any more. */
  async #deliverOutbox(): Promise<void> {
    const { outbox } = this.#options;
    for (const { id, operation, parameters } of await outbox.list(this.locationDigest).catch(() => [])) {
      try {
        await this.call(operation, parameters, { whenAway: 'keep' });
        await outbox.remove(id);
      } catch {
        // The end of this process, or a secret that differs: the next start tries it again.
      }
    }
  }

  #warn(notice: SharedNotice, code: string): void {
    if (notice === this.#ongoing || (notice === 'reached' && this.#isSetBack)) return;
    // What was set back stays so, whatever the network does meanwhile.
    const before = this.#ongoing;
    this.#ongoing = notice === 'reached' ? null : notice;
    if (!(notice === 'reached' && before === 'set-back'))
      this.#options.notify(notice, { location: this.location, code });
    this.#announceState();
  }

  #announceState(): void {
    const state = this.state();
    for (const listener of this.#listeners) listener(state);
  }
}

/** What is not flushed when it is committed is not counted: after a power cut the database would seem to be set back. */
const NEXT_COUNT =
  "SELECT CASE WHEN current_setting('synchronous_commit') <> 'off' THEN nextval('commits') END AS count";

async function countIn(sql: Sql): Promise<number> {
  return (await sql.get<{ last_value: number }>('SELECT last_value FROM commits'))?.last_value ?? 0;
}

async function isReadOnly(sql: Sql): Promise<boolean> {
  const row = await sql.get<{ transaction_read_only: string }>('SHOW transaction_read_only');
  return row?.transaction_read_only === 'on';
}

/**
 * What listens at the address and is no PostgreSQL makes the parser of `pg` throw in a listener of its stream, where nobody
 * could catch it: that would end the process. So the connection breaks with that error.
 */
function breakingOnNonsense(Base: typeof Client): typeof Client {
  return class extends Base {
    constructor(config?: ClientConfig) {
      super(config);
      const connection = this.connection as Connection & { attachListeners(stream: Duplex): void };
      const attach = connection.attachListeners.bind(connection);
      connection.attachListeners = (stream) => {
        const emit = stream.emit.bind(stream);
        stream.emit = (event: string, ...values: unknown[]) => {
          try {
            return emit(event, ...values);
          } catch (error) {
            if (event !== 'data') throw error;
            stream.destroy(error as Error);
            return true;
          }
        };
        attach(stream);
      };
    }
  };
}

function loadPg(): typeof import('pg') {
  try {
    return require('pg') as typeof import('pg');
  } catch {
    throw new VerifyError('CONFIG', 'pg-missing', {}, { charged: false });
  }
}
