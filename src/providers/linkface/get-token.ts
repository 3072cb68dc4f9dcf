import type { Action } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Answer } from '../../contract/result';
import type { SettingDefinitions } from '../../contract/settings';
import { inSlot } from '../../contract/transport';
import { readText } from '../../input/text';
import { DETECTION_TYPES, requestToken, type TokenRequest } from './client';

/** docs/contract.md, "Result", `data` of get-token. */
export interface TokenData {
  [name: string]: unknown;
  token: string;
  expiresAt: string;
  sequenceId: string;
  detectionType: string;
  repaired: string[];
}

interface TokenInput extends TokenRequest {
  /** docs/contract.md, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

const SETTINGS = {} as const satisfies SettingDefinitions;

/** docs/providers/linkface.md, the first paragraph: "valid for 5 minutes". From when is not said; from the sending is never too late. */
const VALID_MS = 5 * 60 * 1000;
/** docs/contract.md, "What an input may look like", Text; the document has no limit, and this stays a URL that gateways let through. */
const LONGEST_ID = 128;

/** Gets the token that a liveness or OCR SDK needs when it starts. */
export const getToken: Action<TokenInput, typeof SETTINGS> = {
  provider: 'linkface',
  operation: 'get-token',
  mayCost: false,
  fields: {
    detectionType: { value: 'liveness', type: 'str', choices: DETECTION_TYPES },
    sequenceId: { value: '', type: 'str' },
  },
  settings: SETTINGS,

  parse({ detectionType, sequenceId }) {
    const changed = new Set<string>();
    const type = readText(detectionType, 'detectionType', LONGEST_ID, changed);
    // docs/providers/linkface.md, the row of detection_type: any other value is answered 1002.
    if (!DETECTION_TYPES.includes(type))
      throw new VerifyError('INPUT', 'not-a-detection-type', { choices: DETECTION_TYPES.join(', ') });
    const read = readText(exactText(sequenceId), 'sequenceId', LONGEST_ID, changed);
    // An empty one asks for a random one.
    if (!read) changed.delete('sequenceId');
    return { detectionType: type, sequenceId: read || null, repaired: [...changed] };
  },

  async run(account, { repaired, ...wanted }, context): Promise<Answer<TokenData>> {
    const answer = await inSlot(account.transport, (slot) => requestToken(account, wanted, slot, context));
    const { code, message, requestId, charged, token, sequenceId, sentAt, raw } = answer;
    const expiresAt = new Date(sentAt + VALID_MS).toISOString();
    const data = { token, expiresAt, sequenceId, detectionType: wanted.detectionType, repaired };
    return { outcome: 'issued', reason: null, code, message, requestId, charged, data, raw };
  },
};

/** A whole number that is not exact any more is not the caller's number. */
function exactText(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new VerifyError('INPUT', 'sequence-id-inexact');
  return String(value);
}
