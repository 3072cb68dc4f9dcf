// `npm start`. Node-RED with these nodes, all examples and an MQTT broker, on loopback. The accounts in the examples are on the
// sandbox, so nothing leaves the machine and no key is needed. HOST, an address of this machine or 0.0.0.0 for all of
// them, opens the pages to a phone beside it; the editor stays on loopback, because it has no password.
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createRequire } from 'node:module';
import { createServer as createTcpServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Aedes } from 'aedes';
import operatorPage from '../deploy/operator-page.js';

const require = createRequire(import.meta.url);

const HOST = '127.0.0.1';
/** The tab that comes first. */
const WELCOME = 'welcome.json';
const DASHBOARD = '@flowfuse/node-red-dashboard';
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const userDir = resolve(process.env.DEMO_DIR || join(root, '.demo'));
const flowFile = join(userDir, 'flows.json');
/** Of errors, as the person at this machine reads them; Windows has no LANG. */
const speaksChinese = Intl.DateTimeFormat().resolvedOptions().locale.startsWith('zh');
/** Installed in the user directory, by link. */
const MODULES = [
  ['@cn-verify/node-red-cn-verify', root],
  [DASHBOARD, dirname(require.resolve(`${DASHBOARD}/package.json`))],
];

/** With PAGE_PASSWORD, the operator's page asks for it (user `operator`), and so does the dashboard's socket. */
const { pageSettings, password } = operatorPage;
const { PAGE_PASSWORD } = process.env;
const page = pageSettings(PAGE_PASSWORD ? password('operator', PAGE_PASSWORD) : () => true);

// Node-RED and the dashboard hang their listeners on a server of their own, which the door stands before: they would
// take websockets, and the dashboard its requests, past a listener beside them.
const nodeRedServer = createHttpServer();
let isReady = false;
const httpServer = createHttpServer((request, response) => {
  if (!isOurs(request)) response.writeHead(403).end();
  else if (!isReady) response.writeHead(503, { 'Retry-After': '3' }).end();
  else nodeRedServer.emit('request', request, response);
}).on('upgrade', (request, socket, head) => {
  if (isReady && isOurs(request)) nodeRedServer.emit('upgrade', request, socket, head);
  else socket.destroy();
});
const broker = await Aedes.createBroker();
const brokerServer = createTcpServer(broker.handle);
/** For phones: what a flow offers, and nothing that can change one. */
const guestServers = guestAddresses().map((address) => ({ address, server: createGuestServer(address) }));

// Both ports before Node-RED: a busy one is reported at once.
const port = await listen(httpServer, 'PORT', 1880);
const mqttPort = await listen(brokerServer, 'MQTT_PORT', 1883);
for (const { address, server } of guestServers) await listenAt(server, 'PORT', port, address);

// The tests name the installation of another Node-RED in NODE_RED.
const RED = require(process.env.NODE_RED || 'node-red');
const isKept = existsSync(flowFile);
prepareUserDir();
const subscribed = once(broker, 'subscribe');
const running = startNodeRed();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
await running;
// Printed sooner, the mosquitto_pub line could be faster than the example's subscription. The user may have deleted it.
await Promise.race([subscribed, setTimeout(2000)]);
introduce();

/** @returns the port, once the server listens on it */
async function listen(server, variable, standard) {
  const wanted = process.env[variable] || String(standard);
  if (!/^\d{1,5}$/.test(wanted) || Number(wanted) > 65535) refuse(`${variable}=${wanted} is not a port.`);
  await listenAt(server, variable, Number(wanted), HOST);
  return server.address().port;
}

async function listenAt(server, variable, wanted, address) {
  try {
    server.listen(wanted, address);
    await once(server, 'listening');
  } catch ({ code }) {
    if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL'].includes(code))
      refuse(`HOST=${process.env.HOST} is no address of this machine.`);
    const why = code === 'EADDRINUSE' ? 'is in use' : `cannot be opened (${code})`;
    refuse(`Port ${wanted} ${why}. Choose another: set the environment variable ${variable}.`);
  }
}

function guestAddresses() {
  const wanted = process.env.HOST || HOST;
  if ([HOST, 'localhost', '::1'].includes(wanted)) return [];
  if (!['0.0.0.0', '::'].includes(wanted)) return [wanted];
  const all = Object.values(networkInterfaces()).flat();
  return all.flatMap(({ family, internal, address }) => (family === 'IPv4' && !internal ? [address] : []));
}

function createGuestServer(address) {
  const isGuests = ({ headers: { host, origin } }) =>
    isReady && host === `${address}:${port}` && [undefined, `http://${host}`].includes(origin);
  return createHttpServer((request, response) => {
    request.isGuest = true;
    if (!isGuests(request)) response.writeHead(403).end();
    else if (request.url === '/') response.writeHead(302, { Location: '/dashboard' }).end();
    else nodeRedServer.emit('request', request, response);
  }).on('upgrade', (request, socket, head) => {
    if (isGuests(request) && request.url.startsWith('/dashboard/'))
      nodeRedServer.emit('upgrade', request, socket, head);
    else socket.destroy();
  });
}

function refuse(why) {
  console.error(why);
  process.exit(1);
}

/**
 * The editor has no password here, and Node-RED lets every web page talk to it. A page from elsewhere in the same
 * browser must not be able to deploy a flow.
 */
