/**
 * Run by hand. Makes single small changes to the compiled sources of a folder, and runs its tests with each: a change that no test notices is
 * printed. Whether it matters is for a reader to decide.
 *
 *     npm run build && node scripts/mutate.mjs src/input [--most 50] [--seed 1] [--file mask] [--with flows/truth]
 *
 * The tests of the same name run first, then those of the folder, then those that are named: what a node promises is often tested in a flow.
 * A change is in `dist` only, and is taken back.
 */
import { spawnSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'acorn';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    most: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string' },
    with: { type: 'string', multiple: true, default: [] },
  },
});
/** A change may make a loop endless. */
const LONGEST_MS = 300_000;
const OPERATORS = {
  '===': '!==',
  '!==': '===',
  '<': '<=',
  '<=': '<',
  '>': '>=',
  '>=': '>',
  '&&': '||',
  '||': '&&',
  '+': '-',
  '-': '+',
  '*': '/',
  '/': '*',
};

const [folder = 'src/input'] = positionals;
const compiled = join(root, 'dist', folder);
const testsOf = join(root, 'dist/test', folder.replace(/^src\//, ''));
const isWanted = (name) => name.endsWith('.js') && (!values.file || basename(name, '.js') === values.file);
const all = readdirSync(compiled, { recursive: true }).filter(isWanted).sort().flatMap(changesOf);
const chosen = shuffled(all, values.seed).slice(0, Number(values.most));
console.log(`${chosen.length} of ${all.length} changes to ${folder}`);
const survivors = chosen.filter((change) => !isNoticed(change));
for (const { name, line, before, after } of survivors)
  console.log(`\n${folder}/${name}:${line}  ${before}  →  ${after}\n    ${lineOf(name, line)}`);
console.log(`\n${survivors.length} of ${chosen.length} were noticed by no test`);

/** @returns every change that a file admits */
function changesOf(name) {
  const text = readFileSync(join(compiled, name), 'utf8');
  const changes = [];
  const add = (start, end, after) =>
    changes.push({
      name,
      start,
      end,
      after,
      before: text.slice(start, end),
      line: text.slice(0, start).split('\n').length,
    });
  for (const node of nodesIn(parse(text, { ecmaVersion: 'latest' }))) {
    if (node.type === 'BinaryExpression' || node.type === 'LogicalExpression') {
      const at = text.indexOf(node.operator, node.left.end);
      if (node.operator in OPERATORS) add(at, at + node.operator.length, OPERATORS[node.operator]);
    } else if (node.type === 'IfStatement' || node.type === 'ConditionalExpression') {
      for (const truth of ['true', 'false']) add(node.test.start, node.test.end, truth);
    } else if (node.type === 'Literal' && typeof node.value === 'number') {
      add(node.start, node.end, String(node.value + 1));
    } else if (node.type === 'Literal' && typeof node.value === 'boolean') {
      add(node.start, node.end, String(!node.value));
    } else if (node.type === 'ExpressionStatement' && node.expression.type === 'CallExpression') {
      add(node.start, node.end, ';');
    }
  }
  // The compiler's own lines.
  const lines = text.split('\n');
  return changes.filter(
    ({ line }) => !/^Object\.defineProperty\(exports|^const \w+ = require\(/.test(lines[line - 1]),
  );
}

function* nodesIn(node) {
  if (Array.isArray(node)) for (const each of node) yield* nodesIn(each);
  else if (typeof node?.type === 'string') {
    yield node;
    for (const each of Object.values(node)) if (each && typeof each === 'object') yield* nodesIn(each);
  }
}

function isNoticed({ name, start, end, after }) {
  const file = join(compiled, name);
  const text = readFileSync(file, 'utf8');
  const restoreFile = () => writeFileSync(file, text);
  const interrupted = () => process.exit(restoreFile() ?? 1);
  process.once('SIGINT', interrupted);
  try {
    writeFileSync(file, text.slice(0, start) + after + text.slice(end));
    const own = join(testsOf, name.replace(/\.js$/, '.test.js'));
    const others = values.with.map((each) => join(root, 'dist/test', `${each}.test.js`));
    return (
      (existsSync(own) && fails([own])) ||
      (existsSync(testsOf) && fails([testsOf, '--recursive'])) ||
      // A test of a flow needs a process of its own.
      others.some((each) => fails([each]))
    );
  } finally {
    restoreFile();
    process.off('SIGINT', interrupted);
  }
}

function fails(tests) {
  const mocha = join(root, 'node_modules/mocha/bin/mocha.js');
  const { status } = spawnSync(process.execPath, [mocha, '--exit', '--bail', ...tests], {
    cwd: root,
    timeout: LONGEST_MS,
  });
  return status !== 0;
}

function lineOf(name, line) {
  return readFileSync(join(compiled, name), 'utf8').split('\n')[line - 1].trim();
}

/** The same order for the same seed. */
function shuffled(changes, seed) {
  const place = ({ name, start, after }) => hash('md5', `${seed} ${name} ${start} ${after}`);
  return changes
    .map((change) => [place(change), change])
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, change]) => change);
}
