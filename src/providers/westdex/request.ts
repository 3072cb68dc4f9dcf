import { VerifyError } from '../../contract/errors';
import { requestAction } from '../../contract/provider-request';
import {
  type JsonObject,
  jsonDigest,
  readJsonObject,
  readOptionalObject,
  refuseNames,
} from '../../input/json-object';
import { knownIn, personsIn } from '../../input/persons';
import { readText } from '../../input/text';
import { requestApi, THREE_ELEMENTS } from './client';

interface ApiInput {
  apiCode: string;
  body: JsonObject;
  /** Names of the fields that are encrypted; null: all of them. */
  encrypt: readonly string[] | null;
  extra: JsonObject;
}

/** One segment of a path. */
const API_CODE = /^[\w-]+$/;
const LONGEST_API_CODE = 128;
/** In the setting `encrypt`: no field is encrypted. */
const NOTHING = '-';

/** Any `api_code` of westdex's: docs/providers/westdex.md, "Other `api_code`s". */
export const request = requestAction<ApiInput>({
  provider: 'westdex',
  takes: { apiCode: 'needed', encrypt: 'optional', extra: 'optional' },
  known: { apiCode: [THREE_ELEMENTS] },

  parse(fields, encrypt, repaired) {
    const apiCode = readText(fields.apiCode, 'apiCode', LONGEST_API_CODE, repaired);
    if (!API_CODE.test(apiCode)) throw new VerifyError('INPUT', 'not-an-api-code');
    const body = readJsonObject(fields.body, 'body', repaired);
    const extra = readOptionalObject(fields.extra, 'extra', repaired);
    refuseNames(body, 'body', ['timeStamp', 'customNumber']);
    refuseNames(extra, 'extra', ['data']);
    return { apiCode, body, extra, encrypt: namesIn(encrypt) };
  },

  persons: ({ body, extra }) => personsIn(body, extra),

  content: ({ apiCode, body, extra }) => [apiCode, jsonDigest(body), jsonDigest(extra)].join('\n'),

  prepare(account, { apiCode, body, extra, encrypt }, context) {
    const known = knownIn(account.secrets, body, extra);
    const isEncrypted = (name: string) => encrypt === null || encrypt.includes(name);
    return async (turn) => {
      const wanted = { apiCode, body, extra, isEncrypted };
      const { id: requestId, ...found } = await requestApi(account, wanted, known, turn, context);
      return { ...found, requestId, orderNo: null };
    };
  },
});

function namesIn(encrypt: string): string[] | null {
  const names = encrypt.split(/[\s,，、;；]+/).filter((name) => name !== '');
  return names.length === 0 ? null : names.filter((name) => name !== NOTHING);
}
