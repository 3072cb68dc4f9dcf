/** The catalogues against each other, and against the source and the forms that take texts from them. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import jsonata from 'jsonata';
import { ERRORS } from '../src/contract/errors';
import { FIELDS } from '../src/ledger/columns';
import { HANDLING_COLUMNS } from '../src/ledger/csv';
import { FILLS } from '../src/node-red/runner/status';
import { foreignWords } from './chinese';
import { define, expandedForm } from './nodes/form';

const ROOT = join(__dirname, '..', '..');
const NODES = join(ROOT, 'nodes');
/** What several forms say. */
const FORMS = 'forms';
/** What the runtime says. */
const RUNTIME = 'the runtime';
const { nodes, plugins } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))['node-red'];
const TYPES = Object.keys(nodes);
/** Texts whose keys are put together: those of the ledger's tables. */
const REPORTED = [
  'other-site',
  ...[...FIELDS, ...HANDLING_COLUMNS, 'yes', 'no'].map((name) => `columns.${name}`),
  ...TYPES.filter((type) => type.endsWith('-account')).map(
    (type) => `providers.${type.replace('-account', '')}`,
  ),
];
const PLUGINS = Object.keys(plugins);
const SIDEBAR = 'verification';

/** What becomes of a message that was submitted in part. */
const PARTLY = ['submitted', 'with-key', 'rest', 'rest-new-key', 'later', 'uncertain'].map(
  (name) => `partly-submitted.${name}`,
);

/** What a status shows: outcomes, error codes, and that it waits. */
const WORDS = [...Object.keys(FILLS), ...Object.keys(ERRORS)];
const STATUS_WORDS = [...WORDS, ...WORDS.map((word) => `sandbox ${word}`)];
/** In which language each is published: Node-RED looks from `zh-CN` to `zh`. */
const PUBLISHED: Record<string, string> = { 'en-US': 'en-US', 'zh-CN': 'zh' };
const LONGEST_STATUS = 20;

/** The provider's own names for its keys, the same in every language. */
const SAME_IN_CHINESE = [
  'Linkface',
  ...['GroupKey', 'GroupSecret', 'SecretId', 'SecretKey'],
  ...['AccessKey ID', 'AccessKey Secret'],
];

/** Comma, semicolon and parentheses of the ASCII kind. */
const HALF_WIDTH = /\p{Script=Han}[\x2c\x3b\x28\x29]|[\x2c\x3b\x28\x29]\p{Script=Han}/u;

/** Of two words for one thing, the one that is not used, and the one that is. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  应答: '响应',
  校验位: '校验码',
  无法判断: '无法判定',
  调试面板: '调试窗口',
  调试侧: '调试窗口',
  网址: '地址',
  连通: '连接',
  连不上: '无法连接',
  付费: '计费',
  计费记录: '台账',
};

/** A catalogue, with its nested keys joined by dots. */
type Catalogue = Map<string, string>;

/** A reason or warning as the source raises it, with the names of the values it passes. */
interface Use {
  key: string;
  values: string[];
  file: string;
}

/** Where a key is written, what stands before it in the catalogue, and the names of its values. */
const WRITTEN: readonly [pattern: RegExp, prefix: string, values: string][] = [
  [/'(status\.[a-z-]+)'/g, '', 'count'],
  [/'(test\.store-[a-z-]+)'/g, '', 'text'],
  [/'(test\.(?!store-)[a-z-]+)'/g, '', ''],
  [/'(database-[a-z-]+)'/g, 'errors.', 'file code'],
  [/problem: '(queue-[a-z-]+)'/g, 'errors.', 'code'],
  [/'(store-[a-z-]+)'/g, 'errors.', 'words code seconds retryAfter status endpoint name maxMB'],
];
/** The same of keys that are the members of a type. */
const MEMBERS: readonly [type: string, prefix: string, values: string][] = [
  ['LedgerNotice', 'warnings.ledger.', 'count'],
  ['SharedNotice', 'warnings.shared-ledger.', 'location code'],
  ['StoreNotice', 'warnings.store.', 'count'],
  ['RedisNotice', 'warnings.queue.', 'place code'],
  ['DatabaseNotice', 'warnings.database.', 'file code count aside'],
  ['Period', 'warnings.budget.', 'account limit spent'],
];

