/**
 * The jobs of the operator's page: no person, no photo. The flow's context holds them, so a context store that is kept on
 * disk keeps them over a restart.
 */

/** What nobody came back for in this time is forgotten. */
const KEEP_MS = 24 * 3_600_000;
/** One more is refused: no job pushes out another one, which may have been paid for. */
const MOST_JOBS = 2_000;
const MOST_ROWS = 30_000;
/** A browser that sends nothing for so long will not send the rest of its photos. */
const SILENT_MS = 120_000;
/** Longer than any account waits for an answer; a truth-poll of the page tells every few seconds where it stands. */
const LOST_MS = 5 * 60_000;
export const MOST_PHOTOS = 300;
/** After that long, only the operator has a task asked after again. */
export const WAIT_MS = 15 * 60_000;
/** Of a row of which more is to come. */
export const OPEN_STATES = ['waiting', 'sent'];

/** @returns the jobs by id, newest first, without those whose time is over */
export function jobsIn(flow) {
  const now = Date.now();
  const jobs = Object.values(flow.get('jobs') ?? {})
    .filter(({ at }) => now - at < KEEP_MS)
    .sort((a, b) => b.at - a.at);
  return Object.fromEntries(jobs.map((job) => [job.id, job]));
}

/** @returns whether there is no room for another job */
export function isFull(jobs) {
  const all = Object.values(jobs);
  const rows = all.reduce((sum, job) => sum + (job.total ?? 1), 0);
  return all.length >= MOST_JOBS || rows >= MOST_ROWS;
}

/**
 * A key of its own, which no other flow has: the browser chooses only the last part of it.
 * @param id of the job
 * @param first index of the first photo of a batch
 */
export function keyOf(id, first) {
  return `operator-page/${id}${first === undefined ? '' : `/${first}`}`;
}

/** Finds a job or begins it; what comes back after a restart brings what is needed for that. */
export function jobOf(jobs, { id, kind, total, at }) {
  jobs[id] ??= { id, kind, total, at: at ?? Date.now(), rows: {}, open: {}, stopped: false, error: null };
  return jobs[id];
}

/** Must be called after each change: a context store other than memory sees nothing else. */
export function keep(flow, jobs, job) {
  job.touched = Date.now();
  if (isRunning(job)) job.endedAt = null;
  else job.endedAt ??= job.touched;
  flow.set('jobs', jobs);
}

/** An id is made in the browser. */
export function isId(id) {
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id);
}

/** What nothing was heard of for long is over: the process that worked on it may have died. */
export function isRunning(job) {
  const silent = Date.now() - (job.touched ?? job.at);
  if (job.stopped || silent > LOST_MS) return false;
  if (job.kind === 'person') return !job.result && !job.error;
  const rows = Object.values(job.rows);
  if (rows.some(({ state }) => OPEN_STATES.includes(state))) return true;
  return rows.length < job.total && silent < SILENT_MS;
}
