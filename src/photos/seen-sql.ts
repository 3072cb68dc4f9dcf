/**
 * The table of photos that came before, as operations on the database: docs/contract.md, "Photos in hand", `unseen`.
 * The same SQL runs on PostgreSQL, where several processes share the table.
 */
import { insert, type Operation, type Operations, type Sql, sealOf } from '../store/sql';

/** One photo of a message. */
export interface SeenPhoto {
  /** What it has in common with every copy of itself. */
  identity: string;
  /** What tells it from its copies; the same when its message comes again. */
  photo: string;
}

export interface SeenRecord {
  /** In the order of the message. */
  photos: readonly SeenPhoto[];
  /** Milliseconds for which they are remembered. */
  keepMs: number;
}

const PURPOSE = 'photos seen';

/**
 * Remembers photos. A photo that comes again, because its message does, gets the answer that it got first.
 * @returns for each photo how many milliseconds before it another one with the same identity came; null for never
 * @throws VerifyError CONFIG where there is no secret, or another one than before (`secret-differs`)
 */
const record: Operation<SeenRecord, (number | null)[]> = async (sql, { photos, keepMs }, at) => {
  const seal = sealOf(at);
  // Only digests are kept: nobody who reads the table can look a code up in it.
  const digests = photos.map(({ identity, photo }, position) => ({
    position,
    identity: seal.digest(PURPOSE, identity),
    photo: seal.digest(PURPOSE, identity, photo),
  }));
  const gaps: (number | null)[] = photos.map(() => null);
  // Two transactions of PostgreSQL that lock in the same order never wait for each other. Copies within one message keep
  // their order: sorting is stable.
  digests.sort((one, other) => (one.identity < other.identity ? -1 : Number(one.identity > other.identity)));
  for (const { position, identity, photo } of digests)
    gaps[position] = await recordOne(sql, identity, photo, at.now, keepMs);
  return gaps;
};

async function recordOne(
  sql: Sql,
  identity: string,
  photo: string,
  now: number,
  keepMs: number,
): Promise<number | null> {
  for (;;) {
    const known = await sql.get<{ gap: number | null }>('SELECT gap FROM seen WHERE photo_digest = ?', photo);
    if (known) return known.gap;
    const latest = await sql.get<{ copy_number: number; came_at: number }>(
      'SELECT copy_number, came_at FROM seen WHERE identity_digest = ? ORDER BY copy_number DESC LIMIT 1',
      identity,
    );
    // No photo came after itself, even if the clock was set back.
    const gap = latest ? Math.max(0, now - latest.came_at) : null;
    const row = {
      identity_digest: identity,
      copy_number: (latest?.copy_number ?? 0) + 1,
      photo_digest: photo,
      came_at: now,
      gap,
      delete_at: now + keepMs,
    };
    if ((await insert(sql, 'seen', row, 'ON CONFLICT DO NOTHING')) > 0) return gap;
    // Another process was faster, with this photo or with a copy of it: its row is visible now (READ COMMITTED).
  }
}

/** @returns Unix milliseconds, when the latest of them came; null where there is none */
const latest: Operation<null, number | null> = async (sql) => {
  const row = await sql.get<{ came_at: number }>('SELECT came_at FROM seen ORDER BY came_at DESC LIMIT 1');
  return row?.came_at ?? null;
};

/**
 * Deletes photos whose time is over.
 * @returns how many, at most `most`
 */
const forget: Operation<{ before: number; most: number }, number> = (sql, { before, most }, { now }) =>
  sql.run(
    'DELETE FROM seen WHERE photo_digest IN ' +
      '(SELECT photo_digest FROM seen WHERE delete_at <= ? ORDER BY delete_at LIMIT ?)',
    Math.min(before, now),
    most,
  );

export const SEEN_OPERATIONS = {
  'seen.record': record,
  'seen.latest': latest,
  'seen.forget': forget,
} satisfies Operations;
