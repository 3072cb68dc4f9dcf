/**
 * The jobs of the operator's page: no person, no photo. Those of the last day are in the flow's context, and all of the last
 * month are files.
 */
import { savedJob, saveJob } from './server-files.mjs';

/** Older ones are read from their file. */
const KEEP_MS = 24 * 3_600_000;
/** One more is refused: no job pushes out another one, which may have been paid for. */
const MOST_JOBS = 2_000;
const MOST_ROWS = 30_000;
/** A browser that sends nothing for so long will not send the rest of its photos. */
const SILENT_MS = 120_000;
/** Longer than any account waits for an answer; a truth-poll of the page tells every few seconds where it stands. */
const LOST_MS = 5 * 60_000;
/** Which kind of job an operation pays for. */
export const KINDS = { 'truth-create': 'photos', 'face-compare': 'person' };
export const MOST_PHOTOS = 300;
/** After that long, a task is queried again only when the operator wants it. */
export const WAIT_MS = 15 * 60_000;
/** Of a row of which more is to come. */
const OPEN_STATES = ['waiting', 'sent'];

/** @returns the jobs by id, newest first, without those whose time is over */
export function jobsIn(flow) {
  const now = Date.now();
  const jobs = Object.values(flow.get('jobs') ?? {})
    .filter(({ at }) => now - at < KEEP_MS)
    .sort((a, b) => b.at - a.at);
  return Object.fromEntries(jobs.map((job) => [job.id, job]));
}

/** @returns the job with this id, from memory or its file; null where there is none */
export function findJob(flow, jobs, id) {
  return jobs[id] ?? savedJob(flow, id);
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
export function jobOf(jobs, { id, kind, total, at, reference = '' }) {
  jobs[id] ??= {
    id,
    kind,
    total,
    reference,
    at: at ?? Date.now(),
    rows: {},
    open: {},
    stopped: false,
    error: null,
  };
  return jobs[id];
}

/** Must be called after each change: a context store other than memory sees nothing else. */
export function keep(flow, jobs, job) {
  job.touched = Date.now();
  if (isRunning(job)) job.endedAt = null;
  else job.endedAt ??= job.touched;
  flow.set('jobs', jobs);
  saveJob(flow, job);
}

/**
 * Restores the jobs of the last day from their files. What this process has done meanwhile counts more than the file.
 * A photo that had not been submitted is gone with the process that held it.
 */
export function restoreJobs(flow, saved) {
  const jobs = jobsIn(flow);
  for (const job of saved) {
    const known = jobs[job.id];
    jobs[job.id] = known ? joined(job, known) : cutOff(job);
  }
  flow.set('jobs', jobs);
}

function cutOff(job) {
  for (const row of Object.values(job.rows)) if (row.state === 'waiting') row.state = 'unsent';
  return { ...job, isCutOff: job.kind === 'person' };
}

function joined(saved, known) {
  const rows = { ...saved.rows, ...known.rows };
  const isOpen = ([, { batch }]) => batch.some(({ index }) => rows[index].state !== 'done');
  const open = Object.fromEntries(Object.entries({ ...saved.open, ...known.open }).filter(isOpen));
  return { ...saved, ...known, rows, open };
}

/** What an operator writes beside a check to find it again. */
const LONGEST_REFERENCE = 64;
export function referenceIn({ reference }) {
  return typeof reference === 'string' ? reference.trim().slice(0, LONGEST_REFERENCE) : '';
}

/** An id is made in the browser. */
export function isId(id) {
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id);
}

/** A job of which nothing was heard for long is over: the process that worked on it may have died. */
export function isRunning(job) {
  const silent = Date.now() - (job.touched ?? job.at);
  if (job.stopped || silent > LOST_MS) return false;
  if (job.kind === 'person') return !job.result && !job.error && !job.isCutOff;
  const rows = Object.values(job.rows);
  if (rows.some(({ state }) => OPEN_STATES.includes(state))) return true;
  return rows.length < job.total && silent < SILENT_MS;
}
