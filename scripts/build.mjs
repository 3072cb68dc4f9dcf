// Compiles nodes, src and test into dist/, and puts beside the nodes what Node-RED looks for there:
// html, icons and catalogues (NODE-RED, "Loading and packaging" and "Languages").
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeForm, withIncludes } from './forms.mjs';
import { writeOperatorPage } from './pages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const from = (...parts) => join(root, 'nodes', ...parts);
const to = (...parts) => join(root, 'dist', 'nodes', ...parts);
const { nodes, plugins } = readJson(join(root, 'package.json'))['node-red'];
const [TYPES, PLUGINS] = [nodes, plugins].map(Object.keys);

compile();
writeForms();
writeCatalogues();
writeOperatorPage(root);
// scripts/ready.mjs looks at its time.
writeFileSync(join(root, 'dist/.built'), '');

function compile() {
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(packageFile, 'utf8'));
  const { status } = spawnSync(process.execPath, [join(dirname(packageFile), bin.tsc)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(1);
  chmodSync(join(root, 'dist/src/sandbox/command-line.js'), 0o755);
}

function writeForms() {
  for (const type of TYPES) writeFileSync(to(`${type}.html`), makeForm(root, type, textsOf('en-US', type)));
  for (const name of PLUGINS) writeFileSync(to(`${name}.html`), withIncludes(root, name));
  if (existsSync(from('icons'))) cpSync(from('icons'), to('icons'), { recursive: true });
}

/**
 * Each language, and what else Chinese browsers and LANG may ask for: NODE-RED, "Languages". Node-RED itself looks from
 * `zh-CN` to `zh`, but not from a name of three parts.
 */
function writeCatalogues() {
  for (const [source, ...languages] of [
    ['en-US', 'en-US'],
    ['zh-CN', 'zh-CN', 'zh', 'zh-Hans-CN'],
  ]) {
    for (const language of languages) {
      mkdirSync(to('locales', language), { recursive: true });
      for (const type of TYPES) {
        writeFileSync(to('locales', language, `${type}.json`), JSON.stringify(textsOf(source, type)));
        writeFileSync(to('locales', language, `${type}.html`), helpOf(source, type));
      }
      for (const name of PLUGINS)
        cpSync(from('locales', source, `${name}.json`), to('locales', language, `${name}.json`));
    }
  }
}

/**
 * A catalogue belongs to one node and is found under its name, so what all nodes say (errors, warnings, status words)
 * is written once, in shared.json, and put into each.
 */
function textsOf(language, type) {
  const [shared, own] = ['shared', type].map((name) => readJson(from('locales', language, `${name}.json`)));
  return merge(shared, own);
}

/** The help of a node; what several have in common stands in the language's folder `shared`. */
function helpOf(language, type) {
  const read = (...path) => readFileSync(from('locales', language, ...path), 'utf8');
  return read(`${type}.html`).replace(/<!-- include (\S+) -->\n/g, (_, file) => read('shared', file));
}

function merge(shared, own) {
  const merged = { ...shared };
  for (const [key, value] of Object.entries(own)) {
    merged[key] =
      typeof value === 'object' && typeof merged[key] === 'object' ? merge(merged[key], value) : value;
  }
  return merged;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
