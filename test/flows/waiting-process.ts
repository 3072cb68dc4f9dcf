/** A Node-RED in a process of its own in which tasks wait, a provider they wait for, and a server that gets what came out. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '../demo-process';
import { type NodeRed, postingNode, startNodeRed } from '../node-red-process';
import { until } from '../until';
import { json, type ScriptedServer, scriptedServer, taskFinished } from './scripted-server';

const PHOTO = 'https://example.com/photo.jpg';

/** What the process reads before Node-RED starts in it. */
const PRELOADED = `
if (process.env.CLOCK_SHIFT) {
  const { now } = Date;
  Date.now = () => now() + Number(process.env.CLOCK_SHIFT);
}
`;

export interface Delivered {
  index: number;
  outcome?: string;
  code?: string;
  resumed?: boolean;
}

export interface Waiting {
  userDir: string;
  provider: ScriptedServer;
  /** Ids of tasks that were queried. */
  queried: Set<string>;
  /** What came out, in order. */
  delivered: Delivered[];
  /** Answers "finished" from now on, to all tasks or to those for which it is so. */
  finish(isFinished?: (taskId: string) => boolean): void;
  /**
   * @param environment of the process; CLOCK_SHIFT: milliseconds its clock is ahead
   * @param userDir of another than the one before
   * @param launcher the command line of what starts it, before its own
   * @returns it, with the flows of the one before
   */
  start(
    environment?: Record<string, string>,
    userDir?: string,
    launcher?: readonly string[],
  ): Promise<NodeRed>;
  /** Deploys truth-poll with these properties. */
  deploy(nodeRed: NodeRed, properties?: object): Promise<void>;
  /** So many tasks come at once. */
  come(nodeRed: NodeRed, count: number): Promise<void>;
  until: typeof until;
}

export async function startWaiting(): Promise<Waiting> {
  const userDir = temporaryDirectory();
  let isFinished = (_taskId: string) => false;
  let came = 0;
  const queried = new Set<string>();
  const delivered: Delivered[] = [];
  const provider = await scriptedServer(({ body }, response) => {
    const { taskID } = JSON.parse(body) as { taskID: string };
    queried.add(taskID);
    if (isFinished(taskID)) taskFinished(response, [{ photoUrl: PHOTO, status: 0 }]);
    else json(response, { code: 200, msg: 'success', taskStatus: 2, list: [] });
  });
  const collector = await scriptedServer(({ body }, response) => {
    delivered.push(JSON.parse(body));
    response.end();
  });
  const preload = join(userDir, 'preload.js');
  writeFileSync(preload, PRELOADED);
  return {
    userDir,
    provider,
    queried,
    delivered,
    finish: (which = () => true) => {
      isFinished = which;
    },
    start: (environment = {}, ofAnother = userDir, launcher) =>
      startNodeRed(
        { NODE_OPTIONS: `--require ${preload}`, ...environment },
        undefined,
        ofAnother,
        {},
        launcher,
      ),
    deploy: (nodeRed, properties) =>
      nodeRed.deploy(
        flow(provider.baseUrl, collector.baseUrl, { interval: 0.5, maxInterval: 1, ...properties }),
      ),
    come: async (nodeRed, count) => {
      const response = await fetch(`${nodeRed.address}/start?from=${came}&to=${came + count}`, {
        method: 'POST',
      });
      if (!response.ok) throw new Error(`${response.status}`);
      came += count;
    },
    until,
  };
}

function flow(provider: string, collector: string, properties: object): object[] {
  const at = { z: 'tab', x: 1, y: 1 };
  return [
    {
      id: 'account',
      type: 'xhey-account',
      environment: 'custom',
      baseUrl: provider,
      credentials: { groupKey: 'k', groupSecret: 's' },
    },
    { id: 'in', ...at, type: 'http in', url: '/start', method: 'post', wires: [['many', 'answer']] },
    { id: 'answer', ...at, type: 'http response', wires: [] },
    {
      id: 'many',
      ...at,
      type: 'function',
      wires: [['poll']],
      func: `
        const { from, to } = msg.req.query;
        for (let index = Number(from); index < to; index++) node.send({ payload: String(index), index });`,
    },
    {
      id: 'poll',
      ...at,
      type: 'truth-poll',
      account: 'account',
      wires: [['report'], ['report']],
      ...properties,
    },
    { id: 'catch', ...at, type: 'catch', scope: null, wires: [['report']] },
    postingNode(
      'report',
      collector,
      '{ index: msg.index, resumed: msg.resumed, outcome: msg.payload.outcome, code: msg.error?.code }',
    ),
  ];
}
