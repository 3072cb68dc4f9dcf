/** What an error says of money is what the ledger says of the same call: docs/contract.md, "Errors" and "Ledger". */
import assert from 'node:assert/strict';
import type { Message } from '../../src/node-red/runner/red';
import { actionOf, checkError, errorOf, type FiveAction, flowOf } from './five-actions';
import { askLedger, LEDGER_NODES } from './ledger-node';
import { ask, deploy, nodeRedWithProvider } from './runtime';
import { json } from './scripted-server';

const envelope = (action: FiveAction) => action.failure();
const gateway = (message: string) => () => ({ message });
const xhey = (code: number) => () => ({ code, msg: 'error', data: null });
const market = (code: number) => () => ({ msg: '出错', success: false, code, data: {} });
const westdex = (code: string) => () => ({ code, message: '失败', data: '', id: 'W1' });

interface Row {
  type: string;
  status: number;
  body(action: FiveAction): object | null;
  charged: boolean | null;
  retryAfter?: true;
  requests?: number;
}

const ROWS: Row[] = [
  { type: 'face-compare', status: 401, body: gateway('HMAC signature does not match'), charged: false },
  { type: 'face-compare', status: 403, body: gateway('Found no validate usage plan'), charged: false },
  { type: 'face-compare', status: 403, body: gateway('req content type need …'), charged: false },
  { type: 'face-compare', status: 404, body: gateway('no such API'), charged: false },
  { type: 'face-compare', status: 429, body: gateway('API rate limit exceeded'), charged: false },
  { type: 'face-compare', status: 429, body: gateway('API quota exceeded'), charged: false },
  { type: 'face-compare', status: 200, body: market(400), charged: false },
  { type: 'face-compare', status: 200, body: market(604), charged: false },
  { type: 'face-compare', status: 200, body: market(500), charged: null },
  { type: 'truth-create', status: 200, body: xhey(400), charged: false },
  { type: 'truth-create', status: 200, body: xhey(401), charged: false },
  { type: 'truth-create', status: 200, body: xhey(500), charged: null },
  { type: 'truth-create', status: 401, body: () => null, charged: false },
  { type: 'westdex-three', status: 200, body: westdex('9999'), charged: null },
  { type: 'westdex-three', status: 429, body: () => null, charged: false },
  ...['face-compare', 'truth-create', 'westdex-three'].flatMap((type): Row[] => [
    { type, status: 503, body: () => null, charged: false, retryAfter: true, requests: 3 },
    { type, status: 503, body: () => null, charged: null },
  ]),
  { type: 'face-compare', status: 503, body: market(500), charged: null, retryAfter: true },
  {
    type: 'face-compare',
    status: 503,
    body: gateway('Service Unavailable'),
    charged: false,
    retryAfter: true,
    requests: 3,
  },
  { type: 'truth-create', status: 503, body: xhey(500), charged: null, retryAfter: true },
  { type: 'westdex-three', status: 503, body: envelope, charged: null, retryAfter: true },
];

describe('charged, in a real Node-RED', () => {
  const provider = nodeRedWithProvider();

  for (const { type, status, body, charged, retryAfter = false, requests = 1 } of ROWS) {
    const action = actionOf(type);
    const given = JSON.stringify(body(action)) ?? '';
    const when = retryAfter ? ', Retry-After' : '';
    const title = `${type} after HTTP ${status}${when} ${given} is ${charged}`;
    it(title, async () => {
      const properties = { key: 'key', keyType: 'msg' };
      await deploy([...flowOf(action, provider.baseUrl, { timeout: 10 }, properties), ...LEDGER_NODES]);
      provider.script = (_request, response) => {
        if (retryAfter) response.setHeader('Retry-After', '0');
        if (given) json(response, body(action), status);
        else response.writeHead(status).end();
      };
      const message = (): Message => ({ payload: structuredClone(action.payload), key: title });
      const { caught } = await ask(message());
      const { cause } = checkError(caught[0]!);
      assert.equal(provider.requests.length, requests);
      const [entry = assert.fail()] = await askLedger({ id: cause.ledger });
      assert.deepEqual([cause.charged, entry.charged], [charged, charged]);
      if (charged === null) assert.equal(cause.retryable, false);

      // What was not processed may be sent again; of all else the key is kept.
      provider.script = (_request, response) => json(response, action.success());
      const { out1, caught: again } = await ask(message());
      if (charged === false) assert.deepEqual([out1.length, entry.state], [1, 'settled']);
      else assert.equal(checkError(again[0]!).code, 'UNCERTAIN');
    });
  }

  it('face-compare to a provider that is not there is false', async () => {
    const action = actionOf('face-compare');
    await deploy([...flowOf(action, provider.baseUrl), ...LEDGER_NODES]);
    await provider.close();
    const { cause } = await errorOf({ payload: action.payload });
    const [entry = assert.fail()] = await askLedger({ id: cause.ledger });
    assert.deepEqual([cause.charged, entry.charged, entry.state], [false, false, 'settled']);
  });
});
