// Makes a node's form of nodes/<type>.html: what several forms share is written once in nodes/forms/, and what the
// runtime takes is read off the runtime itself, so that no form can say anything else.
//   <!-- include file.html -->, // include file.js   a file of nodes/forms/
//   <!-- row name icon example -->                   the row of a field, a setting, an account or a config node
//   <!-- credentials -->, <!-- next credentials -->  a row for each credential; for each of its twins
//   <!-- all other rows -->                          a row for each setting that has none yet
//   <!-- rows for what may cost -->                  `key` and `reuse`, where the action has them
//   RUNTIME_TABLE, RUNTIME('file', 'export')         what the runtime takes; a constant or a function of src/file.ts
//   {{type}}, {{prefix}}                             the node's type, and what Node-RED puts before the id of an input
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ROWS } from '../nodes/forms/rows.mjs';

const require = createRequire(import.meta.url);

/**
 * @param root of the package, whose src is compiled already
 * @param type of a node
 * @param texts of its catalogue, any language
 * @returns the html as Node-RED takes it
 */
export function makeForm(root, type, texts) {
  const runtime = (file) => require(join(root, 'dist/src', `${file}.js`));
  const table = tableOf(root, runtime, type);
  const expanded = withIncludes(root, type);
  const isConfig = type.endsWith('-account') || expanded.includes("category: 'config'");
  const prefix = isConfig ? 'node-config-input' : 'node-input';

  const row = (name, icon, example = '', labelled = name) => {
    const key = `form.${labelled.replace(/[A-Z]+/g, (letters) => `-${letters.toLowerCase()}`)}`;
    const { kind, choices = [], usual } = rowOf(table, name);
    const placeholder = example || usual;
    return ROWS[kind]({
      id: `${prefix}-${name}`,
      key,
      icon,
      choices,
      unit: hasText(texts, `${key}-unit`) && `${key}-unit`,
      example: hasText(texts, `${key}-example`)
        ? `data-i18n="[placeholder]${key}-example"`
        : `placeholder="${String(placeholder).replaceAll('"', '&quot;')}"`,
    });
  };
  const named = new Set([...expanded.matchAll(/<!-- row (\w+) /g)].map(([, name]) => name));
  const others = Object.keys(table.settings).filter((name) => !named.has(name));
  const variable = (name) =>
    `\${${`${table.provider}_${name.replace(/[A-Z]/g, '_$&')}`.replaceAll('-', '_').toUpperCase()}}`;
  // What a twin is called stands above it: it is the next pair's.
  const keyRows = (names) =>
    names.map((name, index) =>
      row(name, index === 0 ? 'id-badge' : 'key', variable(name), table.credentials[index]),
    );
  const rows = {
    'all other rows': () => others.map((name) => row(name)),
    'rows for what may cost': () => (table.fields.key ? [row('key', 'key'), row('reuse', 'history')] : []),
    credentials: () => keyRows(table.credentials),
    'next credentials': () => keyRows(table.nextCredentials),
  };
  return expanded
    .replace(/<!-- row (\w+) (\S+)(?: (.+?))? -->/g, (_, name, icon, example) => row(name, icon, example))
    .replace(/<!-- (all other rows|(?:next )?credentials|rows for what may cost) -->/g, (_, which) =>
      rows[which]().join('\n  '),
    )
    .replace(/\bRUNTIME_TABLE\b/, () => JSON.stringify(table))
    .replace(/\bRUNTIME\('(.+?)', '(.+?)'\)/g, (_, file, name) => {
      const found = runtime(file)[name];
      return typeof found === 'function' ? String(found) : JSON.stringify(found);
    })
    .replaceAll('{{type}}', type)
    .replaceAll('{{prefix}}', prefix);
}

/**
 * @param root of the package
 * @param name of a node or plugin
 * @returns its html with the files of nodes/forms/ that it asks for
 */
export function withIncludes(root, name) {
  const shared = (file) => readFileSync(join(root, 'nodes/forms', file), 'utf8').trim();
  return readFileSync(join(root, 'nodes', `${name}.html`), 'utf8')
    .replace(/<!-- include (\S+) -->/g, (_, file) => shared(file))
    .replace(/^ *\/\/ include (.+)$/gm, (_, files) => files.split(' ').map(shared).join('\n\n'));
}

function tableOf(root, runtime, type) {
  if (type.endsWith('-account')) return accountTable(runtime, type);
  return actionTable(root, runtime, type) ?? otherTable(root, runtime, type);
}

/** Of a node that asks no provider: what it registers, and what its runner takes. */
function otherTable(root, runtime, type) {
  let credentials = [];
  const registerType = (_type, _create, options) => {
    credentials = Object.keys(options.credentials);
  };
  const httpAdmin = { get: () => {}, post: () => {} };
  const httpNode = httpAdmin;
  const auth = { needsPermission: () => {} };
  const events = { on: () => {} };
  require(join(root, 'dist/nodes', `${type}.js`)).default({
    nodes: { registerType },
    httpAdmin,
    httpNode,
    auth,
    events,
  });
  const runner = existsSync(join(root, `src/node-red/${type}.ts`)) ? runtime(`node-red/${type}`) : {};
  const { FIELDS: fields = {}, SETTINGS: settings = {} } = runner;
  return { provider: type, credentials, fields, settings };
}

function accountTable(runtime, type) {
  const { account } = runtime(`providers/${type.replace(/-account$/, '')}/account`);
  const settings = { ...runtime('node-red/account-node').sharedSettings(account), ...account.settings };
  const { provider, credentials, baseUrl } = account;
  const nextCredentials = credentials.map(runtime('node-red/pairs').twinOf);
  return { provider, baseUrl, credentials, nextCredentials, fields: {}, settings };
}

/** Of the one action that names itself as the node's type; null where there is none. */
function actionTable(root, runtime, type) {
  const providers = readdirSync(join(root, 'src/providers'));
  const file = providers
    .map((each) => `providers/${each}/${type}`)
    .find((each) => existsSync(join(root, 'src', `${each}.ts`)));
  if (!file) return null;
  const { fields, settings, mayCost } = Object.values(runtime(file)).find(
    ({ operation }) => operation === type,
  );
  const { ACCOUNT_FIELD, KEY_FIELD, PAID_SETTINGS } = runtime('node-red/choices');
  return {
    fields: { ...fields, ...ACCOUNT_FIELD, ...(mayCost ? KEY_FIELD : {}) },
    settings: {
      ...settings,
      ...(mayCost ? PAID_SETTINGS : {}),
      ...runtime('node-red/action-node').COMMON_SETTINGS,
    },
  };
}

/** What kind of row a name has, its choices, and what it is where it is left empty. */
function rowOf({ fields, settings, credentials = [], nextCredentials = [], baseUrl }, name) {
  if (fields[name]) return { kind: 'typed', choices: fields[name].choices, usual: fields[name].value };
  if ([...credentials, ...nextCredentials].includes(name)) return { kind: 'password' };
  if (['name', 'account', 'ledger', 'queue', 'store', 'tls', 'proxy'].includes(name))
    return { kind: 'text', usual: '' };
  const setting = settings[name];
  if (!setting) throw new Error(`The runtime has no field and no setting ${name}.`);
  if (setting.choices) return { kind: 'select', choices: setting.choices };
  const kind = { number: 'number', boolean: 'checkbox', string: 'text' }[setting.type];
  return { kind, usual: name === 'baseUrl' ? baseUrl : setting.default };
}

function hasText(texts, key) {
  return typeof key.split('.').reduce((found, part) => found?.[part], texts) === 'string';
}
