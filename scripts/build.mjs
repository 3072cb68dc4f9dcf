// Compiles nodes, src and test into dist/, and puts beside the nodes what Node-RED looks for there:
// html, icons and catalogues (docs/node-red.md, "Loading and packaging" and "Languages").
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeForm, makePlugin } from './forms.mjs';
import { writeExamples } from './pages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const from = (...parts) => join(root, 'nodes', ...parts);
const to = (...parts) => join(root, 'dist', 'nodes', ...parts);
const { nodes, plugins } = readJson(join(root, 'package.json'))['node-red'];
const [TYPES, PLUGINS] = [nodes, plugins].map(Object.keys);

compile();
writeForms();
writeCatalogues();
writeExamples(root);
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
  for (const type of TYPES) writeFileSync(to(`${type}.html`), makeForm(root, type));
  for (const name of PLUGINS) writeFileSync(to(`${name}.html`), makePlugin(root, name));
  if (existsSync(from('icons'))) cpSync(from('icons'), to('icons'), { recursive: true });
}

/**
 * Node-RED looks from `zh-CN` and `zh-TW` to `zh`. From a name of three parts it looks there for a catalogue, but not for
 * the help: test/flows/weight.test.ts asks a real one.
 */
function writeCatalogues() {
  for (const [source, language, ...others] of [
    ['en-US', 'en-US'],
    ['zh-CN', 'zh', 'zh-Hans-CN'],
  ]) {
    const read = (...path) => readFileSync(from('locales', source, ...path), 'utf8');
    const { palette, ...shared } = JSON.parse(read('forms.json'));
    const help = readdirSync(from('locales', source, 'shared')).map((file) => [
      file.replace('.html', ''),
      small(read('shared', file)),
    ]);
    // A word of a status is looked up under itself, and may be left out where it is the same.
    const words = Object.entries(shared).filter(([key, text]) => key !== text);
    const catalogues = { forms: { ...Object.fromEntries(words), help: Object.fromEntries(help) } };
    for (const type of TYPES) {
      const isInPalette = !readFileSync(to(`${type}.html`), 'utf8').includes("category: 'config'");
      catalogues[type] = { ...(isInPalette ? { palette } : {}), ...JSON.parse(read(`${type}.json`)) };
    }
    for (const name of PLUGINS) catalogues[name] ??= JSON.parse(read(`${name}.json`));
    for (const folder of [language, ...others]) {
      mkdirSync(to('locales', folder), { recursive: true });
      for (const type of TYPES)
        writeFileSync(to('locales', folder, `${type}.html`), small(read(`${type}.html`)));
    }
    for (const [name, texts] of Object.entries(catalogues))
      writeFileSync(to('locales', language, `${name}.json`), JSON.stringify(texts));
  }
}

function small(html) {
  return html.replace(/^\s+/gm, '');
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
