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

/** One room. docs/architecture.md shows the same table. */
interface Room {
  /** A folder, or a file without its ending; `<p>` is a provider, `<type>` a node's type. The first that fits a file counts. */
  room: string;
  /** Folders end with a slash; a star stands for any part of a name. */
  imports: string[];
  /** By provider, the package that is only its own. */
  packages?: Record<string, string>;
}

const ROOMS: Room[] = JSON.parse(readFileSync(join(ROOT, 'test/rooms.json'), 'utf8'));

/** A folder of the table as an expression, with its provider as a group. */
const pattern = (path: string, provider = '([^/]+)') =>
  new RegExp(
    `^${path
      .replace(/[.]/g, '\\.')
      .replace(/\*/g, path.startsWith('node:') ? '.*' : '[^/]*')
      .replace('<p>', provider)
      .replace('<type>', '[^/]+')}${path.endsWith('/') ? '' : '$'}`,
  );

/** @returns what is wrong with an import, or null */
function objection({ file, line, target }: Import): string | null {
  const name = file.replace(/\.ts$/, '');
  const row = ROOMS.find(({ room }) => pattern(room).test(name));
  const provider = row?.room.includes('<p>') ? pattern(row.room).exec(name)?.[1] : undefined;
  const imports = [...(row?.imports ?? []), row?.packages?.[provider ?? '']];
  const allowed = imports.some((each) => each && pattern(each, provider).test(target));
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
      if (/^nodes\/(?:verify-|photo-|provider-request)/.test(file)) {
        assert.deepEqual(ofProviders, [], file);
        continue;
      }
      assert.equal(new Set(ofProviders.map(dirname)).size, 1, `${file} imports ${ofProviders.join(', ')}`);
      const [first, ...others] = ofProviders.map((target) => basename(target)).sort();
      assert.equal(first, isAccount ? 'account' : basename(file, '.ts'), file);
      // An account brings what tests it, and what is asked through it.
      assert.match(others.join(), isAccount ? /^(?:(?:client|probe),)?request$/ : /^$/, file);
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

  it('are found and distinguished in every form', () => {
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
    ['src/store/thread.ts', '../ledger/ledger-sql', true],
    ['src/store/thread.ts', '../ledger/ledger', false],
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
    ['src/input/photo.ts', '../http/text', false],
    ['src/input/photo.ts', '../contract/errors', true],
    ['src/input/photo.ts', 'node:buffer', true],
    ['src/waiting/pending-tasks.ts', '../http/json', false],
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
    ['src/contract/action.ts', './errors', true],
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
