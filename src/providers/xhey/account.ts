import type { AccountDefinition } from '../../contract/account';

/** Prefix of sandbox paths under which the sandbox really downloads the photos. */
export const FETCHING_PATH = '/fetching';

/** docs/providers/xhey.md; the keys are handed out by 今日水印相机 and rotated monthly. */
export const account: AccountDefinition = {
  provider: 'xhey',
  credentials: ['groupKey', 'groupSecret'],
  baseUrl: 'https://openapi.xhey.top',
  timeout: 10,
  settings: {
    /** docs/contract.md, "Sandbox": whether the sandbox downloads the photos it is given. */
    sandboxFetches: { type: 'boolean', default: false },
  },
  sandboxPath: ({ sandboxFetches }) => (sandboxFetches ? FETCHING_PATH : ''),
};
