import { brief } from './server-brief.mjs';
import { isRunning, jobsIn } from './server-jobs.mjs';
import { reply } from './server-request.mjs';

/** An account may have been changed since. */
const ACCOUNTS_MS = 60_000;

/**
 * The list, or one job with its rows.
 * @returns to the response, to the ledger where the job is not known here, to ask where the accounts stand
 */
export default function (msg, { flow }) {
  const jobs = jobsIn(flow);
  const { id } = msg.req.query;
  if (!id) {
    const payload = { jobs: Object.values(jobs).map(brief), environments: flow.get('environments') ?? {} };
    const isOld = Date.now() - (flow.get('askedAccounts') ?? 0) > ACCOUNTS_MS;
    if (isOld) flow.set('askedAccounts', Date.now());
    return [reply(msg, 200, payload), null, isOld ? { payload: {} } : null];
  }
  const job = jobs[id];
  const isLost = job?.kind === 'person' && !job.result && !job.error && !isRunning(job);
  if (!job || isLost) return [null, { req: msg.req, res: msg.res, payload: { key: String(id) } }, null];
  return [reply(msg, 200, { ...brief(job), rows: Object.values(job.rows) }), null, null];
}
