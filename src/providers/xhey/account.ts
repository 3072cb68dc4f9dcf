import type { AccountDefinition } from '../../action';

/** xhey.md; the keys are handed out by 今日水印相机 and rotated monthly. */
export const account: AccountDefinition = {
  provider: 'xhey',
  credentials: ['groupKey', 'groupSecret'],
  baseUrl: 'https://openapi.xhey.top',
  timeout: 10,
  settings: {},
};
