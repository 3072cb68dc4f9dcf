import { deleteOldDays, recentJobs } from './server-files.mjs';
import { KINDS, restoreJobs } from './server-jobs.mjs';

/** Reads two answers of the ledger: the folder for files that must survive a restart, and the price of a call, which is 0 where the account has none. */
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
  restoreJobs(flow, recentJobs(flow));
  return {};
}
