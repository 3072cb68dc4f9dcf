/** The admin routes over the ledger, for the sidebar and for a spreadsheet: docs/contract.md, "Ledger", "Editor sidebar". */
import { pipeline } from 'node:stream/promises';
import { VerifyError } from '../../contract/errors';
import { withText } from '../runner/explain';
import type { AdminHandler, AdminRequest, AdminResponse, Red } from '../runner/red';
import { languageOfReader } from '../runner/texts';

const PATH = '/cn-verify/ledger';
const CSV_PATH = `${PATH}.csv`;
const CHECK_PATH = '/cn-verify/check';
/** Who may see flows may see what they spend; who may deploy may have a call paid once more. */
const READ = 'cn-verify.read';
const WRITE = 'cn-verify.write';

const CSV_HEADERS = {
  'Content-Type': 'text/csv; charset=utf-8',
  'Content-Disposition': 'attachment; filename="cn-verify-ledger.csv"',
  'Cache-Control': 'no-store',
};
/** By status, what an error is answered with; anything else is ours. */
const STATUSES: Readonly<Record<string, number>> = { INPUT: 400, CONFIG: 503, NETWORK: 503 };

/** Each runtime's admin application once. */
const registered = new WeakSet<object>();

/**
 * Registers the routes.
 * @param red Node-RED, as any action node has it
 * @param actionTypes of the nodes that a Catch should cover; more may be added later
 */
export function registerLedgerRoutes(red: Red, actionTypes: ReadonlySet<string>): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  const mayRead = auth.needsPermission(READ);
  const mayWrite = auth.needsPermission(WRITE);
  const answer =
    (work: (...given: Parameters<AdminHandler>) => Promise<unknown>): AdminHandler =>
    (request, response, next) => {
      work(request, response, next).catch((reason: unknown) => refuse(red, request, response, reason));
    };
  httpAdmin.get(
    PATH,
    mayRead,
    answer(async (request, response) => {
      const { troubles, ...summary } = await reports().summarize(red, request.query.month);
      const language = languageOfReader(request);
      response.json({ ...summary, troubles: troubles.map((each) => withText(red, each, language)) });
    }),
  );
  httpAdmin.get(
    CSV_PATH,
    mayRead,
    answer(async (request, response) => {
      const table = reports().tableOf(red, request.query, languageOfReader(request));
      // What cannot be read at all is told before anything is sent.
      const first = await table.next();
      response.status(200).set(CSV_HEADERS);
      await pipeline(async function* () {
        yield first.value ?? '';
        yield* table;
      }, response);
    }),
  );
  httpAdmin.post(
    `${PATH}/:id/release`,
    mayWrite,
    answer(async ({ params }, response) =>
      response.json({ released: (await reports().release(red, { id: params.id ?? '' })) > 0 }),
    ),
  );
  httpAdmin.post(
    `${PATH}/release`,
    mayWrite,
    answer(async ({ query }, response) =>
      response.json({ released: await reports().release(red, { until: readId(query.until) }) }),
    ),
  );
  httpAdmin.get(
    CHECK_PATH,
    mayRead,
    answer(async (request, response) => {
      const { checkLive } = require('./live-check') as typeof import('./live-check');
      const { unready, stores, ...found } = checkLive(red, actionTypes);
      const language = languageOfReader(request);
      const said = (each: (typeof unready | typeof stores)[number]) => withText(red, each, language);
      response.json({ ...found, unready: unready.map(said), stores: stores.map(said) });
    }),
  );
}

/** @throws VerifyError INPUT */
function readId(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new VerifyError('INPUT', 'ledger-until');
}

/** Loaded when somebody asks. */
function reports(): typeof import('./ledger-reports') {
  return require('./ledger-reports') as typeof import('./ledger-reports');
}

/** `problem` and `values` are those of an error's `cause`; `text` says it in the language of the reader. */
function refuse(red: Red, request: AdminRequest, response: AdminResponse, reason: unknown): void {
  // A table that broke off has its headers already, and whoever took it sees that it broke off.
  if ('headersSent' in response && response.headersSent) return;
  const { code, problem, values } =
    reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  response
    .status(STATUSES[code] ?? 500)
    .json(withText(red, { code, problem, values }, languageOfReader(request)));
}
