import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedTable } from '../../src/contract/codes';

const PROVIDERS = join(__dirname, '../../src/providers');

/** @returns the tables of codes of each provider that has any */
export function codeTables(): Map<string, readonly PublishedTable[]> {
  const files = readdirSync(PROVIDERS).map(
    (provider) => [provider, join(PROVIDERS, provider, 'codes.js')] as const,
  );
  return new Map(
    files.filter(([, file]) => existsSync(file)).map(([provider, file]) => [provider, require(file).TABLES]),
  );
}
