/** Photos as a provider would download them: docs/providers/xhey.md, "Each URL must be downloadable by a plain GET without authentication". */
import { get as getOverHttp, type IncomingMessage } from 'node:http';
import { get as getOverHttps } from 'node:https';

const LONGEST_MS = 8_000;
const LARGEST_BYTES = 20 * 1024 * 1024;
const MOST_REDIRECTS = 3;
/** Over all tasks: each is held in memory until it has been looked at. */
const MOST_AT_A_TIME = 8;

const GET: Readonly<Record<string, typeof getOverHttps>> = { 'http:': getOverHttp, 'https:': getOverHttps };

const turns: (() => void)[] = [];
let free = MOST_AT_A_TIME;

/**
 * Downloads from an address, which may be on this machine.
 * @param url `http:` or `https:`; a certificate is verified
 * @param look sees the bytes; null where there are none in 8 s, after three redirects, up to 20 MiB
 */
export async function fetchPhoto<Seen>(url: string, look: (bytes: Buffer | null) => Seen): Promise<Seen> {
  if (free === 0) await new Promise<void>((resolve) => turns.push(resolve));
  else free--;
  try {
    return look(await download(url).catch(() => null));
  } finally {
    const next = turns.shift();
    if (next) next();
    else free++;
  }
}

async function download(url: string): Promise<Buffer | null> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  let address = new URL(url);
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    const response = await open(address, signal);
    const { statusCode = 0, headers } = response;
    if (statusCode >= 200 && statusCode < 300) return readAll(response);
    response.destroy();
    if (statusCode < 300 || statusCode >= 400 || !headers.location) return null;
    address = new URL(headers.location, address);
  }
  return null;
}

function open(address: URL, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = GET[address.protocol];
    if (!get) throw new Error('neither http nor https');
    // A socket is closed with its photo, and certificates are verified even where NODE_TLS_REJECT_UNAUTHORIZED is 0.
    get(address, { agent: false, signal, rejectUnauthorized: true }, resolve).on('error', reject);
  });
}

async function readAll(response: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += chunk.length;
    if (size > LARGEST_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
