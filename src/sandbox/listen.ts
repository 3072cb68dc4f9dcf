import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What `localhost` may mean. */
const LOOPBACKS = ['127.0.0.1', '::1'];
/** A machine without IPv6. */
const NOT_HERE = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];
/** A port that is free on one address may be taken on the other. */
const MOST_TRIES = 10;

interface Listening {
  port: number;
  /** Lets a process end although it listens. */
  unref(): void;
  /** Breaks off what is under way. */
  close(): Promise<void>;
}

/**
 * @param host an address or a name; null for all that `localhost` may mean
 * @param port 0 for any that is free
 * @param answer gets each request
 * @throws Error of node:net where the port is taken or the host is not this machine
 */
export async function listen(host: string | null, port: number, answer: RequestListener): Promise<Listening> {
  const servers: Server[] = [];
  const close = async () => {
    await Promise.all(
      servers.splice(0).map((server) => {
        server.closeAllConnections();
        return new Promise((resolve) => server.close(resolve));
      }),
    );
  };
  for (let tries = 1; ; tries++) {
    try {
      for (const address of host === null ? LOOPBACKS : [host]) {
        const server = await open(address, boundTo(servers) ?? port, answer);
        if (server) servers.push(server);
      }
      break;
    } catch (error) {
      await close();
      if (port !== 0 || tries === MOST_TRIES) throw error;
    }
  }
  return {
    port: boundTo(servers)!,
    unref: () => {
      for (const server of servers) server.unref();
    },
    close,
  };
}

function boundTo([first]: readonly Server[]): number | undefined {
  return (first?.address() as AddressInfo | undefined)?.port;
}

/** @returns null where this machine has no such loopback */
function open(host: string, port: number, answer: RequestListener): Promise<Server | null> {
  const server = createServer(answer);
  return new Promise((resolve, reject) => {
    server
      .once('error', (error: NodeJS.ErrnoException) => {
        if (host === LOOPBACKS[1] && NOT_HERE.includes(error.code ?? '')) resolve(null);
        else reject(error);
      })
      .listen(port, host, () => resolve(server));
  });
}
