/** What the sandbox says about itself: docs/contract.md, "Sandbox", its page and its routes for programs. */
import type { IncomingHttpHeaders } from 'node:http';
import { jsonAnswer, type SandboxAnswer } from '../contract/sandbox-half';
import { objectionTo } from './origin-check';
import { type Access, homePage, languageOf } from './page';
import type { RequestLog } from './requests';

export interface Memory {
  log: RequestLog;
  /** Calls that a real provider could charge for, by `paidKey`. */
  paid: Map<string, number>;
  /** What accounts need, at the address under which the reader knows this sandbox. */
  accesses(host: string | undefined): Access[];
  /** Forgets all of it, and what the providers' halves keep. */
  reset(): void;
}

type Route = (memory: Memory, headers: IncomingHttpHeaders) => SandboxAnswer;

const json = (value: unknown) => jsonAnswer(value, 200, { 'Cache-Control': 'no-store' });
const done: SandboxAnswer = { status: 204, body: '' };

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/': {
    GET: ({ log, accesses }, headers) => {
      const language = languageOf(headers['accept-language']);
      return homePage(log.list(language), accesses(headers.host), language);
    },
  },
  '/requests': {
    GET: ({ log }, headers) => json(log.list(languageOf(headers['accept-language']))),
    DELETE: ({ log }) => {
      log.clear();
      return done;
    },
  },
  '/reset': {
    POST: ({ reset }, headers) => {
      reset();
      // The page's own button wants to see the page again.
      const isPage = /\btext\/html\b/.test(headers.accept ?? '');
      return isPage ? { status: 303, headers: { Location: '/' }, body: '' } : done;
    },
  },
  '/paid': { GET: ({ paid }) => json(Object.fromEntries(paid)) },
};

/**
 * @param request to one of the sandbox's own paths
 * @param host of --host, or null
 * @param memory of the sandbox
 * @returns null where the path is not one of them
 */
export function answerRoute(
  { method, path, headers }: { method: string; path: string; headers: IncomingHttpHeaders },
  host: string | null,
  memory: Memory,
): SandboxAnswer | null {
  const routes = Object.hasOwn(ROUTES, path) ? ROUTES[path]! : null;
  if (!routes) return null;
  const objection = objectionTo(method, headers, host);
  if (objection) return { status: 403, body: '', reason: objection };
  const route = Object.hasOwn(routes, method) ? routes[method] : undefined;
  if (route) return route(memory, headers);
  const Allow = Object.keys(routes).join(', ');
  return {
    status: 405,
    headers: { Allow },
    body: '',
    reason: { en: `This path takes ${Allow}.`, zh: `该路径只接受 ${Allow}。` },
  };
}
