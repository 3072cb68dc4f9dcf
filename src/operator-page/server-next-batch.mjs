import { jobsIn, keep, keyOf } from './server-jobs.mjs';

/** As many as one call of truth-create takes: each call is one message, so that what was not sent can be held back. */
const BATCH = 9;

/** @returns a message or null for each output: to truth-create, to the list */
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
  const asked = {
    job: id,
    total,
    at,
    rest: msg.rest.slice(BATCH),
    batch,
    // The same photos of a job are paid for once, however often a browser sends them.
    key: keyOf(id, batch[0].index),
    payload: batch.map(({ photo }) => photo),
  };
  return [asked, null];
}
