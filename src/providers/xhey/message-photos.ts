/** The photos of one message on their way to xhey: docs/contract.md, "Photos in hand". */
import { setImmediate } from 'node:timers/promises';
import type { Context } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { PhotoStore, StoredPhoto } from '../../contract/photo-store';
import type { Environment } from '../../contract/result';
import { photoDigest } from '../../input/photo';
import type { GivenPhoto } from '../../input/photos';

/** Of one message; how many really go out at a time is the store's to say. */
const PUTS_AT_A_TIME = 4;
const NOTHING_TO_PUT = Promise.resolve();

/** A photo that is submitted once, however often it was given. */
export interface MessagePhoto {
  /** Identifies it, in another message too: its address, or the digest of its bytes. */
  identity: string;
  /** null until a photo from the message has been stored. */
  url: string | null;
  inHand: Buffer | null;
  stored: StoredPhoto | null;
}

interface Given {
  photo: MessagePhoto;
  name: string | null;
  label: string;
}

/**
 * @param given photos of a message
 * @returns what errors call them: an address as it is, a photo in hand by its position, `photos[3]`. A file's name may be
 *   a person's, and two may have the same
 */
export function labelsOf(given: readonly GivenPhoto[]): string[] {
  return given.map(({ photo }, index) => ('url' in photo ? photo.url : `photos[${index}]`));
}

export class MessagePhotos {
  readonly #given: readonly Given[];
  /** Each once, in the order given. */
  readonly unique: readonly MessagePhoto[];

  private constructor(given: readonly Given[], unique: readonly MessagePhoto[]) {
    this.#given = given;
    this.unique = unique;
  }

  /**
   * Finds photos that were given twice; the event loop is free between the digests of large ones.
   * @param given photos of a message
   */
  static async of(given: readonly GivenPhoto[]): Promise<MessagePhotos> {
    const known = new Map<string, MessagePhoto>();
    const labels = labelsOf(given);
    const items: Given[] = [];
    for (const [index, { photo: from, name }] of given.entries()) {
      const url = 'url' in from ? from.url : null;
      const inHand = 'url' in from ? null : from;
      if (inHand && index > 0) await setImmediate();
      const identity = url ?? `sha256:${photoDigest(inHand!)}`;
      const photo = known.get(identity) ?? { identity, url, inHand, stored: null };
      known.set(identity, photo);
      items.push({ photo, name, label: labels[index]! });
    }
    return new MessagePhotos(items, [...known.values()]);
  }

  /** @returns what errors call these, a photo that was given twice is in it twice */
  labels(photos: readonly MessagePhoto[]): string[] {
    return this.#of(photos).map(({ label }) => label);
  }

  /**
   * docs/sandbox.md: the name of a file chooses the sandbox's answer, and the address of a photo in hand has none.
   * @returns of each of these the part of its name that does, or an empty text: the rest may be a person's
   */
  sandboxNames(photos: readonly MessagePhoto[]): string[] {
    return photos.map((photo) => {
      const names = this.#of([photo]).map(({ name }) => /^sandbox-[a-z\d-]+/i.exec(name ?? '')?.[0]);
      return names.find(Boolean) ?? '';
    });
  }

  /** @returns the addresses of these, and the names of their files where any has one; a photo that was given twice is in it twice */
  addressed(photos: readonly MessagePhoto[]): { photoUrls: string[]; names?: (string | null)[] } {
    const given = this.#of(photos);
    const photoUrls = given.map(({ photo }) => photo.url!);
    if (given.every(({ name }) => name === null)) return { photoUrls };
    return { photoUrls, names: given.map(({ name }) => name) };
  }

  /**
   * Puts those that are in hand and have no address yet, several at once.
   * @throws VerifyError the first that came, once none is under way any more
   */
  put(photos: readonly MessagePhoto[], environment: Environment, context: Context): Promise<void> {
    const open = photos.filter(({ url }) => url === null);
    return open.length === 0 ? NOTHING_TO_PUT : this.#put(open, environment, context);
  }

  async #put(open: readonly MessagePhoto[], environment: Environment, context: Context): Promise<void> {
    const store = openStore(environment, context);
    const rest = open.values();
    let failure: unknown;
    const worker = async () => {
      for (const photo of rest) {
        try {
          photo.stored = await store.put(photo.inHand!, context);
          photo.url = photo.stored.url;
        } catch (reason) {
          failure ??= this.#placed(reason, photo);
        }
        if (failure) return;
      }
    };
    await Promise.all(Array.from({ length: PUTS_AT_A_TIME }, worker));
    if (failure) throw failure;
  }

  /** @param needed those that a provider may still fetch; what was put beside them goes */
  discardBut(needed: ReadonlySet<MessagePhoto>): void {
    for (const photo of this.unique) if (!needed.has(photo)) photo.stored?.discard();
  }

  /** A photo that cannot be fitted is one of many. */
  #placed(reason: unknown, photo: MessagePhoto): unknown {
    if (!(reason instanceof VerifyError) || reason.code !== 'INPUT') return reason;
    reason.values.position = this.#given.findIndex((each) => each.photo === photo) + 1;
    reason.details.charged = false;
    return reason;
  }

  #of(photos: readonly MessagePhoto[]): Given[] {
    const wanted = new Set(photos);
    return this.#given.filter(({ photo }) => wanted.has(photo));
  }
}

function openStore(environment: Environment, context: Context): PhotoStore {
  try {
    return context.photoStore(environment);
  } catch (reason) {
    if (reason instanceof VerifyError) reason.details.charged = false;
    throw reason;
  }
}
