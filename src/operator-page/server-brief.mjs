import { isRunning } from './server-jobs.mjs';

/** What everybody at the desk may see of a job in the list. */
export function brief(job) {
  const {
    id,
    kind,
    at,
    total,
    stopped,
    endedAt = null,
    touched,
    error,
    result = null,
    reference = '',
    environment = null,
  } = job;
  const running = isRunning(job);
  const ended = running ? null : (endedAt ?? touched);
  const common = { id, kind, reference, environment, at, endedAt: ended, touched, running, stopped, error };
  if (kind === 'person') return { ...common, result };
  const rows = Object.values(job.rows);
  const count = (...states) => rows.filter(({ state }) => states.includes(state)).length;
  const outcomes = Object.fromEntries(
    ['passed', 'failed', 'inconclusive'].map((outcome) => [
      outcome,
      rows.filter((row) => row.outcome === outcome).length,
    ]),
  );
  const sent = count('sent', 'done', 'unfinished', 'uncertain');
  const done = count('done', 'refused');
  return { ...common, total, sent, done, ...outcomes, open: Object.keys(job.open).length };
}
