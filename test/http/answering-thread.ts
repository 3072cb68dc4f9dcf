/**
 * A server in a thread of its own, which goes on while the thread of the test stands still. It answers each request with
 * as many bytes of JSON as its path says, or not at all where that is 0.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** How many requests have come, and how many answers have left. */
const counts = new Int32Array(workerData as SharedArrayBuffer);
const [RECEIVED, ANSWERED] = [0, 1];

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    Atomics.add(counts, RECEIVED!, 1);
    Atomics.notify(counts, RECEIVED!);
    const size = Number(request.url!.slice(1));
    // Once the test stands still.
    if (size > 0) setTimeout(() => response.end(JSON.stringify({ text: 'x'.repeat(size) })), 100);
    response.on('finish', () => {
      Atomics.add(counts, ANSWERED!, 1);
      Atomics.notify(counts, ANSWERED!);
    });
  });
});
server.listen(0, '127.0.0.1', () => parentPort!.postMessage((server.address() as AddressInfo).port));
