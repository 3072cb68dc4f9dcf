// Called by build.mjs. Makes the html of nodes and plugins as it is published. In a node's html
//   DEFAULTS({…}), CREDENTIALS({…})      become plain literals: what the runtime takes, read off the runtime itself, so
//                                        that no form can say anything else, and what the argument has beside it
//   PALETTE_LABEL                        becomes a function
//   PRODUCTION_URL                       the address of an account's provider
//   ACCOUNTS                             by account type, what its provider's half of provider-request takes
//   RUNTIME('file', 'export')            a constant or a function of src/file.ts
//   {{type}}                             the node's type
// The flow library and the palette's catalogue read `registerType` as text, see test/published-forms.test.ts; what a form
// does is in nodes/forms/, which the editor loads once, and which writes out in the browser:
//   <!-- include file.html -->                       a file of nodes/forms/, which nodes/forms/forms.html publishes
//   <!-- row name icon example -->                   the row of a field, a setting, an account or a config node
//   <!-- credentials -->, <!-- next credentials -->  a row for each credential; for each of its twins
//   <!-- all other rows -->                          a row for each setting that has none yet
//   <!-- rows for what may cost -->                  `key` and `reuse`, where the action has them
//   <!-- rows for what is about a person -->         `consent` and `guardianConsent`, likewise
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { parse } from 'acorn';

const require = createRequire(import.meta.url);
const SCRIPT = /(<script type="text\/javascript">\n)([\s\S]*?)(<\/script>)/g;

/**
 * @param root of the package, whose src is compiled already
 * @param type of a node
 * @returns the html as Node-RED takes it
 */
export function makeForm(root, type) {
  const { versionOf } = require(join(root, 'dist/src/node-red/runner/migrate.js'));
  const table = { ...tableOf(root, type), version: versionOf(type) };
  const html = readFileSync(join(root, 'nodes', type, `${type}.html`), 'utf8').replaceAll('{{type}}', type);
  return small(html, (script) => withTables(withRuntime(root, script), table));
}

/**
 * @param root of the package, whose src is compiled already
 * @param file of a plugin in nodes/
 * @returns it, with the files of nodes/forms/ that it asks for
 */
