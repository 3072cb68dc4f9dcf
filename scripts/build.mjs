// Compiles nodes, src and test into dist/, and puts beside the nodes what Node-RED looks for there:
// html, icons and catalogues (NODE-RED, "Loading and packaging" and "Languages").
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

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const from = (...parts) => join(root, 'nodes', ...parts);
const to = (...parts) => join(root, 'dist', 'nodes', ...parts);

compile();
copyForms();
writeCatalogues();
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

function copyForms() {
  for (const file of readdirSync(from()).filter((name) => name.endsWith('.html')))
    cpSync(from(file), to(file));
  if (existsSync(from('icons'))) cpSync(from('icons'), to('icons'), { recursive: true });
}

/**
 * A catalogue belongs to one node and is found under its name, so what all nodes say (errors, warnings, status words)
 * is written once, in shared.json, and put into each. `zh` is what Chinese browsers and LANG may ask for.
 */
function writeCatalogues() {
  const types = Object.keys(readJson(join(root, 'package.json'))['node-red'].nodes);
  for (const [source, ...languages] of [
    ['en-US', 'en-US'],
    ['zh-CN', 'zh-CN', 'zh'],
  ]) {
    const shared = readJson(from('locales', source, 'shared.json'));
    for (const language of languages) {
      mkdirSync(to('locales', language), { recursive: true });
      for (const type of types) {
        const own = readJson(from('locales', source, `${type}.json`));
        writeFileSync(to('locales', language, `${type}.json`), JSON.stringify(merge(shared, own)));
        cpSync(from('locales', source, `${type}.html`), to('locales', language, `${type}.html`));
      }
    }
  }
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
