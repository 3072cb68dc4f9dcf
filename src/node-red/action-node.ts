/** The runner: what every action node does around its action. The only place that calls `send` and `done`. */
import type { Account, Action, Arrival, SettingDefinitions, Settings } from '../action';
import { Cancel } from '../cancel';
import { type Cause, VerifyError } from '../errors';
import { scheduler } from '../polling/scheduler';
import type { Answer, Environment, Result } from '../result';
import type { AccountNode } from './account-node';
import { Backlog, type Left } from './backlog';
import { causeOf, textOf } from './explain';
import { prepareFields } from './fields';
import { FlowError } from './flow-error';
import { MessageContext, type Surroundings } from './message-context';
import type { Done, Message, Node, NodeConfig, Red, Send } from './red';
import { readSettings } from './settings';
import { numberParts, splitPhotos } from './split';
import { onceStarted } from './started';
import { NodeStatus } from './status';
import type { TaskNode, WaitingTask } from './tasks-route';
import { unexpected } from './unexpected';
import { Work } from './work';

/** A paid request in flight gets this long to be answered when its node closes. */
const PAID_GRACE_MS = 5_000;

/** The forms are built from it, too. */
export const COMMON_SETTINGS = {
  output: { type: 'string', default: 'payload' },
  includeRaw: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

/**
 * Makes a node do its action.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 * @param action what it does with a message
 */
export function runAction<Input, Definitions extends SettingDefinitions>(
  red: Red,
  node: Node,
  config: NodeConfig,
  action: Action<Input, Definitions>,
): void {
  const runner = new Runner(red, node, config, action);
  if (action.keep) (node as TaskNode).tasks = runner;
  // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
  node.on('input', (message, send, done) => runner.accept(message, send, done));
  node.on('close', (removed, done) => runner.close(removed, done));
}

class Runner<Input, Definitions extends SettingDefinitions> implements Surroundings {
  readonly #red: Red;
  readonly #node: Node;
  readonly #config: NodeConfig;
  readonly #action: Action<Input, Definitions>;
  readonly #status: NodeStatus;
  readonly #forgetCheck: () => void;
  readonly #backlog: Backlog;
  readonly #fields: ReturnType<typeof prepareFields>;
  readonly #closing = new Cancel();
  readonly #signal = new Cancel();
  readonly memory = new Map<string, number>();
  readonly #warned = new Set<string>();
  #settings: (Settings<Definitions> & Settings<typeof COMMON_SETTINGS>) | undefined;
  readonly #troubled = new Set<Work>();
  readonly #working = new Set<Work>();
  #onIdle: (() => void) | undefined;

  constructor(red: Red, node: Node, config: NodeConfig, action: Action<Input, Definitions>) {
    this.#red = red;
    this.#node = node;
    this.#config = config;
    this.#action = action;
    this.#status = new NodeStatus(node);
    this.#fields = prepareFields(red, node, action.fields, config);
    this.#forgetCheck = onceStarted(red, () => this.#check());
    // Tasks from before come spread over the interval, also where a flow leaves that to its default.
    const { interval } = action.settings as SettingDefinitions;
    this.#backlog = new Backlog(
      red,
      node,
      (Number(config.interval) || Number(interval?.default ?? 0)) * 1000,
    );
  }

  accept(message: Message, send: Send, done: Done): void {
    const work = new Work(message, send, done, this.#backlog.take(message));
    this.#working.add(work);
    this.#status.started();
    const left = work.resumed?.left;
    if (!left) this.#fields.read(message, (error, fields) => this.#start(error, fields, work));
    else if ('fields' in left) this.#start(null, left.fields, work);
    else this.#tell(left, work);
  }

  close(removed: boolean, done: () => void): void {
    this.#forgetCheck();
    this.#closing.cancel();
    const grace = this.#action.mayCost ? PAID_GRACE_MS : 0;
    const cancelRest = scheduler.after(grace, () => this.#signal.cancel());
    this.#onIdle = () => {
      this.#onIdle = undefined;
      cancelRest();
      this.#status.close();
      this.#backlog.close(!removed).then(done, done);
    };
    if (this.#working.size === 0) this.#onIdle();
  }

  warnOnce(key: string, values?: Record<string, string | number>): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#node.warn(this.#red._(`warnings.${key}`, values));
  }

  waiting(change: 1 | -1): void {
    this.#status.waiting(change);
  }

  /** What waits here for a task, for the operator. */
  tasks(): WaitingTask[] {
    return this.#waiting().map(({ id, taskIds, startedAt, deadline, nextDue }) => ({
      id: id!,
      taskIds,
      since: startedAt,
      deadline,
      nextQuery: nextDue,
    }));
  }

  /** Has those that wait asked after at once; all of them, or the one with that id. */
  ask(id?: string): number {
    const works = this.#waiting(id);
    for (const work of works) work.wake();
    return works.length;
  }

  /** Ends those that wait; all of them, or the one with that id. */
  drop(id?: string): number {
    const works = this.#waiting(id);
    for (const work of works) this.#fail(new VerifyError('CANCELLED', 'dropped'), work);
    return works.length;
  }

  /** What is wrong with the node itself is said when it is deployed, and not only when the first message fails. */
  #check(): void {
    try {
      if (this.#fields.problem) throw this.#fields.problem;
      this.#settings ??= this.#readSettings();
      this.#accountNode().check();
      this.#action.parse({}, this.#settings, this.#arrival());
    } catch (error) {
      // Without a message, its fields cannot be right.
      if (!(error instanceof VerifyError) || error.code !== 'CONFIG') return;
      this.#node.warn(textOf(this.#red, error));
      this.#status.misconfigured();
    }
  }

  #waiting(id?: string): Work[] {
    return [...this.#working].filter((work) => work.deadline !== null && (!id || work.id === id));
  }

  #start(error: unknown, fields: Record<string, unknown>, work: Work): void {
    try {
      if (error) throw error;
      this.#settings ??= this.#readSettings();
      const input = this.#action.parse(fields, this.#settings, this.#arrival());
      this.#keep(input, work);
      const account = this.#accountNode().open();
      const answered =
        account instanceof Promise
          ? account.then((opened) => this.#run(opened, input, work))
          : this.#run(account, input, work);
      answered.then(
        (answer) => this.#deliver(answer, work),
        (reason) => this.#fail(reason, work),
      );
    } catch (reason) {
      this.#fail(reason, work);
    }
  }

  #run(account: Account, input: Input, work: Work): Promise<Answer> {
    return this.#action.run(account, input, new MessageContext(this, work, this.#closing, this.#signal));
  }

  /** Before the first request, so that from then on a kill loses nothing. */
  #keep(input: Input, work: Work): void {
    const kept = this.#action.keep?.(input, Date.now());
    if (!kept) return;
    const { fields, taskIds, deadline } = kept;
    Object.assign(work, { taskIds, deadline });
    work.id ??= this.#backlog.keep(work.message, { fields }, work.startedAt, taskIds, deadline);
  }

  #readSettings(): Settings<Definitions> & Settings<typeof COMMON_SETTINGS> {
    const settings = {
      ...readSettings(this.#action.settings, this.#config),
      ...readSettings(COMMON_SETTINGS, this.#config),
    };
    try {
      this.#red.util.normalisePropertyExpression(settings.output);
    } catch {
      throw new VerifyError('CONFIG', 'output-unreadable');
    }
    return settings;
  }

  #accountNode(): AccountNode {
    const id = this.#config.account;
    const node = id ? (this.#red.nodes.getNode(String(id)) as AccountNode | null) : null;
    if (!node?.open || node.provider !== this.#action.provider)
      throw new VerifyError('CONFIG', 'account-missing');
    return node;
  }

  #arrival(): Arrival {
    return { now: Date.now(), environment: this.#environment() };
  }

  #environment(): Environment | null {
    const node = this.#red.nodes.getNode(String(this.#config.account)) as AccountNode | null;
    return node?.environment ?? null;
  }

  /** Warns once when trouble begins, whichever message met it first, and shows it until it is over for all. */
  showTrouble(work: Work): void {
    const before = this.#troubled.size;
    const error = work.trouble;
    if (error) this.#troubled.add(work);
    else this.#troubled.delete(work);
    if (error && before === 0)
      this.#node.warn(this.#red._('warnings.trouble', { text: textOf(this.#red, error) }));
    if (error) this.#status.trouble(error.code);
    else if (this.#troubled.size === 0) this.#status.trouble(null);
  }

  #deliver(answer: Answer, work: Work): void {
    if (work.ended) return;
    try {
      const result = this.#resultOf(answer, work);
      if (this.#mustLeave(work)) this.#leave({ result }, work);
      else this.#send(result, work);
    } catch (reason) {
      this.#fail(reason, work);
    }
  }

  #resultOf({ outcome, reason, code, message, requestId, charged, data, raw }: Answer, work: Work): Result {
    const { provider, operation } = this.#action;
    const environment = this.#environment() ?? 'production';
    const timing = {
      startedAt: isoTime(work.startedAt),
      durationMs: Math.round(performance.now() - work.started),
      attempts: work.attempts,
    };
    const what = {
      ...{ provider, operation, environment, outcome, reason, code, message, requestId, charged },
      ...{ data, timing },
    };
    return this.#settings!.includeRaw ? { ...what, raw } : what;
  }

  #send(result: Result, work: Work): void {
    const { output = 'payload', split } = (this.#settings ?? {}) as { output?: string; split?: boolean };
    const unfinished = result.outcome === 'unfinished';
    const photos = split && !unfinished ? splitPhotos(result) : null;
    // The last message is the one that came in, those before it are copies of it.
    const copies = (photos ?? []).slice(0, -1).map((each) => {
      const message = this.#red.util.cloneMessage(work.message);
      this.#setResult(message, output, each);
      return message;
    });
    this.#setResult(work.message, output, photos?.at(-1) ?? result);
    if (photos) numberParts([...copies, work.message], this.#red.util.generateId());
    if (unfinished) work.send([null, work.message]);
    else work.send(photos ? [[...copies, work.message]] : work.message);
    this.#status.finished(result.outcome);
    this.#end(work);
    if (work.id) this.#backlog.sent(work.id);
  }

  /** A result that was paid for is not lost to a property that cannot hold it. */
  #setResult(message: Message, output: string, result: Result): void {
    if (output === 'payload') {
      message.payload = result;
      return;
    }
    try {
      if (this.#red.util.setMessageProperty(message, output, result, true)) return;
    } catch {
      // Falls through to msg.payload.
    }
    message.payload = result;
    this.#node.warn(this.#red._('warnings.output-not-set', { output }));
  }

  /** Throws nothing: a rejection that nobody handles would end the process. */
  #fail(reason: unknown, work: Work): void {
    if (work.ended) return;
    try {
      const error = reason instanceof VerifyError ? reason : unexpected(this.#red, this.#node, reason);
      if (work.taskIds.length > 0) error.details.taskIds ??= [...work.taskIds];
      const left = {
        error: { message: textOf(this.#red, error), code: error.code, cause: this.explain(error, work) },
      };
      if (this.#mustLeave(work)) this.#leave(left, work);
      else this.#raise(left.error, work);
    } catch (again) {
      unexpected(this.#red, this.#node, again);
    }
  }

  #raise(
    { message, code, cause }: { message: string; code: VerifyError['code']; cause: Cause },
    work: Work,
  ): void {
    this.#status.failed(code);
    this.#end(work, new FlowError(message, code, cause));
    if (work.id) this.#backlog.sent(work.id);
  }

  /** What is sent or raised after `close` began may reach nobody (NODE-RED, "Runtime"): the next start tells it. */
  #mustLeave(work: Work): boolean {
    const { resume } = (this.#settings ?? {}) as { resume?: boolean };
    return this.#closing.cancelled && (resume !== false || work.id !== undefined);
  }

  #leave(left: Left, work: Work): void {
    if (!work.id) this.#backlog.keep(work.message, left, work.startedAt, work.taskIds, null);
    this.#status.left();
    this.#end(work);
  }

  /** What was left because there was nobody to tell it to. It was paid for: wrong settings must not lose it. */
  #tell(left: Exclude<Left, { fields: unknown }>, work: Work): void {
    try {
      this.#settings ??= this.#readSettings();
    } catch {
      // Said when it was deployed.
    }
    try {
      if ('error' in left) this.#raise(left.error, work);
      else this.#send(left.result, work);
    } catch (reason) {
      this.#fail(reason, work);
    }
  }

  #end(work: Work, error?: Error): void {
    work.end();
    if (this.#troubled.has(work)) this.showTrouble(work);
    this.#working.delete(work);
    work.done(error);
    if (this.#working.size === 0) this.#onIdle?.();
  }

  explain(error: VerifyError, { attempts }: Work): Cause {
    return causeOf(this.#red, this.#action, error, this.#environment(), attempts);
  }
}

let lastTime = Number.NaN;
let lastText = '';

/** Many messages come in the same millisecond, and writing it down takes as long as all else about a result. */
function isoTime(time: number): string {
  if (time !== lastTime) {
    lastTime = time;
    lastText = new Date(time).toISOString();
  }
  return lastText;
}
