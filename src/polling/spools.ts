/** All spools of this process, and where they are. */
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Spool } from './spool';

const FOLDER = 'cn-verify';

/** What Node-RED's settings say of the disk. */
export interface SpoolPlace {
  userDir?: string;
  /** false: nothing is written to disk. */
  spoolDir?: string | false;
}

/** They outlive the nodes: what one left in memory is taken up by the next with its id. */
const spools = new Map<string, { id: string; spool: Spool }>();

/**
 * @param place of the spools
 * @param id of the node
 * @returns the one spool of that node in this process
 */
export function spoolOf(place: SpoolPlace, id: string): Spool {
  const root = rootOf(place);
  const folder = root && join(root, folderName(id));
  const key = folder ?? id;
  const known = spools.get(key) ?? { id, spool: new Spool(folder) };
  spools.set(key, known);
  return known.spool;
}

/**
 * @param place of the spools
 * @returns ids of all nodes that have, or had, something to keep
 */
export async function nodesWithSpool(place: SpoolPlace): Promise<string[]> {
  const root = rootOf(place);
  const known = [...spools.values()].map(({ id }) => id);
  const folders = root ? await readdir(root, { withFileTypes: true }).catch(() => []) : [];
  const kept = folders.filter((folder) => folder.isDirectory()).map(({ name }) => nodeId(name));
  return [...new Set([...known, ...kept])];
}

function rootOf({ userDir, spoolDir }: SpoolPlace): string | null {
  if (spoolDir === false) return null;
  if (spoolDir) return resolve(userDir ?? '', spoolDir);
  return userDir ? join(userDir, FOLDER) : null;
}

/** An id in a flow written by hand may be any text, and must not lead elsewhere. */
function folderName(id: string): string {
  return encodeURIComponent(id).replaceAll('.', '%2E').replaceAll('*', '%2A');
}

function nodeId(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
