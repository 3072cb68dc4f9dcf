import { VerifyError } from '../../contract/errors';
import { requestAction } from '../../contract/provider-request';
import {
  formFields,
  jsonDigest,
  readJsonObject,
  readOptionalObject,
  refuseNames,
} from '../../input/json-object';
import { knownIn, personsIn } from '../../input/persons';
import { pathBehind, type RequestPath, readRequestPath } from '../../input/request-path';
import { account as definition } from './account';
import { requestPath } from './client';

interface FormInput {
  path: RequestPath;
  query: Record<string, string>;
  body: Record<string, string>;
}

/** Any path of linkface's: docs/providers/linkface.md, "Other paths". */
export const request = requestAction<FormInput>({
  provider: 'linkface',
  takes: { path: 'needed', query: 'optional' },
  known: { path: ['/v2/sdk/get_token'] },

  parse({ path, query, body }, _encrypt, repaired) {
    const [queryFields, given] = [
      readOptionalObject(query, 'query', repaired),
      readJsonObject(body, 'body', repaired),
    ];
    refuseNames(queryFields, 'query', ['api_id']);
    refuseNames(given, 'body', ['timestamp', 'sign']);
    const read = readRequestPath(path, 'path', repaired);
    if (read.path.includes('?')) throw new VerifyError('INPUT', 'path-unreadable', { field: 'path' });
    return {
      path: read,
      query: formFields(queryFields, 'query'),
      body: formFields(given, 'body'),
    };
  },

  persons: ({ query, body }) => personsIn(query, body),

  content: ({ path, query, body }) => [path.path, jsonDigest(query), jsonDigest(body)].join('\n'),

  prepare(account, { path, query, body }, context) {
    const base = account.environment === 'sandbox' ? new URL(definition.baseUrl!) : account.baseUrl;
    const known = knownIn(account.secrets, query, body);
    const behind = pathBehind(path, base);
    return (turn) => requestPath(account, behind, query, body, known, turn, context);
  },
});
