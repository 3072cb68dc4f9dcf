// Puts the operator's page, which is written in examples/页面 Pages/, into the example operator-page: the Vue files into its
// ui-template nodes and the longer functions into its function nodes. The flow around them is that file's own.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = 'examples/页面 Pages';
const EXAMPLE = `${FOLDER}/操作员页面 operator-page.json`;

/** By the node's name in the flow, up to the slash. */
const FILES = {
  'look of all pages': ['format', 'desk.css'],
  'page: on every page': ['format', 'bar.vue', 'desk.mjs'],
  'page: photos': ['format', 'photos.vue'],
  'page: person': ['format', 'person.vue'],
  'page: history': ['format', 'history.vue'],
  'photos came': ['func', 'server-photos-in.mjs'],
  'next nine': ['func', 'server-next-batch.mjs'],
  'they were submitted': ['func', 'server-submitted.mjs'],
  'what became of them': ['func', 'server-photos-told.mjs'],
  'photos failed': ['func', 'server-photos-failed.mjs'],
  'a person came': ['func', 'server-person-in.mjs'],
  'what became of it': ['func', 'server-person-told.mjs'],
  'list or one job': ['func', 'server-jobs-out.mjs'],
  'from the ledger': ['func', 'server-from-ledger.mjs'],
  'stop or ask again': ['func', 'server-stop.mjs'],
  'which account': ['func', 'server-environment.mjs'],
  'list for all': ['func', 'server-list.mjs'],
  'history asked': ['func', 'server-history-in.mjs'],
  'history told': ['func', 'server-history-out.mjs'],
};

/** Writes it only where it changed: the example is part of the repository. */
export function writeOperatorPage(root) {
  const made = operatorPage(root);
  const file = join(root, EXAMPLE);
  if (made !== readFileSync(file, 'utf8')) writeFileSync(file, made);
}

/**
 * @param root of the project
 * @returns the example with the pages as they are written now
 */
export function operatorPage(root) {
  let example = readFileSync(join(root, EXAMPLE), 'utf8');
  const nodes = JSON.parse(example);
  for (const [name, [property, ...files]] of Object.entries(FILES)) {
    const found = nodes.filter((node) => node.name?.split(' / ')[0] === name && property in node);
    if (found.length !== 1) throw new Error(`${EXAMPLE} has ${found.length} nodes "${name}"`);
    const text = files.map((file) => textOf(join(root, FOLDER, file), property)).join('\n');
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
  const text = readFileSync(file, 'utf8').trimEnd();
  if (!file.endsWith('.mjs')) return text;
  const whole = bundled(file, new Set());
  if (property === 'format') return `<script>\n${whole}\n</script>`;
  // Node-RED has the function's body, and `flow` in it.
  const body = whole.replace('export default function', 'function answer');
  return `${body}\nreturn answer(msg, { flow });`;
}

/** A module with all it imports, in one piece: neither a function node nor a ui-template can import. */
function bundled(file, taken) {
  const imported = [];
  const own = readFileSync(file, 'utf8').replace(
    /^import (?:(\w+)|\{[^}]*\}) from '(\.\/[^']+)';\n/gm,
    (_, name, path) => {
      const other = join(dirname(file), path);
      if (taken.has(other)) return '';
      taken.add(other);
      const text = bundled(other, taken);
      if (name) imported.push(text.replace('export default', `const ${name} =`));
      else imported.push(text.replace(/^export (?!default)/gm, ''));
      return '';
    },
  );
  return [...imported, own.trim()].join('\n\n');
}
