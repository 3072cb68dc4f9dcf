/** The pages for people against what they describe: properties and defaults, codes and problems, links, two languages. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ERRORS } from '../src/contract/errors';
import { ROUTES } from '../src/node-red/admin/routes';
import { EXAMPLES } from './example-flows';
import { type Definition, define, ROOT } from './nodes/form';

/** A row that bounds nothing, and a property that is empty. */
const NONE = '–';

const PAIRS = [
  ['README.md', 'README.zh-CN.md'],
  ['SECURITY.md', 'SECURITY.zh-CN.md'],
  ['docs/nodes.md', 'docs/nodes.zh-CN.md'],
  ['docs/errors.md', 'docs/errors.zh-CN.md'],
  ['docs/providers.md', 'docs/providers.zh-CN.md'],
  ['deploy/README.md', 'deploy/README.zh-CN.md'],
] as const;
const PAGES = [
  ...PAIRS.flat(),
  ...['CONTRIBUTING.md', 'CHANGELOG.md'],
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Examples of a node each, which its help names. */
const OF_ONE_NODE = '7 节点 Nodes';

/** The sections of what several nodes have. */
const SHARED = {
  'docs/nodes.md': { accounts: 'All accounts', actions: 'All action nodes' },
  'docs/nodes.zh-CN.md': { accounts: '所有账号', actions: '所有动作节点' },
};

interface Setting {
  min?: number;
  max?: number;
  choices?: readonly (string | number)[];
}
type Rows = Map<string, { value: string; bounds: string }>;

const { 'node-red': nodeRed, files } = JSON.parse(read('package.json')) as {
  'node-red': { nodes: Record<string, string> };
  files: string[];
};
const TYPES = Object.keys(nodeRed.nodes);

describe('docs', () => {
  for (const [page, shared] of Object.entries(SHARED)) {
    describe(page, () => {
      const sections = sectionsOf(read(page));
      it('has a section for every type of node, and none for another', () => {
        const named = [...sections.keys()].filter((heading) => heading.startsWith('`'));
        assert.deepEqual(named.sort(), TYPES.map((type) => `\`${type}\``).sort());
      });
      for (const type of TYPES) {
        it(`has every property of ${type}, with its default and bounds`, () => {
          const { defaults, credentials = {} } = define(type);
          const rows = rowsOf([
            ...(type.endsWith('-account') ? [sections.get(shared.accounts)] : []),
            ...('account' in defaults ? [sections.get(shared.actions)] : []),
            sections.get(`\`${type}\``),
          ]);
          for (const name of Object.keys(credentials)) assert.ok(rows.has(name), name);
          for (const name of rowsOf([sections.get(`\`${type}\``)]).keys())
            assert.ok(name in defaults || name in credentials, `${type} has no ${name}`);
          for (const [name, value] of propertiesOf(defaults)) {
            const row = rows.get(name);
            assert.ok(row, name);
            assert.equal(row.value, value, name);
            assert.equal(row.bounds.replaceAll('、', ', '), boundsOf(defaults[name]), name);
          }
        });
      }
    });
  }

  for (const page of ['docs/nodes.md', 'docs/nodes.zh-CN.md']) {
    it(`${page} has every admin route, with the permission that it needs`, () => {
      const usual = (method: string) => (method === 'GET' ? 'cn-verify.read' : 'cn-verify.write');
      const rows = [...read(page).matchAll(/^\| (`[A-Z]+ \/cn-verify.*?) \| (.*) \|$/gm)];
      const named = rows.flatMap(([, routes, does]) =>
        [...routes!.matchAll(/`([A-Z]+) \/cn-verify([^`]+)`/g)].map(([, method, path]) => {
          const permission = /cn-verify\.(?:read|write)/.exec(does!)?.[0] ?? usual(method!);
          return `${method} ${path} ${permission}`;
        }),
      );
      const routes = ROUTES.map(
        ({ method, path, permission }) => `${method.toUpperCase()} ${path} ${permission}`,
      );
      assert.deepEqual(named.sort(), routes.sort());
    });

    it(`${page} has every option of cnVerify`, () => {
      const named = [...read(page).matchAll(/^\| `cnVerify\.(\w+)`/gm)].map(([, name]) => name);
      const options = read('src/node-red/runner/own-settings.ts').matchAll(/^ {2}(\w+)\?:/gm);
      assert.deepEqual(named.sort(), [...options].map(([, name]) => name).sort());
    });
  }

  for (const page of ['docs/errors.md', 'docs/errors.zh-CN.md'] as const) {
    it(`${page} has every code`, () => {
      assert.deepEqual(
        [...new Set(read(page).match(/^\| `[A-Z_]+`/gm))],
        Object.keys(ERRORS).map((code) => `| \`${code}\``),
      );
    });
  }

  it('has tables of problems that say what the catalogues say', () => {
    const script = join(ROOT, 'scripts/docs.mjs');
    const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });

  for (const [english, chinese] of PAIRS) {
    it(`${english} and ${chinese} have the same headings`, () => {
      const [levels, others] = [english, chinese].map((page) =>
        headingsOf(read(page)).map(({ level }) => level),
      );
      assert.deepEqual(others, levels);
    });
  }

  for (const page of new Set(PAGES)) {
    it(`${page} leads to what there is`, () => {
      for (const link of linksOf(page)) {
        const [path = '', anchor] = link.split('#').map(decodeURIComponent);
        const target = path === '' ? page : join(dirname(page), path);
        assert.ok(existsSync(join(ROOT, target)), link);
        if (!anchor) continue;
        const anchors = headingsOf(read(target)).map(({ text }) => anchorOf(text));
        assert.ok(anchors.includes(anchor), link);
      }
    });
  }

  for (const page of ['README.md', 'README.zh-CN.md']) {
    it(`${page} has every example that is a use, as the import dialog shows it`, () => {
      const text = read(page);
      const links = linksOf(page).map(decodeURIComponent);
      for (const { path } of EXAMPLES.values()) {
        const [folder = '', name = ''] = path
          .replace(/\.json$/, '')
          .split('/')
          .slice(-2);
        if (folder === OF_ONE_NODE) continue;
        assert.ok(text.includes(folder) && text.includes(`[${name}]: `), name);
        assert.ok(links.includes(`examples/${folder}/${name}.json`), name);
      }
    });
  }

  it('publishes the pages that the READMEs lead to', () => {
    const linked = ['README.md', 'README.zh-CN.md'].flatMap(linksOf).map((link) => link.split('#')[0]!);
    const pages = linked.filter((link) => /^(?:docs|deploy)\/.*(?<!\.png)$/.test(link));
    assert.ok(pages.length > 0);
    const isPublished = (page: string) =>
      files.some((entry) => page === entry || page.startsWith(`${entry}/`));
    assert.deepEqual(
      pages.filter((page) => !isPublished(page)),
      [],
    );
  });
});

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** By heading of the second level. */
function sectionsOf(text: string): Map<string, string> {
  return new Map(
    text.split(/^## /m).map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end), section.slice(end)];
    }),
  );
}

/** Of tables whose first column names a property, and a `*` where it is a typed input. */
function rowsOf(sections: (string | undefined)[]): Rows {
  return new Map(
    [...sections.join('\n').matchAll(/^\| `(\w+)`(?: \*)? \| (.+?) \| (.+?) \| .+ \|$/gm)].map(
      ([, name = '', value = '', bounds = '']) => [name, { value, bounds }],
    ),
  );
}

/** What a property is where nobody changed it, as the tables write it; of a typed input, as a flow would read it. */
function propertiesOf(defaults: Definition['defaults']): [name: string, value: string][] {
  const isKind = (name: string) => name.endsWith('Type') && name.slice(0, -'Type'.length) in defaults;
  return Object.entries(defaults)
    .filter(([name]) => !isKind(name))
    .map(([name, { value }]) => {
      if (value === '' || value === undefined || typeof value === 'object') return [name, NONE];
      if (typeof value === 'number') return [name, String(value)];
      const isOfMessage = defaults[`${name}Type`]?.value === 'msg';
      return [name, `\`${isOfMessage ? 'msg.' : ''}${value}\``];
    });
}

function boundsOf({ min, max, choices }: Setting = {}): string {
  if (choices) return choices.map((each) => (typeof each === 'number' ? each : `\`${each}\``)).join(', ');
  if (min === undefined) return NONE;
  return max === undefined ? `≥ ${min}` : `${min}–${max}`;
}

function headingsOf(text: string): { level: number; text: string }[] {
  return [...text.matchAll(/^(#+) (.+)$/gm)].map(([, marks = '', heading = '']) => ({
    level: marks.length,
    text: heading,
  }));
}

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

/** Those within this repository, in the text or as a reference. */
function linksOf(page: string): string[] {
  const links = [...read(page).matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]: (\S+)$/gm)];
  return links.map(([, inline, reference]) => inline ?? reference!).filter((link) => !/^[a-z]+:/.test(link));
}
