/** A real Node-RED in this process, and flows that are driven with a bounded number of messages in flight. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const PACKAGE = '@cn-verify/node-red-cn-verify';
const ROOT = join(__dirname, '../../..');

export type FlowNode = { id: string; type: string } & Record<string, unknown>;
type Message = Record<string, unknown>;

interface LiveNode {
  receive(message: Message): void;
  on(event: 'input', listener: (message: Message) => void): void;
}

interface Red {
  init(server: unknown, settings: object): void;
  start(): Promise<void>;
  stop(): Promise<void>;
  events: NodeJS.EventEmitter;
  nodes: { getNode(id: string): LiveNode };
  runtime: { flows: { setFlows(options: object): Promise<unknown> } };
}

export interface Runtime {
  userDir: string;
  /** @param nodes whose messages come in at `in` and go out at `out` or `failed` */
  deploy(nodes: FlowNode[]): Promise<void>;
  node(id: string): LiveNode;
  /**
   * @param count messages to send
   * @param inFlight of them at a time
   * @param make a message
   */
  drive(count: number, inFlight: number, make: (index: number) => Message): Promise<void>;
  stop(): Promise<void>;
}

/** @param nodes of the user's own palette, by type: the text of their module */
export async function startRuntime(
  nodes: Record<string, string> = {},
  settings: object = {},
): Promise<Runtime> {
  const userDir = mkdtempSync(join(tmpdir(), 'cn-verify-bench-'));
  mkdirSync(join(userDir, 'node_modules', dirname(PACKAGE)), { recursive: true });
  symlinkSync(ROOT, join(userDir, 'node_modules', PACKAGE), 'junction');
  mkdirSync(join(userDir, 'nodes'));
  for (const [type, text] of Object.entries(nodes)) {
    writeFileSync(join(userDir, 'nodes', `${type}.js`), text);
    writeFileSync(join(userDir, 'nodes', `${type}.html`), '');
  }
  const red = require(process.env.NODE_RED || 'node-red') as Red;
  red.init(createServer(), {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: 'bench',
    httpAdminRoot: false,
    disableEditor: true,
    functionGlobalContext: { crypto: require('node:crypto') },
    logging: { console: { level: 'off' } },
    ...settings,
  });
  const ready = once(red.events, 'flows:started');
  await red.start();
  await ready;

  let onOut = () => {};
  return {
    userDir,
    node: (id) => red.nodes.getNode(id),
    deploy: async (flow) => {
      const at = { z: 'tab', x: 1, y: 1 };
      const started = once(red.events, 'flows:started');
      await red.runtime.flows.setFlows({
        flows: {
          flows: [
            { id: 'tab', type: 'tab' },
            ...flow.map((node) => ('wires' in node ? { ...at, ...node } : node)),
            { id: 'catch', ...at, type: 'catch', scope: null, wires: [['failed']] },
            ...['out', 'failed'].map((id) => ({
              id,
              ...at,
              type: 'debug',
              active: false,
              tosidebar: false,
              wires: [],
            })),
          ],
        },
        deploymentType: 'full',
      });
      await started;
      red.nodes.getNode('out').on('input', () => onOut());
      red.nodes.getNode('failed').on('input', ({ error }) => {
        console.error('a message failed:', error);
        process.exit(1);
      });
    },
    drive: (count, inFlight, make) =>
      new Promise((resolve) => {
        const node = red.nodes.getNode('in');
        let sent = 0;
        let done = 0;
        const next = () => {
          if (sent < count) node.receive(make(sent++));
        };
        onOut = () => {
          done++;
          if (done === count) resolve();
          else next();
        };
        for (let index = 0; index < inFlight; index++) next();
      }),
    stop: async () => {
      await red.stop();
      rmSync(userDir, { recursive: true, force: true });
    },
  };
}
