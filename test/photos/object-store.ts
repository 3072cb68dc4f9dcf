/** A real S3 server, which checks signatures, behind a door at which a test can refuse, delay and watch. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { temporaryDirectory } from '../demo-process';
import { atEnd, type TlsIdentity } from '../http/server';

/** What the server itself knows. */
export const KEYS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };
export const BUCKET = 'photos';

interface S3rver {
  configureBuckets(): Promise<unknown>;
  callback(): (request: IncomingMessage, response: ServerResponse) => void;
  store: {
    listObjects(
      bucket: string,
      options: { maxKeys: number },
    ): Promise<{ objects: { key: string; size: number }[] }>;
  };
}

export interface ObjectStore {
  url: URL;
  /** `PUT /photos/…`, in order, with the path as it came. */
  requests: string[];
  /** Answers in place of the server, or lets a request in. */
  door: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Names of all that is in the bucket. */
  names(): Promise<string[]>;
  close(): Promise<void>;
}

/** @param identity for TLS; its host is `photos.s3.example.com`, as the server knows its buckets */
export async function startObjectStore(identity?: TlsIdentity): Promise<ObjectStore> {
  const S3rver = require('@20minutes/s3rver') as new (options: object) => S3rver;
  const server = new S3rver({
    silent: true,
    directory: temporaryDirectory(),
    serviceEndpoint: 'example.com',
    // It reads an address with the bucket before the host, but does not sign it as AWS does: ./verify-signature.
    allowMismatchedSignatures: identity !== undefined,
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  await server.configureBuckets();
  const serve = server.callback();
  const requests: string[] = [];
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    if (store.door(request, response)) serve(request, response);
  };
  const listening = identity ? createTlsServer(identity, listener) : createServer(listener);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  const store: ObjectStore = {
    url: new URL(`${identity ? 'https' : 'http'}://127.0.0.1:${port}`),
    requests,
    door: () => true,
    names: async () => {
      for (;;)
        try {
          const { objects } = await server.store.listObjects(BUCKET, { maxKeys: 10_000 });
          return objects.map(({ key }) => key);
        } catch (error) {
          // It stumbles over what is deleted while it lists.
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        }
    },
    close: () =>
      new Promise((resolve) => {
        listening.close(() => resolve());
        listening.closeAllConnections();
      }),
  };
  atEnd(store.close);
  return store;
}

/** As S3 says no. */
export function refuse(
  response: ServerResponse,
  status: number,
  code: string,
  headers: Record<string, string> = {},
  more = '',
): false {
  response.writeHead(status, { 'Content-Type': 'application/xml', ...headers });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message>${more}</Error>`,
  );
  return false;
}
