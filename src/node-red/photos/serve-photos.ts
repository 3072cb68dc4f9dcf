/** Serves the photos of this Node-RED's own stores to the world. */

import { onceStarted } from '../runner/deployed';
import type { PublicHandler, Red } from '../runner/red';

/**
 * Registers the route, and deletes in time what stores have left behind that are gone.
 * @param red Node-RED, with the texts of a photo store
 */
export function servePhotos(red: Red): void {
  onceStarted(red, () => {
    const { clearFolder } = require('./photo-folder') as typeof import('./photo-folder');
    // The database reports its own faults.
    clearFolder(red).catch(() => {});
  });
  const findPhoto = async (id: string) => {
    const { localPhotos } = require('./photo-folder') as typeof import('./photo-folder');
    return localPhotos(red).find(id);
  };
  const serve: PublicHandler = ({ params }, response) => {
    // The only other status is 416, for a range that the photo does not have.
    const gone = (error?: Error & { status?: number }) => {
      if (!response.headersSent) response.status(error?.status === 416 ? 416 : 404).end();
    };
    findPhoto(params.id ?? '').then((photo) => {
      if (!photo) return gone();
      const headers = {
        'Content-Type': photo.contentType,
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'private',
      };
      const plain = { cacheControl: false, lastModified: false, etag: false } as const;
      response.sendFile(
        photo.name,
        { root: photo.folder, headers, ...plain },
        (error) => error && gone(error),
      );
    }, gone);
  };
  red.httpNode.get('/cn-verify/photos/:id', serve);
}
