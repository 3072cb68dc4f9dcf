/** What the thread does that owns the database file: it opens it, runs the operations of the rooms, and closes it. */
import { randomUUID } from 'node:crypto';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { VerifyError } from '../contract/errors';
import { BATCH_BYTES } from './call-queue';
import { type Mark, MarkFile } from './mark';
import {
  errorOf,
  type Facts,
  type Failure,
  type FromThread,
  type SentError,
  type SentOutcome,
  type SentRequest,
  sentOf,
  type ThreadOptions,
  type ToThread,
} from './messages';
import { OwnedFile } from './owned-file';
import { forgetAside } from './salvage';
import { SQLITE_TYPES } from './schema/columns';
import { MIGRATIONS, SEALED_TABLES } from './schema/migrations';
import { Seal } from './seal';
import {
  insert,
  type Operation,
  type OperationContext,
  type Operations,
  readMeta,
  type Sql,
  writeMeta,
} from './sql';
import { faultOf } from './sqlite-fault';
import { readAlone, runTogether } from './transaction';

/** How often the thread checks that the files are still there. */
const LOOK_MS = 1_000;

const { file: path, mark: markPath } = workerData as ThreadOptions;
const port = parentPort!;

/** What an operator decides about the whole database. */
const STORE_OPERATIONS = {
  'store.acknowledge': async (sql: Sql) => {
    await sql.run("DELETE FROM meta WHERE name = 'damaged'");
  },
  'store.start-anew': async (sql: Sql, _: unknown, { seal, whyNoSeal }: OperationContext) => {
    // Only where another secret is the reason: one that cannot be read is no reason to forget anything.
    if (seal) return;
    if (!candidate || whyNoSeal?.problem !== 'secret-differs') throw whyNoSeal!;
    for (const table of SEALED_TABLES) await sql.run(`DELETE FROM ${table}`);
    await sql.run("DELETE FROM secret_sign WHERE purpose = 'database'");
    await writeSign(sql, candidate);
  },
} satisfies Operations;

type Batch = Extract<ToThread, { kind: 'batch' }>;

let operations: Operations = STORE_OPERATIONS;
let migrations = MIGRATIONS;
let file: OwnedFile | null = null;
/** The cipher that was given; `seal` once it is known to be the one that was used before. */
let candidate: Seal | null = null;
let seal: Seal | null = null;
let whyNoSeal: VerifyError | null = null;
let isDamaged = false;
/** Damage was met: the next opening puts the file aside. */
let isToBeReplaced = false;
let isChecked = false;
/** A batch failed, and the main thread may not know it yet: what it sends until then is dropped, because it comes again. */
let isDropping = false;
/** Of the file that is open. */
let mark: Mark = { id: '', count: 0 };
const markFile = new MarkFile(markPath);

/** As SQLite says it: SQLITE_CORRUPT. */
const DAMAGED = Object.assign(new Error('Damaged'), { errcode: 11 });

class NewerVersion extends Error {
  constructor(readonly version: number) {
    super('A later version has written the file');
  }
}

/**
 * Begins, in a thread that `openDatabase` started.
 * @param roomOperations the operations of all rooms
 * @param toApply the migrations to apply when opening
 */
export function serve(roomOperations: Operations, toApply = MIGRATIONS): void {
  migrations = toApply;
  operations = { ...roomOperations, ...STORE_OPERATIONS };
  port.on('message', (message: ToThread) => void handle(message));
  setInterval(look, LOOK_MS).unref();
}

async function handle(message: ToThread): Promise<void> {
  switch (message.kind) {
    case 'open':
      return open(message.secret, message.isFirst);
    case 'secret':
      takeSecret(message.secret);
      if (!file) return;
      try {
        await examine(file);
        return say({ kind: 'facts', facts: facts() });
      } catch {
        // It is sent again.
        return;
      }
    case 'batch':
      return answerTogether(message);
    case 'backup':
      return say({ kind: 'backup', id: message.id, error: await backup(message.path) });
    case 'close':
      file?.close();
      file = null;
      say({ kind: 'closed' });
      port.close();
  }
}

function say(message: FromThread): void {
  port.postMessage(message);
}

