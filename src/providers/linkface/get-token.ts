import type { Action, SettingDefinitions } from '../../action';
import { VerifyError } from '../../errors';
import type { Answer } from '../../result';
import { DETECTION_TYPES, requestToken, type TokenRequest } from './client';

/** CONTRACT, "Result", `data` of get-token. */
export interface TokenData {
  [name: string]: unknown;
  token: string;
  expiresAt: string;
  sequenceId: string;
  detectionType: string;
}

const SETTINGS = {} as const satisfies SettingDefinitions;

/** linkface.md, the first paragraph: "valid for 5 minutes". From when is not said; from the sending is never too late. */
const VALID_MS = 5 * 60 * 1000;
/** The document has no limit. Twice the recommended length stays a URL that every gateway lets through. */
const LONGEST_SEQUENCE_ID = 128;

/** Half of a character that takes two: it has no UTF-8. */
const BROKEN_CHARACTER = /\p{Surrogate}/u;

/** Gets the token that a liveness or OCR SDK needs when it starts. */
export const getToken: Action<TokenRequest, typeof SETTINGS> = {
  provider: 'linkface',
  operation: 'get-token',
  mayCost: false,
  fields: {
    detectionType: { value: 'liveness', type: 'str', choices: DETECTION_TYPES },
    sequenceId: { value: '', type: 'str' },
  },
  settings: SETTINGS,

  parse({ detectionType, sequenceId }) {
    // linkface.md, the row of detection_type: any other value is answered 1002.
    if (typeof detectionType !== 'string' || !DETECTION_TYPES.includes(detectionType)) {
      throw new VerifyError('INPUT', 'not-a-detection-type', { choices: DETECTION_TYPES.join(', ') });
    }
    return { detectionType, sequenceId: readSequenceId(sequenceId) };
  },

  async run(account, wanted, context): Promise<Answer<TokenData>> {
    const place = account.transport.place();
    try {
      const answer = await requestToken(account, wanted, place, context);
      const { code, message, requestId, charged, token, sequenceId, sentAt, raw } = answer;
      return {
        outcome: 'issued',
        reason: null,
        code,
        message,
        requestId,
        charged,
        data: {
          token,
          expiresAt: new Date(sentAt + VALID_MS).toISOString(),
          sequenceId,
          detectionType: wanted.detectionType,
        },
        raw,
      };
    } finally {
      place.leave();
    }
  },
};

/** @returns null where there is none, so that a random one is sent */
function readSequenceId(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  // A whole number that is not exact any more is not the caller's number.
  const exact =
    typeof value === 'string' ||
    (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER);
  const text = exact ? String(value) : '';
  if (exact && text.trim() === '') return null;
  if (!exact || text.length > LONGEST_SEQUENCE_ID || BROKEN_CHARACTER.test(text)) {
    throw new VerifyError('INPUT', 'not-a-sequence-id', { longest: LONGEST_SEQUENCE_ID });
  }
  return text;
}
