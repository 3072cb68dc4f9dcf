import { brief } from './server-brief.mjs';
import { findJob, isId, jobsIn, keep } from './server-jobs.mjs';
import { isOurs, reply } from './server-request.mjs';

/**
 * Stops a job. With `again`, polls once more those tasks that had no result when the job ended.
 * @returns one message or null for each output: 1 the response, 2 the tasks for truth-poll, 3 a notice that the list has changed
 */
export default function (msg, { flow, env }) {
  const { job: id, again } = msg.req.body ?? {};
  if (!isOurs(msg.req, env.get('PAGE_ORIGIN')) || !isId(id))
    return [reply(msg, 403, { refused: true }), null, null];
  const jobs = jobsIn(flow);
  const job = findJob(flow, jobs, id);
  if (!job) return [reply(msg, 404, { gone: true }), null, null];
  jobs[id] = job;
  const messages = again ? askAgain(job) : [];
  if (!again) job.stopped = true;
  keep(flow, jobs, job);
  return [reply(msg, 200, brief(job)), messages, {}];
}

function askAgain(job) {
  const messages = Object.values(job.open).map(({ batch, data }) => ({
    job: job.id,
    total: job.total,
    at: job.at,
    batch,
    payload: { data },
  }));
  for (const { batch } of Object.values(job.open))
    for (const { index } of batch) if (job.rows[index].state === 'unfinished') job.rows[index].state = 'sent';
  Object.assign(job, { open: {}, stopped: false, error: null, askedAt: Date.now() });
  // What was never sent is not sent now.
  for (const row of Object.values(job.rows)) if (row.state === 'waiting') row.state = 'unsent';
  job.total = Object.keys(job.rows).length;
  return messages;
}
