import { jobOf, jobsIn, keep, WAIT_MS } from './server-jobs.mjs';

/** For a photo that truth-poll gave no verdict for: without a result, its job would never end. */
const NOT_REPORTED = { outcome: 'inconclusive', reason: 'not-reported' };

/**
 * Writes what truth-poll says of a batch into the job, whether it is finished or not.
 * @returns one message or null for each output: 1 the batch for truth-poll again, 2 a notice that the list has changed
 */
export default function (msg, { flow }) {
  const { job: id, total, batch, payload } = msg;
  const jobs = jobsIn(flow);
  const job = jobOf(jobs, { id, kind: 'photos', total, at: msg.at });
  const isOpen = payload.outcome === 'unfinished';
  const isOver = job.stopped || Date.now() - (job.askedAt ?? job.at) > WAIT_MS;
  for (const submitted of batch) {
    // A verdict without an address may be any photo's.
    const photo = submitted.url && payload.data.photos.find(({ url }) => url === submitted.url);
    const verdict = photo ? judged(photo) : isOpen ? null : NOT_REPORTED;
    const state = verdict ? 'done' : isOver ? 'unfinished' : 'sent';
    job.rows[submitted.index] = { ...submitted, ...verdict, state };
  }
  delete job.open[batch[0].index];
  if (isOpen) job.open[batch[0].index] = { batch, data: payload.data };
  keep(flow, jobs, job);
  return [isOpen && !isOver ? msg : null, {}];
}

function judged({ outcome, reason, message, takenAt, takenAtText, address, location }) {
  return { outcome, reason, message, takenAt, takenAtText, address, gcj02: location?.gcj02 ?? null };
}
