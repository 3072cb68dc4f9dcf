// Writes tables into pages, between their two markers: the problems into docs/errors.md and docs/errors.zh-CN.md, as src/texts says
// them, and the rooms into docs/architecture.md, as test/rooms.json has them. With --check it writes nothing, and fails where a table
// is stale.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const PAGES = [
  {
    page: 'docs/errors.md',
    language: 'en-US',
    everywhere: 'Of all nodes',
    columns: ['problem', 'what happened', 'what to do'],
  },
  {
    page: 'docs/errors.zh-CN.md',
    language: 'zh-CN',
    everywhere: '所有节点',
    columns: ['problem', '含义', '怎么办'],
  },
];
const isCheck = process.argv.includes('--check');
for (const { page, ...of } of PAGES) put(page, 'problems', tablesOf(of));
put('docs/architecture.md', 'rooms', roomsTable());

function put(page, name, table) {
  const path = join(root, page);
  const text = readFileSync(path, 'utf8');
  const markers = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*(<!-- /${name} -->)`);
  if (!markers.test(text)) throw new Error(`${page} has no markers for its table of ${name}.`);
  const fresh = text.replace(markers, (_, begin, end) => `${begin}${table}${end}`);
  if (fresh === text) return;
  if (!isCheck) writeFileSync(path, fresh);
  else {
    console.error(`${page} is stale: run node scripts/docs.mjs`);
    process.exitCode = 1;
  }
}

/** Of what a room may import, its own files go without saying. */
function roomsTable() {
  const rooms = JSON.parse(readFileSync(join(root, 'test/rooms.json'), 'utf8'));
  const rows = rooms.map(({ room, holds, imports, packages = {} }) => {
    const own = Object.entries(packages).map(([provider, name]) => `\`${name}\` (${provider})`);
    const others = imports.filter((each) => each !== room).map((each) => `\`${each}\``);
    return row([`\`${room}\``, holds, [...others, ...own].join(', ')]);
  });
  return [
    row(['room', 'what lives there', 'what it may import, besides itself']),
    row(['---', '---', '---']),
    ...rows,
  ].join('');
}

/** What a node says otherwise than all do stands under its own heading. */
function tablesOf({ language, everywhere, columns }) {
  const { errors, nodes } = JSON.parse(readFileSync(join(root, 'src/texts', `${language}.json`), 'utf8'));
  const shared = problemsOf(errors);
  const own = Object.keys(nodes).sort();
  const tables = [
    [everywhere, shared],
    ...own.map((type) => [`\`${type}\``, problemsOf(nodes[type].errors)]),
  ];
  return tables
    .filter(([, problems]) => problems.size > 0)
    .map(([heading, problems]) => {
      const rows = [...problems].map(([name, { text = shared.get(name)?.text, hint }]) =>
        row([`\`${name}\``, cell(text), cell(hint)]),
      );
      return `\n### ${heading}\n\n${[row(columns), row(columns.map(() => '---')), ...rows].join('')}`;
    })
    .join('')
    .concat('\n');
}

/** A problem is what has a text or a hint, at any depth: `refused.AUTH`. */
function problemsOf(errors = {}, before = '') {
  return new Map(
    Object.entries(errors).flatMap(([name, value]) =>
      typeof value.text === 'string' || typeof value.hint === 'string'
        ? [[before + name, value]]
        : [...problemsOf(value, `${before}${name}.`)],
    ),
  );
}

function row(cells) {
  return `| ${cells.join(' | ')} |\n`;
}

/** What a text is filled with is a name in `cause.values`. */
function cell(text = '') {
  return text.replace(/[|<*]/g, '\\$&').replace(/__(\w+?)__/g, '`$1`');
}
