/** What a form tells the editor of its node. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../../..');

export interface Definition {
  category: string;
  defaults: Record<string, { value?: unknown; type?: string; validate?: unknown }>;
  credentials?: Record<string, { type: string; validate?: unknown }>;
  inputs?: number;
  outputs?: number;
  color?: string;
  icon?: string;
}

/**
 * Runs a form's script as the editor would, as far as its definition goes.
 * @param type of the node
 */
export function define(type: string): Definition {
  const html = readFileSync(join(ROOT, 'dist', 'nodes', `${type}.html`), 'utf8');
  const [, script = ''] = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html) ?? [];
  let definition: Definition | undefined;
  const RED = {
    _: (key: string) => key,
    nodes: { registerType: (_type: string, given: Definition) => (definition = given) },
  };
  new Function('RED', script)(RED);
  assert.ok(definition, `${type} registers nothing in the editor`);
  return definition;
}

/**
 * @param type of the node
 * @returns the properties of one that was just dragged in
 */
export function defaultsOf(type: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(define(type).defaults).map(([name, { value }]) => [name, value]));
}

/**
 * Holds them against what the contract says; there may be others.
 * @param type of the node
 * @param expected by name
 */
export function assertDefaults(type: string, expected: Record<string, unknown>): void {
  const defaults = defaultsOf(type);
  assert.deepEqual({ ...defaults, ...expected }, defaults);
}