describe('catalogues', () => {
  for (const name of [RUNTIME, ...TYPES, ...PLUGINS]) {
    describe(name, () => {
      const english = own('en-US', name);
      const chinese = own('zh-CN', name);

      it('has the same keys in both languages', () => {
        assert.deepEqual([...chinese.keys()].sort(), [...english.keys()].sort());
      });

      it('fills the same values into both languages', () => {
        for (const [key, text] of english) {
          assert.deepEqual(interpolations(chinese.get(key) ?? ''), interpolations(text), key);
        }
      });

      it('is Chinese in zh-CN and not in en-US', () => {
        for (const [key, text] of chinese) {
          const own = text.replace(/__\w+?__/g, '');
          const isChinese = own === '' || SAME_IN_CHINESE.includes(own) || /\p{Script=Han}/u.test(own);
          assert.ok(isChinese, `${key}: ${text}`);
        }
        for (const [key, text] of english) assert.doesNotMatch(text, /\p{Script=Han}/u, key);
      });

      it('has no English in zh-CN', () => {
        for (const [key, text] of chinese) {
          const said = text.replace(/__\w+?__/g, '').replace(/msg\.[\w.]+/g, '');
          assert.deepEqual(foreignWords(said), [], `${key}: ${text}`);
        }
      });

      it('has no empty text, and no half-width punctuation beside Chinese characters', () => {
        for (const [key, text] of [...english, ...chinese]) assert.notEqual(text.trim(), '', key);
        for (const [key, text] of chinese) {
          assert.doesNotMatch(text, HALF_WIDTH, key);
        }
      });
    });
  }

  describe('help', () => {
    for (const type of TYPES) {
      it(`has no English in the Chinese help of ${type}`, () => {
        const prose = help('zh-CN', type)
          .replace(/<(code|pre|dt)\b[\s\S]*?<\/\1>/g, ' ')
          .replace(/<[^>]*>/g, ' ');
        assert.deepEqual(foreignWords(prose), []);
      });

      for (const language of Object.keys(PUBLISHED)) {
        it(`is short and to be used: ${type} in ${language}`, () => {
          const html = help(language, type);
          assert.doesNotMatch(html, /<!--/, 'nothing that is left to be put in');
          assert.match(html, /<h3>(What to switch on|Common cases|该打开什么|常见情况与设置)<\/h3>\n<table>/);
          const [, recipes = ''] =
            /<h3>(?:Three recipes|三[个种]用法)<\/h3>\n<ol>([\s\S]*?)<\/ol>/.exec(html) ?? [];
          assert.equal(recipes.split('<li>').length - 1, 3);
        });
      }
    }

    it('has no condition for westdex-three that takes missing data for a verdict', async () => {
      const examples = [
        ...[...help('en-US', 'westdex-three').matchAll(/<code class="expression">([^<]+)<\/code>/g)],
        ...[...help('zh-CN', 'westdex-three').matchAll(/<code class="expression">([^<]+)<\/code>/g)],
        ...[
          ...expandedForm('westdex-three').matchAll(
            /Type|id="node-input-(?:pass|fail)When" placeholder="([^>]+?)" /g,
          ),
        ],
      ].flatMap(([, example]) => (example ? [example.replaceAll('&quot;', '"')] : []));
      assert.equal(examples.length, 6);
      for (const example of examples) {
        for (const nothing of [{}, null, '', { code: null }]) {
          assert.notEqual(await jsonata(example).evaluate(nothing), true, example);
        }
      }
    });
  });

  describe('built', () => {
    for (const type of TYPES) {
      it(`has ${type} in every language, and nothing in it that others say, too`, () => {
        for (const source of Object.keys(PUBLISHED)) {
          const palette = define(type).category === 'config' ? [] : own(source, FORMS);
          const expected = [
            ...own(source, type),
            ...[...palette].filter(([key]) => key.startsWith('palette.')),
          ];
          assert.deepEqual(sorted(built(source, type)), sorted(new Map(expected)), source);
        }
      });
    }

    it('has the words of a status where they are other words, and nothing that only the runtime says', () => {
      const keys = (language: string) => [...built(language, FORMS).keys()];
      assert.deepEqual(
        keys('zh-CN').filter((key) => !key.includes('.')),
        STATUS_WORDS,
      );
      for (const key of keys('en-US')) assert.match(key, /^(?:form|help|label)\./);
    });
  });

  it('have one word for one thing in Chinese, as have helps, pages and examples, and no blank between two sentences', () => {
    const pages = ['README', 'SECURITY', 'deploy/README', 'docs/nodes', 'docs/errors'].map(
      (page) => `${page}.zh-CN.md`,
    );
    const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name) => join('examples', name));
    const texts = [
      ...[...pages, ...examples].map((file) => [file, readFileSync(join(ROOT, file), 'utf8')]),
      ...TYPES.map((type) => [`the help of ${type}`, help('zh-CN', type).replace(/<[^>]*>/g, '')]),
      ...[RUNTIME, FORMS, ...TYPES, ...PLUGINS].flatMap((name) => [...own('zh-CN', name)]),
    ] as [where: string, text: string][];
    for (const [where, text] of texts) {
      for (const [other, word] of Object.entries(OTHER_WORDS))
        assert.ok(!text.includes(other), `${where} has ${other}, which is ${word} here`);
      assert.doesNotMatch(text, /\p{Script=Han}[。！？；] +(?=\p{Script=Han})|[。！？；]　/u, where);
    }
  });

  describe('against the source', () => {
    it('reads the source as it is written', () => {
      const keys = TYPES.flatMap((type) => uses(type).map(({ key }) => key));
      for (const key of [
        'errors.timeout',
        'errors.connect-timeout',
        'errors.answer-damaged',
        'errors.host-not-found',
        'errors.refused.RATE_LIMITED',
        'errors.credential-missing',
        'warnings.circuit-closed',
        'warnings.unknown-task-status',
        'test.works',
        'test.not-deployed',
      ]) {
        assert.ok(keys.includes(key), `${key} is raised in the source, and this test no longer finds it`);
      }
    });

    for (const type of TYPES) {
      it(`has a text for all that ${type} can say`, () => {
        const catalogue = textsOf('en-US', type);
        for (const { key, file } of uses(type)) {
          const wanted = key.startsWith('errors.') ? [`${key}.text`, `${key}.hint`] : [key];
          for (const each of wanted) assert.ok(catalogue.has(each), `${file} needs ${each}`);
        }
      });

      it(`asks in the texts of ${type} only for values that are passed`, () => {
        const catalogue = textsOf('en-US', type);
        for (const { key, values, file } of uses(type)) {
          for (const each of [key, `${key}.text`, `${key}.hint`]) {
            for (const wanted of interpolations(catalogue.get(each) ?? '')) {
              assert.ok(values.includes(wanted), `${each} asks for ${wanted}, ${file} passes ${values}`);
            }
          }
        }
      });
    }

    it('has every status word, short enough', () => {
      for (const language of ['en-US', 'zh-CN']) {
        const catalogue = own(language, FORMS);
        for (const word of STATUS_WORDS) {
          const text = catalogue.get(word);
          assert.ok(text && text.length <= LONGEST_STATUS, `${language} ${word}: ${text}`);
          if (language === 'en-US') assert.equal(text, word);
        }
      }
    });
  });

  describe('against the forms', () => {
    for (const type of TYPES) {
      it(`has every text of ${type}'s form`, () => {
        const catalogue = new Map([...built('en-US', FORMS), ...built('en-US', type)]);
        const keys = formKeys(type);
        assert.ok(keys.length > 0);
        for (const key of keys) assert.ok(catalogue.has(key), key);
      });

      it(`writes no text of ${type}'s form anywhere else`, () => {
        const visible = expandedForm(type).replace(/<[^>]*>/g, ' ');
        assert.doesNotMatch(visible, /[\p{Letter}]/u);
      });
    }
  });

  describe('against the sidebar', () => {
    it('has every text, and no other', () => {
      const asked = [...sidebar().matchAll(/\bwords\(([^;]*?)[,)]/g)]
        .flatMap(([, expression]) => [...expression!.matchAll(/'([a-z][\w.-]*)'/g)])
        .map(([, key]) => key!);
      const [, parts] = /for \(const name of \[(.+?)\]\)/.exec(sidebar())!;
      for (const [, part] of parts!.matchAll(/'(\w+)'/g)) asked.push(`${part}.title`);
      assert.deepEqual([...new Set(asked)].sort(), [...own('en-US', SIDEBAR).keys()].sort());
    });

    it('is there in every language', () => {
      for (const source of Object.keys(PUBLISHED))
        assert.deepEqual(sorted(built(source, SIDEBAR)), sorted(own(source, SIDEBAR)), source);
    });

    it("takes of the forms' texts what is there", () => {
      const catalogue = built('en-US', FORMS);
      const asked = [sidebar(), form(FORMS)].flatMap((html) =>
        [...html.matchAll(/(?<!\.)\bsay\('([\w.-]+)'/g)].map(([, key]) => key!),
      );
      assert.ok(asked.length > 5);
      for (const key of asked) assert.ok(catalogue.has(key), key);
    });

    it('writes no text anywhere else', () => {
      for (const name of PLUGINS) {
        assert.doesNotMatch(form(name), /\p{Script=Han}/u);
        for (const [, text] of form(name).matchAll(/\.text\('([^']*)'/g)) assert.fail(text);
      }
    });
  });

  describe('against the ledger', () => {
    it("has a head for every column of the ledger's tables, and a name for every provider", () => {
      for (const language of Object.keys(PUBLISHED)) {
        const heads = own(language, RUNTIME);
        for (const key of [...REPORTED, ...PARTLY]) assert.ok(heads.has(key), `${language} ${key}`);
      }
    });
  });

  it('mark no word as docs/errors.md marks what an error fills in', () => {
    for (const language of Object.keys(PUBLISHED))
      for (const [key, text] of own(language, RUNTIME)) assert.doesNotMatch(text, /`/, key);
  });

  describe('unused texts', () => {
    it('are not kept', () => {
      const unused: string[] = [];
      const usedByForms = new Set([...STATUS_WORDS, ...TYPES.flatMap(formKeys), ...writtenKeys(FORMS)]);
      for (const name of [FORMS, ...TYPES]) {
        const used =
          name === FORMS
            ? usedByForms
            : new Set([...formKeys(name), ...writtenKeys(FORMS), ...knownKeys(name)]);
        for (const key of own('en-US', name).keys()) if (!used.has(key)) unused.push(`${name}: ${key}`);
      }
      const usedBy = (type: string) =>
        uses(type).flatMap(({ key }) => ['', '.text', '.hint'].map((part) => key + part));
      const usedByRuntime = new Set([
        'text-and-hint',
        ...REPORTED,
        ...PARTLY,
        ...TYPES.flatMap((type) => [...usedBy(type), ...usedBy(type).map((key) => `nodes.${type}.${key}`)]),
      ]);
      for (const key of own('en-US', RUNTIME).keys()) if (!usedByRuntime.has(key)) unused.push(key);
      assert.deepEqual(unused, []);
    });
  });
});

function readJson(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function flatten(tree: Record<string, unknown>, prefix = ''): Catalogue {
  const flat: Catalogue = new Map();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') flat.set(prefix + key, value);
    else {
      const nested = flatten(value as Record<string, unknown>, `${prefix}${key}.`);
      for (const [path, text] of nested) flat.set(path, text);
    }
  }
  return flat;
}

function sorted(catalogue: Catalogue): [string, string][] {
  return [...catalogue].sort(([a], [b]) => (a < b ? -1 : 1));
}

function own(language: string, name: string): Catalogue {
  if (name === RUNTIME) return flatten(readJson(join(ROOT, 'src', 'texts', `${language}.json`)));
  return flatten(readJson(join(NODES, name, 'locales', language, `${name}.json`)));
}

/** The runtime texts that a node of this type has. */
function textsOf(language: string, type: string): Catalogue {
  const { nodes: byType, ...shared } = readJson(join(ROOT, 'src', 'texts', `${language}.json`)) as Record<
    string,
    Record<string, Record<string, unknown>>
  >;
  return new Map([...flatten(shared), ...flatten(byType![type] ?? {})]);
}

/** As the editor gets it. */
function built(language: string, name: string): Catalogue {
  return flatten(readJson(join(ROOT, 'dist/nodes', name, 'locales', PUBLISHED[language]!, `${name}.json`)));
}

function interpolations(text: string): string[] {
  return [...new Set([...text.matchAll(/__([A-Za-z]+)__/g)].map(([, name]) => name!))].sort();
}

/** As a reader sees it. */
function help(language: string, type: string): string {
  return readFileSync(join(ROOT, 'resources/help', language, `${type}.html`), 'utf8');
}

/** All of it, with what the editor loads when it is first shown. */
function sidebar(): string {
  return form(SIDEBAR) + readFileSync(join(ROOT, 'resources/sidebar.html'), 'utf8');
}

/** As it is published. */
function form(type: string): string {
  return readFileSync(join(ROOT, 'dist/nodes', type, `${type}.html`), 'utf8');
}

/** The keys a form takes from the catalogue, and that of its palette category. */
function formKeys(type: string): string[] {
  const attributes = [...expandedForm(type).matchAll(/data-i18n="([^"]+)"/g)].map(([, value]) =>
    value!.replace(/^\[[\w-]+\]/, ''),
  );
  const { category, defaults } = define(type);
  const tabs = [...expandedForm(type).matchAll(/data-tab="(\w+)"/g)].map(([, tab]) => `form.tab-${tab}`);
  const of = Object.entries(defaults).flatMap(([name, { required, typed, choices = [] }]) => {
    const key = `form.${name.replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`)}`;
    return [
      ...(required === false ? [`${key}-none`] : []),
      ...(typed ? choices.map((each) => `${key}-${each}`) : []),
    ];
  });
  return [
    ...[...attributes, ...tabs, ...of, ...writtenKeys(type)],
    ...(category === 'config' ? [] : [`palette.label.${category}`]),
  ];
}

/** Of an account, what is known of its provider's endpoints: the form of provider-request shows it. */
function knownKeys(type: string): string[] {
  const known = define('provider-request').accounts?.[type]?.known ?? {};
  return Object.values(known).flatMap((values) => values.map((value) => `known.${value}`));
}

/** The keys in the script of a node or plugin. */
function writtenKeys(name: string): string[] {
  const html = form(name);
  const written = [...html.matchAll(/['}`]((?:form|label)\.[a-z][\w-]*)['`]/g)].map(([, key]) => key!);
  return [...written, ...addressProblems(html).map((problem) => `form.${problem}`)];
}

/**
 * What a node of this type may have to say: all that the files it imports raise, and for an action all that its
 * account and its photo store raise, because they are opened by the node that uses them.
 */
function uses(type: string): Use[] {
  const entry = join(NODES, type, `${type}.ts`);
  const entries = [entry];
  if (form(type).includes("type: 'photo-store'")) entries.push(join(NODES, 'photo-store', 'photo-store.ts'));
  if (!type.endsWith('-account')) {
    for (const other of TYPES.filter((each) => each.endsWith('-account'))) {
      const account = join(NODES, other, `${other}.ts`);
      const isOfAny = define(type).accounts !== undefined;
      if (isOfAny || providerOf(account) === providerOf(entry)) entries.push(account);
    }
  }
  const files = reachable(entries);
  return [...files].flatMap((file) => {
    const source = readFileSync(file, 'utf8');
    const found = [
      ...raised(source),
      ...refusals(source, files),
      ...warned(source),
      ...listed(source),
      ...addressProblems(source).map((problem) => ({ key: `errors.${problem}`, values: [] })),
    ];
    // Of those of truth-create it is said which one it is.
    const isOneOfMany = /(?:input\/photo|photos\/fit)\.ts$/.test(file) && type === 'truth-create';
    const more = isOneOfMany ? ['position'] : [];
    return found.map((use) => ({ ...use, values: [...use.values, ...more], file: relative(ROOT, file) }));
  });
}

function providerOf(entry: string): string | undefined {
  return /providers\/([\w-]+)\//.exec(readFileSync(entry, 'utf8'))?.[1];
}

/** Follows imports and requires, but not those of types. */
function reachable(entries: readonly string[]): Set<string> {
  const files = new Set<string>();
  const visit = (file: string) => {
    if (files.has(file)) return;
    files.add(file);
    const source = readFileSync(file, 'utf8');
    const imports = [
      ...source.matchAll(/^(?:import|export) (?!type\b)[^;]*?from '(\.[^']+)'/gm),
      ...source.matchAll(/require\('(\.[^']+)'\)/g),
    ];
    // The database starts its thread by the name of its file.
    const threads = source.includes("join(__dirname, 'thread.js')") ? ['./thread'] : [];
    for (const path of [...imports.map(([, each]) => each!), ...threads]) {
      if (path.endsWith('.json')) continue;
      const target = `${resolve(dirname(file), path)}.ts`;
      assert.ok(existsSync(target), `${relative(ROOT, file)} imports ${path}`);
      visit(target);
    }
  };
  for (const entry of entries) visit(entry);
  return files;
}

/** `new VerifyError(code, reason, { values }`, and `fail(code, reason, { values }` of src/http/wire.ts. */
function raised(source: string): Omit<Use, 'file'>[] {
  const sites = source.matchAll(
    /(?:new VerifyError|\bfail)\(\s*(?:'[A-Z_]+'|[\w.]+),\s*(\w+\([^)]*\)|[^,{)`]+)\s*(?:,\s*(?:\{([^}]*)\}|(values\b)))?/g,
  );
  return [...sites].flatMap((site) => {
    const [, reason, literal, variable] = site;
    const before = source.slice(0, site.index);
    const values = variable
      ? /const values = \{([^}]*)\}/.exec(before.slice(before.lastIndexOf('const values = {')))?.[1]
      : literal;
    const named = /^(\w+)\(/.exec(reason!)?.[1];
    const texts = named ? returned(source, named) : literals(reason!);
    return texts.map((each) => ({ key: `errors.${each}`, values: valueNames(values) }));
  });
}

/** The literals a function of the same file returns. */
function returned(source: string, name: string): string[] {
  const body = new RegExp(`function ${name}\\([\\s\\S]*?\\n}`).exec(source)?.[0];
  assert.ok(body, `${name} is not in the file that calls it`);
  return [...body.matchAll(/return ('[^']*')/g)].flatMap(([, text]) => literals(text!));
}

/** `refusal(code, …)` and `refusalBy(table, …)`: the codes stand in the tables of the file that calls it, or of those it imports. */
function refusals(source: string, files: ReadonlySet<string>): Omit<Use, 'file'>[] {
  const calls = [...source.matchAll(/(?<!function )\brefusal(?:By)?\(([^;]*)/g)];
  if (calls.length === 0) return [];
  const tables = /\b(?:STATUSES|const CODES)\b/.test(source)
    ? source
    : [...files].filter((file) => /\bcodes\.ts$/.test(file)).map((file) => readFileSync(file, 'utf8'));
  const codes = [
    ...[tables].flat().flatMap((text) => [...text.matchAll(/\[(?:'\w+'|\w+), '([A-Z_]+)'[\],]/g)]),
    ...[tables].flat().flatMap((text) => [...text.matchAll(/\bcode: '([A-Z_]+)'/g)]),
    ...source.matchAll(/(?:\?\?|\?|\brefusal\() ?'([A-Z_]+)'/g),
  ].map(([, code]) => code!);
  const known = [...new Set(codes)].filter((code) => code in ERRORS);
  assert.ok(known.length > 0);
  return known.map((code) => ({ key: `errors.refused.${code}`, values: ['words'] }));
}

function warned(source: string): Omit<Use, 'file'>[] {
  return [
    ...[...source.matchAll(/'warnings\.([a-z.-]+)'(?:, \{([^}]*)\})?/g)],
    ...[...source.matchAll(/warnOnce\('([a-z-]+)'(?:, \{([^}]*)\})?/g)],
  ].map(([, key, values]) => ({ key: `warnings.${key}`, values: valueNames(values) }));
}

/** What `addressProblem` of src/http/address.ts, which the forms have in them too, may find. */
function addressProblems(source: string): string[] {
  const body = /function addressProblem\([\s\S]*?\n}/.exec(source)?.[0] ?? '';
  return [...body.matchAll(/'(base-url-[a-z-]+)'/g)].map(([, problem]) => problem!);
}

/** Texts whose keys stand in tables, or are the members of a type. */
function listed(source: string): Omit<Use, 'file'>[] {
  const written = WRITTEN.flatMap(([pattern, prefix, values]) =>
    [...source.matchAll(pattern)].map(([, key]) => ({ key: prefix + key, values: values.split(' ') })),
  );
  const members = MEMBERS.flatMap(([type, prefix, values]) =>
    literals(new RegExp(`export type ${type} =([^;]+);`).exec(source)?.[1] ?? '').map((key) => ({
      key: prefix + key,
      values: values.split(' '),
    })),
  );
  return [...written, ...members];
}

function literals(text: string): string[] {
  return [...text.matchAll(/'([a-z][a-z\d-]*)'/g)].map(([, word]) => word!);
}

/** The names in `a, b: c`. */
function valueNames(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.split(':')[0]!.trim())
    .filter((name) => name !== '');
}
