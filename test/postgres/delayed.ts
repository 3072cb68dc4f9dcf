/** A way to a server on which everything arrives late. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * @param port of the server
 * @param milliseconds that every answer takes longer
 */
export async function delayed(port: number, milliseconds: number) {
  const sockets = new Set<Socket>();
  let roundTrips = 0;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
    let isAnswered = true;
    near.on('data', (bytes) => {
      if (isAnswered) roundTrips++;
      isAnswered = false;
      far.write(bytes);
    });
    const answer = (bytes: Buffer) => {
      isAnswered = true;
      near.write(bytes);
    };
    far.on('data', (bytes) => void setTimeout(() => !near.destroyed && answer(bytes), milliseconds));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    /** @returns how often something was sent after an answer, since it was last called */
    roundTrips: () => {
      const since = roundTrips;
      roundTrips = 0;
      return since;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
