/** Reads a ledger's folder, in which each month has a file. */
import { readdir, unlink } from 'node:fs/promises';
import type { Entry, Query } from './ledger';
import { Memory } from './memory';
import { codeOf, linesOf, monthOfName, monthPath } from './month-file';
import { readRecord } from './record';

const TOO_MANY_OPEN: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE']);

/** @returns those that have a file, oldest first */
export async function monthsIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .map(monthOfName)
    .filter((month) => month !== null)
    .sort();
}

/** Deletes the files of earlier months. */
export async function forgetBefore(folder: string, first: string): Promise<void> {
  for (const month of await monthsIn(folder))
    if (month < first) await unlink(monthPath(folder, month)).catch(() => {});
}

/**
 * @returns what the files of these months say, and how many lines were damaged and files unreadable
 * @throws Error of the file system where no more files can be opened
 */
export async function recall(
  folder: string,
  months: readonly string[],
): Promise<{ memory: Memory; damaged: number; unreadable: number }> {
  const memory = new Memory();
  let [damaged, unreadable] = [0, 0];
  for (const month of months) {
    try {
      for await (const { line, offset } of linesOf(monthPath(folder, month))) {
        const record = readRecord(line);
        if (record) memory.take(record);
        else if (line !== '') damaged++;
        if (record && !('entry' in record)) memory.written(record, offset, Buffer.byteLength(line));
      }
    } catch (error) {
      if (TOO_MANY_OPEN.has(codeOf(error))) throw error;
      unreadable++;
    }
  }
  return { memory, damaged, unreadable };
}

/** @returns the entries of a month as its file says, those that have no end last; none where it cannot be read */
export async function* entriesIn(folder: string, month: string, query: Query): AsyncGenerator<Entry> {
  const { key, ...rest } = query;
  if (key === undefined) return yield* entriesOf(folder, month, rest);
  const ids = new Set<string>();
  for await (const { line } of readable(monthPath(folder, month), key)) {
    const record = readRecord(line);
    if (record && 'entry' in record && record.keys.includes(key)) ids.add(record.entry.id);
  }
  for (const id of ids) if (id === (rest.id ?? id)) yield* entriesOf(folder, month, { ...rest, id });
}

async function* entriesOf(folder: string, month: string, query: Query): AsyncGenerator<Entry> {
  const { id = '', from = 0, to = Number.POSITIVE_INFINITY, account, operation } = query;
  const isAsked = (entry: Entry) =>
    (id === '' || id === entry.id) &&
    (account === undefined || account === entry.account) &&
    (operation === undefined || operation === entry.operation) &&
    Date.parse(entry.at) >= from &&
    Date.parse(entry.at) < to;
  const open = new Map<string, Entry>();
  for await (const { line } of readable(monthPath(folder, month), id)) {
    const record = readRecord(line);
    if (!record || !('entry' in record) || !isAsked(record.entry)) continue;
    const { entry } = record;
    if (entry.state === 'claimed' || entry.state === 'uncertain') open.set(entry.id, entry);
    else {
      open.delete(entry.id);
      yield entry;
    }
  }
  yield* open.values();
}

/** That a file cannot be read was told when the folder was taken. */
async function* readable(path: string, wanted: string): AsyncGenerator<{ line: string }> {
  try {
    yield* linesOf(path, wanted);
  } catch {}
}
