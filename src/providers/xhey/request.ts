import { requestAction } from '../../contract/provider-request';
import { type JsonObject, jsonDigest, readJsonObject } from '../../input/json-object';
import { knownIn, personsIn } from '../../input/persons';
import { pathBehind, type RequestPath, readRequestPath } from '../../input/request-path';
import { account as definition } from './account';
import { requestPath } from './client';

interface PathInput {
  path: RequestPath;
  body: JsonObject;
}

/** Any path of xhey's: docs/providers/xhey.md, "Signing" and "Other paths". */
export const request = requestAction<PathInput>({
  provider: 'xhey',
  takes: { path: 'needed' },
  known: {
    path: [
      '/v2/department/sublist',
      '/v2/group/photo',
      '/v2/group/photo/search',
      '/v2/truth_build/create',
      '/v2/truth_build/query',
    ],
  },

  parse({ path, body }, _encrypt, repaired) {
    return {
      path: readRequestPath(path, 'path', repaired),
      body: readJsonObject(body, 'body', repaired),
    };
  },

  persons: ({ body }) => personsIn(body),

  content: ({ path, body }) => `${path.path}\n${jsonDigest(body)}`,

  prepare(account, { path, body }, context) {
    const base = account.environment === 'sandbox' ? new URL(definition.baseUrl!) : account.baseUrl;
    const known = knownIn(account.secrets, body);
    const behind = pathBehind(path, base);
    return (turn) => requestPath(account, behind, body, known, turn, context);
  },
});
