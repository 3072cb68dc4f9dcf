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

/** The html of each node, by type. */
const forms = new Map();

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
  for (const type of TYPES) {
    const form = makeForm(root, type, textsOf('en-US', type));
    forms.set(type, form);
    writeFileSync(to(`${type}.html`), form);
  }
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
        writeFileSync(to('locales', language, `${type}.json`), JSON.stringify(shownTexts(source, type)));
        writeFileSync(to('locales', language, `${type}.html`), helpOf(source, type));
      }
      for (const name of PLUGINS)
        cpSync(from('locales', source, `${name}.json`), to('locales', language, `${name}.json`));
    }
  }
}

/**
 * A catalogue belongs to one node and is found under its name, so what several forms say is written once, in forms.json,
 * and put into the catalogue of each form that says it. What the runtime says is in src/texts.
 */
function textsOf(language, type) {
  const [shared, own] = ['forms', type].map((name) => readJson(from('locales', language, `${name}.json`)));
  return merge(shared, own);
}

/**
 * What the editor needs of them for one node: of the texts that several forms share only those that this form names,
 * whole or, where it composes the key, by the last part; and the words of a status, which the editor looks up under
 * themselves, in the languages where they are other words.
 */
function shownTexts(language, type) {
  const form = forms.get(type);
  const names = new Set(form.match(/[\w-]+/g));
  const isConfig = /category: 'config'/.test(form);
  const pick = (texts, depth = 0) =>
    Object.fromEntries(
      Object.entries(texts).flatMap(([name, text]) => {
        if (typeof text === 'object') return [[name, pick(text, depth + 1)]];
        const isStatus = depth === 0;
        return (isStatus ? !isConfig && text !== name : names.has(name)) ? [[name, text]] : [];
      }),
    );
  return pick(textsOf(language, type));
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
