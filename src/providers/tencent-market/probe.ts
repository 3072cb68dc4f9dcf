import type { Probe } from '../../contract/account';
import { VerifyError } from '../../contract/errors';
import { compareNobody } from './client';

/** docs/providers/tencent-market.md, "The product's answer": bad parameters. */
const BAD_PARAMETERS = '400';

/** Whoever is told by the product itself that fields are missing was let in by the gateway. Free. */
export const probe: Probe = async (account, context) => {
  try {
    await compareNobody(account, context);
  } catch (error) {
    if (!(error instanceof VerifyError && error.details.providerCode === BAD_PARAMETERS)) throw error;
  }
};
