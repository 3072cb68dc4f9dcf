/** The photos that this Node-RED serves itself: one folder in a user directory. */
import { join } from 'node:path';
import { VerifyError } from '../../contract/errors';
import { isThere, LocalFolder } from '../../photos/local';
import { databaseOf } from '../runner/database-of';
import { oncePerRuntime } from '../runner/once-per-runtime';
import { databaseFile } from '../runner/own-settings';
import type { Red } from '../runner/red';
import type { PhotoStoreNode } from './photo-store-of';

/** Of a presigned address: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, `X-Amz-Expires`. */
export const LONGEST_KEEP_HOURS = 168;

/**
 * The folder; it lives as long as the runtime, so that photos of a store that is gone are deleted in time.
 * @throws VerifyError CONFIG where there is no user directory
 */
export const localPhotos = oncePerRuntime((red) => {
  const { userDir } = red.settings;
  if (!userDir) throw new VerifyError('CONFIG', 'store-no-folder', {}, { charged: false });
  return new LocalFolder({
    folder: join(userDir, 'cn-verify/photos'),
    database: databaseOf(red),
    notify: (notice, values) => red.log.warn(red._(`warnings.store.${notice}`, values)),
  });
});

/**
 * Takes care of what deleted stores have left behind: local photos go when their time is over; nobody has the keys to
 * those in a bucket, so a warning names how many there are.
 * @param red Node-RED, whose flows have started
 */
export async function clearFolder(red: Red): Promise<void> {
  const file = databaseFile(red);
  // Nothing was ever put, and no database is made for that.
  if (!red.settings.userDir || !file || !(await isThere(file))) return;
  await localPhotos(red).deleteUnknown();
  const objects = await databaseOf(red).call<null, { node: string; count: number }[]>(
    'stored-photos.objects',
    null,
  );
  const isGone = (node: string) => (red.nodes.getNode(node) as PhotoStoreNode | null)?.kind !== 's3';
  const count = objects.reduce((sum, each) => sum + (isGone(each.node) ? each.count : 0), 0);
  if (count > 0) red.log.warn(red._('warnings.store-orphans', { count }));
}
