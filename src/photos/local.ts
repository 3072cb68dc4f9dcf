/** Photos that this Node-RED serves itself: files whose names nobody guesses, deleted when their time is over. */
import { access, mkdir, readdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { VerifyError } from '../contract/errors';
import type { Database } from '../store/database';
import { fileTypeOf, type RemovablePhoto, type Store } from './store';
import { StoredPhotos, type StoredPhotosOptions } from './stored-photos';

/** Under the address at which Node-RED serves flows. */
const LOCAL_PATH = '/cn-verify/photos/';
const ID = /^[\w-]{22}$/;
const MOST_AT_ONCE = 500;

/** @returns whether there is a file under this path */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

interface LocalFolderOptions extends Omit<StoredPhotosOptions, 'scope' | 'remove'> {
  folder: string;
}

/** The one folder that a Node-RED has for photos, whatever stores are deployed. */
export class LocalFolder {
  readonly photos: StoredPhotos;
  readonly #folder: string;
  readonly #database: Database;

  /** Photos from before whose time is over are deleted from now on. */
  constructor({ folder, ...options }: LocalFolderOptions) {
    this.#folder = folder;
    this.#database = options.database;
    this.photos = new StoredPhotos({ ...options, scope: null, remove: ({ id }) => this.#delete(id) });
    options.database.onReplaced(() => void this.deleteUnknown().catch(() => {}));
  }

  /**
   * Deletes files that the database does not know. There are some after it was lost or set back to a backup; nobody would
   * ever delete them. A file is entered before it is made, so that no photo of now is among them.
   */
  async deleteUnknown(): Promise<void> {
    const names = (await readdir(this.#folder).catch(() => [])).filter((name) => ID.test(name));
    while (names.length > 0) {
      const ids = names.splice(0, MOST_AT_ONCE);
      const unknown = await this.#database.call<object, string[]>('stored-photos.unknown', { ids });
      for (const id of unknown) await this.#delete(id);
    }
  }

  /**
   * @param id under which the file was entered
   * @throws VerifyError CONFIG where the disk does not take it
   */
  async write(id: string, bytes: Buffer): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true, mode: 0o700 });
      await writeFile(join(this.#folder, id), bytes, { mode: 0o600, flag: 'wx' });
    } catch (reason) {
      this.photos.discard(id, false);
      const { code = 'unknown' } = reason as NodeJS.ErrnoException;
      throw new VerifyError('CONFIG', 'store-unwritable', { code }, { charged: false });
    }
  }

  /**
   * @param id from the address that was asked for
   * @returns the name of the file in the folder and its content type; null where there is none, or its time is over
   */
  async find(id: string): Promise<{ folder: string; name: string; contentType: string } | null> {
    if (!ID.test(id)) return null;
    const contentType = await this.#database.call<object, string | null>('stored-photos.find', { id });
    return contentType === null ? null : { folder: this.#folder, name: id, contentType };
  }

  async #delete(id: string): Promise<void> {
    await unlink(join(this.#folder, id)).catch((reason: NodeJS.ErrnoException) => {
      if (reason.code !== 'ENOENT') throw reason;
    });
  }
}

export interface LocalStoreOptions {
  /** The store's node. */
  node: string;
  /** How the world reaches the place where Node-RED serves flows. */
  publicUrl: URL;
  /** Milliseconds for which a photo is kept. */
  keepMs: number;
  /** Bytes that all its photos may have. */
  maxBytes: number;
}

/** @param folder that all local stores of a Node-RED share */
export function openLocalStore(folder: LocalFolder, options: LocalStoreOptions): Store {
  const { node, publicUrl, keepMs, maxBytes } = options;
  return {
    async put(bytes): Promise<RemovablePhoto> {
      const id = await folder.photos.enter(() => ({
        node,
        url: null,
        region: null,
        contentType: fileTypeOf(bytes).contentType,
        bytes: bytes.length,
        keepMs,
        maxBytes,
      }));
      await folder.write(id, bytes);
      const url = new URL(publicUrl);
      url.pathname = url.pathname.replace(/\/$/, '') + LOCAL_PATH + id;
      const discard = () => folder.photos.discard(id, false);
      return { url: url.href, discard, remove: async () => discard() };
    },
    total: () => folder.photos.total(node),
    // The folder belongs to all stores.
    close: () => {},
  };
}
