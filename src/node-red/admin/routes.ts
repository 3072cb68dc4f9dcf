/** The admin routes, for the forms, the sidebar and a spreadsheet: docs/contract.md, "Ledger", "Editor sidebar". */
import { pipeline } from 'node:stream/promises';
import { VerifyError } from '../../contract/errors';
import type { AccountNode } from '../account/account-node';
import type { PhotoStoreNode } from '../photos/photo-store-of';
import { withText } from '../runner/flow-error';
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
  /** Of the node whose own texts come first. */
  type?: string;
}

/** Whoever may see flows may see what they do and what they spend. */
const READ = 'cn-verify.read';
/** Whoever may deploy may send a test, have a call paid once more, and take a copy of all that the process has. */
const WRITE = 'cn-verify.write';

/** Everything is loaded when somebody asks for it. */
const tasks = () => require('./tasks') as typeof import('./tasks');
const database = () => require('./database') as typeof import('./database');
const bill = () => require('./bill') as typeof import('./bill');
const reports = () => require('./ledger-reports') as typeof import('./ledger-reports');

const get = { method: 'get', permission: READ } as const;
const post = { method: 'post', permission: WRITE } as const;
const drop = { method: 'delete', permission: WRITE } as const;

const ROUTES: readonly Route[] = [
  { ...post, path: '/accounts/:id/test', answer: testAccount, missing: 'test.not-deployed' },
  { ...get, path: '/accounts/:id/keys', answer: keysInUse },
  { ...get, path: '/tasks', answer: (question) => tasks().listAll(question) },
  { ...get, path: '/tasks/:node', answer: (question) => tasks().listNode(question) },
  ...['/tasks/:node', '/tasks/:node/:id'].flatMap((path): Route[] => [
    { ...post, path: `${path}/ask`, answer: (question) => tasks().queryNow(question) },
    { ...drop, path, answer: (question) => tasks().drop(question) },
  ]),
  { ...get, path: '/ledger', answer: summary },
  {
    ...get,
    path: '/ledger.csv',
    download: ({ red, query, language }) => table('ledger', reports().tableOf(red, query, language)),
  },
  {
    ...get,
    path: '/handling.csv',
    download: ({ red, query, language }) => table('handling', reports().handlingOf(red, query, language)),
  },
  {
    ...post,
    permission: READ,
    path: '/bill',
    answer: (question) => bill().compare(question),
    type: 'verify-ledger',
  },
  { ...post, path: '/ledger/:id/release', answer: releaseOne },
  { ...post, path: '/ledger/release', answer: releaseUntil },
  { ...get, path: '/check', answer: check },
  { ...get, path: '/database', answer: (question) => database().stateOf(question) },
  { method: 'get', permission: WRITE, path: '/backup', download: (question) => database().backup(question) },
  { ...post, path: '/secret/start-anew', answer: (question) => database().startAnew(question) },
  { ...post, path: '/damage/acknowledge', answer: (question) => database().acknowledge(question) },
  { ...get, path: '/photo-stores', answer: stores, type: 'photo-store' },
  {
    ...post,
    path: '/photo-stores/:id/test',
    answer: testStore,
    missing: 'test.store-not-deployed',
    type: 'photo-store',
  },
  { ...get, path: '/queues', answer: queues, type: 'verify-queue' },
];

/** By code, what an error is answered with; anything else is ours. */
const STATUSES: Readonly<Record<string, number>> = { INPUT: 400, CONFIG: 503, NETWORK: 503 };

/** @param nodeRed Node-RED, whose admin application gets the routes */
export function registerRoutes(nodeRed: Red): void {
  const { httpAdmin, auth } = nodeRed;
  for (const route of ROUTES) {
    const { method, path, permission, type = '' } = route;
    const red = withTexts(nodeRed, type);
    httpAdmin[method](`/cn-verify${path}`, auth.needsPermission(permission), (request, response) => {
      const { params, query } = request;
      const question = { red, params, query, language: languageOfReader(request), body: request };
      send(route, question, response).catch((reason: unknown) => refuse(red, request, response, reason));
    });
  }
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
  const { code, problem, values } =
    reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  response
    .status(STATUSES[code] ?? 500)
    .json(withText(red, { code, problem, values }, languageOfReader(request)));
}

/** Forms give a node's id, never a credential: docs/node-red.md, "Runtime". */
function testAccount({ red, params, language }: AdminQuestion): Promise<unknown> | null {
  return accountNode(red, params.id)?.test?.run(language) ?? null;
}

function testStore({ red, params, language }: AdminQuestion): Promise<unknown> | null {
  const node = red.nodes.getNode(String(params.id)) as PhotoStoreNode | null;
  return node?.type === 'photo-store' ? node.test.run(language) : null;
}

function keysInUse({ red, params }: AdminQuestion): { inUse: 'next' | 'first' } | null {
  const node = accountNode(red, params.id);
  return node && { inUse: node.onNextPair ? 'next' : 'first' };
}

function accountNode({ nodes }: Red, id: unknown): AccountNode | null {
  const node = nodes.getNode(String(id));
  return node && 'onNextPair' in node ? (node as AccountNode) : null;
}

async function summary({ red, query, language }: AdminQuestion): Promise<unknown> {
  const { troubles, ...found } = await reports().summarize(red, query.month);
  return { ...found, troubles: troubles.map((each) => withText(red, each, language)) };
}

function table(name: string, pieces: Download['pieces']): Download {
  return { contentType: 'text/csv; charset=utf-8', name: `cn-verify-${name}.csv`, pieces };
}

async function releaseOne({ red, params }: AdminQuestion): Promise<{ released: boolean }> {
  return { released: (await reports().release(red, { id: params.id ?? '' })) > 0 };
}

async function releaseUntil({ red, query: { until } }: AdminQuestion): Promise<{ released: number }> {
  if (typeof until !== 'string' || until === '') throw new VerifyError('INPUT', 'ledger-until');
  return { released: await reports().release(red, { until }) };
}

/** Of an account or a photo store it says what the node itself would say. */
function check({ red, language }: AdminQuestion): unknown {
  const { checkLive } = require('./live-check') as typeof import('./live-check');
  const { unready, stores, ...found } = checkLive(red);
  const said = (each: (typeof unready | typeof stores)[number]) =>
    withText(withTexts(red, each.type), each, language);
  return { ...found, unready: unready.map(said), stores: stores.map(said) };
}

async function stores({ red, language }: AdminQuestion): Promise<unknown> {
  const { storesHeld } = require('../photos/photo-folder') as typeof import('../photos/photo-folder');
  return explained(red, await storesHeld(red), language);
}

async function queues({ red, language }: AdminQuestion): Promise<unknown> {
  const { countsOfQueues } = require('./queues') as typeof import('./queues');
  return explained(red, await countsOfQueues(red), language);
}

/** Those that have a problem say it in the language of the reader. */
function explained(red: Red, rows: readonly (object | Parameters<typeof withText>[1])[], language?: string) {
  return rows.map((row) => ('problem' in row ? withText(red, row, language) : row));
}
