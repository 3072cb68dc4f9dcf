// Node-RED for a process whose flow nobody edits: the example scale-out, with what its environment says. Its working
// directory is its user directory; that one's name, or NAME, says what it does: front-1, worker-2, operator-1.
const { createHash, timingSafeEqual } = require('node:crypto');
const { readFileSync, writeFileSync } = require('node:fs');
const { basename, join } = require('node:path');
const { FLOW, HOST = '127.0.0.1', NODE_RED_LANG: lang, OPERATOR_PASSWORD, PHOTOS_ENDPOINT } = process.env;
const userDir = process.cwd();
const [role, number = '1'] = (process.env.NAME || basename(userDir)).split('-');
/** Of the first of each role; the second has the next one. */
const PORTS = { operator: 1870, front: 1880, worker: 1890 };
const port = Number(process.env.PORT || (PORTS[role] ?? 1880) + Number(number) - 1);
const PACKAGE = '@cn-verify/node-red-cn-verify/package.json';
const EXAMPLE = '6 多机 Machines/多机扩展 scale-out.json';
/** How the names of the tabs end. */
const TABS = { worker: 'scale out: worker', front: 'scale out: front end' };
/** The variables of each account's address and credentials; other properties may be variables, too. */
const ACCOUNTS = {
  'xhey-account': ['XHEY', { groupKey: 'GROUP_KEY', groupSecret: 'GROUP_SECRET' }],
  'linkface-account': ['LINKFACE', { apiId: 'API_ID', apiSecret: 'API_SECRET' }],
  'tencent-market-account': ['TENCENT_MARKET', { secretId: 'SECRET_ID', secretKey: 'SECRET_KEY' }],
  'westdex-account': ['WESTDEX', { secretId: 'SECRET_ID', key: 'KEY' }],
};
const variables = (name, keys) =>
  Object.fromEntries(Object.entries(keys).map(([key, rest]) => [key, `\${${name}_${rest}}`]));

const installed = () => join(require.resolve(PACKAGE, { paths: [userDir, __dirname] }), '..');
const example = JSON.parse(readFileSync(FLOW || join(installed(), 'examples', EXAMPLE), 'utf8'));
const isOther = ({ type, label }) => type === 'tab' && TABS[role] && !label.endsWith(TABS[role]);
const others = new Set(example.filter(isOther).map(({ id }) => id));
const flows = example.filter(({ id, z }) => !others.has(id) && !others.has(z));
const credentials = { store: { url: '${DATABASE_URL}', secret: '${CN_VERIFY_SECRET}' } };
flows.push({ id: 'store', type: 'verify-ledger-store', name: '' });
for (const node of flows) {
  // The operator's process has the accounts and the ledger, and takes no jobs.
  if (node.type === 'tab') node.disabled = role === 'operator';
  if (node.type === 'verify-queue') {
    node.ledger = 'store';
    credentials[node.id] = { url: '${REDIS_URL}' };
  }
  if (ACCOUNTS[node.type]) {
    const [name, keys] = ACCOUNTS[node.type];
    Object.assign(node, { environment: 'custom', baseUrl: `\${${name}_URL}`, ledger: 'store' });
    if (node.scheme) node.scheme = `\${${name}_SCHEME}`;
    credentials[node.id] = variables(name, keys);
  }
  // A photo that is kept on one machine could not be reached by way of another.
  if (node.type === 'photo-store' && PHOTOS_ENDPOINT) {
    const where = variables('PHOTOS', {
      ...{ endpoint: 'ENDPOINT', region: 'REGION', bucket: 'BUCKET', style: 'STYLE' },
      // Where the provider reaches the bucket by another address than the workers.
      ...(process.env.PHOTOS_PUBLIC_URL && { publicUrl: 'PUBLIC_URL' }),
      ...(process.env.PHOTOS_PUBLIC_STYLE && { publicStyle: 'PUBLIC_STYLE' }),
    });
    Object.assign(node, { kind: 's3', name: '' }, where);
    credentials[node.id] = variables('PHOTOS', {
      accessKeyId: 'ACCESS_KEY_ID',
      secretAccessKey: 'SECRET_ACCESS_KEY',
    });
  }
  if (node.type === 'truth-create' && !PHOTOS_ENDPOINT) node.store = '';
}
const stored = ({ type }) => type !== 'photo-store' || PHOTOS_ENDPOINT;
writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows.filter(stored)));
writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials));

/** The editor of the operator's process: to read, and to release, compare and confirm in the sidebar. */
function operatorLogin() {
  if (!OPERATOR_PASSWORD) throw new Error('OPERATOR_PASSWORD is not set.');
  const user = { username: 'operator', permissions: ['read', 'cn-verify.write'] };
  const digest = (text) => createHash('sha256').update(text).digest();
  return {
    type: 'credentials',
    users: async (name) => (name === user.username ? user : null),
    authenticate: async (name, password) =>
      name === user.username && timingSafeEqual(digest(password), digest(OPERATOR_PASSWORD)) ? user : null,
  };
}

module.exports = {
  ...{ userDir, flowFile: 'flows.json', uiHost: HOST, uiPort: port, lang },
  // flows_cred.json holds the names of environment variables, no secret.
  credentialSecret: false,
  // Everybody else has no editor and no admin interface.
  ...(role === 'operator' ? { adminAuth: operatorLogin() } : { httpAdminRoot: false }),
  // A photo of 8 MB as base64 in JSON.
  apiMaxLength: '12mb',
  telemetry: { enabled: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false, allowUpload: false } },
};
