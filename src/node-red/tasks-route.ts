/** The admin routes over waiting tasks: to see them, to have them asked after at once, to drop them. */
import type { Spool } from '../polling/spool';
import type { AdminHandler, Node, Red } from './red';
import { spoolPlace } from './spool-place';

const PATH = '/cn-verify/tasks';
/** Who may see flows may see what they wait for; who may deploy may end it. */
const READ = 'cn-verify.read';
const WRITE = 'cn-verify.write';

/** One waiting message, without anything of it. Times are Unix times in milliseconds. */
export interface WaitingTask {
  id: string;
  taskIds: readonly string[];
  since: number;
  deadline: number | null;
  /** null: now, or, where the node is not running, not known. */
  nextQuery: number | null;
}

/** A node that waits for tasks. */
export interface TaskNode extends Node {
  tasks?: {
    tasks(): WaitingTask[];
    ask(id?: string): number;
    drop(id?: string): number;
  };
}

interface NodeTasks {
  node: string;
  /** false: the node was deleted, or is disabled. */
  running: boolean;
  count: number;
  oldest: number | null;
  nextQuery: number | null;
  tasks: WaitingTask[];
}

/** Each runtime's admin application once. */
const registered = new WeakSet<object>();

/**
 * Registers the routes.
 * @param red Node-RED, as any action node has it
 */
export function registerTasksRoutes(red: Red): void {
  const { httpAdmin, auth } = red;
  if (registered.has(httpAdmin)) return;
  registered.add(httpAdmin);
  const answer =
    (work: (node: string, id: string | undefined) => Promise<unknown>): AdminHandler =>
    ({ params: { node = '', id } }, response) => {
      work(node, id).then(
        (result) => response.json(result),
        () => response.status(500).end(),
      );
    };
  const mayRead = auth.needsPermission(READ);
  const mayWrite = auth.needsPermission(WRITE);
  httpAdmin.get(
    PATH,
    mayRead,
    answer(() => listAll(red)),
  );
  httpAdmin.get(
    `${PATH}/:node`,
    mayRead,
    answer((node) => list(red, node)),
  );
  for (const path of [`${PATH}/:node`, `${PATH}/:node/:id`]) {
    httpAdmin.post(
      `${path}/ask`,
      mayWrite,
      answer(async (node, id) => ({ asked: running(red, node)?.ask(id) ?? 0 })),
    );
    httpAdmin.delete(
      path,
      mayWrite,
      answer(async (node, id) => ({ dropped: await drop(red, node, id) })),
    );
  }
}

/** Loaded when somebody asks. */
function spools(): typeof import('../polling/spools') {
  return require('../polling/spools');
}

function running(red: Red, id: string): TaskNode['tasks'] {
  return (red.nodes.getNode(id) as TaskNode | null)?.tasks;
}

/** Without the tasks themselves: there may be thousands. */
async function listAll(red: Red): Promise<Omit<NodeTasks, 'tasks'>[]> {
  const ids = await spools().nodesWithSpool(spoolPlace(red));
  const all = await Promise.all(ids.map((id) => list(red, id)));
  return all.filter(({ count }) => count > 0).map(({ tasks, ...summary }) => summary);
}

async function list(red: Red, id: string): Promise<NodeTasks> {
  const node = running(red, id);
  const tasks = node?.tasks() ?? (await left(spools().spoolOf(spoolPlace(red), id)));
  const now = Date.now();
  return {
    node: id,
    running: node !== undefined,
    count: tasks.length,
    oldest: earliest(tasks.map(({ since }) => since)),
    nextQuery: node ? earliest(tasks.map(({ nextQuery }) => nextQuery ?? now)) : null,
    tasks,
  };
}

function earliest(times: readonly number[]): number | null {
  return times.reduce<number | null>((first, time) => (first === null || time < first ? time : first), null);
}

/** What a node left that is not running. */
async function left(spool: Spool): Promise<WaitingTask[]> {
  const kept = await spool.list();
  return [...kept].map(([id, { taskIds, since, deadline }]) => ({
    id,
    taskIds,
    since,
    deadline,
    nextQuery: null,
  }));
}

async function drop(red: Red, nodeId: string, id?: string): Promise<number> {
  const node = running(red, nodeId);
  if (node) return node.drop(id);
  const spool = spools().spoolOf(spoolPlace(red), nodeId);
  const ids = [...(await spool.list()).keys()].filter((each) => !id || each === id);
  await Promise.all(ids.map((each) => spool.discard(each)));
  return ids.length;
}
