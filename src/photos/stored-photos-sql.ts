/**
 * The table of photos that a store holds, as operations on the database. A photo is in it before it is put, so that it is
 * deleted in the end, whatever happens to this process: docs/contract.md, "Photos in hand", `keep`.
 */
import { VerifyError } from '../contract/errors';
import { insert, type Operation, type Operations, readMeta, type Sql, writeMeta } from '../store/sql';

/** The clock that is never set, of the process that calls. */
export interface SteadyClock {
  /** Random, one for each process. */
  process: string;
  /** Milliseconds since some moment of that process. */
  elapsed: number;
}

export interface NewPhoto {
  id: string;
  /** The photo-store's node. */
  node: string;
  /** The address of the object, without a signature; null: a file of this Node-RED. */
  url: string | null;
  region: string | null;
  contentType: string;
  bytes: number;
  keepMs: number;
  /** Bytes that all photos of the node may have; null: no limit. */
  maxBytes: number | null;
  clock: SteadyClock;
}

/** Which photos: the objects of one node, or (null) the files of this Node-RED, whichever node put them. */
type Scope = string | null;

/** A photo that is to be deleted now. */
export interface DuePhoto {
  id: string;
  url: string | null;
  region: string | null;
  delete_at: number;
  attempts: number;
}

export interface Due {
  photos: DuePhoto[];
  /** Milliseconds until the next one is due, 0 for now; null where the scope is empty. */
  next: number | null;
  /** How many could not be deleted so far. */
  failing: number;
}

/** How the deletion of photos ended. */
export interface Deletions {
  deleted: readonly Pick<DuePhoto, 'id' | 'delete_at'>[];
  failed: readonly { id: string; retryInMs: number }[];
}

/** What a store holds: how many photos, their bytes, and since when. */
export interface StoredTotal {
  count: number;
  bytes: number;
  /** Unix milliseconds, when the oldest was put; null where there is none. */
  oldest: number | null;
}

const CLOCK = 'stored photos: clock';
/** Clocks are corrected by so little all the time. */
const NOTICED_MS = 1_000;
/** By how much a clock may be behind at a start for the time without a process to count as short. */
const RESTART_MS = 300_000;
/** A photo whose deletion fails for so long, and so often, is given up. By time alone a clock set ahead would do that. */
const GIVE_UP_MS = 7 * 86_400_000;
const GIVE_UP_ATTEMPTS = 100;

/**
 * Enters a photo that is about to be put. May run twice.
 * @throws VerifyError CONFIG where the node would hold more than it may
 */
const enter: Operation<NewPhoto, void> = async (
  sql,
  { id, node, url, region, contentType, bytes, keepMs, maxBytes, clock },
  { now },
) => {
  if (maxBytes !== null) {
    const stored = await totalOf(sql, node);
    if (stored.bytes + bytes > maxBytes) {
      const maxMB = Math.floor(maxBytes / 1024 ** 2);
      throw new VerifyError('CONFIG', 'store-full', { maxMB }, { charged: false });
    }
  }
  await followClock(sql, clock, now);
  const row = {
    id,
    node,
    url,
    region,
    content_type: contentType,
    bytes,
    put_at: now,
    delete_at: now + keepMs,
  };
  await insert(sql, 'stored_photos', row, 'ON CONFLICT (id) DO NOTHING');
};

/**
 * A photo is not needed any more: it is due at once.
 * `mayArrive`: its upload was sent and may still end, so it is deleted once more when it would have been due.
 */
const discard: Operation<{ id: string; mayArrive: boolean }, void> = async (
  sql,
  { id, mayArrive },
  { now },
) => {
  if (mayArrive)
    await sql.run(
      'UPDATE stored_photos SET redelete_at = delete_at WHERE id = ? AND redelete_at IS NULL',
      id,
    );
  await sql.run('UPDATE stored_photos SET delete_at = ? WHERE id = ? AND delete_at > ?', now, id, now);
};

/** A photo was certainly not put, or is deleted already. */
const forget: Operation<{ id: string }, void> = async (sql, { id }) => {
  await sql.run('DELETE FROM stored_photos WHERE id = ?', id);
};

/** @returns the photos to delete now, at most `most`, the longest due first */
const due: Operation<{ scope: Scope; most: number; clock: SteadyClock }, Due> = async (
  sql,
  { scope, most, clock },
  { now },
) => {
  const [where, parameters] = whereIn(scope);
  const [totals] = await sql.all<{ failing: number; next_at: number | null }>(
    `SELECT COUNT(failing_since) AS failing,
       MIN(CASE WHEN retry_at > delete_at THEN retry_at ELSE delete_at END) AS next_at
     FROM stored_photos WHERE ${where}`,
    ...parameters,
  );
  if (totals?.next_at == null) return { photos: [], next: null, failing: 0 };
  await followClock(sql, clock, now);
  const photos = await sql.all<DuePhoto>(
    `SELECT id, url, region, delete_at, attempts FROM stored_photos
     WHERE ${where} AND delete_at <= ? AND retry_at <= ? ORDER BY delete_at LIMIT ?`,
    ...[...parameters, now, now, most],
  );
  return { photos, next: photos.length > 0 ? 0 : Math.max(1, totals.next_at - now), failing: totals.failing };
};