/** One commit serves all that came while the one before was written. */
async function answerTogether(first: Batch): Promise<void> {
  const texts: string[] = [];
  let size = 0;
  let next: ToThread | undefined = first;
  while (next?.kind === 'batch' && (size === 0 || size + next.requests.length <= BATCH_BYTES)) {
    if (next.isAfterFailure) isDropping = false;
    if (!isDropping) texts.push(next.requests);
    size += next.requests.length;
    next = receiveMessageOnPort(port)?.message as ToThread | undefined;
  }
  await answer(texts.flatMap((text) => JSON.parse(text) as SentRequest[]));
  if (next) await handle(next);
}

async function open(secret: Uint8Array | SentError, isFirst: boolean): Promise<void> {
  isDropping = false;
  file?.close();
  file = null;
  takeSecret(secret);
  let opened: OwnedFile | null = null;
  try {
    opened = OwnedFile.open(path, isFirst);
    const isNew = await prepare(opened);
    file = opened;
    say({ kind: 'opened', facts: facts(), isNew });
  } catch (error) {
    opened?.close();
    say({ kind: 'not-opened', failure: failureOf(error) });
  }
}

/**
 * Makes the file ready for operations; a damaged one is put aside.
 * @returns whether it is a new one
 * @throws Error that `failureOf` reads
 */
async function prepare(opened: OwnedFile): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      if (isToBeReplaced) throw DAMAGED;
      const { version } = opened;
      if (version > migrations.length) throw new NewerVersion(version);
      opened.configure();
      if (version === 0) begin(opened);
      migrate(opened, opened.version);
      await compare(opened, version === 0);
      await examine(opened);
      opened.identify();
      if (!isDamaged) forgetAside(path, Date.now());
      return version === 0;
    } catch (error) {
      if (faultOf(error)?.fault !== 'damaged' || attempt > 1) throw error;
      say({ kind: 'repairing' });
      opened.replaceDamaged(Date.now());
      isToBeReplaced = false;
    }
  }
}

/** A file that is new, or takes the place of a damaged one, beside which it stands. */
function begin(opened: OwnedFile): void {
  opened.sql.control('BEGIN IMMEDIATE');
  const aside = opened.salvage((version) =>
    applyMigrations(opened, 0, Math.min(version || migrations.length, migrations.length)),
  );
  if (aside !== null)
    opened.sql.control(
      "INSERT INTO meta (name, content) VALUES ('damaged', '1') ON CONFLICT (name) DO NOTHING",
    );
  opened.sql.control('COMMIT');
  if (aside !== null) say({ kind: 'notice', notice: 'damaged', values: { file: path, aside } });
}

function migrate(opened: OwnedFile, version: number): void {
  for (let next = version; next < migrations.length; next++) {
    opened.sql.control('BEGIN IMMEDIATE');
    applyMigrations(opened, next, next + 1);
    opened.sql.control('COMMIT');
  }
}

function applyMigrations({ sql }: OwnedFile, from: number, to: number): void {
  for (const migration of migrations.slice(from, to))
    for (const statement of migration(SQLITE_TYPES)) sql.control(statement);
  sql.control(`PRAGMA user_version = ${to}`);
}

/**
 * A database that is not the one that was here before, or has not come as far, lacks calls that were paid for: that counts as
 * damage, for which an operator is asked.
 */
async function compare(opened: OwnedFile, isNew: boolean): Promise<void> {
  const { sql } = opened;
  const before = markFile.read();
  mark = { id: (await readMeta(sql, 'id')) ?? '', count: Number((await readMeta(sql, 'count')) ?? 0) };
  const isLost =
    before === 'unreadable' ? isNew : before && (before.id !== mark.id || before.count > mark.count);
  const isSaid = (await readMeta(sql, 'damaged')) !== null;
  opened.sql.control('BEGIN');
  if (mark.id === '') {
    mark = { id: randomUUID(), count: 0 };
    for (const [name, value] of Object.entries(mark)) await writeMeta(sql, name, String(value));
  }
  if (isLost && !isSaid) await writeMeta(sql, 'damaged', '1');
  opened.sql.control('COMMIT');
  if (isLost && !isSaid) say({ kind: 'notice', notice: 'lost', values: { file: path } });
  markFile.create(mark);
}

function takeSecret(secret: Uint8Array | SentError): void {
  candidate = secret instanceof Uint8Array ? new Seal(secret) : null;
  seal = null;
  whyNoSeal = secret instanceof Uint8Array ? null : errorOf(secret);
}

