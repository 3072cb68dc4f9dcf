/**
 * The jobs of the last weeks as files, so that a restart loses none: a folder for each day in Shanghai, a file for each job.
 * There is no person and no photo in them. Where the package keeps nothing on disk, there is no folder, and jobs are kept in
 * memory only.
 */
import fs from 'node:fs';
import path from 'node:path';

const KEEP_DAYS = 30;
const DAY_MS = 24 * 3_600_000;
/** A search reads no more files, so that nobody waits for it. */
const MOST_READ = 2_000;

/** @returns the day of a moment in Shanghai, such as 2026-11-30 */
export function dayOf(at) {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Days of which there may be files, newest first. */
function keptDays() {
  return Array.from({ length: KEEP_DAYS }, (_, back) => dayOf(Date.now() - back * DAY_MS));
}

/** A job that could not be written is kept in memory, and the page says so. */
export function saveJob(flow, job) {
  const folder = flow.get('folder');
  if (!folder) return;
  const file = path.join(folder, dayOf(job.at), `${job.id}.json`);
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    // Whoever ends the process while it is written finds the job as it was before.
    fs.writeFileSync(`${file}.new`, JSON.stringify(job), { mode: 0o600 });
    fs.renameSync(`${file}.new`, file);
    flow.set('isUnsaved', false);
  } catch {
    flow.set('isUnsaved', true);
  }
}

/** @returns the jobs of one day, the newest first */
export function jobsOfDay(flow, day) {
  return namesOn(flow, day)
    .map((name) => readJob(flow, day, name))
    .filter((job) => job)
    .sort((a, b) => b.at - a.at);
}

/** @returns the jobs of today and yesterday */
export function recentJobs(flow) {
  return keptDays()
    .slice(0, 2)
    .flatMap((day) => jobsOfDay(flow, day));
}

/** @returns the job with this id, of any day; null where there is none */
export function savedJob(flow, id) {
  for (const day of keptDays()) {
    const job = readJob(flow, day, `${id}.json`);
    if (job) return job;
  }
  return null;
}

/**
 * Jobs that fit, newest first.
 * @param fits of a job
 * @param most of them
 */
export function findJobs(flow, fits, most) {
  const found = [];
  let read = 0;
  for (const day of keptDays()) {
    if (found.length >= most || read >= MOST_READ) break;
    const jobs = jobsOfDay(flow, day);
    read += jobs.length;
    found.push(...jobs.filter(fits));
  }
  return found.slice(0, most);
}

/** Deletes the days whose time is over. */
export function deleteOldDays(flow) {
  const folder = flow.get('folder');
  if (!folder || !fs.existsSync(folder)) return;
  const kept = new Set(keptDays());
  for (const day of fs.readdirSync(folder))
    if (/^\d{4}-\d{2}-\d{2}$/.test(day) && !kept.has(day))
      fs.rmSync(path.join(folder, day), { recursive: true, force: true });
}

function namesOn(flow, day) {
  const folder = flow.get('folder');
  try {
    return folder ? fs.readdirSync(path.join(folder, day)).filter((name) => name.endsWith('.json')) : [];
  } catch {
    return [];
  }
}

function readJob(flow, day, name) {
  const folder = flow.get('folder');
  try {
    return folder ? JSON.parse(fs.readFileSync(path.join(folder, day, name), 'utf8')) : null;
  } catch {
    return null;
  }
}
