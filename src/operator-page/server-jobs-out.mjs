import { brief } from './server-brief.mjs';
import { findJob, isId, isRunning, jobsIn, keyOf } from './server-jobs.mjs';
import { reply } from './server-request.mjs';

/** After this time the page queries the accounts' environment again, because somebody may have deployed another one. */
const ACCOUNTS_MS = 60_000;
/** The list has all running jobs and at most this many of the newest others. An older one is found by its id. */
const MOST_LISTED = 200;

/**
 * The list, or one job with its rows.
 * @returns one message or null for each output: 1 the response, 2 the query of the ledger for a job that is not known here, 3 the query of the accounts' environment
 */
export default function (msg, { flow }) {
  const jobs = jobsIn(flow);
  const { id } = msg.req.query;
  if (!id) {
    const listed = Object.values(jobs).filter((job, at) => at < MOST_LISTED || isRunning(job));
    const payload = {
      jobs: listed.map(brief),
      environments: flow.get('environments') ?? {},
      prices: flow.get('prices') ?? {},
      isUnsaved: flow.get('isUnsaved') === true,
    };
    const isOld = Date.now() - (flow.get('askedAccounts') ?? 0) > ACCOUNTS_MS;
    if (isOld) flow.set('askedAccounts', Date.now());
    return [reply(msg, 200, payload), null, isOld ? { payload: {} } : null];
  }
  if (!isId(id)) return [reply(msg, 404, { gone: true }), null, null];
  const job = findJob(flow, jobs, id);
  const isLost = job?.kind === 'person' && !job.result && !job.error && !isRunning(job);
  if (!job || isLost) return [null, { req: msg.req, res: msg.res, payload: { key: keyOf(id) } }, null];
  return [reply(msg, 200, { ...brief(job), rows: Object.values(job.rows) }), null, null];
}
