/** The scans of a JPG: ITU-T T.81, annex B. */

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** Bytes of compressed data without a marker, behind which the platform's own search is faster than a loop. */
const LONG = 32;

/**
 * In compressed data 0xFF begins a marker unless an escape (0) or a restart (D0 to D7) follows. A search that begins again
 * at each escape takes seconds over a file that is made of them.
 * @param bytes of a JPG
 * @param start of the compressed data
 * @returns where the next marker begins; the length of the file where there is none
 */
export function endOfScan(bytes: Buffer, start: number): number {
  let plain = 0;
  for (let at = start; at < bytes.length; at++) {
    if (bytes[at] !== 0xff) {
      if (++plain < LONG) continue;
      at = bytes.indexOf(0xff, at);
      if (at < 0) break;
    }
    plain = 0;
    const next = bytes[at + 1]!;
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
  }
  return bytes.length;
}

/**
 * @param bytes of a JPG
 * @param most to count
 * @returns how many scans its picture is made of, at most one more than `most`
 */
export function countScans(bytes: Buffer, most: number): number {
  let count = 0;
  let at = 2;
  while (at + 4 <= bytes.length && count <= most) {
    const marker = bytes[at + 1]!;
    if (marker === END_OF_IMAGE) break;
    // T.81, B.1.1.2: fill bytes before a marker.
    if (bytes[at] !== 0xff || marker === 0xff) at++;
    else {
      at += 2 + bytes.readUInt16BE(at + 2);
      if (marker === START_OF_SCAN) {
        count++;
        at = endOfScan(bytes, at);
      }
    }
  }
  return count;
}
