import type { Probe } from '../../action';
import { requestToken } from './client';

/** linkface.md, `POST /v2/sdk/get_token`: a token costs nothing; this one is let go. */
export const probe: Probe = async (account, context) => {
  const place = account.transport.place();
  try {
    await requestToken(account, { detectionType: 'liveness', sequenceId: null }, place, context);
  } finally {
    place.leave();
  }
};
