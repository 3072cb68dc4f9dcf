import { jobsIn } from './server-jobs.mjs';

/**
 * The price of a call is read from the ledger entry of the page's own newest call, because other flows may use accounts
 * with other prices.
 * @returns queries of the ledger: the folder for files, and one entry for photos and one for persons
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
