import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Changes are written together, this long after the first of them. */
const SAVE_AFTER_MS = 500;

export interface Store {
  /** What a provider's half keeps. */
  of(provider: string): Record<string, unknown>;
  changed(): void;
  /** Forgets what all of them keep. */
  clear(): void;
  /** Writes now what has changed. Where the disk cannot be written to, the sandbox goes on and forgets with its process. */
  save(): void;
}

/**
 * @param file where it is kept between processes, or null to keep nothing; what cannot be read counts as empty
 */
export function openStore(file: string | null): Store {
  const content = read(file);
  let timer: NodeJS.Timeout | undefined;
  const store: Store = {
    of: (provider) => {
      const kept = content[provider];
      if (isObject(kept)) return kept;
      const empty = {};
      content[provider] = empty;
      return empty;
    },
    changed: () => {
      if (timer || !file) return;
      timer = setTimeout(store.save, SAVE_AFTER_MS).unref();
      process.once('exit', store.save);
    },
    clear: () => {
      for (const provider of Object.keys(content)) delete content[provider];
      store.changed();
    },
    save: () => {
      if (!timer || !file) return;
      clearTimeout(timer);
      timer = undefined;
      process.off('exit', store.save);
      try {
        writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch {
        // The sandbox goes on without a memory.
      }
    },
  };
  return store;
}

function read(file: string | null): Record<string, unknown> {
  try {
    const parsed = JSON.parse(readFileSync(file ?? '', 'utf8'));
    return isObject(parsed) ? parsed : {};
  } catch {
    return {};
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
