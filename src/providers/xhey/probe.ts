import type { Probe } from '../../action';
import { VerifyError } from '../../errors';
import { query } from './client';
import { UNKNOWN_TASK } from './codes';

/** As long as xhey's ids are, and older than the service. */
const NO_TASK = '1000000000000000000';

/** xhey.md, "POST /v2/truth_build/query": who is told that there is no such task was let in. Free. */
export const probe: Probe = async (account, context) => {
  try {
    await query(account, NO_TASK, context);
  } catch (error) {
    if (!(error instanceof VerifyError && error.details.providerCode === UNKNOWN_TASK)) throw error;
  }
};