export function makePlugin(root, file) {
  const shared = (file) => readFileSync(join(root, 'nodes/forms', file), 'utf8').trim();
  const html = readFileSync(join(root, 'nodes', file), 'utf8')
    .replace(/(?<=">\n)<!-- include (\S+) -->/g, (_, file) => shared(file))
    .replace(/^ *\/\/ include (.+)$/gm, (_, files) => files.split(' ').map(shared).join('\n\n'));
  return small(html, (script) => withRuntime(root, script));
}

function withRuntime(root, script) {
  return script.replace(/\bRUNTIME\('(.+?)', '(.+?)'\)/g, (_, file, name) => {
    const found = require(join(root, 'dist/src', `${file}.js`))[name];
    if (found === undefined) throw new Error(`src/${file}.ts exports no ${name}.`);
    return typeof found === 'function' ? String(found) : JSON.stringify(found);
  });
}

function withTables(script, { configs, fields, settings, credentials, baseUrl, accounts, version }) {
  const typed = Object.entries(fields).flatMap(([name, { value, type: typed, choices, json }]) => [
    [name, { value, typed, choices, json }],
    [`${name}Type`, { value: typed }],
  ]);
  const set = Object.entries(settings).map(([name, { default: value, min, max, integer, choices }]) => [
    name,
    choices ? { value, choices } : { value, min, max, integer },
  ]);
  const own = [
    ['name', { value: '' }],
    ['version', { value: version }],
  ];
  const defaults = Object.fromEntries([...own, ...configs, ...typed, ...set]);
  const passwords = Object.fromEntries(credentials.map((name) => [name, { type: 'password' }]));
  const values = {
    DEFAULTS: (argument) => literal(defaults, argument, script),
    CREDENTIALS: (argument) => literal(passwords, argument, script),
    PALETTE_LABEL: () => `function () { return this._('label.palette').replaceAll(' ', '\\u00a0'); }`,
    PRODUCTION_URL: () => JSON.stringify(baseUrl),
    ACCOUNTS: () => JSON.stringify(accounts),
  };
  let made = script;
  for (const node of macros(parse(script, { ecmaVersion: 'latest' }), values).reverse()) {
    const value = values[node.name ?? node.callee.name](node.arguments?.[0]);
    made = made.slice(0, node.start) + value + made.slice(node.end);
  }
  return made;
}

/** Where these names stand as values, or are called, in the order of the text. */
function macros(node, values) {
  if (Array.isArray(node)) return node.flatMap((each) => macros(each, values));
  if (typeof node?.type !== 'string') return [];
  const { name } = node.type === 'CallExpression' ? node.callee : node;
  if (Object.hasOwn(values, name ?? '')) return [node];
  return Object.values(node).flatMap((each) =>
    each && typeof each === 'object' ? macros(each, values) : [],
  );
}

/**
 * @param entries an object by name
 * @param argument what each has beside or instead of that, as it is parsed; names that are new stand after the first
 * @param script that it is parsed from
 * @returns the text of a plain literal
 */
function literal(entries, argument, script) {
  const text = ({ start, end }) => script.slice(start, end);
  const own = new Map((argument?.properties ?? []).map(({ key, value }) => [key.name, value.properties]));
  const [first, ...others] = Object.keys(entries);
  const names = new Set([first, ...[...own.keys()].filter((name) => !(name in entries)), ...others]);
  names.delete(undefined);
  const properties = [...names].map((name) => {
    const given = Object.entries(entries[name] ?? {}).filter(([, value]) => value !== undefined);
    const property = new Map(given.map(([key, value]) => [key, JSON.stringify(value)]));
    for (const { key, value } of own.get(name) ?? []) property.set(key.name, text(value));
    return `${name}: { ${[...property].map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
  });
  return `{\n${properties.map((each) => `${each},\n`).join('')}}`;
}

/** Without comments and indentation: the editor loads it at each start. */
function small(html, makeScript) {
  return html
    .replace(SCRIPT, (_, begin, script, end) => begin + withoutComments(makeScript(script)) + end)
    .replace(/^\s+/gm, '');
}

function withoutComments(script) {
  const comments = [];
  const strings = [];
  parse(script, {
    ecmaVersion: 'latest',
    onComment: comments,
    onToken: ({ type, start, end }) => type.label === 'template' && strings.push(script.slice(start, end)),
  });
  if (strings.some((each) => each.includes('\n')))
    throw new Error('A template of several lines would change.');
  const kept = [];
  let last = 0;
  for (const { start, end } of comments) {
    kept.push(script.slice(last, start));
    last = end;
  }
  return [...kept, script.slice(last)].join('');
}

function tableOf(root, type) {
  const runtime = (file) => require(join(root, 'dist/src', `${file}.js`));
  if (type.endsWith('-account')) return accountTable(runtime, type);
  return actionTable(root, runtime, type) ?? otherTable(root, runtime, type);
}

/** Where the nodes are that ask no provider. */
const ROOMS = ['ledger', 'photos', 'queue'];

/** Of a node that asks no provider: what it registers, and what its runner takes. */
function otherTable(root, runtime, type) {
  let credentials = [];
  const registerType = (_type, _create, options) => {
    credentials = Object.keys(options.credentials);
  };
  const httpAdmin = { get: () => {}, post: () => {}, delete: () => {} };
  const httpNode = httpAdmin;
  const auth = { needsPermission: () => {} };
  const events = { on: () => {} };
  require(join(root, 'dist/nodes', type, `${type}.js`)).default({
    nodes: { registerType },
    httpAdmin,
    httpNode,
    auth,
    events,
  });
  const room = ROOMS.find((each) => existsSync(join(root, 'src/node-red', each, `${type}.ts`)));
  const runner = room ? runtime(`node-red/${room}/${type}`) : {};
  const { FIELDS: fields = {}, SETTINGS: settings = {} } = runner;
  return { configs: [], credentials, fields, settings };
}

function accountTable(runtime, type) {
  const { account } = runtime(`providers/${type.replace(/-account$/, '')}/account`);
  const settings = {
    ...runtime('node-red/account/account-node').sharedSettings(account),
    ...account.settings,
  };
  const { credentials, baseUrl } = account;
  const configs = [
    ['tls', { value: '', type: 'tls-config', required: false }],
    ['proxy', { value: '', type: 'http proxy', required: false }],
    ['ledger', { value: '', type: 'verify-ledger-store', required: false }],
  ];
  const twins = credentials.map(runtime('node-red/account/pairs').twinOf);
  return { configs, credentials: [...credentials, ...twins], fields: {}, settings, baseUrl };
}

/** Of the one action that names itself as the node's type; null where there is none. */
function actionTable(root, runtime, type) {
  const providers = readdirSync(join(root, 'src/providers'));
  const having = (file) => providers.filter((each) => existsSync(join(root, 'src/providers', each, file)));
  const [provider] = having(`${type}.ts`);
  const isOfAccount = existsSync(join(root, 'src/contract', `${type}.ts`));
  if (!provider && !isOfAccount) return null;
  const file = provider ? `providers/${provider}/${type}` : `contract/${type}`;
  const action = Object.values(runtime(file)).find(({ operation }) => operation === type);
  if (!action) return null;
  const { fields, settings, mayCost, isAboutPerson } = action;
  const types = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))['node-red'].nodes);
  const accounts = having('request.ts')
    .map((each) => [`${each}-account`, runtime(`providers/${each}/request`).request.form])
    .sort(([a], [b]) => types.indexOf(a) - types.indexOf(b));
  const accountType = provider ? `${provider}-account` : accounts[0][0];
  const { ACCOUNT_FIELD, KEY_FIELD, CONSENT_FIELDS, PAID_SETTINGS } = runtime('node-red/runner/choices');
  return {
    accounts: Object.fromEntries(accounts),
    configs: [['account', { value: '', type: accountType, required: true }]],
    credentials: [],
    fields: {
      ...fields,
      ...ACCOUNT_FIELD,
      ...(mayCost ? KEY_FIELD : {}),
      ...(isAboutPerson ? CONSENT_FIELDS : {}),
    },
    settings: {
      ...settings,
      ...(mayCost ? PAID_SETTINGS : {}),
      ...runtime('node-red/runner/action-node').COMMON_SETTINGS,
    },
  };
}
