import type { AccountDefinition } from '../../contract/account';

/** docs/providers/tencent-market.md. Every purchase has an endpoint of its own; the base URL is the document's. */
export const account: AccountDefinition = {
  provider: 'tencent-market',
  credentials: ['secretId', 'secretKey'],
  baseUrl:
    'https://service-ndq49qvj-1256140209.ap-shanghai.apigateway.myqcloud.com/release/face_id_card/post',
  timeout: 15,
  settings: {
    scheme: { type: 'string', default: 'auto', choices: ['auto', 'gateway', 'cloudmarket'] },
    source: { type: 'string', default: 'market' },
  },
};
