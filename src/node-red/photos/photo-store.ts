/**
 * Where photos in hand are put: docs/contract.md, "Photos in hand". What is wrong with the settings of a store is found
 * when it is first used.
 */

import { VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import type { Credentials, SettingDefinitions, Settings } from '../../contract/settings';
import type { Transport } from '../../contract/transport';
import { createTransport } from '../../http/send';
import { isWrappedCredential } from '../../input/credential';
import { checkSharp, fit, type MetadataOfFitting } from '../../photos/fit';
import { openLocalStore } from '../../photos/local';
import { fitSettings } from '../../photos/photo-to-fit';
import { checkEndpoint, checkPublicUrl, isOutOfReach } from '../../photos/public-address';
import { bucketAddress, S3Store } from '../../photos/s3';
import type { Store } from '../../photos/store';
import { proxyOf, tlsOptions } from '../runner/connection';
import { databaseOf } from '../runner/database-of';
import type { Node, NodeConfig, Red } from '../runner/red';
import { readSettings, requireVariable, takeCredentials } from '../runner/settings';
import { LONGEST_KEEP_HOURS, localPhotos } from './photo-folder';
import type { PhotoStoreNode } from './photo-store-of';
import { photoStoreTest } from './photo-store-test';

const CREDENTIALS = ['accessKeyId', 'secretAccessKey'] as const;

/** The form is built from it, too. */
export const SETTINGS = {
  kind: { type: 'string', default: 's3', choices: ['s3', 'local'] },
  endpoint: { type: 'string', default: '' },
  region: { type: 'string', default: '' },
  bucket: { type: 'string', default: '' },
  prefix: { type: 'string', default: '' },
  style: { type: 'string', default: 'virtual-host', choices: ['virtual-host', 'path', 'domain'] },
  publicUrl: { type: 'string', default: '' },
  /** Of `publicUrl`: an internal endpoint and a public domain of the same bucket are written in two ways. */
  publicStyle: { type: 'string', default: 'same', choices: ['same', 'virtual-host', 'path', 'domain'] },
  allowHttp: { type: 'boolean', default: false },
  keep: { type: 'number', default: 24, min: 0.05, max: LONGEST_KEEP_HOURS },
  maxMB: { type: 'number', default: 1024, min: 1 },
  // No bound by itself: xhey has to read the watermark.
  ...fitSettings(0),
  metadata: { type: 'string', default: 'keep', choices: ['keep', 'remove'] },
  timeout: { type: 'number', default: 30, min: 0.05, max: 3600 },
} as const satisfies SettingDefinitions;

/** The default of MinIO, and of the signature. */
const USUAL_REGION = 'us-east-1';
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, and older buckets. */
const BUCKET = /^[A-Za-z\d][A-Za-z\d._-]{1,62}$/;
const LONGEST_PREFIX = 256;
const HOUR_MS = 3_600_000;
const MB = 1024 ** 2;
/** What an object store hands out; a line break or an unseen character came by pasting. */
const PLAIN_KEY = /^[\x21-\x7e]+$/;
/** In flight, over all nodes: as many photos as messages of two batches have. */
const MAX_CONCURRENT = 8;

type StoreSettings = Settings<typeof SETTINGS>;

/**
 * Makes a node hold a photo store.
 * @param red Node-RED
 * @param created the node
 * @param config as it was deployed
 */
export function createPhotoStore(red: Red, created: Node, config: NodeConfig): void {
  const node = created as PhotoStoreNode;
  const { accessKeyId = '', secretAccessKey = '' } = takeCredentials(node);
  const keys = { accessKeyId, secretAccessKey };
  let store: Store | undefined;
  const prepared = () => prepare(red, node, config, keys);
  const opened = () => {
    store ??= prepared().open();
    return store;
  };
  node.fits = config.fit === true || config.fit === 'true';
  node.kind = config.kind === 'local' ? 'local' : 's3';
  node.check = (environment) => prepared().checkReach(environment);
  node.open = (environment) => {
    const { maxPhotoKB, metadata, checkReach } = prepared();
    checkReach(environment);
    const found = opened();
    if (!node.fits) return found;
    return {
      put: async (bytes, context) =>
        found.put(await fit(bytes, maxPhotoKB, context.closing, metadata), context),
    };
  };
  node.total = async () => {
    const { oldest, ...total } = await opened().total();
    return { ...total, oldest: oldest === null ? null : new Date(oldest).toISOString() };
  };
  node.test = photoStoreTest(red, node, opened, (url) => connect(red, node, config, url, keys));
  node.on('close', (_removed, done) => {
    node.test.close();
    store?.close();
    done();
  });
  // Expired photos are deleted even if no other photo comes.
  try {
    opened();
  } catch {}
}

interface Prepared {
  /** 0: no bound. */
  maxPhotoKB: number;
  metadata: MetadataOfFitting;
  open(): Store;
  checkReach(environment: Environment): void;
}

/**
 * Checks everything there is to check without a connection.
 * @returns opens the store
 */
function prepare(red: Red, node: PhotoStoreNode, config: NodeConfig, keys: Credentials): Prepared {
  const settings = readSettings(SETTINGS, config);
  if (settings.fit) checkSharp();
  if (!red.settings.userDir) throw notSetUp('store-no-folder');
  const { maxPhotoKB, metadata } = settings;
  const { address, open } =
    settings.kind === 'local'
      ? prepareLocal(red, node, settings)
      : prepareS3(red, node, config, settings, keys);
  return {
    maxPhotoKB,
    metadata,
    open,
    checkReach(environment) {
      // The sandbox's account is given what only this machine reaches.
      if (environment !== 'sandbox' && isOutOfReach(address)) throw notSetUp('store-out-of-reach');
    },
  };
}

/** Where providers reach its photos, and how it is opened. */
interface Place {
  address: URL;
  open(): Store;
}

function prepareLocal(red: Red, { id }: PhotoStoreNode, settings: StoreSettings): Place {
  const { publicUrl, allowHttp, keep, maxMB } = settings;
  const { httpNodeRoot, httpNodeAuth } = red.settings;
  if (httpNodeRoot === false) throw notSetUp('store-not-served');
  // Node-RED asks for a password at every address under httpNodeRoot: photos would be paid for, but no provider could fetch them.
  if (httpNodeAuth) throw notSetUp('store-asks-password');
  // The sandbox of this process is the one provider that can fetch from here without a public address.
  const { https, uiPort } = red.settings;
  const own = `${https ? 'https' : 'http'}://127.0.0.1:${uiPort}${httpNodeRoot ?? '/'}`;
  const address = checkPublicUrl(publicUrl || own, allowHttp);
  const options = { node: id, publicUrl: address, keepMs: keep * HOUR_MS, maxBytes: maxMB * MB };
  return { address, open: () => openLocalStore(localPhotos(red), options) };
}

function prepareS3(
  red: Red,
  node: PhotoStoreNode,
  config: NodeConfig,
  settings: StoreSettings,
  keys: Credentials,
): Place {
  const { endpoint, bucket, style, publicUrl, prefix, region, keep } = settings;
  const publicStyle = settings.publicStyle === 'same' ? style : settings.publicStyle;
  const address = checkEndpoint(endpoint);
  const publicAddress = publicUrl === '' ? null : checkPublicUrl(publicUrl, settings.allowHttp);
  const isNamed = style !== 'domain' || (publicAddress !== null && publicStyle !== 'domain');
  if (isNamed && !BUCKET.test(bucket)) throw notSetUp('store-bucket-name');
  if (prefix.length > LONGEST_PREFIX || /^\/|\/\/|(?:^|\/)\.{1,2}(?:\/|$)|\p{Cc}/u.test(prefix))
    throw notSetUp('store-prefix');
  for (const name of CREDENTIALS) checkKey(name, keys[name]);
  const inside = bucketAddress(address, bucket, style);
  const outside = publicAddress ? bucketAddress(publicAddress, bucket, publicStyle) : inside;
  tlsOptions(red, config.tls);
  proxyOf(red, config.proxy, address);
  return {
    address: outside,
    open: () =>
      new S3Store({
        database: databaseOf(red),
        node: node.id,
        keepMs: keep * HOUR_MS,
        bucket: inside,
        publicBucket: outside,
        prefix,
        region: region || USUAL_REGION,
        connect: (origin) => connect(red, node, config, origin, keys),
        notify: (notice, values) => node.warn(red._(`warnings.store.${notice}`, values)),
      }),
  };
}

function checkKey(name: string, key = ''): void {
  requireVariable(key);
  if (key === '') throw notSetUp('store-keys-missing');
  if (!PLAIN_KEY.test(key) || isWrappedCredential(key))
    throw new VerifyError('CONFIG', 'store-key-characters', { name }, { charged: false });
}

function notSetUp(problem: string): VerifyError {
  return new VerifyError('CONFIG', problem, {}, { charged: false });
}

function connect(red: Red, node: Node, config: NodeConfig, address: URL, keys: Credentials): Transport {
  const { timeout } = readSettings(SETTINGS, config);
  return createTransport({
    baseUrl: address,
    timeout: timeout * 1000,
    keepAlive: true,
    pairs: [keys],
    circuit: true,
    maxConcurrent: MAX_CONCURRENT,
    maxPerSecond: 0,
    maxWaiting: Number.MAX_SAFE_INTEGER,
    tls: tlsOptions(red, config.tls),
    proxy: proxyOf(red, config.proxy, address),
    onRotated: () => {},
    onCircuit: (open) => node.warn(red._(open ? 'warnings.store-down' : 'warnings.store-back')),
  });
}
