/** The examples as they are published: `examples/<folder>/<名称> <name>.json`. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { ROOT } from './demo-process';

export interface ExampleNode {
  id: string;
  type: string;
  name?: string;
  z?: string;
  g?: string;
  wires?: string[][];
  [property: string]: unknown;
}

export interface Example {
  /** As the import dialog shows it, folder first. */
  path: string;
  nodes: ExampleNode[];
}

/** By English name. */
export const EXAMPLES: ReadonlyMap<string, Example> = new Map(
  readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json'))
    .sort()
    .map((path) => {
      const nodes = JSON.parse(readFileSync(join(ROOT, 'examples', path), 'utf8')) as ExampleNode[];
      return [nameOf(path), { path: path.split(sep).join('/'), nodes }];
    }),
);

/** @returns its flow; throws where there is none of this name */
export function example(name: string): ExampleNode[] {
  const found = EXAMPLES.get(name);
  if (!found) throw new Error(`There is no example ${name}.`);
  return found.nodes;
}

function nameOf(path: string): string {
  return /([\w'-]+)\.json$/.exec(path)![1]!;
}