/** Reads what is known of the whole database. */
async function examine(opened: OwnedFile): Promise<void> {
  const { sql } = opened;
  isDamaged = (await readMeta(sql, 'damaged')) !== null;
  if (!candidate) return;
  const row = await sql.get<{ sign: string }>("SELECT sign FROM secret_sign WHERE purpose = 'database'");
  if (!row) await writeSign(sql, candidate);
  const isTheSame = !row || row.sign === candidate.sign;
  seal = isTheSame ? candidate : null;
  whyNoSeal = isTheSame ? null : new VerifyError('CONFIG', 'secret-differs', {}, { charged: false });
}

async function writeSign(sql: Sql, { sign }: Seal): Promise<void> {
  await insert(sql, 'secret_sign', { purpose: 'database', sign });
}

function facts(): Facts {
  return { secretProblem: whyNoSeal && sentOf(whyNoSeal), isDamaged };
}

/** Runs what was asked for in one transaction, and says what became of it. */
async function answer(requests: readonly SentRequest[]): Promise<void> {
  // The main thread sends again what was on its way when the file vanished.
  if (!file || requests.length === 0) return;
  const current = file;
  let outcomes: SentOutcome[] = [];
  let isWritten = false;
  let failure: Failure | null = null;
  try {
    ({ outcomes, isWritten } = await runTogether(current.sql, requests, run));
  } catch (error) {
    failure = failureOf(error);
    if (failure.fault === 'damaged') return repair(current);
    for (const request of requests)
      outcomes.push(request.isKept ? { ended: 'kept' } : await readAlone(current.sql, request, run, error));
    // What stands in the WAL already may be all that keeps a full disk from being written.
    current.makeRoom();
    isDropping = true;
  }
  if (isWritten) {
    mark.count++;
    markFile.update(mark);
  }
  if ((isWritten || failure) && !current.isStillThere()) return replaced();
  if (isWritten && requests.some(({ operation }) => Object.hasOwn(STORE_OPERATIONS, operation))) {
    await examine(current);
    say({ kind: 'facts', facts: facts() });
  }
  say({ kind: 'batch', outcomes: textOf(outcomes), failure, isWritten });
  // Everything here comes after the reply: nobody waits for it.
  if (isWritten) current.checkpoint();
}

async function run(sql: Sql, { operation, parameters, now }: SentRequest): Promise<unknown> {
  if (!Object.hasOwn(operations, operation)) throw new Error('There is no such operation');
  const work = operations[operation] as Operation<unknown, unknown>;
  const context: OperationContext = { now, seal, whyNoSeal, damage: isDamaged ? 'damaged' : null };
  return work(sql, parameters, context);
}

/** One answer that JSON cannot hold is refused alone. */
function textOf(outcomes: readonly SentOutcome[]): string {
  const texts = outcomes.map((outcome) => {
    try {
      return JSON.stringify(outcome);
    } catch (error) {
      return JSON.stringify({ ended: 'refused', value: sentOf(error) } satisfies SentOutcome);
    }
  });
  return `[${texts.join()}]`;
}

/** The file is opened again; where all of it is in order after all, it stays. */
function repair(current: OwnedFile): void {
  say({ kind: 'repairing' });
  isToBeReplaced = isChecked || !current.isWhole();
  isChecked = true;
  current.close();
  file = null;
  say({ kind: 'reopen' });
}

function replaced(): void {
  file?.restore();
  file?.close();
  file = null;
  say({ kind: 'notice', notice: 'replaced', values: { file: path } });
  say({ kind: 'reopen' });
}

function look(): void {
  if (!file) return;
  if (file.isStillThere()) {
    file.vacuum();
    if (!markFile.isThere()) markFile.create(mark);
  } else replaced();
}

async function backup(to: string): Promise<SentError | null> {
  try {
    if (!file) throw new Error('The database is not open');
    await file.backup(to);
    return null;
  } catch (error) {
    return sentOf(error);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof NewerVersion) return { fault: 'newer-version', code: String(error.version) };
  if ((error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_BUILTIN_MODULE')
    return { fault: 'no-sqlite', code: process.version };
  return (
    faultOf(error) ?? {
      fault: 'unwritable',
      code: String((error as NodeJS.ErrnoException).code ?? 'UNKNOWN'),
    }
  );
}
