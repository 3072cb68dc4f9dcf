/** Holds the table of who may know whom. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, normalize, relative, sep } from 'node:path';

const ROOT = join(__dirname, '../..');

/** One file's import of another, of a package or of Node.js. */
interface Import {
  file: string;
  line: number;
  /** Path below the root without its ending, or the name as it is written. */
  target: string;
}

/**
 * Every way to import there is: `import … from`, `import '…'`, `export … from`, `import('…')`, `import x = require('…')`,
 * `require('…')`, types included.
 */
const IMPORT = /(?<!['"`])\b(?:from\s*|(?:import|require)\s*\(?\s*)(['"`])([^'"`\n]+)\1/g;
/** An import whose target cannot be read off the text. */
const UNREADABLE =
  /\b(?:import|require)\s*\(\s*(?!['"`])|\b(?:import|require)\s*\(\s*`[^`]*\$\{|\bcreateRequire\b/;

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(IMPORT)].map((found) => {
    const name = found[2]!;
    const target = name.startsWith('.')
      ? normalize(join(dirname(file), name))
          .split(sep)
          .join('/')
      : name;
    return { file, line: text.slice(0, found.index).split('\n').length, target };
  });
}

const CONTRACT = /^src\/contract\//;
const NODE = /^node:/;
const LEDGER_OF_RUNTIME = 'src/node-red/ledger/ledger-of';
/** What a room that keeps something may know of the store. */
const STORE = /^src\/store\/(?:sql|seal|secret|database|postgres)$/;