function isOurs({ headers: { host, origin } }) {
  const own = [`${HOST}:${port}`, `localhost:${port}`];
  return own.includes(host) && (origin === undefined || own.includes(origin.replace(/^http:\/\//, '')));
}

function prepareUserDir() {
  for (const [name, folder] of MODULES) {
    const link = join(userDir, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    if (existsSync(link) && realpathSync(link) === realpathSync(folder)) continue;
    if (lstatSync(link, { throwIfNoEntry: false })) unlinkSync(link);
    symlinkSync(folder, link, 'junction');
  }
  const before = isKept ? readFileSync(flowFile, 'utf8') : '';
  const after = withBrokerPort(before || JSON.stringify(examples()));
  if (after !== before) writeFileSync(flowFile, after);
}

function examples() {
  const paths = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.json') && !path.endsWith('scale-out.json'))
    .sort((a, b) => Number(b.endsWith(WELCOME)) - Number(a.endsWith(WELCOME)));
  const nodes = paths.flatMap((path) => JSON.parse(readFileSync(join(root, 'examples', path), 'utf8')));
  // What several have in common has the same id in all.
  return [...new Map(nodes.map((node) => [node.id, node])).values()];
}

/** The broker of the examples stands where MQTT_PORT says; one that the user moved elsewhere is left alone. */
function withBrokerPort(text) {
  const own = new Set(examples().map(({ id }) => id));
  const isOldBroker = (node) =>
    own.has(node.id) && node.type === 'mqtt-broker' && node.broker === HOST && node.port !== String(mqttPort);
  try {
    const flows = JSON.parse(text);
    const moved = flows.filter(isOldBroker);
    for (const node of moved) node.port = String(mqttPort);
    return moved.length > 0 ? JSON.stringify(flows, null, 4) : text;
  } catch {
    // Node-RED itself says what is wrong with the file.
    return text;
  }
}

async function startNodeRed() {
  // Before the dashboard takes the requests of its sockets out.
  nodeRedServer.on('request', (request, response) => {
    const offered = () => RED.httpNode(request, response);
    if (request.isGuest) offered();
    else RED.httpAdmin(request, response, offered);
  });
  RED.init(nodeRedServer, {
    userDir,
    // A bare name would be looked for in the working directory first.
    flowFile,
    flowFilePretty: true,
    uiHost: HOST,
    uiPort: port,
    httpAdminRoot: '/',
    httpNodeRoot: '/',
    // For the demo only: whoever reads this can read the demo's credentials.
    credentialSecret: 'cn-verify demo',
    // A photo of 8 MB, also as base64 in JSON.
    apiMaxLength: '12mb',
    // What a flow writes under a name of its own.
    fileWorkingDirectory: userDir,
    httpNodeMiddleware: page.httpNodeMiddleware,
    dashboard: { ...page.dashboard, maxHttpBufferSize: 12e6 },
    lang: speaksChinese ? 'zh-CN' : 'en-US',
    telemetry: { enabled: false, updateNotification: false },
    // The palette manager asks the flow library for its list whenever the editor is opened.
    externalModules: { palette: { allowInstall: false, allowUpload: false } },
    editorTheme: { tours: false },
    logging: { console: { level: 'off' }, demo: { level: 'warn', handler: () => logWarning } },
  });
  await RED.start();
  isReady = true;
}

/** Warnings and errors, but for the two that Node-RED has about every demo: no projects and no credentials yet. */
function logWarning({ level, type, name, id, msg }) {
  const expected = ['storage.localfilesystem.projects.disabledNoFlag', 'nodes.credentials.encryptedNotFound'];
  if (expected.some((key) => msg === RED.log._(key))) return;
  const word = level > RED.log.ERROR ? 'warn' : 'error';
  console.error(`[${word}] ${type ? `[${type}:${name || id}] ` : ''}${msg?.message ?? msg}`);
}

async function stop() {
  await running;
  await RED.stop();
  for (const server of [httpServer, ...guestServers.map(({ server }) => server)])
    server.closeAllConnections();
  brokerServer.close();
  await new Promise((done) => broker.close(done));
  // The sandbox saves its tasks as the process ends.
  process.exit(0);
}

function introduce() {
  const address = `http://${HOST}:${port}`;
  const photos = ['https://example.com/site/a.jpg', 'https://example.com/sandbox/-2305/b.jpg'];
  const body = quoted(JSON.stringify(photos));
  const mqtt = `-h ${HOST} -p ${mqttPort}`;
  const folder = relative(process.cwd(), userDir) || userDir;
  console.log(`
Editor / 编辑器：
  ${address}/

The operator's page / 业务人员页面：
  ${[address, ...guestServers.map((guest) => `http://${guest.address}:${port}`)].map((each) => `${each}/dashboard`).join('\n  ')}

Over HTTP: one photo passes, one fails / 一张通过，一张不通过：
  curl -s ${address}/verify/photos -H "Content-Type: application/json" -d ${body}

A photo as a file (this one is drawn; use your own) / 照片文件（这张是示意图，可换成自己的）：
  curl -s -F photo=@${relative(process.cwd(), join(root, 'docs/samples/site.jpg'))} ${address}/verify/upload

Over MQTT, in two terminals / 需两个终端：
  mosquitto_sub ${mqtt} -t cn-verify/results -t cn-verify/errors
  mosquitto_pub ${mqtt} -q 1 -t cn-verify/photos -m ${body}

One example verifies a team's photos by itself every ten minutes, on the sandbox / 有一个示例每十分钟自动核验一次团队照片（沙箱，不计费）
${speaksChinese ? '' : '\nErrors in Chinese / 错误提示改为中文：\n  LANG=zh_CN.UTF-8 npm start\n'}${isKept ? `\nThe flows in ${folder} are as you left them; delete that folder to get the examples back. / 流程保持上次的修改。\n` : ''}
Ctrl-C ends it / 按 Ctrl-C 结束`);
}

/** As the shell of this system wants it. */
function quoted(text) {
  return process.platform === 'win32' ? `"${text.replaceAll('"', '\\"')}"` : `'${text}'`;
}
