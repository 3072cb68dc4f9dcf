import type { Probe } from '../../contract/account';
import { VerifyError } from '../../contract/errors';
import { compareNobody } from './client';

/** docs/providers/tencent-market.md, "The product's answer": bad parameters. */
const BAD_PARAMETERS = '400';

/** Where the product itself says that fields are missing, the gateway has accepted the keys. Free. */
export const probe: Probe = async (account, context) => {
  try {
    await compareNobody(account, context);
  } catch (error) {
    if (!(error instanceof VerifyError && error.details.providerCode === BAD_PARAMETERS)) throw error;
  }
};