/** What each folder may import; the first row that fits a file counts. `$1` is the provider. */
const TABLE: readonly [RegExp, ...(RegExp | string)[]][] = [
  // Each node: the runner and one action or account, which is checked below.
  [/^nodes\//, /^src\/node-red\/(?:register$|[a-z]+\/)/, /^src\/providers\/[^/]+\/[^/]+$/],
  // The door through which the nodes come in: types and admin routes.
  [/^src\/node-red\/register\.ts$/, /^src\/node-red\//, CONTRACT],
  [
    /^src\/node-red\/runner\//,
    'src/node-red/runner/',
    // What a config node of an account or of a photo store offers to the nodes that use it.
    /^src\/node-red\/(?:account\/account-node|photos\/photo-store-of)$/,
    CONTRACT,
    /^src\/http\/(?:proxy|wire)$/,
    /^src\/input\/text$/,
    /^src\/ledger\/(?:entry|ledger)$/,
    /^src\/queue\/in-hand$/,
    /^src\/store\/(?:database|seal|secret)$/,
    /^src\/texts\/texts$/,
    /^src\/waiting\//,
    /^node:path$/,
  ],
  [
    /^src\/node-red\/account\//,
    /^src\/node-red\/(?:runner|account)\//,
    LEDGER_OF_RUNTIME,
    CONTRACT,
    /^src\/http\//,
    /^src\/input\/credential$/,
    /^src\/sandbox\/shared$/,
  ],
  [
    /^src\/node-red\/ledger\//,
    /^src\/node-red\/(?:runner|ledger)\//,
    CONTRACT,
    /^src\/http\/address$/,
    /^src\/input\/(?:text|moment|json-text)$/,
    /^src\/ledger\//,
    // Photos that came before are remembered where the shared ledger is.
    /^src\/photos\/(?:seen|seen-sql)$/,
    /^src\/store\/(?:postgres|secret)$/,
    /^node:diagnostics_channel$/,
  ],
  [
    /^src\/node-red\/photos\//,
    /^src\/node-red\/(?:runner|photos)\//,
    LEDGER_OF_RUNTIME,
    CONTRACT,
    /^src\/http\/send$/,
    /^src\/input\/credential$/,
    /^src\/photos\//,
    /^node:path$/,
  ],
  [
    /^src\/node-red\/queue\//,
    /^src\/node-red\/(?:runner|queue)\//,
    LEDGER_OF_RUNTIME,
    CONTRACT,
    /^src\/http\/address$/,
    /^src\/queue\//,
    /^src\/store\/secret$/,
    /^node:path$/,
  ],
  [
    /^src\/node-red\/admin\//,
    /^src\/node-red\//,
    CONTRACT,
    /^src\/input\/(?:text|moment)$/,
    /^src\/ledger\//,
    /^src\/queue\/calls$/,
    /^src\/store\/(?:database|backup)$/,
    /^src\/texts\/texts$/,
    /^src\/waiting\//,
    /^node:(?:fs|stream\/promises)$/,
  ],
  [
    /^src\/providers\/xhey\//,
    'src/providers/xhey/',
    /^src\/http\//,
    /^src\/input\//,
    CONTRACT,
    NODE,
    /^gcoord$/,
  ],
  [
    /^src\/providers\/westdex\//,
    'src/providers/westdex/',
    /^src\/http\//,
    /^src\/input\//,
    /^src\/photos\/(?:fit|photo-to-fit)$/,
    CONTRACT,
    NODE,
    /^jsonata$/,
  ],
  [
    /^src\/providers\/tencent-market\//,
    'src/providers/tencent-market/',
    /^src\/http\//,
    /^src\/input\//,
    /^src\/photos\/(?:fit|photo-to-fit)$/,
    CONTRACT,
    NODE,
  ],
  [/^src\/providers\/([^/]+)\//, 'src/providers/$1/', /^src\/http\//, /^src\/input\//, CONTRACT, NODE],
  [/^src\/http\//, /^src\/http\//, CONTRACT, NODE, /^undici$/],
  [/^src\/input\//, /^src\/input\//, CONTRACT, NODE],
  // The one place where the store knows the rooms whose operations its thread runs.
  [/^src\/store\/thread\.ts$/, /^src\/store\/serve$/, /^src\/[a-z]+\/[a-z-]+-sql$/],
  [/^src\/store\//, /^src\/store\//, CONTRACT, NODE, /^pg$/],
  [/^src\/waiting\//, /^src\/waiting\//, STORE, CONTRACT, NODE],
  [/^src\/ledger\//, /^src\/ledger\//, STORE, CONTRACT, NODE, /^papaparse$/],
  [
    /^src\/photos\//,
    /^src\/photos\//,
    STORE,
    /^src\/http\//,
    /^src\/input\//,
    CONTRACT,
    NODE,
    /^(?:sharp|gcoord|aws4fetch)$/,
  ],
  [
    /^src\/queue\//,
    /^src\/queue\//,
    'src/store/seal',
    'src/http/address',
    CONTRACT,
    NODE,
    /^(?:bullmq|ioredis)$/,
  ],
  [/^src\/sandbox\//, /^src\/sandbox\//, /^src\/providers\/[^/]+\/sandbox$/, CONTRACT, NODE],
  [/^src\/texts\//, /^src\/texts\/[\w-]+\.json$/],
  [CONTRACT, CONTRACT],
];

/** @returns what is wrong with an import, or null */
function objection({ file, line, target }: Import): string | null {
  const row = TABLE.find(([folder]) => folder.test(file));
  const provider = row?.[0].exec(file)?.[1] ?? '';
  const allowed = row?.slice(1).some((rule) => {
    return typeof rule === 'string' ? target.startsWith(rule.replace('$1', provider)) : rule.test(target);
  });
  return allowed ? null : `${file}:${line} must not import ${target}`;
}

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));
}

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

/** Comments may speak of imports. */
const withoutComments = (text: string) =>
  text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, ' '));

describe('imports', () => {
  const files = [...sources('src'), ...sources('nodes')];

  it('go only where the table lets them', () => {
    assert.ok(files.length > 40);
    const imports = files.flatMap((file) => importsOf(file, withoutComments(read(file))));
    assert.ok(imports.length > 100);
    assert.deepEqual(imports.map(objection).filter(Boolean), []);
  });

  it('can all be read', () => {
    assert.deepEqual(
      files.filter((file) => UNREADABLE.test(withoutComments(read(file)))),
      [],
    );
  });

  it('of a node are of one action or account of one provider, or of none', () => {
    for (const file of sources('nodes')) {
      const targets = [...new Set(importsOf(file, read(file)).map(({ target }) => target))];
      const ofProviders = targets.filter((target) => target.startsWith('src/providers/'));
      const isAccount = file.endsWith('-account.ts');
      if (/^nodes\/(?:verify|photo)-/.test(file)) {
        assert.deepEqual(ofProviders, [], file);
        continue;
      }
      assert.equal(new Set(ofProviders.map(dirname)).size, 1, `${file} imports ${ofProviders.join(', ')}`);
      const [first, ...others] = ofProviders.map((target) => basename(target)).sort();
      assert.equal(first, isAccount ? 'account' : basename(file, '.ts'), file);
      // An account may bring what tests it.
      assert.ok(others.length === 0 || (isAccount && /^(?:client|probe)$/.test(others.join())), file);
    }
  });

  it('find no house that holds everything and no barrel', () => {
    const folders = files.concat(sources('test')).map((file) => file.replace(/\.ts$/, '').split('/'));
    const unwanted = /^(?:utils?|helpers?|common|shared-?utils?|misc|index)$/i;
    assert.deepEqual(
      folders.filter((parts) => parts.some((part) => unwanted.test(part))),
      [],
    );
  });

  it('are found in every form and told apart', () => {
    const forms = [
      "import { a } from 'x';",
      "import type { a } from 'x';",
      "import a, {\n  b,\n} from 'x';",
      "import * as a from 'x';",
      "import 'x';",
      "export { a } from 'x';",
      "export * from 'x';",
      "import a = require('x');",
      "const a = require('x') as typeof import('x');",
      "const a = await import('x');",
      'const a = require("x");',
      'let a: import(`x`).A;',
    ];
    for (const form of forms) {
      assert.deepEqual(
        new Set(importsOf('src/a.ts', form).map(({ target }) => target)),
        new Set(['x']),
        form,
      );
    }
    for (const form of ['require(name)', 'import(name)', 'require(`./\u0024{name}`)', 'createRequire(a)']) {
      assert.ok(UNREADABLE.test(form), form);
    }
  });

  const judged: [string, string, boolean][] = [
    ['nodes/truth-create/truth-create.ts', '../../src/node-red/register', true],
    ['nodes/truth-create/truth-create.ts', '../../src/http/send', false],
    ['nodes/truth-create/truth-create.ts', 'undici', false],
    ['src/node-red/runner/status.ts', './red', true],
    ['src/node-red/runner/status.ts', '../admin/tasks-route', false],
    ['src/node-red/runner/status.ts', '../register', false],
    ['src/node-red/account/account-node.ts', '../../sandbox/shared', true],
    ['src/node-red/account/account-node.ts', '../../sandbox/server', false],
    ['src/node-red/account/account-node.ts', '../../providers/xhey/account', false],
    ['src/node-red/account/account-node.ts', '../../../nodes/truth-create/truth-create', false],
    ['src/node-red/queue/verify-in.ts', '../photos/photo-store', false],
    ['src/node-red/admin/queue-routes.ts', '../queue/verify-queue', true],
    ['src/providers/xhey/photo.ts', 'gcoord', true],
    ['src/providers/westdex/client.ts', 'gcoord', false],
    ['src/providers/westdex/conditions.ts', 'jsonata', true],
    ['src/providers/xhey/client.ts', 'jsonata', false],
    ['src/providers/westdex/client.ts', './encrypt', true],
    ['src/providers/westdex/client.ts', '../xhey/client', false],
    ['src/providers/westdex/client.ts', '../../node-red/runner/red', false],
    ['src/providers/westdex/client.ts', '../../waiting/pending-tasks', false],
    ['src/providers/westdex/client.ts', '../../input/mask', true],
    ['src/providers/westdex/client.ts', 'undici', false],
    ['src/providers/westdex/client.ts', 'node:crypto', true],
    ['src/http/wire.ts', 'undici', true],
    ['src/http/wire.ts', '../providers/xhey/client', false],
    ['src/http/wire.ts', '../waiting/pending-tasks', false],
    ['src/input/photo.ts', '../http/json', false],
    ['src/input/photo.ts', '../contract/errors', true],
    ['src/input/photo.ts', 'node:buffer', true],
    ['src/waiting/pending-tasks.ts', '../http/fifo', false],
    ['src/waiting/pending-tasks.ts', '../store/database', true],
    ['src/waiting/pending-tasks.ts', '../store/serve', false],
    ['src/waiting/pending-tasks.ts', '../node-red/runner/red', false],
    ['src/ledger/ledger-sql.ts', '../store/sql', true],
    ['src/ledger/ledger.ts', '../store/serve', false],
    ['src/ledger/ledger.ts', '../waiting/pending-tasks', false],
    ['src/ledger/ledger.ts', '../http/send', false],
    ['src/ledger/ledger.ts', '../node-red/runner/red', false],
    ['src/photos/s3.ts', '../http/address', true],
    ['src/photos/s3.ts', 'aws4fetch', true],
    ['src/photos/s3.ts', 'undici', false],
    ['src/photos/s3.ts', '../waiting/pending-tasks', false],
    ['src/photos/s3.ts', '../node-red/runner/red', false],
    ['src/queue/calls.ts', 'bullmq', true],
    ['src/queue/bull.ts', 'ioredis', true],
    ['src/queue/calls.ts', '../ledger/ledger', false],
    ['src/queue/calls.ts', '../node-red/runner/red', false],
    ['src/queue/calls.ts', '../providers/xhey/client', false],
    ['src/node-red/queue/verify-call.ts', 'bullmq', false],
    ['src/sandbox/server.ts', '../providers/xhey/sandbox', true],
    ['src/sandbox/server.ts', '../providers/xhey/client', false],
    ['src/sandbox/server.ts', '../http/json', false],
    ['src/contract/action.ts', './cancel', true],
    ['src/contract/action.ts', '../http/send', false],
    ['src/contract/action.ts', 'node:fs', false],
    ['src/elsewhere/a.ts', '../contract/errors', false],
  ];
  for (const [file, name, allowed] of judged) {
    it(`let ${file} ${allowed ? 'import' : 'not import'} ${name}`, () => {
      const [found = assert.fail()] = importsOf(file, `import '${name}';`);
      assert.equal(objection(found) === null, allowed);
    });
  }
});
