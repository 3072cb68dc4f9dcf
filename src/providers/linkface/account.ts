import type { AccountDefinition } from '../../contract/account';

/** docs/providers/linkface.md; api_id and api_secret are handed out by Linkface, one pair an account. */
export const account: AccountDefinition = {
  provider: 'linkface',
  credentials: ['apiId', 'apiSecret'],
  baseUrl: 'https://cloudapi.linkface.cn',
  timeout: 10,
  settings: {
    /** docs/providers/linkface.md, the row of timestamp: the document does not name the unit. */
    timestampUnit: { type: 'string', default: 'ms', choices: ['ms', 's'] },
  },
};
