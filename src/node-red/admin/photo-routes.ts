/** What photo stores serve: photos to the world, and to the editor how they are. */

import type { PhotoStoreNode } from '../photos/photo-store-of';
import { withText } from '../runner/explain';
import type { AdminHandler, PhotoHandler, Red } from '../runner/red';
import { onceStarted } from '../runner/started';
import { languageOfReader } from '../runner/texts';

const PATH = '/cn-verify/photo-stores';
const READ = 'cn-verify.read';
/** Who may deploy may test: a test puts a photo. */
const WRITE = 'cn-verify.write';
/** Each runtime once. */
const registered = new WeakSet<object>();

/**
 * Registers the routes.
 * @param red Node-RED
 */
export function registerPhotoRoutes(red: Red): void {
  const { httpAdmin, httpNode, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  // A folder that a store has left behind is emptied all the same.
  onceStarted(red, () => {
    const { clearFolder } = require('../photos/photo-folder') as typeof import('../photos/photo-folder');
    // What is wrong with the database it says itself.
    clearFolder(red).catch(() => {});
  });

  const findPhoto = async (id: string) => {
    const { localPhotos } = require('../photos/photo-folder') as typeof import('../photos/photo-folder');
    return localPhotos(red).find(id);
  };
  const serve: PhotoHandler = ({ params }, response) => {
    // A range that is not there is the only other thing there is to say.
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
  httpNode.get('/cn-verify/photos/:id', serve);

  const test: AdminHandler = (request, response) => {
    const language = languageOfReader(request);
    const node = red.nodes.getNode(String(request.params.id)) as Partial<PhotoStoreNode> | null;
    if (node?.type !== 'photo-store' || !node.test) {
      response.status(404).json({ text: red._('test.store-not-deployed', { lng: language }) });
      return;
    }
    node.test.run(language).then(
      (result) => response.json(result),
      () => response.status(500).end(),
    );
  };
  httpAdmin.post(`${PATH}/:id/test`, auth.needsPermission(WRITE), test);

  const held: AdminHandler = (request, response) => {
    const language = languageOfReader(request);
    const { storesHeld } = require('../photos/photo-folder') as typeof import('../photos/photo-folder');
    storesHeld(red).then(
      (all) => response.json(all.map((each) => ('problem' in each ? withText(red, each, language) : each))),
      () => response.status(500).end(),
    );
  };
  httpAdmin.get(PATH, auth.needsPermission(READ), held);
}
