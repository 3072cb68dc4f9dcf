/** What a form tells the editor of its node, and how nodes/forms/ writes it out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../../..');

export interface Definition {
  category: string;
  /** What a new node is saved with, beside what a user sets. */
  version?: unknown;
  defaults: Record<
    string,
    {
      value?: unknown;
      type?: string;
      validate?: unknown;
      min?: number;
      max?: number;
      choices?: readonly (string | number)[];
      required?: boolean;
      typed?: string;
    }
  >;
  credentials?: Record<string, { type: string; validate?: unknown }>;
  inputs?: number;
  outputs?: number;
  color?: string;
  /** By account type, where a node takes several. */
  accounts?: Record<string, { takes: Record<string, string>; known: Record<string, string[]> }>;
  icon?: string;
}

/**
 * Runs a form's script as the editor would, as far as its definition goes.
 * @param type of the node
 */
export function define(type: string): Definition {
  const html = readFileSync(join(ROOT, 'dist/nodes', type, `${type}.html`), 'utf8');
  const [, script = ''] = /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(html) ?? [];
  let definition: Definition | undefined;
  const RED = {
    _: (key: string) => key,
    nodes: { registerType: (_type: string, given: Definition) => (definition = given) },
  };
  new Function('RED', script)(RED);
  assert.ok(definition, `${type} registers nothing in the editor`);
  const { version, ...defaults } = definition.defaults;
  return { ...definition, version: version?.value, defaults };
}

/**
 * Writes a form out as the editor does, up to where its texts are put in.
 * @param type of the node
 * @returns its html, with the keys of its texts in `data-i18n`
 */
export function expandedForm(type: string): string {
  const published = (name: string) => readFileSync(join(ROOT, 'dist/nodes', name, `${name}.html`), 'utf8');
  const texts = (name: string) =>
    JSON.parse(readFileSync(join(ROOT, 'dist/nodes', name, 'locales/en-US', `${name}.json`), 'utf8'));
  const find = (name: string, key: string) =>
    key.split('.').reduce((found, part) => found?.[part], texts(name)) ?? key;
  const html = published(type) + published('forms');
  let expanded = '';
  /** As much of jQuery as is used. */
  const $ = (selector: string) => {
    const [, attribute] = /\[(data-.+)\]/.exec(selector) ?? [];
    let held = attribute ? (html.split(`${attribute}>\n`)[1]?.split('</script>')[0] ?? '') : '';
    return {
      attr: () => undefined,
      html: (text?: string) =>
        text === undefined ? held : { find: () => ({ each: () => {} }), html: () => text },
      text: (text: string) => {
        if (attribute?.startsWith('data-template-name')) expanded = text;
        held = text;
      },
    };
  };
  const definition = {
    ...define(type),
    type,
    set: { module: '@cn-verify/node-red-cn-verify' },
    _: (key: string) => find(type, key),
  };
  const RED = {
    _: (key: string) =>
      key.replace(/^(.+?forms:)(.+)$/, (_, space, name) => {
        const text = find('forms', name);
        return text === name ? space + name : text;
      }),
    plugins: { registerPlugin: (_id: string, { onadd }: { onadd: () => void }) => onadd() },
    nodes: {
      getType: () => definition,
      registry: { getNodeTypes: () => [type] },
      eachNode: () => {},
      eachConfig: () => {},
    },
    events: { on: () => {} },
  };
  const [, script = ''] =
    /<script type="text\/javascript">([\s\S]*?)<\/script>/.exec(published('forms')) ?? [];
  const customElements = { define: () => {} };
  new Function('RED', '$', 'customElements', 'HTMLElement', script)(RED, $, customElements, Object);
  assert.ok(expanded, `${type} has no form`);
  return expanded;
}

/**
 * @param type of the node
 * @returns the properties of one that was just dragged in
 */
export function defaultsOf(type: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(define(type).defaults).map(([name, { value }]) => [name, value]));
}
