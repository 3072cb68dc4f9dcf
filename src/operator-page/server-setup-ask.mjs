import { jobsIn } from './server-jobs.mjs';

/**
 * What a call costs stands in the ledger's entry of the page's own newest call that may have been charged: other flows may
 * have accounts with other prices.
 * @returns messages to the ledger: where files may be kept, and those entries
 */
export default function ({ isStart = false }, { flow }) {
  const jobs = Object.values(jobsIn(flow));
  const newest = ['photos', 'person'].map((kind) => jobs.filter((job) => job.kind === kind).map(entryOf));
  const entries = newest.map((ids) => ids.find((id) => id)).filter((id) => id);
  return [[{ isStart, payload: { folder: true } }, ...entries.map((id) => ({ payload: { id } }))]];
}

function entryOf({ result, error, rows }) {
  const calls = [result, error, ...Object.values(rows)];
  return calls.find((call) => call?.ledger && call.charged !== false)?.ledger;
}
