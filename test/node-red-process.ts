/** A Node-RED of its own process, with its admin interface and who may use it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT, temporaryDirectory } from './demo-process';
import { freePort } from './http/server';
import { until } from './until';

const PACKAGE = '@cn-verify/node-red-cn-verify';

/**
 * A Node-RED that is tested without an editor loads nothing but this package and the nodes of the core that the flows
 * of the tests have: the others take half of its start.
 */
export const FEW_NODES = {
  nodesIncludes: [
    ...[
      'node-red-cn-verify',
      '21-debug.js',
      '24-complete.js',
      '25-catch.js',
      '10-function.js',
      '15-change.js',
    ],
    ...['17-split.js', '05-tls.js', '06-httpproxy.js', '21-httpin.js', '98-unknown.js'],
  ],
};

/**
 * A function node that posts what it makes of a message; to load core's http request would be a third of a start.
 * @param id of the node
 * @param url it posts to
 * @param expression of the message, as JavaScript
 */
export function postingNode(id: string, url: string, expression: string): object {
  const func = `http
    .request(${JSON.stringify(url)}, { method: 'POST' })
    .on('response', (response) => response.resume())
    .on('error', () => {})
    .end(JSON.stringify(${expression}));`;
  return {
    id,
    z: 'tab',
    x: 1,
    y: 1,
    type: 'function',
    libs: [{ var: 'http', module: 'http' }],
    func,
    wires: [],
  };
}

/** Tokens, by what they allow. */
export const DEPLOYER = 'token-of-a-deployer';
export const READER = 'token-of-a-reader';

let deployed = 0;

const ADMIN_AUTH = `{
  type: 'credentials',
  users: async () => null,
  authenticate: async () => null,
  tokens: async (token) => {
    const permissions = { '${DEPLOYER}': '*', '${READER}': 'read' };
    return token in permissions ? { username: token, permissions: permissions[token] } : null;
  },
}`;

/** Settings of a Node-RED with an editor. */
export interface EditorSettings {
  /** Of the runtime, where settings.js says so; that of the editor is the browser's. */
  lang?: string;
  /** The theme of the editor. */
  editorTheme?: Record<string, unknown>;
  /** Whether it asks who may use it. */
  hasUsers?: boolean;
}

export interface NodeRed {
  pid: number;
  /** Of the admin interface, the editor and http in nodes, without a slash at the end. */
  address: string;
  userDir: string;
  /** Asks the admin interface, as the deployer unless another token, or null for none, is given. */
  ask(path: string, body?: unknown, token?: string | null, method?: string): Promise<Response>;
  /** Replaces all flows; credentials stand in the nodes. */
  deploy(nodes: object[]): Promise<void>;
  output(): string;
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
}

/**
 * @param environment of its process, besides that of the tests
 * @param editor with it, Node-RED has an editor
 * @param userDir of one that ran before, with its flows
 * @param settings more of settings.js
 * @param launcher the command line of what starts it, before its own
 */
export async function startNodeRed(
  environment: Record<string, string> = {},
  editor?: EditorSettings,
  userDir = temporaryDirectory(),
  settings: object = {},
  launcher: readonly string[] = [],
): Promise<NodeRed> {
  const link = join(userDir, 'node_modules', PACKAGE);
  mkdirSync(dirname(link), { recursive: true });
  if (!existsSync(link)) symlinkSync(ROOT, link, 'junction');
  const port = await freePort();
  writeFileSync(
    join(userDir, 'settings.js'),
    `module.exports = {
      uiHost: '127.0.0.1',
      uiPort: ${port},
      flowFile: 'flows.json',
      credentialSecret: 'test',
      telemetry: { enabled: false, updateNotification: false },
      logging: { console: { level: 'trace' } },
      ...${JSON.stringify(editor ? forEditor(editor) : { disableEditor: true, ...FEW_NODES })},
      ...${JSON.stringify(settings)},
      adminAuth: ${editor && !editor.hasUsers ? 'undefined' : ADMIN_AUTH},
    };`,
  );
  // Another Node-RED than the project's is a folder of its own.
  const program = createRequire(__filename).resolve(`${process.env.NODE_RED || 'node-red'}/red.js`);
  const [command, ...rest] = [...launcher, process.execPath, program, '--userDir', userDir];
  const child: ChildProcess = spawn(command!, rest, {
    cwd: userDir,
    env: { ...process.env, LANG: 'en_US.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }

  const ask: NodeRed['ask'] = (path, body, token = DEPLOYER, method = body === undefined ? 'GET' : 'POST') =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        'Node-RED-API-Version': 'v2',
        ...(token ? { Authorization: `Bearer ${token}` } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  const printed = async (words: string) => {
    const complaint = () => `Node-RED did not print ${words}\n${output}`;
    await until(() => output.includes(words) || child.exitCode !== null, complaint).finally(
      () => output.includes(words) || kill(),
    );
    if (!output.includes(words)) throw new Error(complaint());
  };
  await printed(editor?.lang === 'zh-CN' ? '流程已启动' : 'Started flows');
  // It may listen a moment later.
  await until(
    () =>
      fetch(`http://127.0.0.1:${port}/`).then(
        () => true,
        () => false,
      ),
    () => `Node-RED does not listen\n${output}`,
  );
  return {
    pid: child.pid!,
    address: `http://127.0.0.1:${port}`,
    userDir,
    ask,
    deploy: async (nodes) => {
      // Flows that are unlike all before them, also in a Node-RED before this one, have a revision of their own.
      const tab = { id: 'tab', type: 'tab', label: `deployed ${++deployed}` };
      const response = await ask('/flows', { flows: [tab, ...nodes] });
      if (!response.ok) throw new Error(`Not deployed: ${response.status} ${await response.text()}`);
      const { rev } = (await response.json()) as { rev: string };
      // It may answer before they have started.
      await printed(`"runtime-deploy","payload":{"revision":"${rev}"`);
    },
    output: () => output,
    stop: async (signal = 'SIGTERM') => {
      process.removeListener('exit', kill);
      if (child.exitCode !== null || child.signalCode !== null) return;
      // What it printed last may come after its end.
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill(signal);
      await closed;
    },
  };
}

/** No tours, and nothing that asks the flow library. */
function forEditor({ lang, editorTheme }: EditorSettings): object {
  return {
    lang,
    editorTheme: { tours: false, ...editorTheme },
    externalModules: { palette: { allowInstall: false, allowUpload: false } },
  };
}
