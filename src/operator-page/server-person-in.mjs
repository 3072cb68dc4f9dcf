import { brief } from './server-brief.mjs';
import { isFull, isId, jobOf, jobsIn, keep, keyOf, referenceIn } from './server-jobs.mjs';
import { isOurs, reply } from './server-request.mjs';

/** @returns one message or null for each output: 1 the person for face-compare, 2 the response, 3 a notice that the list has changed */
export default function (msg, { flow, env }) {
  const { body = {}, files = [] } = msg.req;
  const { job: id, name, idNumber, consent, guardianConsent } = body;
  if (!isOurs(msg.req, env.get('PAGE_ORIGIN')) || !isId(id))
    return [null, reply(msg, 403, { refused: true }), null];
  const jobs = jobsIn(flow);
  const known = jobs[id];
  // What is answered or under way is not asked twice; what was certainly not charged may be.
  if (known && !known.isCutOff && known.error?.charged !== false)
    return [null, reply(msg, 202, brief(known)), null];
  if (!known && isFull(jobs)) return [null, reply(msg, 429, { refused: true }), null];
  const job = jobOf(jobs, { id, kind: 'person', reference: referenceIn(body) });
  Object.assign(job, { error: null, isCutOff: false });
  keep(flow, jobs, job);
  const photo = files[0]?.buffer;
  const payload = { name, idNumber, photo, consent, guardianConsent };
  const call = { job: id, key: keyOf(id), at: job.at, payload };
  return [call, reply(msg, 202, brief(job)), {}];
}
