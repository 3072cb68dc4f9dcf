/** A photo made so that a provider takes it: docs/contract.md, "Photos in hand", `fit`. */
import type { Matrix3x3, Metadata, Sharp, SharpOptions } from 'sharp';
import { VerifyError } from '../contract/errors';
import { formatOf, isSendable, isWholePicture } from '../input/picture';
import { dotsOf } from './bmp';
import { acquireSlot } from './fit-slot';
import { countScans } from './jpg-scans';
import { hasNoMetadata } from './metadata';

/** Those among the formats we know whose readers sharp may have. Without SVG and PDF, which are programs. */
const READABLE: ReadonlySet<string> = new Set('JPG PNG BMP WebP AVIF HEIC TIFF GIF'.split(' '));

/**
 * What sharp itself has to say of the bytes before they are decoded: a text that has the beginning of a photo in a comment
 * is an SVG to it. AVIF and HEIC are HEIF; a BMP comes to it as raw dots.
 */
const DECODED: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'heif', 'tiff', 'gif', 'raw']);

/** Phones have up to 108 million. */
const MOST_PIXELS = 120_000_000;
/** Some decoders have all of a photo in memory: with transparency or 16 bits a colour it may have fewer pixels. */
const MOST_DECODED_BYTES = 3 * MOST_PIXELS;
const DEPTH_BYTES: Readonly<Record<string, number>> = { uchar: 1, char: 1, ushort: 2, short: 2 };
const DEEPEST_BYTES = 8;
/** ITU-T T.81, and what its usual library takes. */
const MOST_SIDE = 65_500;
/**
 * Programs make about ten. Each costs a decoder a way through the whole picture, within which sharp's time limit does not
 * end it.
 */
const MOST_SCANS = 100;
/** For all attempts at a photo. */
const LONGEST_MS = 60_000;

const BYTES_PER_KB = 1024;
const BEST_QUALITY = 90;
/** Qualities, and how large a photo of a camera is with them beside the best. */
const QUALITIES: readonly (readonly [quality: number, size: number])[] = [
  [85, 0.75],
  [80, 0.62],
  [75, 0.54],
  [70, 0.48],
  [65, 0.44],
];
const [LEAST_QUALITY, LEAST_SIZE] = QUALITIES.at(-1)!;
/** No photo of a camera has fewer bytes a pixel in an acceptable quality: larger ones are made smaller straight away. */
const MOST_PIXELS_PER_BYTE = 16;
/** The part of the limit that is aimed at, because sizes are guessed. */
const AIM = 0.93;
/** A smaller picture needs more bytes for each pixel. */
const GROWTH = 0.85;
/** The largest part of the pixels that one more round leaves. */
const MOST_LEFT = 0.8;

/** What decoders complain of in photos of well-known phones, and read all the same. */
const HARMLESS = /Invalid SOS parameters|extraneous bytes before marker/;

/** The message of sharp once its time is over. */
const TIME_IS_OVER = /^timeout:/;

/** Begins to read the photo. */
type Read = (options: SharpOptions) => Sharp;

const BLUE_FIRST: Matrix3x3 = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
];

interface Attempt {
  quality: number;
  /** Part of the pixels. */
  area: number;
}

/** What becomes of the metadata of a photo that fits already: it stays as it came, or is made into a JPG without them. */
export type MetadataOfFitting = 'keep' | 'remove';

/**
 * Turns a photo upright, removes all metadata, puts what is transparent onto white, makes a JPG of it and shrinks that, by
 * its quality first and then by its size. What is already an upright JPG, PNG or BMP and small enough, stays as it is: with
 * `remove` only if there is nothing else in it. So a photo that was fitted once is not made worse by the next time.
 * @param photo bytes of a JPG, PNG, WebP, AVIF, TIFF or GIF (its first picture), HEIC where sharp was built with it; BMP of 24
 *   bits, or one that stays as it is. They are not changed
 * @param maxPhotoKB KiB that the photo may have, 1 or more; 0: no bound
 * @param closing ends the waiting for others' photos
 * @param metadata of a photo that fits already
 * @param longestMs milliseconds for all attempts
 * @returns the same Buffer, or a new one
 * @throws VerifyError INPUT where it is no such photo, damaged, has too many pixels or takes too long; CONFIG where sharp is not installed;
 *   CANCELLED
 */
export async function fit(
  photo: Buffer,
  maxPhotoKB: number,
  closing?: AbortSignal,
  metadata: MetadataOfFitting = 'remove',
  longestMs = LONGEST_MS,
): Promise<Buffer> {
  const format = formatOf(photo);
  if (photo.length === 0) throw new VerifyError('INPUT', 'photo-missing', { field: 'photo' });
  if (format === null) throw new VerifyError('INPUT', 'fit-format-unknown');
  const maxBytes = maxPhotoKB === 0 ? Number.POSITIVE_INFINITY : maxPhotoKB * BYTES_PER_KB;
  const mayStay = metadata === 'keep' ? isWholePicture : hasNoMetadata;
  if (format === 'BMP' && mayStay(photo) && photo.length <= maxBytes) return photo;
  if (!READABLE.has(format)) throw new VerifyError('INPUT', 'fit-format', { format });
  const sharp = await loadSharp();
  const release = await acquireSlot(closing);
  try {
    return await shrink(readerOf(sharp, photo, format), photo, format, maxBytes, mayStay, longestMs);
  } finally {
    release();
  }
}

