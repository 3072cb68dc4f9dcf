/**
 * Called by build.mjs. Writes into the examples what stands in files of its own: the pages of the operator's page, and functions that are too long to be
 * written in a flow, each with all it imports.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'acorn';

const SOURCES = 'src/operator-page';

/** By example, then by the node's name up to the slash: the property, and the files that make it. */
const EXAMPLES = {
  'examples/4 页面 Pages/操作员页面 operator-page.json': {
    'look of all pages': ['format', 'desk.css'],
    'page: on every page': ['format', 'bar.vue', 'desk.mjs'],
    'page: photos': ['format', 'photos.vue'],
    'page: person': ['format', 'person.vue'],
    'page: history': ['format', 'history.vue'],
    'photos came': ['func', 'server-photos-in.mjs'],
    'next nine': ['func', 'server-next-batch.mjs'],
    'they were submitted': ['func', 'server-submitted.mjs'],
    'what became of them': ['func', 'server-photos-result.mjs'],
    'photos failed': ['func', 'server-photos-failed.mjs'],
    'a person came': ['func', 'server-person-in.mjs'],
    'what became of it': ['func', 'server-person-result.mjs'],
    'list or one job': ['func', 'server-jobs-out.mjs'],
    'from the ledger': ['func', 'server-from-ledger.mjs'],
    'stop or ask again': ['func', 'server-stop.mjs'],
    'which account': ['func', 'server-environment.mjs'],
    'history asked': ['func', 'server-history-in.mjs'],
    'past results': ['func', 'server-history-out.mjs'],
    'jobs sought': ['func', 'server-search.mjs'],
    'ask the ledger': ['func', 'server-setup-ask.mjs'],
    'the ledger answered': ['func', 'server-setup.mjs'],
  },
  'examples/3 身份 Identity/CSV 批量核验 persons-in-a-file.json': {
    'file for Excel': ['func', 'results-for-excel.mjs'],
  },
};

/** Writes only what changed: the examples are part of the repository. */
export function writeExamples(root) {
  for (const [path, text] of Object.entries(examples(root))) {
    const file = join(root, path);
    if (text !== readFileSync(file, 'utf8')) writeFileSync(file, text);
  }
}

/**
 * @param root of the project, whose sources are compiled
 * @returns by path, the examples with their files as those are written now
 */
export function examples(root) {
  return Object.fromEntries(Object.keys(EXAMPLES).map((path) => [path, exampleOf(root, path)]));
}

function exampleOf(root, path) {
  let example = readFileSync(join(root, path), 'utf8');
  const nodes = JSON.parse(example);
  for (const [name, [property, ...files]] of Object.entries(EXAMPLES[path])) {
    const found = nodes.filter((node) => node.name?.split(' / ')[0] === name && property in node);
    if (found.length !== 1) throw new Error(`${path} has ${found.length} nodes "${name}"`);
    const text = files.map((file) => textOf(join(root, SOURCES, file), property)).join('\n');
    example = withProperty(example, found[0].id, property, text);
  }
  return example;
}

/** Only the one line of it, so that the rest stays as the formatter wants it. */
function withProperty(example, id, property, text) {
  const node = example.indexOf(`    "id": "${id}",`);
  const key = `\n    "${property}": `;
  const begin = example.indexOf(key, node) + key.length;
  const end = example.indexOf('\n', begin);
  const comma = example[end - 1] === ',' ? ',' : '';
  return example.slice(0, begin) + JSON.stringify(text) + comma + example.slice(end);
}

function textOf(file, property) {
  if (!file.endsWith('.mjs')) return withFrame(readFileSync(file, 'utf8').trimEnd(), dirname(file));
  const taken = new Set();
  const own = moduleIn(file, taken);
  const imported = [...taken].map(({ text }) => text);
  if (property === 'format') return `<script>\n${[...imported, own].join('\n\n')}\n</script>`;
  // Node-RED has the function's body. Who opens it sees first what the node does.
  const body = [own.replace('export default function', 'function answer'), ...imported].join('\n\n');
  return `${body}\n\nreturn answer(msg, { flow, env });`;
}

/**
 * The dashboard reads a component property by property, and knows neither mixins nor spreads.
 * @param page a component that may name another one: `// build: merges <file> in here`
 * @returns it with the properties of that one; what both have is one object, with the page's own at the end
 */
export function withFrame(page, folder) {
  const [line, frame] = /^\/\/ build: merges (\S+) in here\n/m.exec(page) ?? [];
  if (!frame) return page;
  const shared = componentIn(readFileSync(join(folder, frame), 'utf8'));
  const own = componentIn(page);
  const additions = shared.properties.map(({ key, value, start, end }) => {
    const same = own.properties.find((each) => each.key.name === key.name);
    if (!same) return [own.end - 1, `  ${shared.script.slice(start, end)},\n`];
    if (same.value.type !== 'ObjectExpression') throw new Error(`A page and ${frame} have "${key.name}".`);
    return [same.value.start + 1, shared.script.slice(value.start + 1, value.end - 1).trimEnd()];
  });
  // From the end, so that those before it stay where they were found.
  const script = additions
    .sort(([a], [b]) => b - a)
    .reduce((text, [at, added]) => text.slice(0, at) + added + text.slice(at), own.script);
  return page.replace(own.script, () => script.replace(line, ''));
}

/** The properties of the component in a file, as they are parsed, and the script that they stand in. */
function componentIn(file) {
  const [, script] = /<script>\n([\s\S]*)<\/script>/.exec(file);
  const { body } = parse(script, { ecmaVersion: 'latest', sourceType: 'module' });
  const { declaration } = body.find(({ type }) => type === 'ExportDefaultDeclaration');
  return { script, properties: declaration.properties, end: declaration.end };
}

/**
 * A module without its imports: neither a function node nor a ui-template can import. Modules of Node.js are among the
 * function node's `libs`.
 * @param taken gets what it imports, each once and after what that imports itself
 */
function moduleIn(file, taken) {
  return readFileSync(file, 'utf8')
    .replace(/^import (\w+|\{[^}]*\}) from '(\.[^']+)';\n/gm, (_, names, path) => {
      const other = join(dirname(file), path);
      if ([...taken].some((each) => each.file === other)) return '';
      if (path.includes('/dist/')) taken.add({ file: other, text: compiled(other, names) });
      else {
        const text = moduleIn(other, taken);
        const isDefault = !names.startsWith('{');
        taken.add({
          file: other,
          text: isDefault
            ? text.replace('export default', `const ${names} =`)
            : text.replace(/^export (?!default)/gm, ''),
        });
      }
      return '';
    })
    .replace(/^import \w+ from 'node:\w+';\n/gm, '')
    .trim();
}

/** A source as it was compiled, with the library that it requires. */
function compiled(file, names) {
  const code = readFileSync(file, 'utf8').trim();
  const [, name] = /require\("([\w-]+)"\)/.exec(code) ?? [];
  if (!name) return `const ${names} = ((exports) => {\n${code}\nreturn exports;\n})({});`;
  const library = readFileSync(createRequire(file).resolve(`${name}/${name}.min.js`), 'utf8').trim();
  const required = `const module = { exports: {} };\nconst { exports } = module;\n${library}\nreturn module.exports;`;
  return `const ${names} = ((exports, require) => {\n${code}\nreturn exports;\n})({}, () => {\n${required}\n});`;
}
