import { deleteOldDays, recentJobs } from './server-files.mjs';
import { takeBack } from './server-jobs.mjs';

/** Of the operations that the page pays for. */
const KINDS = { 'truth-create': 'photos', 'face-compare': 'person' };

/** What the ledger says: where this Node-RED keeps what must survive a restart, and what a call of the page has cost: 0 where its account has no price. */
export default function (msg, { flow }) {
  if (msg.error) return null;
  if (Array.isArray(msg.payload)) {
    const [{ operation, charged, price } = {}] = msg.payload;
    if (operation in KINDS && charged !== false)
      flow.set('prices', { ...flow.get('prices'), [KINDS[operation]]: price });
    return {};
  }
  const { folder } = msg.payload;
  flow.set('folder', folder && `${folder}/operator-page`);
  if (!msg.isStart) return null;
  deleteOldDays(flow);
  takeBack(flow, recentJobs(flow));
  return {};
}
