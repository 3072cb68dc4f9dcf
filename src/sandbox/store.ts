import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** Changes are written together, this long after the first of them. */
const SAVE_AFTER_MS = 500;

export interface Store {
  /** What a provider's half keeps. */
  of(provider: string): Record<string, unknown>;
  changed(): void;
  /** Writes what has changed, now. A disk that cannot be written costs the memory, not the sandbox. */
  save(): void;
}

/**
 * @param file where it is kept between processes, or null to keep nothing; what cannot be read counts as empty
 */
export function openStore(file: string | null): Store {
  const content = read(file);
  let timer: NodeJS.Timeout | undefined;
  const store: Store = {
    of: (provider) => (content[provider] ??= {}),
    changed: () => {
      timer ??= setTimeout(store.save, SAVE_AFTER_MS).unref();
    },
    save: () => {
      if (!timer || !file) return;
      clearTimeout(timer);
      timer = undefined;
      try {
        writeFileSync(`${file}.new`, JSON.stringify(content), { mode: 0o600 });
        renameSync(`${file}.new`, file);
      } catch {
        // The sandbox goes on without a memory.
      }
    },
  };
  if (file) process.once('exit', store.save);
  return store;
}

function read(file: string | null): Record<string, Record<string, unknown>> {
  try {
    const parsed = JSON.parse(readFileSync(file ?? '', 'utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : {};
  } catch {
    return {};
  }
}
