import { brief } from './server-brief.mjs';
import { findJobs, jobsOfDay, savedJob } from './server-files.mjs';
import { isId } from './server-jobs.mjs';
import { reply } from './server-request.mjs';

const MOST_FOUND = 200;
const OUTCOMES = ['passed', 'failed', 'inconclusive', 'error'];

/** Finds jobs by day, by outcome, or by a text: the job's id or reference, a file's name, the id of a ledger entry or the provider's number. */
export default function (msg, { flow }) {
  const { day, outcome, text = '' } = msg.req.query;
  const isRight = [day, outcome, text].every((each) => each === undefined || typeof each === 'string');
  if (!isRight) return reply(msg, 400, { refused: true });
  const sought = text.trim().toLowerCase();
  const fits = (job) =>
    (!OUTCOMES.includes(outcome) || outcomesOf(job).includes(outcome)) && (!sought || holds(job, sought));
  return reply(msg, 200, jobsWith(flow, day, sought, fits).slice(0, MOST_FOUND).map(brief));
}

function jobsWith(flow, day, sought, fits) {
  if (isId(sought)) return [savedJob(flow, sought)].filter((job) => job);
  if (/^\d{4}-\d{2}-\d{2}$/.test(day ?? '')) return jobsOfDay(flow, day).filter(fits);
  return findJobs(flow, fits, MOST_FOUND);
}

function outcomesOf(job) {
  const one = job.error ? ['error'] : [];
  if (job.kind === 'person') return job.result ? [job.result.outcome] : one;
  return [...one, ...Object.values(job.rows).map(({ outcome, error }) => (error ? 'error' : outcome))];
}

function holds(job, sought) {
  const { id, reference, result, error } = job;
  const rows = Object.values(job.rows).flatMap(({ name, url, ledger }) => [name, url, ledger]);
  const of = (each) => [each?.ledger, each?.orderNo, each?.requestId];
  return [id, reference, ...of(result), ...of(error), ...rows].some(
    (each) => typeof each === 'string' && each.toLowerCase().includes(sought),
  );
}
