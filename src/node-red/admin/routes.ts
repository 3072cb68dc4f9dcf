/** The admin routes, for the forms, the sidebar and a spreadsheet: docs/contract.md, "Ledger", "Editor sidebar". */
import { pipeline } from 'node:stream/promises';
import { asVerifyError, withText } from '../runner/flow-error';
import type { AdminRequest, AdminResponse, Red } from '../runner/red';
import { languageOfReader, withTexts } from '../runner/texts';
import type { AdminQuestion, Download } from './question';

interface Route {
  method: 'get' | 'post' | 'delete';
  path: string;
  permission: typeof READ | typeof WRITE;
  /**
   * @returns what is sent as JSON; null where it is not there (404)
   * @throws VerifyError
   */
  answer?(question: AdminQuestion): unknown;
  download?(question: AdminQuestion): Download;
  /** Key of the text that a reader gets with a 404. */
  missing?: string;
  /** Type of the node whose own texts are looked up first. */
  type?: string;
}

/** Whoever may see flows may see what they do and what they spend. */
const READ = 'cn-verify.read';
/** Whoever may deploy may send a test, have a call paid once more, and take a copy of all that the process has. */
const WRITE = 'cn-verify.write';

/** Everything is loaded when somebody asks for it. */
const nodes = () => require('./config-nodes') as typeof import('./config-nodes');
const tasks = () => require('./tasks') as typeof import('./tasks');
const database = () => require('./database') as typeof import('./database');
const bill = () => require('./bill') as typeof import('./bill');
const live = () => require('./live-check') as typeof import('./live-check');
const ledgers = () => require('./all-ledgers') as typeof import('./all-ledgers');

const get = { method: 'get', permission: READ } as const;
const post = { method: 'post', permission: WRITE } as const;
const drop = { method: 'delete', permission: WRITE } as const;

export const ROUTES: readonly Route[] = [
  {
    ...post,
    path: '/accounts/:id/test',
    answer: (question) => nodes().testAccount(question),
    missing: 'test.not-deployed',
  },
  { ...get, path: '/accounts/:id/keys', answer: (question) => nodes().keysInUse(question) },
  { ...get, path: '/tasks', answer: (question) => tasks().listAll(question) },
  { ...get, path: '/tasks/:node', answer: (question) => tasks().listNode(question) },
  ...['/tasks/:node', '/tasks/:node/:id'].flatMap((path): Route[] => [
    { ...post, path: `${path}/ask`, answer: (question) => tasks().queryNow(question) },
    { ...drop, path, answer: (question) => tasks().drop(question) },
  ]),
  { ...get, path: '/ledger', answer: (question) => ledgers().summarize(question) },
  { ...get, path: '/ledger.csv', download: (question) => ledgers().ledgerTable(question) },
  { ...get, path: '/handling.csv', download: (question) => ledgers().handlingTable(question) },
  {
    ...post,
    permission: READ,
    path: '/bill',
    answer: (question) => bill().compare(question),
    type: 'verify-ledger',
  },
  { ...post, path: '/ledger/:id/release', answer: (question) => ledgers().releaseOne(question) },
  { ...post, path: '/ledger/release', answer: (question) => ledgers().releaseUntil(question) },
  { ...get, path: '/check', answer: (question) => live().checkLive(question) },
  { ...get, path: '/database', answer: (question) => database().stateOf(question) },
  { method: 'get', permission: WRITE, path: '/backup', download: (question) => database().backup(question) },
  { ...post, path: '/secret/start-anew', answer: (question) => database().startAnew(question) },
  { ...post, path: '/damage/acknowledge', answer: (question) => database().acknowledge(question) },
  {
    ...get,
    path: '/photo-stores',
    answer: (question) => nodes().totalsOfStores(question),
    type: 'photo-store',
  },
  {
    ...post,
    path: '/photo-stores/:id/test',
    answer: (question) => nodes().testStore(question),
    missing: 'test.store-not-deployed',
    type: 'photo-store',
  },
  {
    ...get,
    path: '/queues',
    answer: (question) => nodes().countsOfQueues(question),
    type: 'verify-queue',
  },
];

/** The HTTP status by the code of an error; any other code is a bug, and 500. */
const STATUSES: Readonly<Record<string, number>> = { INPUT: 400, CONFIG: 503, NETWORK: 503 };

/** @param nodeRed Node-RED, whose admin application gets the routes */
export function registerRoutes(nodeRed: Red): void {
  const { httpAdmin, auth } = nodeRed;
  for (const route of ROUTES) {
    const { method, path, permission, type = '' } = route;
    const red = withTexts(nodeRed, type);
    httpAdmin[method](`/cn-verify${path}`, auth.needsPermission(permission), (request, response) => {
      const { params, query } = request;
      const language = languageOfReader(request);
      const changes = method !== 'get' || permission === WRITE;
      if (changes && isFromOtherSite(request))
        return response.status(403).json({ text: red._('other-site', { lng: language }) });
      const question = { red, params, query, language, body: request };
      send(route, question, response).catch((reason: unknown) => refuse(red, request, response, reason));
    });
  }
}

/**
 * Where the editor has no login, a page of another site could release keys or start a backup: a browser sends such a
 * page's form or text to any address. The page can set neither `Sec-Fetch-Site` nor `Origin`, nor the header of the editor's
 * own requests. Browsers leave out `Sec-Fetch-Site` at plain `http:`, and a proxy in front of Node-RED may change the host.
 */
function isFromOtherSite({ headers }: AdminRequest): boolean {
  const site = headers['sec-fetch-site'];
  // `none`: somebody typed the address.
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  const { origin, host } = headers;
  if (origin === undefined || headers['x-requested-with'] !== undefined) return false;
  return !isSameHost(String(origin), String(host));
}

/** A proxy may give the host with the port that the scheme has anyway, and a browser leaves it out. */
function isSameHost(origin: string, host: string): boolean {
  const from = URL.parse(origin);
  return from !== null && from.host !== '' && URL.parse(`${from.protocol}//${host}`)?.host === from.host;
}

async function send(route: Route, question: AdminQuestion, response: AdminResponse): Promise<void> {
  const { answer, download, missing } = route;
  if (download) return sendFile(download(question), response);
  const answered = await answer?.(question);
  if (answered !== null) return response.json(answered);
  const text = missing && question.red._(missing, { lng: question.language });
  response.status(404).json(text ? { text } : {});
}

async function sendFile({ contentType, name, pieces }: Download, response: AdminResponse): Promise<void> {
  const first = await pieces.next();
  response.status(200).set({
    'Content-Type': contentType,
    'Content-Disposition': `attachment; filename="${name}"`,
    'Cache-Control': 'no-store',
  });
  await pipeline(async function* () {
    yield first.value ?? '';
    yield* pieces;
  }, response);
}

/** `problem` and `values` are those of an error's `cause`; `text` says it in the language of the reader. */
function refuse(red: Red, request: AdminRequest, response: AdminResponse, reason: unknown): void {
  // A file that broke off has its headers already, and whoever took it sees that it broke off.
  if (response.headersSent) return;
  const { code, problem, values } = asVerifyError(red, null, reason);
  response
    .status(STATUSES[code] ?? 500)
    .json(withText(red, { code, problem, values }, languageOfReader(request)));
}
