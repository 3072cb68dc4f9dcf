import { markEnvironment, noteEnvironment } from './server-environments.mjs';
import { jobOf, jobsIn, keep } from './server-jobs.mjs';

/** @returns one message or null for each output: 1 the tasks for truth-poll, 2 the next batch, 3 a notice that the list has changed */
export default function (msg, { flow }) {
  const { job: id, total, at, rest, payload } = msg;
  const jobs = jobsIn(flow);
  const job = jobOf(jobs, { id, kind: 'photos', total, at });
  const addresses = submittedAs(msg.batch, payload.data.tasks[0]?.photoUrls ?? []);
  const batch = msg.batch.map(({ index, line, name, url }, position) => ({
    index,
    line,
    name,
    url: addresses[position] ?? url,
    isStored: url === null,
    ledger: payload.ledger,
  }));
  for (const each of batch) job.rows[each.index] = { ...each, state: 'sent' };
  // Until they are known, the operator can have them queried, whatever becomes of this process.
  job.open[batch[0].index] = { batch, data: payload.data };
  markEnvironment(job, payload.environment);
  noteEnvironment(flow, payload);
  keep(flow, jobs, job);
  return [{ job: id, total, at, batch, payload }, rest.length > 0 ? { job: id, total, at, rest } : null, {}];
}

/**
 * What a photo-store was given has an address now, and one that was written carelessly was mended: a result names what was
 * submitted. A task has an address for each photo of the batch, in its order, one that was given twice too.
 */
function submittedAs(batch, photoUrls) {
  return photoUrls.length === batch.length ? photoUrls : [];
}
