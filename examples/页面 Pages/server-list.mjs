import { brief } from './server-brief.mjs';
import { jobsIn } from './server-jobs.mjs';

/** What all browsers at the desk are told when something changed: no person, and no row of photos. */
export default function (_msg, { flow }) {
  const jobs = Object.values(jobsIn(flow)).map(brief);
  return { payload: { jobs, environments: flow.get('environments') ?? {} } };
}
