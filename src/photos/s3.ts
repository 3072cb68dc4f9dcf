/** An object store: photos are put under random names, and their addresses are signed for as long as they are kept. */
import { readFile } from 'node:fs/promises';
import type { Call, CallContext, Credentials, HttpRequest, Transport } from '../action';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { formatOf } from '../input/picture';
import { Holdings, type HoldingsOptions } from './holdings';
import { presign, type Signing, signHeaders } from './signature';
import { CONTENT_TYPES, type Held, type Put, type Store } from './store';
import { checkAnswer, checkPut, storeError } from './store-answer';

const EMPTY = Buffer.alloc(0);
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  ['JPG', '.jpg'],
  ['PNG', '.png'],
  ['BMP', '.bmp'],
]);

export interface S3Options {
  /** Where it is written down what the bucket holds. */
  folder: string;
  /** Milliseconds for which a photo is kept. */
  keepMs: number;
  told: HoldingsOptions['told'];
  firstPauseMs?: HoldingsOptions['firstPauseMs'];
  /** Address of the bucket; photos are put under it. */
  bucket: URL;
  /** The same bucket as providers reach it. */
  publicBucket: URL;
  /** Stands before every name. */
  prefix: string;
  region: string;
  /** Opens a way to a host; it is closed with the store. */
  connect(origin: URL): Transport;
}

/** What is written down of a photo: with it, and the keys, it is deleted. */
interface Whereabouts {
  url: string;
  region: string;
}

/**
 * @param options of one bucket
 * @returns the store
 */
export function openS3Store(options: S3Options): Store {
  return new S3Store(options);
}

/**
 * @param endpoint of the object store
 * @param bucket in it
 * @param style where the bucket's name stands: before the host, or first in the path
 * @returns the address of the bucket, with a slash at its end
 */
export function bucketAddress(endpoint: URL, bucket: string, style: 'virtual-host' | 'path'): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/`;
  if (style === 'virtual-host') url.host = `${bucket}.${url.host}`;
  else url.pathname += `${encode(bucket)}/`;
  return url;
}

class S3Store implements Store {
  readonly #options: S3Options;
  readonly #holdings: Holdings;
  /** By origin: what was put before the settings changed is elsewhere. */
  readonly #transports = new Map<string, Transport>();
  readonly #closing = new Cancel();

  constructor(options: S3Options) {
    this.#options = options;
    const { folder, keepMs, told, firstPauseMs } = options;
    const remove = (path: string) => this.#removeByFile(path);
    this.#holdings = new Holdings({
      folder,
      longestMs: keepMs,
      told,
      remove,
      ...(firstPauseMs ? { firstPauseMs } : {}),
    });
  }

  async put(bytes: Buffer, context: CallContext): Promise<Put> {
    const { bucket, publicBucket, prefix, region, keepMs } = this.#options;
    const format = formatOf(bytes) ?? '';
    const pathOf = (id: string) => encode(`${prefix}${id}${EXTENSIONS.get(format) ?? ''}`);
    const whereabouts = (id: string): Whereabouts => ({ url: new URL(pathOf(id), bucket).href, region });
    const id = await this.#holdings.enter(
      (name) => Buffer.from(JSON.stringify(whereabouts(name))),
      bytes.length,
      keepMs,
    );
    const url = new URL(pathOf(id), bucket);
    const headers = { 'content-type': CONTENT_TYPES.get(format) ?? 'application/octet-stream' };
    let signing: Signing | undefined;
    const build = (now: number, credentials: Credentials) => {
      signing = { credentials, region, now };
      return signed('PUT', url, headers, bytes, signing);
    };
    try {
      await this.#send(url, { build, read: checkPut, claim: null, repeat: true }, context);
    } catch (reason) {
      if (wasNotPut(reason)) this.#holdings.forget(id);
      else this.#holdings.discard(id, true);
      throw storeError(reason);
    }
    // By the store's own clock, as the put was: the address is valid from now on.
    const address = await presign(new URL(pathOf(id), publicBucket), Math.floor(keepMs / 1000), signing!);
    return {
      url: address,
      discard: () => this.#holdings.discard(id, false),
      remove: async (watching) => {
        await this.#delete({ url: url.href, region }, watching);
        this.#holdings.forget(id);
      },
    };
  }

  held(): Promise<Held> {
    return this.#holdings.held();
  }

  close(): void {
    this.#holdings.close();
    this.#closing.cancel();
    for (const transport of this.#transports.values()) transport.close().catch(() => {});
  }

  async #removeByFile(path: string): Promise<void> {
    const text = await readFile(path, 'utf8').catch((reason: NodeJS.ErrnoException) => {
      if (reason.code === 'ENOENT') return null;
      throw reason;
    });
    // A store before this one was still at it, and has deleted it.
    if (text !== null) await this.#delete(JSON.parse(text), this.#ownContext());
  }

  async #delete({ url: href, region }: Whereabouts, context: CallContext): Promise<void> {
    const url = new URL(href);
    const build = (now: number, credentials: Credentials) =>
      signed('DELETE', url, {}, EMPTY, { credentials, region, now });
    await this.#send(url, { build, read: checkAnswer, claim: null, once: true }, context).catch((reason) => {
      // What is not there is deleted, and so is what was in a bucket that is not there.
      if (!(reason instanceof VerifyError) || reason.details.httpStatus !== 404) throw storeError(reason);
    });
  }

  #send({ origin }: URL, call: Call<void>, context: CallContext): Promise<void> {
    const transport = this.#transports.get(origin) ?? this.#options.connect(new URL(origin));
    this.#transports.set(origin, transport);
    const { closing, signal } = context;
    const wait = (milliseconds: number) => context.wait(milliseconds);
    // What is sent to a store is not counted: the provider gets none of it.
    return transport.send(call, { ...WORLD, closing, signal, wait });
  }

  /** Of what is deleted because it is due. */
  #ownContext(): CallContext {
    return { ...WORLD, closing: this.#closing, signal: this.#closing, wait: async () => {} };
  }
}

const WORLD = { now: Date.now, random: Math.random, attempted: () => {} };

/** The store never got it, or said that it did not take it. */
function wasNotPut(reason: unknown): boolean {
  if (!(reason instanceof VerifyError)) return false;
  const { charged, httpStatus } = reason.details;
  return charged === false || (httpStatus != null && httpStatus >= 400 && httpStatus < 500);
}

async function signed(
  method: 'PUT' | 'DELETE',
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
  signing: Signing,
): Promise<HttpRequest> {
  const path = url.pathname;
  return { method, path, headers: await signHeaders(method, url, headers, signing), body };
}

/** As signature 4 wants it: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, "UriEncode". */
function encode(path: string): string {
  const escaped = encodeURIComponent(path).replaceAll('%2F', '/');
  return escaped.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
