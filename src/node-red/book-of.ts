/** The one book of a runtime, and where it is on disk. */
import { dirname } from 'node:path';
import { Book } from '../waiting/book';
import { Journal } from '../waiting/journal';
import { masterKey } from '../waiting/key';
import { placeOf } from '../waiting/place';
import type { Red } from './red';
import { onceStarted } from './started';

/** `cnVerify` in settings.js. */
interface Settings {
  /** Where what waits is kept; false: nothing is written to disk. */
  spoolDir?: string | false;
  /** What is on disk is encrypted under it; without one, a key of its own is made. */
  key?: string;
}

export interface OpenBook {
  book: Book;
  /**
   * @param take called when all flows have started and the book is read, and when more is found later
   * @returns takes it away again
   */
  whenOpen(take: () => void): () => void;
  /** Writes what is not on disk yet, and says what cannot be. */
  settle(): Promise<void>;
  /** @returns files that were put aside because nobody could read them, and since when, in Unix milliseconds */
  damaged(): Promise<{ file: string; since: number }[]>;
}

const books = new WeakMap<object, OpenBook>();

/** @param red Node-RED, as any action node has it */
export function bookOf(red: Red): OpenBook {
  const known = books.get(red.events) ?? openBook(red);
  books.set(red.events, known);
  return known;
}

function openBook(red: Red): OpenBook {
  const takers = new Set<() => void>();
  const { userDir, cnVerify } = red.settings;
  const { spoolDir, key } = (cnVerify ?? {}) as Settings;
  const folder = placeOf(userDir, spoolDir);
  const tellLost = (taskIds: readonly string[]) => {
    if (taskIds.length > 0)
      red.log.error(red._('warnings.journal.lost', { count: taskIds.length, taskIds: taskIds.join(', ') }));
  };
  const journal = new Journal({
    folder,
    key: () => masterKey(userDir ?? dirname(dirname(folder!)), key),
    told: (trouble, values) => red.log.warn(red._(`warnings.journal.${trouble}`, values)),
    onFound: (found) => {
      book.found(found);
      for (const take of takers) take();
    },
  });
  const book = new Book(journal);
  const opened = journal.open().then((found) => book.found(found));
  red.events.on('flows:started', () => void opened.then(() => tellOrphans(red, book)));
  return {
    book,
    settle: () => book.settle().then(tellLost),
    damaged: () => journal.damaged(),
    whenOpen: (take) => {
      takers.add(take);
      const forget = onceStarted(red, () => void opened.then(() => takers.has(take) && take()));
      return () => {
        takers.delete(take);
        forget();
      };
    },
  };
}

/** What waits for a node that is deleted or disabled is told by nobody until it is back. */
function tellOrphans(red: Red, book: Book): void {
  const exists = (node: string, type: string) => red.nodes.getNode(node)?.type === type;
  const { kept, gone } = book.orphans(exists, Date.now());
  if (kept.length > 0) red.log.warn(red._('warnings.orphans', { count: kept.length }));
  const taskIds = gone.flatMap((entry) => entry.taskIds).join(', ');
  if (gone.length > 0) red.log.warn(red._('warnings.orphans-gone', { count: gone.length, taskIds }));
}
