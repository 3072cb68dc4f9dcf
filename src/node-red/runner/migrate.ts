/** What a node was deployed with by an older version of this package goes on to mean what it meant. */
import type { NodeConfig } from './red';

/** Gives what the next version of a node is deployed with, and leaves what it is given as it is. */
export type Migration = (config: NodeConfig) => NodeConfig;

/**
 * By node type; the first makes version 2 of version 1. None was needed yet: no property of 0.2 was renamed or removed.
 * See CONTRIBUTING.md, "A property that is renamed or removed".
 */
export const MIGRATIONS: Readonly<Record<string, readonly Migration[]>> = {};

/**
 * @param type of a node
 * @returns the version that its form saves with a new node
 */
export function versionOf(type: string): number {
  return 1 + migrationsOf(type).length;
}

/**
 * @param config as it was deployed; without a `version` it is of version 1, as 0.2 saved none
 * @param migrations of the node's type
 * @returns it, as the node's current version reads it
 */
export function migrate(config: NodeConfig, migrations = migrationsOf(config.type)): NodeConfig {
  const version = Math.max(1, Number(config.version ?? 1));
  return migrations.slice(version - 1).reduce((migrated, next) => next(migrated), config);
}

function migrationsOf(type: string): readonly Migration[] {
  return MIGRATIONS[type] ?? [];
}
