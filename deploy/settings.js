// Node-RED for a process that nobody edits: the example scale-out, with what its environment says. Its working directory is
// its user directory.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { ROLE, FLOW, HOST = '127.0.0.1', NODE_RED_LANG: lang } = process.env;
// Nobody asks a worker anything: any port will do.
const port = Number(process.env.PORT || (ROLE === 'worker' ? 0 : 1880));
const PACKAGE = '@cn-verify/node-red-cn-verify/package.json';
const EXAMPLE = '6 多机 Machines/多机扩展 scale-out.json';
const TABS = { worker: 'scale out: worker', front: 'scale out: front end' };
/** The variables of each account's address and credentials; other properties may be variables, too. */
const ACCOUNTS = {
  'xhey-account': ['XHEY', { groupKey: 'GROUP_KEY', groupSecret: 'GROUP_SECRET' }],
  'linkface-account': ['LINKFACE', { apiId: 'API_ID', apiSecret: 'API_SECRET' }],
  'tencent-market-account': ['TENCENT_MARKET', { secretId: 'SECRET_ID', secretKey: 'SECRET_KEY' }],
  'westdex-account': ['WESTDEX', { secretId: 'SECRET_ID', key: 'KEY' }],
};

const userDir = process.cwd();
const installed = () => join(require.resolve(PACKAGE, { paths: [userDir, __dirname] }), '..');
const flows = JSON.parse(readFileSync(FLOW || join(installed(), 'examples', EXAMPLE), 'utf8'));
const isOther = ({ type, label }) => type === 'tab' && TABS[ROLE] && label !== TABS[ROLE];
const others = new Set(flows.filter(isOther).map(({ id }) => id));
const kept = flows.filter(({ id, z }) => !others.has(id) && !others.has(z));
const credentials = { store: { url: '${DATABASE_URL}', secret: '${CN_VERIFY_SECRET}' } };
for (const node of kept.filter(({ type }) => type === 'verify-queue')) {
  node.ledger = 'store';
  credentials[node.id] = { url: '${REDIS_URL}' };
}
for (const node of kept.filter(({ type }) => ACCOUNTS[type])) {
  const [name, keys] = ACCOUNTS[node.type];
  Object.assign(node, { environment: 'custom', baseUrl: `\${${name}_URL}`, ledger: 'store' });
  if (node.scheme) node.scheme = `\${${name}_SCHEME}`;
  const variables = Object.entries(keys).map(([key, rest]) => [key, `\${${name}_${rest}}`]);
  credentials[node.id] = Object.fromEntries(variables);
}
kept.push({ id: 'store', type: 'verify-ledger-store', name: '' });
writeFileSync(join(userDir, 'flows.json'), JSON.stringify(kept));
writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
module.exports = {
  ...{ userDir, flowFile: 'flows.json', uiHost: HOST, uiPort: port, lang },
  // flows_cred.json holds the names of environment variables, no secret.
  credentialSecret: false,
  // No editor and no admin interface.
  httpAdminRoot: false,
  // A photo of 8 MB as base64 in JSON.
  apiMaxLength: '12mb',
  telemetry: { enabled: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
};
