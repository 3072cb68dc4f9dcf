/** What npm, Node-RED and the flow library read of this package, held against each other. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES } from './example-flows';
import { define, expandedForm, ROOT } from './nodes/form';

/** What there is a catalogue for. */
const LANGUAGES = ['en-US', 'zh'];

interface Manifest {
  name: string;
  license?: string;
  repository?: unknown;
  bugs?: unknown;
  keywords: string[];
  engines: { node: string };
  files?: string[];
  bin: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
  'node-red': { version: string; nodes: Record<string, string>; plugins: Record<string, string> };
}

/** What a node of any type may have in a flow. */
const EVERY_NODE = [
  ...['id', 'type', 'z', 'g', 'x', 'y', 'd', 'l', 'wires'],
  ...['info', 'icon', 'inputLabels', 'outputLabels', 'credentials', 'version'],
];

const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const NODES = manifest['node-red'].nodes;
const TYPES = Object.keys(NODES);
/** What Node-RED has without a package of nodes. */
const CORE = new Set([
  ...['tab', 'group', 'junction'],
  ...typesIn(join(ROOT, 'node_modules/@node-red/nodes/core')),
]);
/** By type, the package of nodes that has it; these are installed for the tests. */
const PALETTE = new Map(
  Object.keys(manifest.devDependencies)
    .filter((name) => name !== 'node-red' && isPalette(name))
    .flatMap((name) => typesIn(join(ROOT, 'node_modules', name)).map((type) => [type, name] as const)),
);
const definitions = new Map(TYPES.map((type) => [type, define(type)]));

