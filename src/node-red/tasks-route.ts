/** The admin routes over waiting tasks: to see them, to have them asked after at once, to drop them. */
import type { Book, Entry } from '../waiting/book';
import { isUsed, placeOf } from '../waiting/place';
import type { OpenBook } from './book-of';
import type { AdminHandler, Red } from './red';

const PATH = '/cn-verify/tasks';
/** Who may see flows may see what they wait for; who may deploy may end it. */
const READ = 'cn-verify.read';
const WRITE = 'cn-verify.write';

/** One waiting message, without anything of it. Times are Unix times in milliseconds. */
interface WaitingTask {
  id: string;
  taskIds: readonly string[];
  since: number;
  deadline: number | null;
  /** null: now, or, where the node is not running, not known. */
  nextQuery: number | null;
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
  // What waits for nodes that are all gone has nobody else to open the book.
  red.events.on('flows:starting', () => {
    const { userDir, cnVerify } = red.settings;
    if (isUsed(placeOf(userDir, (cnVerify as { spoolDir?: unknown } | undefined)?.spoolDir))) bookOf(red);
  });
  const answer =
    (work: (book: Book, node: string, id: string | undefined) => unknown): AdminHandler =>
    ({ params: { node = '', id } }, response) => {
      response.json(work(bookOf(red).book, node, id));
    };
  const mayRead = auth.needsPermission(READ);
  const mayWrite = auth.needsPermission(WRITE);
  httpAdmin.get(PATH, mayRead, answer(listAll));
  // What was on disk and is no record of ours: files, and Unix times in milliseconds.
  httpAdmin.get('/cn-verify/damaged', mayRead, (_request, response) => {
    bookOf(red)
      .damaged()
      .then((damaged) => response.json(damaged));
  });
  httpAdmin.get(
    `${PATH}/:node`,
    mayRead,
    answer((book, node) => summarize(node, book.list(node))),
  );
  for (const path of [`${PATH}/:node`, `${PATH}/:node/:id`]) {
    httpAdmin.post(
      `${path}/ask`,
      mayWrite,
      answer((book, node, id) => ({ asked: book.ask(book.list(node, id)) })),
    );
    httpAdmin.delete(
      path,
      mayWrite,
      answer((book, node, id) => ({ dropped: book.drop(book.list(node, id)) })),
    );
  }
}

/** Loaded when somebody asks. */
function bookOf(red: Red): OpenBook {
  return (require('./book-of') as typeof import('./book-of')).bookOf(red);
}

/** Without the tasks themselves: there may be thousands. */
function listAll(book: Book): Omit<NodeTasks, 'tasks'>[] {
  const nodes = new Map<string, Entry[]>();
  for (const entry of book.list()) {
    const entries = nodes.get(entry.node);
    if (entries) entries.push(entry);
    else nodes.set(entry.node, [entry]);
  }
  return [...nodes].map(([node, entries]) => {
    const { tasks: _tasks, ...summary } = summarize(node, entries);
    return summary;
  });
}

function summarize(node: string, entries: readonly Entry[]): NodeTasks {
  const now = Date.now();
  const tasks = entries.map(({ id, taskIds, since, deadline, dueAt, asking }) => ({
    ...{ id, taskIds, since, deadline },
    nextQuery: Number.isFinite(dueAt) && !asking ? Math.round(now + dueAt - performance.now()) : null,
  }));
  const running = entries.some(({ holder }) => holder !== null);
  return {
    node,
    running,
    count: tasks.length,
    oldest: earliest(tasks.map(({ since }) => since)),
    nextQuery: running ? earliest(tasks.map(({ nextQuery }) => nextQuery ?? now)) : null,
    tasks,
  };
}

function earliest(times: readonly number[]): number | null {
  return times.reduce<number | null>((first, time) => (first === null || time < first ? time : first), null);
}
