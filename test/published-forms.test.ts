/**
 * What is read of the published html without a browser. The flow library and `node-red-dev` parse its scripts and walk to
 * `registerType`: lib/modules.js of node-red/flow-library, src/libs/checknodes.js of node-red/node-red-dev-cli. A spread, a
 * call or a computed name in that literal hides the node.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'acorn';
import { define, ROOT } from './nodes/form';

/** As much of a syntax tree as is read here. */
interface Tree {
  type: string;
  [name: string]: unknown;
}
interface Property extends Tree {
  key: { name?: string };
  value: Tree & { value?: unknown; properties?: Property[] };
}

const { nodes, plugins } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))['node-red'];
const TYPES = Object.keys(nodes);
const NAMES = [...TYPES, ...Object.keys(plugins)];

const read = (name: string) => readFileSync(join(ROOT, 'dist/nodes', name, `${name}.html`), 'utf8');

describe('the published html', () => {
  for (const type of TYPES) {
    it(`shows ${type} to a reader of its text`, () => {
      const found = registered(type);
      assert.deepEqual([...found.keys()], [type]);
      const properties = found.get(type)!;
      const value = (name: string) => {
        const property = properties.get(name);
        assert.equal(property?.value.type, 'Literal', name);
        return property.value.value;
      };
      const inlined = (name: string) =>
        properties.get(name)?.value.properties?.map(({ key }) => key.name ?? 'no name') ?? [];
      const definition = define(type);
      assert.equal(value('category'), definition.category);
      assert.deepEqual(
        inlined('defaults').toSorted(),
        ['version', ...Object.keys(definition.defaults)].toSorted(),
      );
      assert.deepEqual(inlined('credentials'), Object.keys(definition.credentials ?? {}));
      if (definition.category === 'config') return;
      for (const name of ['inputs', 'outputs'] as const) {
        assert.equal(typeof value(name), 'number');
        assert.equal(value(name), definition[name]);
      }
      assert.match(String(value('color')), /^#[\dA-F]{6}$/);
      assert.ok(existsSync(join(ROOT, 'dist/nodes', type, 'icons', String(value('icon')))));
    });
  }

  it('has literal values in what it registers, and functions', () => {
    const plain = ({ type, ...node }: Tree): boolean => {
      if (type === 'ObjectExpression')
        return (node.properties as Property[]).every(({ value }) => plain(value));
      if (type === 'ArrayExpression') return (node.elements as Tree[]).every(plain);
      if (type === 'UnaryExpression') return plain(node.argument as Tree);
      return type === 'Literal' || type === 'FunctionExpression' || type === 'Identifier';
    };
    for (const type of TYPES) {
      for (const [name, { value }] of registered(type).get(type)!) assert.ok(plain(value), `${type} ${name}`);
    }
  });

  for (const name of NAMES) {
    it(`of ${name} has no comments and no indentation`, () => {
      const html = read(name);
      assert.doesNotMatch(html, /^\s/m);
      for (const script of scriptsOf(html)) {
        const comments: unknown[] = [];
        parse(script, { ecmaVersion: 'latest', onComment: comments as never });
        assert.deepEqual(comments, []);
      }
    });
  }
});

function scriptsOf(html: string): string[] {
  return [...html.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\S\s]*?)<\/script>/gi)].map(
    ([, script]) => script!,
  );
}

/** By type, the properties by name. */
function registered(name: string): Map<string, Map<string, Property>> {
  const found = new Map<string, Map<string, Property>>();
  const visit = (node: unknown) => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    if (typeof (node as Tree | null)?.type !== 'string') return;
    const { type, callee, arguments: given, ...others } = node as Tree;
    if (
      type === 'CallExpression' &&
      (callee as { property?: { name: string } }).property?.name === 'registerType'
    ) {
      const [named, definition] = given as [Tree, Tree];
      assert.deepEqual([named.type, definition.type], ['Literal', 'ObjectExpression']);
      const properties = definition.properties as Property[];
      found.set(
        String(named.value),
        // What has no name of its own breaks the reader off.
        new Map(properties.map((property) => [property.key.name!, property])),
      );
    }
    for (const each of Object.values({ callee, given, ...others })) visit(each);
  };
  for (const script of scriptsOf(read(name))) visit(parse(script, { ecmaVersion: 'latest' }));
  return found;
}
