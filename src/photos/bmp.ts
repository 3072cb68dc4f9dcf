/**
 * The bitmaps of id card readers and Windows cameras, which sharp does not read: 24 bits a dot, not compressed.
 * Source: Windows GDI, BITMAPFILEHEADER and BITMAPINFOHEADER.
 */
const HEADERS_BYTES = 14 + 40;
const BITS = 24;
const CHANNELS = 3;
/** Each line is padded to that. */
const WORD_BYTES = 4;

/** Lines from above, dots from the left; blue, green, red. */
interface Dots {
  bytes: Buffer;
  width: number;
  height: number;
}

/**
 * @param bytes of a BMP
 * @returns its dots, or null where it is of another kind or not whole
 */
export function dotsOf(bytes: Buffer): Dots | null {
  if (bytes.length < HEADERS_BYTES) return null;
  const [start, width, lines] = [bytes.readUInt32LE(10), bytes.readInt32LE(18), bytes.readInt32LE(22)];
  const [bits, compression] = [bytes.readUInt16LE(28), bytes.readUInt32LE(30)];
  const height = Math.abs(lines);
  const [lineBytes, fileLineBytes] = [
    width * CHANNELS,
    Math.ceil((width * CHANNELS) / WORD_BYTES) * WORD_BYTES,
  ];
  const isWhole =
    width > 0 && height > 0 && start >= HEADERS_BYTES && start + fileLineBytes * height <= bytes.length;
  if (bits !== BITS || compression !== 0 || !isWhole) return null;
  const dots = Buffer.allocUnsafeSlow(lineBytes * height);
  for (let line = 0; line < height; line++) {
    // Usually the lowest line comes first.
    const from = start + fileLineBytes * (lines > 0 ? height - 1 - line : line);
    bytes.copy(dots, lineBytes * line, from, from + lineBytes);
  }
  return { bytes: dots, width, height };
}
