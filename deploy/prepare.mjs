// node prepare.mjs <user directory>: puts the example scale-out there, as a machine without an editor needs it: every
// account's address and keys come from the environment.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const ACCOUNTS = {
  'xhey-account': ['XHEY_URL', { groupKey: 'XHEY_GROUP_KEY', groupSecret: 'XHEY_GROUP_SECRET' }],
  'linkface-account': ['LINKFACE_URL', { apiId: 'LINKFACE_API_ID', apiSecret: 'LINKFACE_API_SECRET' }],
  'tencent-market-account': [
    'TENCENT_MARKET_URL',
    { secretId: 'TENCENT_MARKET_SECRET_ID', secretKey: 'TENCENT_MARKET_SECRET_KEY' },
  ],
  'westdex-account': ['WESTDEX_URL', { secretId: 'WESTDEX_SECRET_ID', key: 'WESTDEX_KEY' }],
};

const [userDir] = process.argv.slice(2);
if (!userDir) throw new Error('node prepare.mjs <user directory>');
mkdirSync(userDir, { recursive: true });

const flows = JSON.parse(readFileSync(example(), 'utf8'));
const credentials = {};
for (const node of flows.filter(({ type }) => type in ACCOUNTS)) {
  const [address, secrets] = ACCOUNTS[node.type];
  Object.assign(node, { environment: 'custom', baseUrl: `\${${address}}` });
  if ('scheme' in node) node.scheme = '${TENCENT_MARKET_SCHEME}';
  credentials[node.id] = Object.fromEntries(
    Object.entries(secrets).map(([name, variable]) => [name, `\${${variable}}`]),
  );
}
writeFileSync(join(userDir, 'flows.json'), JSON.stringify(flows, null, 2));
writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(credentials, null, 2));

/** In a clone it lies beside this folder, elsewhere in the package, which is installed beside this file. */
function example() {
  const here = new URL('../examples/scale-out.json', import.meta.url);
  if (existsSync(here)) return here;
  return createRequire(import.meta.url).resolve('@cn-verify/node-red-cn-verify/examples/scale-out.json');
}
