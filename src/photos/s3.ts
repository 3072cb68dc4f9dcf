/** An object store: photos are put under random names, and their addresses are signed for as long as they are kept. */
import { isIP } from 'node:net';
import { VerifyError } from '../contract/errors';
import type { Credentials } from '../contract/settings';
import type { Call, CallContext, HttpRequest, Transport } from '../contract/transport';
import { presign, type Signing, signHeaders } from './signature';
import { fileTypeOf, type RemovablePhoto, type Store } from './store';
import { checkAnswer, checkPut, storeError } from './store-answer';
import { StoredPhotos, type StoredPhotosOptions } from './stored-photos';
import type { DuePhoto, StoredTotal } from './stored-photos-sql';

const EMPTY = Buffer.alloc(0);
export interface S3Options extends Omit<StoredPhotosOptions, 'scope' | 'remove'> {
  /** The store's node. */
  node: string;
  /** Milliseconds for which a photo is kept. */
  keepMs: number;
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

/** Where the name of the bucket stands: before the host, first in the path, or nowhere, because the host is the bucket. */
export type Style = 'virtual-host' | 'path' | 'domain';

/**
 * @param endpoint of the object store
 * @param bucket in it; not used where the host is the bucket
 * @param style of its addresses. Where no name can stand before the host, an IP address or a name without a dot, the
 *   bucket stands in the path instead
 * @returns the address of the bucket, with a slash at its end
 */
export function bucketAddress(endpoint: URL, bucket: string, style: Style): URL {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/`;
  if (style === 'domain') return url;
  if (style === 'virtual-host' && takesSubdomains(url)) url.host = `${bucket}.${url.host}`;
  else url.pathname += `${encode(bucket)}/`;
  return url;
}

function takesSubdomains({ hostname }: URL): boolean {
  return hostname.includes('.') && !isIP(hostname);
}

/** Photos in one bucket. */
export class S3Store implements Store {
  readonly #options: S3Options;
  readonly #photos: StoredPhotos;
  /** By origin: what was put before the settings changed is elsewhere. */
  readonly #transports = new Map<string, Transport>();
  readonly #closing = new AbortController();

  constructor(options: S3Options) {
    this.#options = options;
    const remove = (photo: DuePhoto) => this.#delete(photo, this.#ownContext());
    this.#photos = new StoredPhotos({ ...options, scope: options.node, remove });
  }

  async put(bytes: Buffer, context: CallContext): Promise<RemovablePhoto> {
    const { node, bucket, publicBucket, prefix, region, keepMs } = this.#options;
    const { contentType, extension } = fileTypeOf(bytes);
    const pathOf = (name: string) => encode(`${prefix}${name}${extension}`);
    const urlOf = (name: string) => new URL(pathOf(name), bucket);
    const id = await this.#photos.enter((name) => ({
      node,
      url: urlOf(name).href,
      region,
      contentType,
      bytes: bytes.length,
      keepMs,
      maxBytes: null,
    }));
    const url = urlOf(id);
    let signing: Signing | undefined;
    const build = (now: number, credentials: Credentials) => {
      signing = { credentials, region, now };
      return signed('PUT', url, { 'content-type': contentType }, bytes, signing);
    };
    try {
      await this.#send(url, { build, read: checkPut, claim: null, repeat: true }, context);
    } catch (reason) {
      if (wasNotPut(reason)) this.#photos.forget(id);
      else this.#photos.discard(id, true);
      throw storeError(reason);
    }
    // By the store's own clock, as the put was: the address is valid from now on.
    const address = await presign(new URL(pathOf(id), publicBucket), Math.floor(keepMs / 1000), signing!);
    return {
      url: address,
      discard: () => this.#photos.discard(id, false),
      remove: async (watching) => {
        await this.#delete({ url: url.href, region }, watching);
        this.#photos.forget(id);
      },
    };
  }

  total(): Promise<StoredTotal> {
    return this.#photos.total(this.#options.node);
  }

  close(): void {
    this.#photos.close();
    this.#closing.abort();
    for (const transport of this.#transports.values()) transport.close().catch(() => {});
  }

  /** What the database keeps of an object, and the keys, are enough to delete it. */
  async #delete(
    { url: href, region }: Pick<DuePhoto, 'url' | 'region'>,
    context: CallContext,
  ): Promise<void> {
    const url = new URL(href!);
    const build = (now: number, credentials: Credentials) =>
      signed('DELETE', url, {}, EMPTY, { credentials, region: region!, now });
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
    return { ...WORLD, closing: this.#closing.signal, signal: this.#closing.signal, wait: async () => {} };
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
