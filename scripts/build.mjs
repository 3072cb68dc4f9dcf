// Run by `npm run build` and, where anything changed, by ready.mjs before any other npm script.
// Compiles nodes, src and test into dist/, and puts beside the nodes what Node-RED looks for there: html, icons and
// catalogues (docs/node-red.md, "Loading and packaging" and "Languages"). In resources/ is what the editor loads when it is
// first shown: the help beyond its first paragraph, and the sidebar.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import REASONS from '../src/operator-page/reasons.mjs';
import { makeForm, makePlugin } from './forms.mjs';
import { writeExamples } from './pages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const from = (...parts) => join(root, 'nodes', ...parts);
const to = (...parts) => join(root, 'dist', 'nodes', ...parts);
const {
  name,
  'node-red': { nodes, plugins },
} = readJson(join(root, 'package.json'));
const [TYPES, PLUGINS] = [nodes, plugins].map(Object.keys);

compile();
writeForms();
writeCatalogues();
writeExamples(root);
// scripts/ready.mjs looks at its time.
writeFileSync(join(root, 'dist/.built'), '');

function compile() {
  for (const folder of ['dist/.built', 'dist', 'resources'])
    rmSync(join(root, folder), { recursive: true, force: true });
  const packageFile = createRequire(import.meta.url).resolve('typescript/package.json');
  const { bin } = JSON.parse(readFileSync(packageFile, 'utf8'));
  const { status } = spawnSync(process.execPath, [join(dirname(packageFile), bin.tsc)], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) {
    // What tsc wrote all the same is half of a build: tests that run on it fail for other reasons.
    rmSync(join(root, 'dist'), { recursive: true, force: true });
    console.error('build failed');
    process.exit(1);
  }
  chmodSync(join(root, 'dist/src/sandbox/command-line.js'), 0o755);
}

function writeForms() {
  for (const type of TYPES) {
    writeFileSync(to(type, `${type}.html`), makeForm(root, type));
    if (existsSync(from(type, 'icons'))) cpSync(from(type, 'icons'), to(type, 'icons'), { recursive: true });
  }
  for (const name of PLUGINS) {
    mkdirSync(to(name), { recursive: true });
    writeFileSync(to(name, `${name}.html`), makePlugin(root, `${name}/${name}.html`));
  }
  mkdirSync(join(root, 'resources'));
  writeFileSync(join(root, 'resources/sidebar.html'), makePlugin(root, 'verification/sidebar.html'));
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
    const read = (name, file) => readFileSync(from(name, 'locales', source, file), 'utf8');
    const { palette, ...shared } = JSON.parse(read('forms', 'forms.json'));
    // A word of a status is looked up under itself, and may be left out where it is the same.
    const words = Object.entries(shared).filter(([key, text]) => key !== text);
    const catalogues = { forms: Object.fromEntries(words) };
    for (const type of TYPES) {
      const isInPalette = !readFileSync(to(type, `${type}.html`), 'utf8').includes("category: 'config'");
      catalogues[type] = { ...(isInPalette ? { palette } : {}), ...JSON.parse(read(type, `${type}.json`)) };
    }
    for (const name of PLUGINS) catalogues[name] ??= JSON.parse(read(name, `${name}.json`));
    const write = (name, folder, file, text) => {
      mkdirSync(to(name, 'locales', folder), { recursive: true });
      writeFileSync(to(name, 'locales', folder, file), text);
    };
    mkdirSync(join(root, 'resources/help', source), { recursive: true });
    for (const type of TYPES) {
      const [, begin, help, end] = /^(<script .*>\n)([\s\S]*)(<\/script>\s*)$/.exec(
        read(type, `${type}.html`),
      );
      const whole = small(
        help
          .replace(/<!-- include (\S+) -->\n/g, (_, name) => read('forms', `${name}.html`))
          .replace(/<!-- columns -->\n */g, () => ledgerFields(source))
          .replace(/<!-- verdicts (\S+) -->\n/g, (_, provider) => verdictRows(provider, source))
          .replace(/<!-- codes (\S+) -->\n/g, (_, provider) => codeRows(provider, source)),
      );
      writeFileSync(join(root, 'resources/help', source, `${type}.html`), whole);
      const [first] = /<p>[\s\S]*?<\/p>\n/.exec(whole);
      const src = `resources/${name}/help/${source}/${type}.html`;
      const rest = `<cn-verify-help data-type="${type}" data-src="${src}"></cn-verify-help>\n`;
      for (const folder of [language, ...others])
        write(type, folder, `${type}.html`, begin + first + rest + end);
    }
    for (const [name, texts] of Object.entries(catalogues))
      write(name, language, `${name}.json`, JSON.stringify(texts));
  }
}

function tablesOf(provider) {
  return createRequire(import.meta.url)(join(root, 'dist/src/providers', provider, 'codes.js')).TABLES;
}

/** Of the help: the fields of an entry of the ledger, as src/ledger/columns.ts has them. */
function ledgerFields(language) {
  const { FIELDS } = createRequire(import.meta.url)(join(root, 'dist/src/ledger/columns.js'));
  // In Chinese no white space stands where a line may end.
  const [comma, end] = language === 'zh-CN' ? ['、<wbr>', '。'] : [', ', '. '];
  return FIELDS.map((field) => `<code>${field}</code>`).join(comma) + end;
}

/** Of the help: the codes of a provider that are errors, as its codes.ts has them. */
function codeRows(provider, language) {
  const rows = tablesOf(provider).flatMap((table) => table.rows.filter(({ error }) => error));
  return rows
    .map(
      (row) =>
        `<tr><td>${row.code} ${language === 'zh-CN' ? row.zh : row.en}</td><td>${row.error}</td></tr>\n`,
    )
    .join('');
}

/** Of the help: the reasons of a provider's verdicts with their codes, as its codes.ts has them. */
function verdictRows(provider, language) {
  const [comma, open, close] = language === 'zh-CN' ? ['、', '（', '）'] : [', ', ' (', ')'];
  const verdicts = tablesOf(provider).flatMap(({ rows, others = [] }) => [
    ...rows,
    ...others.map((verdict) => ({ verdict })),
  ]);
  return ['passed', 'failed', 'inconclusive']
    .map((outcome) => {
      const rows = verdicts.filter(({ verdict }) => verdict?.outcome === outcome);
      const reasons = Object.entries(Object.groupBy(rows, ({ verdict }) => verdict.reason)).map(
        ([reason, same]) => {
          // In the editor no code is broken, and some of these are wider than the sidebar.
          const code = `<code style="white-space: normal">${reason}</code>`;
          const words = `${code}${language === 'zh-CN' ? ` ${REASONS[reason]?.[0] ?? ''}` : ''}`;
          const codes = same.flatMap(({ code }) => code ?? []).join(comma);
          return codes ? words + open + codes + close : words;
        },
      );
      return `<tr><td>${outcome}</td><td>${reasons.join(comma)}</td></tr>\n`;
    })
    .join('');
}

function small(html) {
  return html.replace(/^\s+/gm, '');
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
