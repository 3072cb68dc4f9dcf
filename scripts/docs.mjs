// Run by hand after a change to a catalogue, to a provider's codes or to the rooms; test/docs.test.ts runs it with --check.
// Writes tables into pages, between their two markers: the problems into docs/errors.md and docs/errors.zh-CN.md, as src/texts says
// them; the providers' codes into docs/providers, docs/errors, docs/sandbox and docs/nodes, as each codes.ts has them; the columns of
// the ledger into docs/nodes; the values that choose the sandbox's answer into docs/sandbox, as its halves have them; the rooms into
// docs/architecture.md, as test/rooms.json has them. It reads what the build made of src. With --check it writes nothing, and fails
// where a table is stale.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(import.meta.url);
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
/** By provider, in the order of their names: the tables of its codes. */
const CODES = readdirSync(join(root, 'dist/src/providers')).flatMap((provider) => {
  const file = join(root, 'dist/src/providers', provider, 'codes.js');
  return existsSync(file) ? [[provider, require(file).TABLES]] : [];
});
/** What readers of a page call a provider. */
const nameOf = (provider, language) =>
  language === 'zh'
    ? JSON.parse(
        readFileSync(join(root, `nodes/${provider}-account/locales/zh-CN/${provider}-account.json`), 'utf8'),
      ).label.account.replace(/ ?账号$/, '')
    : provider;
const OUTCOMES = ['passed', 'failed', 'inconclusive'];

for (const { page, ...of } of PAGES) put(page, 'problems', tablesOf(of));
for (const [provider, tables] of CODES)
  for (const table of tables) put(`docs/providers/${provider}.md`, table.field, codesTable(table));
for (const [suffix, texts] of Object.entries({
  '': {
    language: 'en',
    codes: ['code', 'meaning', '`msg.error.code`'],
    values: ['provider', 'value', 'answer'],
    verdicts: ['value', 'meaning', 'outcome', 'reason'],
    reasons: ['provider', 'outcome', '`reason`'],
    columns: ['field', 'head'],
    all: 'all',
    comma: ', ',
    colon: ':',
  },
  '.zh-CN': {
    language: 'zh',
    codes: ['code', '含义', '`msg.error.code`'],
    values: ['服务商', '值', '响应'],
    verdicts: ['值', '含义', '结论', 'reason'],
    reasons: ['服务商', '结论', '`reason`'],
    columns: ['字段', '表头'],
    all: '全部',
    comma: '、',
    colon: '：',
  },
})) {
  put(`docs/errors${suffix}.md`, 'codes', errorTables(texts));
  put(`docs/sandbox${suffix}.md`, 'values', valuesTable(texts));
  put(`docs/sandbox${suffix}.md`, 'verdicts', verdictTables(texts));
  put(`docs/nodes${suffix}.md`, 'reasons', reasonsTable(texts));
  put(`docs/nodes${suffix}.md`, 'columns', columnsTable(texts));
}
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
    return [`\`${room}\``, holds, [...others, ...own].join(', ')];
  });
  return written(['room', 'what lives there', 'what it may import, besides itself'], rows);
}

/** For those who work on the provider: with its own words. */
function codesTable({ field, rows }) {
  const hasVerdicts = rows.some(({ verdict }) => verdict);
  const words = { true: 'yes', false: 'no', null: '' };
  const hasCharges = rows.some(({ charged }) => charged !== null);
  return written(
    [
      ...[field, 'meaning', 'text'],
      ...(hasVerdicts ? ['outcome', 'reason'] : ['error code']),
      ...(hasCharges ? ['charged'] : []),
    ],
    rows.map(({ code, en, text, error, verdict, charged }) => [
      ...[code, en, text],
      ...(hasVerdicts
        ? [verdict?.outcome ?? (error ? `error ${error}` : ''), verdict?.reason ?? '']
        : [error ?? '']),
      ...(hasCharges ? [words[charged]] : []),
    ]),
  );
}

function errorTables({ language, codes }) {
  return sections((provider, { field, rows }) => {
    const errors = rows.filter(({ error }) => error);
    const heading = `${nameOf(provider, language)}${field === 'code' ? '' : ` \`${field}\``}`;
    const table = errors.map((row) => [`\`${row.code}\``, plain(row[language]), `\`${row.error}\``]);
    return errors.length === 0 ? '' : `\n### ${heading}\n\n${written(codes, table)}`;
  });
}

/** The values that the page of the sandbox shows, too. */
function valuesTable({ language, values, all }) {
  const { SPECIAL_VALUES } = require(join(root, 'dist/src/sandbox/halves.js'));
  return written(
    values,
    SPECIAL_VALUES.map((each) => [
      each.provider ? nameOf(each.provider, language) : all,
      `\`${each.value}\``,
      each[language],
    ]),
  );
}

function verdictTables({ language, verdicts, colon }) {
  return sections((provider, { rows, special }) => {
    const table = rows.flatMap(({ code, verdict, ...row }) =>
      verdict
        ? [
            [
              `\`${special.replace('<code>', code)}\``,
              plain(row[language]),
              verdict.outcome,
              `\`${verdict.reason}\``,
            ],
          ]
        : [],
    );
    return table.length === 0 ? '' : `\n${nameOf(provider, language)}${colon}\n\n${written(verdicts, table)}`;
  });
}

function reasonsTable({ language, reasons: columns, comma }) {
  const rows = CODES.flatMap(([provider, tables]) => {
    const verdicts = tables.flatMap(({ rows, others = [] }) => [
      ...rows.map(({ verdict }) => verdict),
      ...others,
    ]);
    return OUTCOMES.flatMap((outcome) => {
      const reasons = new Set(
        verdicts.flatMap((each) => (each?.outcome === outcome ? [`\`${each.reason}\``] : [])),
      );
      return reasons.size === 0
        ? []
        : [[nameOf(provider, language), `\`${outcome}\``, [...reasons].join(comma)]];
    });
  });
  return written(columns, rows);
}

/** The columns of the ledger, as src/ledger/columns.ts has them, with their heads. */
function columnsTable({ language, columns }) {
  const { FIELDS } = require(join(root, 'dist/src/ledger/columns.js'));
  const file = `src/texts/${language === 'zh' ? 'zh-CN' : 'en-US'}.json`;
  const heads = JSON.parse(readFileSync(join(root, file), 'utf8')).columns;
  return written(
    columns,
    FIELDS.map((field) => [`\`${field}\``, heads[field]]),
  );
}

function sections(write) {
  return CODES.flatMap(([provider, tables]) => tables.map((table) => write(provider, table))).join('');
}

/** Where something was seen concerns those who work on the provider. */
function plain(text) {
  return text.replace(/\*observed[^*]*\*: /, '').replaceAll('*', '');
}

function written(columns, rows) {
  return [columns, columns.map(() => '---'), ...rows].map(row).join('');
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
      const rows = [...problems].map(([name, { text = shared.get(name)?.text, hint }]) => [
        `\`${name}\``,
        cell(text),
        cell(hint),
      ]);
      return `\n### ${heading}\n\n${written(columns, rows)}`;
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
