/** A real HTTP server that answers as a test tells it, and counts. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export type Script = (asked: Asked, response: ServerResponse, count: number) => void;

export interface ScriptedServer {
  baseUrl: string;
  asked: Asked[];
  /** The most that were open at the same time. */
  mostSockets: number;
  mostRequests: number;
  script: Script;
  close(): Promise<void>;
}

const servers: Server[] = [];

export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  let sockets = 0;
  let requests = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    requests++;
    scripted.mostRequests = Math.max(scripted.mostRequests, requests);
    response.on('close', () => requests--);
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const asked = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      };
      scripted.asked.push(asked);
      scripted.script(asked, response, scripted.asked.length);
    });
  });
  server.on('connection', (socket) => {
    sockets++;
    scripted.mostSockets = Math.max(scripted.mostSockets, sockets);
    socket.on('close', () => sockets--);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const scripted: ScriptedServer = {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    mostSockets: 0,
    mostRequests: 0,
    script,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  servers.push(server);
  return scripted;
}

/** Ends what a failed test left open. */
export function closeServers(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

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
