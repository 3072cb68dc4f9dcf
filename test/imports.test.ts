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

  /** One row for each way in which the table is read. */
  const judged: [string, string, boolean][] = [
    ['nodes/truth-create/truth-create.ts', '../../src/node-red/register', true],
    ['nodes/truth-create/truth-create.ts', '../../src/http/send', false],
    ['src/store/thread.ts', '../ledger/ledger-sql', true],
    ['src/store/thread.ts', '../ledger/ledger', false],
    ['src/store/database.ts', '../ledger/ledger-sql', false],
    ['src/node-red/runner/status.ts', './red', true],
    ['src/node-red/runner/status.ts', '../register', false],
    ['src/providers/xhey/photo.ts', 'gcoord', true],
    ['src/providers/westdex/client.ts', 'gcoord', false],
    ['src/providers/westdex/client.ts', './encrypt', true],
    ['src/providers/westdex/client.ts', '../xhey/client', false],
    ['src/providers/westdex/client.ts', 'node:crypto', true],
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
