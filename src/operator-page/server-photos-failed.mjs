import { markEnvironment } from './server-environments.mjs';
import { jobOf, jobsIn, keep } from './server-jobs.mjs';
import { pageError } from './server-page-error.mjs';

/** @returns one message or null for each output: 1 the next batch, 2 a notice that the list has changed */
export default function (msg, { flow }) {
  const { job: id, total, at, batch, rest } = msg;
  const jobs = jobsIn(flow);
  const job = jobOf(jobs, { id, kind: 'photos', total, at });
  markEnvironment(job, msg.error.cause?.environment);
  // A query costs nothing, whatever became of it.
  const error = { ...pageError(msg.error), isQuery: !rest };
  const again = rest ? withoutTheOne(job, batch, error) : null;
  if (again) {
    keep(flow, jobs, job);
    return [{ job: id, total, at, rest: [...again, ...rest] }, {}];
  }
  job.error = error;
  const { uncertain = [], submitted = [] } = msg.error.cause ?? {};
  const state = rest ? (uncertain.length > 0 || submitted.length > 0 ? 'uncertain' : 'unsent') : 'unfinished';
  // A job keeps no photo.
  for (const { photo, ...row } of batch) job.rows[row.index] = { ...row, ...job.rows[row.index], state };
  for (const { index } of rest ?? []) job.rows[index].state = 'unsent';
  // A truth-poll lost its wait: what it waited for can be queried again.
  if (!rest)
    job.open[batch[0].index] = { batch, data: { taskIds: msg.error.cause?.taskIds ?? [], photos: [] } };
  keep(flow, jobs, job);
  return [null, {}];
}

/** Where one photo is to blame and nothing was sent, the others go without it. */
function withoutTheOne(job, batch, error) {
  const { position } = error.values;
  const isOfOne = error.code === 'INPUT' && error.charged === false && Number.isInteger(position);
  const blamed = isOfOne ? batch[position - 1] : null;
  if (!blamed) return null;
  const { photo, ...row } = blamed;
  job.rows[row.index] = { ...row, state: 'refused', error };
  return batch.filter((each) => each !== blamed);
}