describe('package', () => {
  describe('nodes', () => {
    it('have a folder each, named as their type', () => {
      assert.deepEqual(
        Object.values(NODES),
        TYPES.map((type) => `dist/nodes/${type}/${type}.js`),
      );
      const folders = [...TYPES, ...Object.keys(manifest['node-red'].plugins)];
      assert.deepEqual(readdirSync(join(ROOT, 'nodes')).sort(), folders.sort());
    });

    it('bring plugins of the editor, which need no code in the runtime', () => {
      assert.deepEqual(manifest['node-red'].plugins, {
        forms: 'dist/nodes/forms/forms.html',
        verification: 'dist/nodes/verification/verification.html',
      });
      for (const [name, file] of Object.entries(manifest['node-red'].plugins)) {
        const html = readFileSync(join(ROOT, file), 'utf8');
        assert.ok(html.includes(`RED.plugins.registerPlugin('cn-verify-${name}', `));
        // The editor's own colours alone, in the light and in the dark.
        assert.doesNotMatch(html, /#[\da-f]{3,6}\b(?!-)|\brgba?\(/i);
        assert.doesNotMatch(html, /\/\/ include|^<!-- include/);
      }
    });

    for (const type of TYPES) {
      describe(type, () => {
        const { category, defaults, credentials = {}, inputs, outputs, color, icon } = definitions.get(type)!;
        const expanded = expandedForm(type);

        it('has its help under its own name in every language', () => {
          for (const language of LANGUAGES) {
            const help = readFileSync(
              join(ROOT, 'dist/nodes', type, 'locales', language, `${type}.html`),
              'utf8',
            );
            const named = [...help.matchAll(/data-help-name="([^"]*)"/g)].map(([, name]) => name);
            assert.deepEqual(named, [type], language);
          }
        });

        it('registers in the runtime what its form says', () => {
          const registered = registerInRuntime(type);
          assert.equal(registered.type, type);
          assert.deepEqual(registered.credentials, Object.keys(credentials).sort());
        });

        it('keeps its credentials from the browser', () => {
          for (const [name, { type: kind }] of Object.entries(credentials))
            assert.equal(kind, 'password', name);
        });

        it('validates with functions of two parameters', () => {
          for (const [name, { validate }] of Object.entries({ ...defaults, ...credentials })) {
            if (validate === undefined) continue;
            assert.equal((validate as () => unknown).length, 2, name);
          }
        });

        it('has an input element for each property it shows, and shows no other', () => {
          const prefix = category === 'config' ? 'node-config-input-' : 'node-input-';
          const shown = [...expanded.matchAll(new RegExp(`id="${prefix}([^"]+)"`, 'g'))].map(
            ([, name]) => name!,
          );
          for (const name of shown) assert.ok(name in defaults || name in credentials, name);
          // One that is an object is shown in parts: test/editor/verification.test.ts.
          const isWhole = ([, { value }]: [string, { value?: unknown }]) => typeof value !== 'object';
          const whole = Object.entries(defaults).filter(isWhole);
          const expected = [...whole.map(([name]) => name), ...Object.keys(credentials)];
          assert.deepEqual(shown.sort(), expected.sort());
        });

        it('refers only to known config nodes', () => {
          for (const [name, { type: kind }] of Object.entries(defaults)) {
            if (kind) assert.ok([...TYPES, 'tls-config', 'http proxy'].includes(kind), `${name}: ${kind}`);
          }
        });

        it('takes colours from the theme', () => {
          assert.doesNotMatch(expanded, /#[0-9a-f]{3,8}\b|rgba?\(/i);
        });

        if (category === 'config') return;
        it('has a place in the palette, an input, outputs and a white icon', () => {
          assert.equal(category, 'cn_verify');
          // A queue's work comes in at no wire, and leaves at none.
          assert.equal(inputs, type === 'verify-in' ? 0 : 1);
          assert.ok(type === 'verify-return' ? outputs === 0 : outputs! >= 1);
          assert.match(color ?? '', /^#[0-9A-F]{6}$/);
          const svg = readFileSync(join(ROOT, 'dist/nodes', type, 'icons', icon!), 'utf8');
          const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour);
          assert.deepEqual([...new Set(colours)].sort(), ['#fff', 'none']);
        });
      });
    }
  });

  describe('examples', () => {
    const examples = [...EXAMPLES.values()];

    for (const { path: file, nodes } of examples) {
      it(`${file} uses only what there is`, () => {
        for (const node of nodes) {
          const definition = definitions.get(node.type);
          if (!definition) {
            assert.doesNotMatch(
              node.type,
              /^(?:truth|face|get-token|westdex|xhey|linkface|tencent|verify)/,
              node.id,
            );
            continue;
          }
          const known = [...EVERY_NODE, ...Object.keys(definition.defaults)];
          for (const property of Object.keys(node)) {
            assert.ok(known.includes(property), `${node.type} ${node.id}: ${property}`);
          }
          if (definition.category !== 'config') {
            assert.equal((node.wires as unknown[]).length, definition.outputs, `${node.id}: wires`);
          }
        }
      });

      it(`${file} names the packages it needs besides, so that import offers to install them`, () => {
        const needed = nodes.flatMap(({ type }) => PALETTE.get(type) ?? []);
        const named = nodes.filter(({ type }) => type === 'global-config').map(({ modules }) => modules);
        // The version that it is tested with.
        const versions = needed.map((name) => [name, manifest.devDependencies[name]!.replace('^', '')]);
        assert.deepEqual(named, needed.length === 0 ? [] : [Object.fromEntries(versions)]);
        for (const { type } of nodes)
          assert.ok(CORE.has(type) || definitions.has(type) || PALETTE.has(type), type);
      });

      it(`${file} needs no keys and holds none`, () => {
        for (const node of nodes) {
          const definition = definitions.get(node.type);
          if (!definition) continue;
          assert.equal(node.credentials, undefined, node.id);
          if (node.type.endsWith('-account')) assert.equal(node.environment, 'sandbox', node.id);
          if (!('account' in definition.defaults)) continue;
          const account = nodes.find(({ id }) => id === node.account);
          const types = Object.keys(definition.accounts ?? { [definition.defaults.account!.type!]: {} });
          assert.ok(types.includes(String(account?.type)), `${node.id}: account`);
        }
      });
    }
  });

  // docs/node-red.md, "Loading and packaging": the flow library's scorecard, as far as it needs no network.
  describe('scorecard', () => {
    it('has a licence, and its text', () => {
      assert.ok(manifest.license);
      assert.ok(existsSync(join(ROOT, 'LICENSE')));
    });

    it('says where its source is or its bugs go', () => {
      assert.ok(manifest.repository || manifest.bugs);
    });

    it('has a scope, and the keyword', () => {
      assert.match(manifest.name, /^@[\w-]+\/node-red-[\w-]+$/);
      assert.ok(manifest.keywords.includes('node-red'));
    });

    it('runs on the Node.js and Node-RED that are asked of it', () => {
      assert.ok(admits(manifest.engines.node, '22.9.0'));
      assert.ok(admits(manifest['node-red'].version, '4.1.0'));
      assert.ok(admits(manifest['node-red'].version, '5.0.7'));
    });

    it('has few dependencies', () => {
      assert.ok(Object.keys(manifest.dependencies).length <= 6);
    });

    it('has dependencies whose ranges take in later releases', () => {
      const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
        packages: Record<string, { version: string }>;
      };
      for (const [name, range] of Object.entries(manifest.dependencies)) {
        const [, lowest] = /^\^(\d+\.\d+\.\d+)$/.exec(range) ?? [];
        assert.ok(lowest, `${name} ${range}`);
        const { version } = lock.packages[`node_modules/${name}`]!;
        assert.equal(version.split('.')[0], lowest.split('.')[0], name);
        assert.ok(admits(`>=${lowest}`, version), `${name} ${version}`);
      }
    });

    it('has no type that Node-RED itself has', () => {
      assert.ok(CORE.has('inject'));
      assert.deepEqual(
        TYPES.filter((type) => CORE.has(type)),
        [],
      );
    });

    it('has a README that names its nodes', () => {
      const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
      for (const type of TYPES) assert.ok(readme.includes(type), type);
    });
  });
});

/** What a node's code asks of the runtime. */
function registerInRuntime(type: string): { type: string; credentials: string[] } {
  const { default: register } = require(join(ROOT, NODES[type]!)) as { default: (RED: unknown) => void };
  let registered = { type: '', credentials: [] as string[] };
  const registerType = (name: string, _create: unknown, options: { credentials?: object } = {}) => {
    assert.equal(registered.type, '', `${type} registers more than once`);
    registered = { type: name, credentials: Object.keys(options.credentials ?? {}).sort() };
  };
  const route = () => {};
  const httpAdmin = { get: route, post: route, delete: route };
  const events = { on: () => {} };
  const auth = { needsPermission: () => () => {} };
  register({ nodes: { registerType }, httpAdmin, httpNode: httpAdmin, auth, events, settings: {} });
  return registered;
}

/** Whether a range of the form `>=x.y` or `>=x.y.z` admits a version. */
function admits(range: string, version: string): boolean {
  const [, lowest] = /^>=(\d+\.\d+(?:\.\d+)?)$/.exec(range) ?? [];
  assert.ok(lowest, `${range} is not of the form >=x.y or >=x.y.z`);
  const [low, wanted] = [lowest, version].map((text) => text.split('.').map(Number)) as [number[], number[]];
  for (const [index, part] of wanted.entries()) {
    const least = low[index] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}

function isPalette(name: string): boolean {
  return 'node-red' in JSON.parse(readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8'));
}

/** What the html in a folder registers. */
function typesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.html') && !file.includes('node_modules'))
    .flatMap((file) => [
      ...readFileSync(join(folder, file), 'utf8').matchAll(/registerType\(\s*['"]([^'"]+)['"]/g),
    ])
    .map(([, type]) => type!);
}
