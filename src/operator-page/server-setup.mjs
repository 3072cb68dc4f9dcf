import { deleteOldDays, recentJobs } from './server-files.mjs';
import { takeBack } from './server-jobs.mjs';

/** Of the operations that the page pays for. */
const KINDS = { 'truth-create': 'photos', 'face-compare': 'person' };

/** What the ledger says: where this Node-RED keeps what must survive a restart, and what a call has cost lately. */
export default function (msg, { flow }) {
  if (msg.error) return null;
  if (Array.isArray(msg.payload)) {
    flow.set('prices', pricesOf(msg.payload));
    return {};
  }
  const { folder } = msg.payload;
  flow.set('folder', folder && `${folder}/operator-page`);
  if (!msg.isStart) return null;
  deleteOldDays(flow);
  takeBack(flow, recentJobs(flow));
  return {};
}

/** @returns by kind, yuan for one charged call; nothing where no price is known */
function pricesOf(sums) {
  const prices = {};
  for (const [operation, kind] of Object.entries(KINDS)) {
    const own = sums.filter((sum) => sum.operation === operation);
    const total = (name) => own.reduce((sum, each) => sum + each[name], 0);
    const paid = total('calls') - total('uncharged');
    if (paid > 0 && total('price') > 0) prices[kind] = Math.round((total('price') / paid) * 1e4) / 1e4;
  }
  return prices;
}
