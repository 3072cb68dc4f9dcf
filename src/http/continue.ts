/**
 * RFC 9110, section 15.2: interim answers (1xx) may come before the answer although nobody asked for one, and a client
 * must be able to read past them. undici does, but for `100 Continue`: its `onHeadersComplete` (lib/dispatcher/client-h1.js,
 * 7.30.2) calls that a bad response and drops the socket, and with it an answer that was paid for. So undici gets a 103
 * instead, which it ignores. Once undici reads past a 100, this file can go.
 */
import type { Socket } from 'node:net';

/** How an interim answer begins, but for its last digit: no others are defined. HTTP/1.0 has none. */
const BEGINNING = Buffer.from('HTTP/1.1 10');
const [LINE_FEED, CARRIAGE_RETURN, ZERO, THREE] = Buffer.from('\n\r03');

/**
 * @param socket to a provider, on which one request follows the other and none is sent before the last was answered
 * @returns the same socket, whose answers never begin with a 100
 */
export function readPastContinue<Kind extends Socket>(socket: Kind): Kind {
  const { read, write } = socket;
  /** How many bytes of BEGINNING have been read, and one more in the rest of an interim answer; null in the answer. */
  let matched: number | null = null;
  let lineIsEmpty = false;

  const rewrite = (chunk: Buffer) => {
    for (let index = 0; index < chunk.length && matched !== null; index++) {
      const byte = chunk[index]!;
      if (matched < BEGINNING.length) matched = byte === BEGINNING[matched] ? matched + 1 : null;
      else if (matched === BEGINNING.length) {
        if (byte === ZERO) chunk[index] = THREE!;
        matched++;
        lineIsEmpty = false;
      } else if (byte === LINE_FEED) {
        // Another one may follow.
        if (lineIsEmpty) matched = 0;
        lineIsEmpty = true;
      } else if (byte !== CARRIAGE_RETURN) lineIsEmpty = false;
    }
  };

  return Object.assign(socket, {
    write(...given: Parameters<typeof write>) {
      matched = 0;
      return write.apply(socket, given);
    },
    read(size?: number) {
      const chunk: Buffer | null = read.call(socket, size);
      if (chunk !== null && matched !== null) rewrite(chunk);
      return chunk;
    },
  });
}