function readerOf(sharp: MakeSharp, photo: Buffer, format: string): Read {
  if (format !== 'BMP') return (options) => sharp(photo, options);
  const dots = dotsOf(photo);
  if (!dots) throw new VerifyError('INPUT', 'fit-format', { format });
  const { bytes, width, height } = dots;
  return (options) => sharp(bytes, { ...options, raw: { width, height, channels: 3 } }).recomb(BLUE_FIRST);
}

async function shrink(
  read: Read,
  photo: Buffer,
  format: string,
  maxBytes: number,
  mayStay: (photo: Buffer) => boolean,
  longestMs: number,
): Promise<Buffer> {
  // The number of pixels is ours to judge: only the words of sharp's own error tell its limit from damage.
  const found = await read({ limitInputPixels: false })
    .metadata()
    .catch(() => {
      throw unreadable(format);
    });
  if (!DECODED.has(found.format)) {
    const named = found.format.toUpperCase();
    throw new VerifyError('INPUT', 'fit-format', { format: named });
  }
  const pixels = found.width * found.height;
  const pixelBytes = found.channels * (DEPTH_BYTES[found.depth] ?? DEEPEST_BYTES);
  const most = Math.min(MOST_PIXELS, MOST_DECODED_BYTES / pixelBytes);
  if (pixels > most)
    throw new VerifyError('INPUT', 'photo-bomb', {
      megapixels: Math.round(pixels / 1e6),
      most: Math.floor(most / 1e6),
    });
  if (photo.length <= maxBytes && isPlain(found) && isSendable(format) && mayStay(photo)) return photo;
  if (format === 'JPG' && countScans(photo, MOST_SCANS) > MOST_SCANS) throw tooSlow();

  const mostArea = (MOST_SIDE / Math.max(found.width, found.height)) ** 2;
  const area = Math.min(1, mostArea, (maxBytes * MOST_PIXELS_PER_BYTE) / pixels);
  let attempt: Attempt = { quality: BEST_QUALITY, area };
  const until = performance.now() + longestMs;
  for (;;) {
    const fitted = await encode(read, found, attempt, format, until);
    if (fitted.length <= maxBytes) return fitted;
    if (performance.now() > until) throw tooSlow();
    attempt = nextAttempt(attempt, fitted.length / maxBytes);
  }
}

/** What providers read, and nothing that would have to be turned or put onto white. */
function isPlain({ orientation = 1, space, depth, hasAlpha }: Metadata): boolean {
  return orientation === 1 && (space === 'srgb' || space === 'b-w') && depth === 'uchar' && !hasAlpha;
}

/** @param excess how many times too large what was made is */
function nextAttempt({ quality, area }: Attempt, excess: number): Attempt {
  if (quality === BEST_QUALITY) {
    const enough = QUALITIES.find(([, size]) => size * excess <= AIM);
    if (enough) return { quality: enough[0], area };
  }
  const smaller = quality === BEST_QUALITY ? excess * LEAST_SIZE : excess;
  const least = quality === BEST_QUALITY ? LEAST_QUALITY : quality;
  return { quality: least, area: area * Math.min(MOST_LEFT, (AIM / smaller) ** (1 / GROWTH)) };
}

async function encode(
  read: Read,
  { width, height, orientation = 1 }: Metadata,
  { quality, area }: Attempt,
  format: string,
  until: number,
): Promise<Buffer> {
  const scale = Math.sqrt(area);
  // EXIF, Orientation: from 5 on, width and height change places.
  const [across, down] = orientation >= 5 ? [height, width] : [width, height];
  const encoded = (failOn: 'warning' | 'error') => {
    const upright = read({ limitInputPixels: MOST_PIXELS, failOn }).rotate();
    const sized =
      area < 1
        ? upright.resize(Math.max(1, Math.round(across * scale)), Math.max(1, Math.round(down * scale)), {
            fit: 'fill',
          })
        : upright;
    return sized
      .flatten({ background: '#fff' })
      .jpeg({ quality })
      .timeout({ seconds: Math.max(1, Math.ceil((until - performance.now()) / 1000)) })
      .toBuffer();
  };
  try {
    return await encoded('warning').catch((error: Error) => {
      if (HARMLESS.test(error.message)) return encoded('error');
      throw error;
    });
  } catch (error) {
    throw TIME_IS_OVER.test((error as Error).message) ? tooSlow() : unreadable(format);
  }
}

function tooSlow(): VerifyError {
  return new VerifyError('INPUT', 'photo-too-slow');
}

/** HEIC is most often what sharp was built without. */
function unreadable(format: string): VerifyError {
  return new VerifyError('INPUT', format === 'HEIC' ? 'fit-heic' : 'photo-damaged', { format });
}

/**
 * Says when a node is deployed what would else be said with its first photo.
 * @throws VerifyError CONFIG where sharp is not installed
 */
export function checkSharp(): void {
  try {
    require.resolve('sharp');
  } catch {
    throw new VerifyError('CONFIG', 'sharp-missing');
  }
}

type MakeSharp = (bytes: Buffer, options: SharpOptions) => Sharp;

let loading: Promise<MakeSharp> | undefined;

/** At first use: it is an optional peer, and takes a while. */
function loadSharp(): Promise<MakeSharp> {
  loading ??= import('sharp').then(
    ({ default: sharp }) => {
      // What it keeps to be faster the next time are the dots of people's photos.
      sharp.cache(false);
      return sharp;
    },
    () => {
      loading = undefined;
      throw new VerifyError('CONFIG', 'sharp-missing');
    },
  );
  return loading;
}
