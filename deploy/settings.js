// Node-RED for a process that nobody edits: the example scale-out, with what its environment says. Its working directory is
// its user directory.
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { ROLE, FLOW, HOST = '127.0.0.1', NODE_RED_LANG: lang } = process.env;
// Nobody asks a worker anything: any port will do.
const port = Number(process.env.PORT || (ROLE === 'worker' ? 0 : 1880));
const PACKAGE = '@cn-verify/node-red-cn-verify/package.json';
const EXAMPLE = '../examples/多机 Machines/多机扩展 scale-out.json';
const TABS = { worker: ['scale out: worker'], front: ['scale out: front end'] };
/** The variables of each account's address and credentials; other properties may be variables, too. */
const ACCOUNTS = {
  'xhey-account': ['XHEY', { groupKey: 'GROUP_KEY', groupSecret: 'GROUP_SECRET' }],
  'linkface-account': ['LINKFACE', { apiId: 'API_ID', apiSecret: 'API_SECRET' }],
  'tencent-market-account': ['TENCENT_MARKET', { secretId: 'SECRET_ID', secretKey: 'SECRET_KEY' }],
  'westdex-account': ['WESTDEX', { secretId: 'SECRET_ID', key: 'KEY' }],
};

const userDir = process.cwd();
const example = () => join(require.resolve(PACKAGE, { paths: [userDir, __dirname] }), EXAMPLE);
const flows = JSON.parse(readFileSync(FLOW || example(), 'utf8'));
const others = flows.filter(({ type, label }) => type === 'tab' && TABS[ROLE] && !TABS[ROLE].includes(label));
const kept = flows.filter(({ id, z }) => !others.some((tab) => tab.id === id || tab.id === z));
const credentials = { store: { url: '${REDIS_URL}', secret: '${CN_VERIFY_SECRET}' } };
for (const node of kept) {
  const [name, names] = ACCOUNTS[node.type] ?? [];
  if (name) Object.assign(node, { environment: 'custom', baseUrl: `\${${name}_URL}`, ledger: 'store' });
  if (name)
    credentials[node.id] = Object.fromEntries(
      Object.entries(names).map(([key, rest]) => [key, `\${${name}_${rest}}`]),
    );
  if (node.scheme) node.scheme = process.env.TENCENT_MARKET_SCHEME || node.scheme;
  if (node.type === 'verify-queue') node.ledger = 'store';
  if (node.type === 'verify-queue') credentials[node.id] = { url: '${REDIS_URL}' };
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
