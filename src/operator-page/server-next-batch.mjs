import { jobsIn, keep, keyOf } from './server-jobs.mjs';

/** The most photos that truth-create takes in one call. Each message is one call, so that a job can be stopped between two calls. */
const BATCH = 9;

/** @returns one message or null for each output: 1 the photos for truth-create, 2 a notice that the list has changed */
export default function (msg, { flow }) {
  const jobs = jobsIn(flow);
  const job = jobs[msg.job];
  if (!job || msg.rest.length === 0) return [null, {}];
  if (job.stopped) {
    for (const { index } of msg.rest) job.rows[index].state = 'unsent';
    keep(flow, jobs, job);
    return [null, {}];
  }
  const batch = msg.rest.slice(0, BATCH);
  const { job: id, total, at } = msg;
  const call = {
    job: id,
    total,
    at,
    rest: msg.rest.slice(BATCH),
    batch,
    // The same photos of a job are paid for once, however often a browser sends them.
    key: keyOf(id, batch[0].index),
    payload: batch.map(({ photo }) => photo),
  };
  return [call, null];
}
