/**
 * Which photos came, oldest first out: a million of them in 50 MB, which no Map of texts would do. A record is the digest
 * of what tells the photo from others, that of the one photo that came with it, when it first came, and how long before
 * that another one came.
 */
/** Enough for no two photos ever to meet. */
export const DIGEST_BYTES = 12;
const CODE = 0;
const PHOTO = DIGEST_BYTES;
const TIME = 2 * DIGEST_BYTES;
const GAP = TIME + 4;
const RECORD_BYTES = GAP + 4;
const NEVER = 0xffffffff;

export interface SeenRecord {
  /** Of the anti-fake code, or of time and place. */
  code: Buffer;
  /** Of the one photo with it. */
  photo: Buffer;
  /** Unix seconds, when it first came. */
  seconds: number;
}

export class SeenMemory {
  readonly #capacity: number;
  readonly #records: Buffer;
  /** By code, the latest record. */
  readonly #latest: SlotTable;
  readonly #photos: SlotTable;
  /** Records that there ever were. */
  #count = 0;

  /** @param capacity most records that are remembered */
  constructor(capacity: number) {
    this.#capacity = capacity;
    // Of its own, and not touched before it is used: where few photos come, it takes no memory.
    this.#records = Buffer.from(new ArrayBuffer(capacity * RECORD_BYTES));
    this.#latest = new SlotTable(this.#records, CODE, capacity);
    this.#photos = new SlotTable(this.#records, PHOTO, capacity);
  }

  /** How many records there were ever; the last `capacity` of them are remembered. */
  get count(): number {
    return this.#count;
  }

  /**
   * Remembers a photo, where it comes for the first time.
   * @returns how many seconds before it first came another one came with the same code; Infinity for never
   */
  meet({ code, photo, seconds }: SeenRecord): number {
    const known = this.#photos.find(photo);
    const gap = known >= 0 ? this.#number(known, GAP) : this.#add(code, photo, seconds);
    return gap === NEVER ? Number.POSITIVE_INFINITY : gap;
  }

  /** @param index of a record among all that there ever were, one of the last `capacity` */
  at(index: number): SeenRecord {
    const slot = index % this.#capacity;
    return {
      code: this.#part(slot, CODE),
      photo: this.#part(slot, PHOTO),
      seconds: this.#number(slot, TIME),
    };
  }

  #add(code: Buffer, photo: Buffer, seconds: number): number {
    const slot = this.#count % this.#capacity;
    const before = this.#latest.find(code);
    // A clock that was set back makes nothing come before itself.
    const gap = before < 0 ? NEVER : Math.max(0, seconds - this.#number(before, TIME));
    if (this.#count >= this.#capacity) this.#forget(slot);
    if (before >= 0 && before !== slot) this.#latest.delete(before);
    const at = slot * RECORD_BYTES;
    code.copy(this.#records, at + CODE);
    photo.copy(this.#records, at + PHOTO);
    this.#records.writeUInt32LE(seconds, at + TIME);
    this.#records.writeUInt32LE(gap, at + GAP);
    this.#latest.add(slot);
    this.#photos.add(slot);
    this.#count++;
    return gap;
  }

  #forget(slot: number): void {
    if (this.#latest.find(this.#part(slot, CODE)) === slot) this.#latest.delete(slot);
    this.#photos.delete(slot);
  }

  #part(slot: number, part: number): Buffer {
    const at = slot * RECORD_BYTES + part;
    return this.#records.subarray(at, at + DIGEST_BYTES);
  }

  #number(slot: number, part: number): number {
    return this.#records.readUInt32LE(slot * RECORD_BYTES + part);
  }
}

/** Finds the record that has a digest: open addressing, half full at the most. The digests are random as they are. */
class SlotTable {
  readonly #records: Buffer;
  readonly #part: number;
  /** 0, or the slot and one. */
  readonly #slots: Int32Array;
  readonly #mask: number;

  constructor(records: Buffer, part: number, capacity: number) {
    this.#records = records;
    this.#part = part;
    const size = 2 ** Math.ceil(Math.log2(2 * capacity));
    this.#slots = new Int32Array(size);
    this.#mask = size - 1;
  }

  /** @returns the slot, or -1 */
  find(digest: Buffer): number {
    for (let place = digest.readUInt32LE(0) & this.#mask; ; place = (place + 1) & this.#mask) {
      const slot = this.#slots[place]! - 1;
      if (slot < 0) return -1;
      const at = slot * RECORD_BYTES + this.#part;
      if (this.#records.compare(digest, 0, DIGEST_BYTES, at, at + DIGEST_BYTES) === 0) return slot;
    }
  }

  /** @param slot whose record is there, and whose digest is in no other */
  add(slot: number): void {
    let place = this.#home(slot);
    while (this.#slots[place] !== 0) place = (place + 1) & this.#mask;
    this.#slots[place] = slot + 1;
  }

  /** @param slot that was added */
  delete(slot: number): void {
    let free = this.#home(slot);
    while (this.#slots[free] !== slot + 1) free = (free + 1) & this.#mask;
    // Those behind move up, so that who looks for one of them does not stop at the gap.
    for (let place = (free + 1) & this.#mask; this.#slots[place] !== 0; place = (place + 1) & this.#mask) {
      const distance = (place - this.#home(this.#slots[place]! - 1)) & this.#mask;
      if (distance < ((place - free) & this.#mask)) continue;
      this.#slots[free] = this.#slots[place]!;
      free = place;
    }
    this.#slots[free] = 0;
  }

  #home(slot: number): number {
    return this.#records.readUInt32LE(slot * RECORD_BYTES + this.#part) & this.#mask;
  }
}
