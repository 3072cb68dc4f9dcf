import type { AccountDefinition } from '../../contract/account';

/** docs/providers/westdex.md, "Which AES key": the document does not say how the key is made, so there are three ways. */
export const KEY_DERIVATIONS = ['sha1prng', 'hex', 'utf8'] as const;

export type KeyDerivation = (typeof KEY_DERIVATIONS)[number];

/** docs/providers/westdex.md; "Suggested time-out: 60 s". */
export const account: AccountDefinition = {
  provider: 'westdex',
  credentials: ['secretId', 'key'],
  baseUrl: 'https://apimaster.westdex.com.cn/api/invoke',
  timeout: 60,
  settings: {
    keyDerivation: { type: 'string', default: 'sha1prng', choices: KEY_DERIVATIONS },
  },
};
