/** Real servers that answer as the test of a flow scripts them, and what xhey answers. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { closeAll, startServer } from '../http/server';

export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Script = (request: ReceivedRequest, response: ServerResponse, count: number) => void;

export interface ScriptedServer {
  baseUrl: string;
  requests: ReceivedRequest[];
  /** The most that were open at the same time. */
  readonly mostSockets: number;
  readonly mostRequests: number;
  script: Script;
  close(): Promise<void>;
}

/**
 * @param script writes the answers; a test may replace it
 * @param scripted an earlier server object, which the new server uses: a test that holds it then speaks to the new one
 */
export async function scriptedServer(
  script: Script,
  scripted = {} as ScriptedServer,
): Promise<ScriptedServer> {
  const server = await startServer(({ method, url, headers, body }, response) => {
    const request = { method, url, headers, body: body.toString() };
    scripted.requests.push(request);
    // `requests` has it, and a test may clear that: do not keep a second list.
    server.received.length = 0;
    scripted.script(request, response, scripted.requests.length);
  });
  return Object.defineProperties(
    Object.assign(scripted, { baseUrl: server.url.origin, requests: [], script, close: server.close }),
    {
      mostSockets: { get: () => server.mostSockets, configurable: true },
      mostRequests: { get: () => server.mostAtOnce, configurable: true },
    },
  );
}

/** Ends what a failed test left open. */
export const closeServers = closeAll;

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
}

let created = 0;

/** xhey's answer to create, in the documented shape. */
export function taskCreated(response: ServerResponse): void {
  json(response, {
    code: 200,
    msg: 'success',
    data: [{ taskID: String(9_000_000_000_000_000_000n + BigInt(created++)) }],
  });
}

/** xhey's answer to query, in the documented shape. */
export function taskFinished(response: ServerResponse, list: unknown[] = []): void {
  json(response, { code: 200, msg: 'success', taskStatus: 5, list });
}
