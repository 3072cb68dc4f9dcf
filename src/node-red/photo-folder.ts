/** The folder of photos, and of what object stores hold: one a user directory, whatever stores are deployed. */
import { join } from 'node:path';
import { VerifyError } from '../errors';
import { countIn, type Holdings } from '../photos/holdings';
import { findPhoto, openLocalFolder } from '../photos/local';
import type { Held } from '../photos/store';
import type { PhotoStoreNode } from './photo-store-of';
import type { Red } from './red';

const HOUR_MS = 3_600_000;
/** Of a presigned address: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, `X-Amz-Expires`. */
export const LONGEST_KEEP_HOURS = 168;
/** Of an object store's node, before its id. */
const OF_NODE = 'of-';

const folders = new WeakMap<object, Holdings>();

/** @returns where photos are; null where there is no user directory */
export function photoFolder({ settings: { userDir } }: Red): string | null {
  return userDir ? join(userDir, 'cn-verify/photos') : null;
}

/** @returns where it is written down what the object store of a node holds */
export function folderOf(folder: string, node: string): string {
  return join(folder, OF_NODE + encodeURIComponent(node));
}

/**
 * @param red Node-RED
 * @param folder of its photos
 * @returns what this Node-RED serves itself; it lives as long as the runtime, so that photos of a store that is gone go
 *   when they are due
 */
export function localPhotos(red: Red, folder: string): Holdings {
  const known =
    folders.get(red.events) ??
    openLocalFolder({
      folder,
      longestMs: LONGEST_KEEP_HOURS * HOUR_MS,
      told: (trouble, values) => red.log.warn(red._(`warnings.store.${trouble}`, values)),
    });
  folders.set(red.events, known);
  return known;
}

/**
 * Takes care of what stores have left behind that are gone: local photos go when they are due; of those in a bucket
 * nobody has the keys, so they are told.
 * @param red Node-RED, whose flows have started
 */
export async function clearFolder(red: Red): Promise<void> {
  const folder = photoFolder(red);
  if (folder === null) return;
  const { count: local, others } = await countIn(folder, OF_NODE);
  if (local > 0) localPhotos(red, folder);
  const gone = others.filter(({ name }) => {
    const node = decodeURIComponent(name.slice(OF_NODE.length));
    return (red.nodes.getNode(node) as PhotoStoreNode | null)?.kind !== 's3';
  });
  const count = gone.reduce((sum, each) => sum + each.count, 0);
  if (count > 0) red.log.warn(red._('warnings.store-orphans', { count }));
}

/**
 * @param red Node-RED
 * @param id from the address that was asked for
 */
export async function findLocalPhoto(
  red: Red,
  id: string,
): Promise<{ folder: string; name: string; contentType: string } | null> {
  const folder = photoFolder(red);
  const found = folder === null ? null : await findPhoto(folder, id);
  return found && { folder: folder!, ...found };
}

/** What a store holds, or what is wrong with it. */
type StoreState = { node: string } & (Held | Pick<VerifyError, 'problem' | 'values'>);

/** @returns what the deployed stores hold; all local ones hold the same */
export async function storesHeld(red: Red): Promise<StoreState[]> {
  const ids: string[] = [];
  red.nodes.eachNode(({ id, type }) => type === 'photo-store' && ids.push(id));
  const nodes = ids.map((id) => red.nodes.getNode(id) as PhotoStoreNode | null).filter((node) => node?.held);
  return Promise.all(
    nodes.map(async (node): Promise<StoreState> => {
      try {
        return { node: node!.id, ...(await node!.held()) };
      } catch (reason) {
        if (!(reason instanceof VerifyError)) throw reason;
        return { node: node!.id, problem: reason.problem, values: reason.values };
      }
    }),
  );
}
