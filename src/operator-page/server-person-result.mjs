import { markEnvironment, noteEnvironment } from './server-environments.mjs';
import { jobOf, jobsIn, keep } from './server-jobs.mjs';
import { pageError } from './server-page-error.mjs';

/** Writes the result or the error of face-compare into the job, and nothing about the person. */
export default function (msg, { flow }) {
  const jobs = jobsIn(flow);
  const job = jobOf(jobs, { id: msg.job, kind: 'person', at: msg.at });
  markEnvironment(job, (msg.error ? msg.error.cause : msg.payload)?.environment);
  if (msg.error) job.error = pageError(msg.error);
  else {
    const { outcome, reason, requestId, charged, reused, ledger, data } = msg.payload;
    const { score, scoreScale, sameFrom, differentBelow, orderNo } = data;
    const judged = { outcome, reason, score, scoreScale, sameFrom, differentBelow };
    job.error = null;
    job.result = { ...judged, orderNo, requestId, charged, ledger, reused: reused !== null };
    noteEnvironment(flow, msg.payload);
  }
  keep(flow, jobs, job);
  return {};
}