/**
 * Writes down how deletions ended. What was due may have changed meanwhile: then it is deleted once more.
 * @returns how many photos were given up
 */
const settle: Operation<Deletions, number> = async (sql, { deleted, failed }, { now }) => {
  for (const { id, delete_at } of deleted) {
    const once = 'id = ? AND delete_at = ?';
    const again = await sql.run(
      `UPDATE stored_photos SET delete_at = redelete_at, redelete_at = NULL, retry_at = 0, attempts = 0, failing_since = NULL
       WHERE ${once} AND redelete_at > delete_at`,
      id,
      delete_at,
    );
    if (again === 0) await sql.run(`DELETE FROM stored_photos WHERE ${once}`, id, delete_at);
  }
  let givenUp = 0;
  for (const { id, retryInMs } of failed) {
    await sql.run(
      `UPDATE stored_photos SET attempts = attempts + 1, retry_at = ?, failing_since = COALESCE(failing_since, ?)
       WHERE id = ?`,
      now + retryInMs,
      now,
      id,
    );
    givenUp += await sql.run(
      'DELETE FROM stored_photos WHERE id = ? AND failing_since < ? AND attempts >= ?',
      id,
      now - GIVE_UP_MS,
      GIVE_UP_ATTEMPTS,
    );
  }
  return givenUp;
};

/** @returns what a node holds */
const total: Operation<{ node: string }, StoredTotal> = (sql, { node }) => totalOf(sql, node);

/** @returns the content type of a photo that this Node-RED serves; null where there is none, or its time is over */
const find: Operation<{ id: string }, string | null> = async (sql, { id }, { now }) => {
  const row = await sql.get<{ content_type: string }>(
    'SELECT content_type FROM stored_photos WHERE id = ? AND url IS NULL AND delete_at > ?',
    id,
    now,
  );
  return row?.content_type ?? null;
};

/** @returns those of the ids that are in no row */
const unknown: Operation<{ ids: readonly string[] }, string[]> = async (sql, { ids }) => {
  const found: string[] = [];
  for (const id of ids) if (!(await sql.get('SELECT id FROM stored_photos WHERE id = ?', id))) found.push(id);
  return found;
};

/** @returns how many objects each node has in its bucket */
const objects: Operation<null, { node: string; count: number }[]> = (sql) =>
  sql.all('SELECT node, COUNT(*) AS count FROM stored_photos WHERE url IS NOT NULL GROUP BY node');

export const STORED_PHOTOS_OPERATIONS = {
  'stored-photos.enter': enter,
  'stored-photos.discard': discard,
  'stored-photos.forget': forget,
  'stored-photos.due': due,
  'stored-photos.settle': settle,
  'stored-photos.total': total,
  'stored-photos.find': find,
  'stored-photos.unknown': unknown,
  'stored-photos.objects': objects,
} satisfies Operations;

async function totalOf(sql: Sql, node: string): Promise<StoredTotal> {
  const row = await sql.get<StoredTotal>(
    'SELECT COUNT(*) AS count, CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS bytes, MIN(put_at) AS oldest ' +
      'FROM stored_photos WHERE node = ?',
    node,
  );
  return row!;
}

function whereIn(scope: Scope): [where: string, parameters: string[]] {
  return scope === null ? ['url IS NULL', []] : ['node = ? AND url IS NOT NULL', [scope]];
}

/**
 * A photo must not be kept for longer because the clock was set back. While the process runs, its steady clock tells by
 * how much: everything becomes due earlier by as much. Across a start only the time of the last call is known: a clock
 * that is behind that was set back, and nobody knows how long nothing ran, so that everything is due now. A clock that is
 * set ahead makes photos due early, as a machine that slept does.
 */
async function followClock(sql: Sql, { process, elapsed }: SteadyClock, now: number): Promise<void> {
  const noted = await readMeta(sql, CLOCK);
  let reached = now;
  if (noted) {
    const last = JSON.parse(noted) as SteadyClock & { now: number };
    const isSameProcess = last.process === process;
    const expected = last.now + (isSameProcess ? elapsed - last.elapsed : 0);
    const setBack = expected - now;
    // Small steps back add up.
    if (setBack > 0 && setBack <= NOTICED_MS) reached = expected;
    else if (setBack > 0 && (isSameProcess || setBack <= RESTART_MS)) await bringForward(sql, setBack);
    else if (setBack > 0)
      await sql.run('UPDATE stored_photos SET delete_at = ? WHERE delete_at > ?', now, now);
  }
  await writeMeta(sql, CLOCK, JSON.stringify({ process, elapsed, now: reached }));
}

async function bringForward(sql: Sql, byMs: number): Promise<void> {
  const times = ['put_at', 'delete_at', 'redelete_at', 'retry_at', 'failing_since'];
  const earlier = times.map((name) => `${name} = ${name} - ?`).join(', ');
  await sql.run(`UPDATE stored_photos SET ${earlier}`, ...times.map(() => byMs));
}
