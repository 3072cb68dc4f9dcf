/** The runner: what every action node does around its action. */
import type { Account } from '../../contract/account';
import type { Action, ActionOfAccount, Arrival } from '../../contract/action';
import { type Cause, VerifyError } from '../../contract/errors';
import type { PhotoStore } from '../../contract/photo-store';
import type { Answer, Environment, Result } from '../../contract/result';
import type { SettingDefinitions, Settings } from '../../contract/settings';
import { activeJobs } from '../../queue/active-jobs';
import type { AccountNode } from '../account/account-node';
import { type PhotoStoreNode, photoStoreNode } from '../photos/photo-store-of';
import {
  type Consent,
  chosenFields,
  NO_CONSENT,
  NodeAccounts,
  PAID_SETTINGS,
  readConsent,
  readKey,
} from './choices';
import { sealOf } from './database-of';
import { checkOnceStarted } from './deployed';
import { prepareFields } from './fields';
import {
  asVerifyError,
  type CalledAction,
  causeOf,
  type DescribedError,
  describeError,
  FlowError,
  logBug,
  textOf,
} from './flow-error';
import { handleInput, type InputMessage } from './handle-input';
import { NodeTasks, type TaskRunner } from './node-tasks';
import { FREE, MessagePayments } from './payments';
import { type PendingTasksOfRuntime, pendingTasksOf } from './pending-tasks-of';
import type { Message, Node, NodeConfig, Red, Sent } from './red';
import { canHold, checkOutput, notSent, numberParts, resultOf, setResult, withoutOutput } from './result';
import { readSettings } from './settings';
import { NodeStatus } from './status';
import { MessageContext, type PendingDelivery, type Work, workOn } from './work';

const NOTHING_PAID = { node: '', operation: '', key: null, reuseMs: 0 };
/** A paid request in flight gets this long to be answered when its node closes. */
const PAID_GRACE_MS = 5_000;

/** The forms are built from it, too. */
export const COMMON_SETTINGS = {
  output: { type: 'string', default: 'payload' },
  includeRaw: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

type NodeSettings<Definitions extends SettingDefinitions> = Settings<Definitions> &
  Settings<typeof COMMON_SETTINGS & typeof PAID_SETTINGS>;

type NodeAction<Input, Definitions extends SettingDefinitions, State> =
  | Action<Input, Definitions, State>
  | ActionOfAccount<Input, Definitions, State>;

/**
 * Makes a node do its action.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 * @param action what it does with a message
 */
export function runAction<Input, Definitions extends SettingDefinitions, State>(
  red: Red,
  node: Node,
  config: NodeConfig,
  action: NodeAction<Input, Definitions, State>,
): void {
  const runner = new Runner(red, node, config, action);
  handleInput(
    red,
    node,
    (input) => runner.accept(input),
    (reason) => runner.failure(reason),
  );
  node.on('close', (removed, done) => runner.close(removed, done));
}

class Runner<Input, Definitions extends SettingDefinitions, State> implements TaskRunner {
  readonly #red: Red;
  readonly #node: Node;
  readonly #config: NodeConfig;
  readonly #action: NodeAction<Input, Definitions, State>;
  readonly #accounts: NodeAccounts;
  readonly #fields: ReturnType<typeof prepareFields>;
  readonly #status: NodeStatus;
  readonly #pending: PendingTasksOfRuntime;
  readonly #tasks: NodeTasks<Input, State>;
  readonly #forget: () => void;
  readonly #closing = new AbortController();
  readonly #requests = new AbortController();
  readonly memory = new Map<string, number>();
  readonly free = new MessagePayments(FREE, NOTHING_PAID, this.#closing.signal);
  readonly #warned = new Set<string>();
  /** Messages that are being worked on. */
  #working = 0;
  /** null where they are wrong: a node delivers what was paid for even then. */
  readonly #settings: NodeSettings<Definitions> | null;
  /** Wrong settings are no reason to take a call for a free one. */
  readonly #mayCost: boolean;
  #onIdle: (() => void) | undefined;

  constructor(red: Red, node: Node, config: NodeConfig, action: NodeAction<Input, Definitions, State>) {
    this.#red = red;
    this.#node = node;
    this.#config = config;
    this.#action = action;
    this.#settings = this.#settingsIfRight();
    this.#mayCost = action.mayCost && !(this.#settings && action.isFree?.(this.#settings));
    this.#accounts = new NodeAccounts(red, action.provider, String(config.account ?? ''));
    this.#fields = prepareFields(red, node, { ...action.fields, ...chosenFields(action, config) }, config);
    this.#status = new NodeStatus(red, node, () => this.#accounts.environmentOf() === 'sandbox');
    this.#pending = pendingTasksOf(red);
    this.#tasks = new NodeTasks(node, this.#pending.tasks, this, action.waits);
    const forgetCheck = checkOnceStarted(red, node, this.#status, () => this.#check());
    const forgetLoaded = this.#pending.whenLoaded(() => this.#tasks.resumePending());
    this.#forget = () => {
      forgetCheck();
      forgetLoaded();
    };
  }

  accept(input: InputMessage): void {
    const task = this.#tasks.taskOf(input.message);
    const work = workOn(input, this.#accounts.own, task);
    this.#working++;
    this.#status.started();
    if (task) this.#tasks.resume(work, task);
    else
      this.#fields.read(input.message, this.#closing.signal, (error, fields) =>
        this.#start(error, fields, work),
      );
  }

  close(removed: boolean, done: () => void): void {
    this.#forget();
    this.#closing.abort();
    this.#tasks.close(!removed);
    const grace = setTimeout(() => this.#requests.abort(), this.#mayCost ? PAID_GRACE_MS : 0);
    this.#onIdle = () => {
      this.#onIdle = undefined;
      clearTimeout(grace);
      this.#status.close();
      this.#pending.flush().then(done, done);
    };
    if (this.#working === 0) this.#onIdle();
  }

  open(work: Work): Account | Promise<Account> {
    return this.#nodeOf(work).open();
  }

  warnOnce(key: string, values?: Record<string, string | number>): void {
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#node.warn(this.#red._(`warnings.${key}`, values));
  }

  /** Warns once when queries begin to fail, and shows the error until every task is queried without one. */
  retrying(error: VerifyError | null): void {
    if (error && this.#status.isFine)
      this.#node.warn(this.#red._('warnings.still-waiting', { text: textOf(this.#red, error) }));
    this.#status.retrying(error?.code ?? null);
  }

  waiting(count: number): void {
    this.#status.waiting(count);
  }

  photoStore(environment: Environment): PhotoStore {
    return photoStoreNode(this.#red, this.#config.store).open(environment);
  }

  async seal(text: string): Promise<string | null> {
    const seal = await sealOf(this.#red);
    return seal?.digest('claim', text) ?? null;
  }

  explain(error: VerifyError, work: Work, attempts: number): Cause {
    return causeOf(this.#red, this.#called(work), error, attempts);
  }

  deliveryOf(error: VerifyError, work?: Work): { error: DescribedError } {
    return { error: describeError(this.#red, this.#called(work), error, work?.attempts) };
  }

  #called(work?: Work): CalledAction {
    const { operation } = this.#action;
    const provider = work?.provider ?? this.#accounts.providerOf(work?.account);
    const environment = work?.environment ?? this.#accounts.environmentOf(work?.account);
    return { provider, operation, environment, mayCost: this.#mayCost };
  }

  #check(): void {
    if (this.#fields.problem) throw this.#fields.problem;
    const settings = this.#readSettings();
    const account = this.#accounts.get();
    account.check();
    if (this.#mayCost) account.terms();
    if (this.#store()) photoStoreNode(this.#red, this.#config.store).check(account.environment);
    this.#actionOf(account).parse({}, settings, this.#arrival(account.environment));
  }

  #start(error: VerifyError | null, fields: Record<string, unknown>, work: Work): void {
    try {
      if (error) throw error;
      const settings = this.#settings ?? this.#readSettings();
      const { output } = settings;
      if (!canHold(this.#red, work.message, output))
        throw new VerifyError('INPUT', 'message-read-only', { output });
      work.account = this.#accounts.chosen(fields.accountFrom);
      const node = this.#nodeOf(work);
      const action = this.#actionOf(node);
      const input = this.#parse(action, fields, settings, node.environment);
      const open = (read: Input) => this.#openAccount(action, node, read, fields, work);
      if (input instanceof Promise) input.then(open).catch((reason) => this.fail(reason, work));
      else open(input);
    } catch (reason) {
      this.fail(reason, work);
    }
  }

  /** @throws VerifyError where the message may not be paid for, or its account is not set up */
  #openAccount(
    action: Action<Input, Definitions, State>,
    node: AccountNode,
    input: Input,
    fields: Record<string, unknown>,
    work: Work,
  ): void {
    work.unsent = action.unsent?.(input);
    const consent = action.isAboutPerson
      ? readConsent(fields, action.persons?.(input) ?? [], node.consentRules(), Date.now())
      : NO_CONSENT;
    const payments = this.#paymentsOf(node, fields.key, consent, work.message);
    const account = node.open();
    const begin = (opened: Account) => this.#begin(action, opened, input, payments, work);
    if (account instanceof Promise) account.then(begin).catch((reason) => this.fail(reason, work));
    else begin(account);
  }

  /**
   * The account node that a message goes to, as it is now: its result and its error say which it was.
   * @throws VerifyError CONFIG where there is no such account, or it is of another provider
   */
  #nodeOf(work: Work): AccountNode {
    const node = this.#accounts.get(work.account);
    work.provider = node.provider;
    work.environment = node.environment;
    return node;
  }

  /** What throws while it is read, such as a getter, is the message's. */
  #parse(
    action: Action<Input, Definitions, State>,
    fields: Record<string, unknown>,
    settings: Settings<Definitions>,
    environment: Environment,
  ): Input | Promise<Input> {
    const unreadable = (reason: unknown): never => {
      if (reason instanceof VerifyError) throw this.#fields.withMessagePath(reason);
      logBug(this.#red, this.#node, reason);
      throw new VerifyError('INPUT', 'message-unreadable');
    };
    try {
      const input = action.parse(fields, settings, this.#arrival(environment));
      return input instanceof Promise ? input.catch(unreadable) : input;
    } catch (reason) {
      return unreadable(reason);
    }
  }

  #begin(
    action: Action<Input, Definitions, State>,
    account: Account,
    input: Input,
    payments: MessagePayments,
    work: Work,
  ): void {
    if (work.ended) return;
    const waiting = action.waits?.begin(input);
    if (waiting && !this.#closing.signal.aborted) {
      this.#tasks.begin(work, waiting);
      return;
    }
    const context = new MessageContext(this, work, payments, this.#closing.signal, this.#requests.signal);
    action.run(account, input, context).then(
      (answer) => {
        work.attempts = context.attempts;
        this.succeed(answer, work);
      },
      (reason) => {
        work.attempts = context.attempts;
        this.fail(reason, work);
      },
    );
  }

  #arrival(environment: Environment): Arrival {
    return { now: Date.now(), environment, store: this.#store() };
  }

  /** A missing store is an error only when a photo needs it. */
  #store(): { fits: boolean } | null {
    if (!this.#action.storesPhotos || !this.#config.store) return null;
    const node = this.#red.nodes.getNode(String(this.#config.store)) as PhotoStoreNode | null;
    return { fits: node?.fits === true };
  }

  #paymentsOf(account: AccountNode, key: unknown, consent: Consent, message: Message): MessagePayments {
    const { operation } = this.#action;
    if (!this.#mayCost) return this.free;
    const reuseMs = this.#settings!.reuse * 3_600_000;
    const job = activeJobs.get(message);
    const paying = job && job !== 'over' ? job.paying : undefined;
    return new MessagePayments(
      account.terms(),
      { node: this.#node.id, operation, key: readKey(key), reuseMs, paying, consent },
      this.#closing.signal,
    );
  }

  #settingsIfRight(): NodeSettings<Definitions> | null {
    try {
      return this.#readSettings();
    } catch {
      return null;
    }
  }

  /** @throws VerifyError CONFIG */
  #readSettings(): NodeSettings<Definitions> {
    const settings = {
      ...readSettings(this.#action.settings, this.#config),
      ...readSettings({ ...COMMON_SETTINGS, ...PAID_SETTINGS }, this.#config),
    };
    checkOutput(this.#red, settings.output);
    return settings;
  }

  #actionOf(account: AccountNode): Action<Input, Definitions, State> {
    if (this.#action.provider !== null) return this.#action;
    // Fields and settings are the same for all providers.
    return account.request!() as unknown as Action<Input, Definitions, State>;
  }

  succeed(answer: Answer, work: Work): void {
    if (work.ended) return;
    try {
      const { provider, operation, environment } = this.#called(work);
      const called = { provider: String(provider), operation, environment: environment ?? 'production' };
      this.deliver({ result: resultOf(answer, called, work, this.#settings?.includeRaw) }, work);
    } catch (reason) {
      this.fail(reason, work);
    }
  }

  /** Throws nothing: a rejection that nobody handles would end the process. */
  fail(reason: unknown, work: Work): void {
    if (work.ended) return;
    try {
      const error = asVerifyError(this.#red, this.#node, reason);
      if (error.cause) logBug(this.#red, this.#node, error.cause);
      if (!error.details.submitted) Object.assign(error.details, work.unsent);
      if (work.task) error.details.taskIds ??= [...work.task.taskIds];
      this.deliver(this.deliveryOf(error, work), work);
    } catch (again) {
      this.#end(work, this.failure(again));
    }
  }

  /** The error of what must not happen. */
  failure(reason: unknown): FlowError {
    return new FlowError(this.deliveryOf(asVerifyError(this.#red, this.#node, reason)).error);
  }

  /** Node-RED may drop what a node sends or raises after its `close` began: then the next instance delivers it. */
  deliver(delivery: PendingDelivery, work: Work): void {
    const isClosing = this.#closing.signal.aborted && !work.task;
    if (isClosing && 'error' in delivery && isUnsent(delivery.error) && givesBack(work.message))
      this.handOver(work);
    else if (isClosing) {
      // The property that the result replaces may hold a person's data, so it is not kept.
      const { [this.#settings?.output ?? 'payload']: _replaced, ...message } = work.message;
      const task = {
        node: this.#node.id,
        type: this.#node.type,
        since: work.startedAt,
        deadline: null,
        taskIds: [],
        work: delivery,
        message: 'result' in delivery ? message : work.message,
        isDurable: true,
      };
      this.#pending.tasks.add(task, null);
      this.handOver(work);
    } else if ('error' in delivery) {
      this.#status.failed(delivery.error.code);
      this.#end(work, new FlowError(delivery.error));
    } else this.#send(delivery.result, work);
  }

  handOver(work: Work): void {
    this.#status.left();
    this.#end(work);
  }

  #send(result: Result, work: Work): void {
    const sent = this.#sentOf(result, work);
    if (!sent || !work.input.finish(sent)) throw notSent(result, work);
    this.#status.finished(result.outcome);
    this.#end(work);
  }

  /** @returns null where the message cannot be copied */
  #sentOf(result: Result, { message }: Work): Sent | null {
    const settings = this.#settings;
    const output = settings?.output ?? 'payload';
    const put = (into: Message, value: Result) => {
      if (!setResult(this.#red, into, output, value))
        this.#node.warn(this.#red._('warnings.output-not-set', { output }));
      return into;
    };
    if (result.outcome === 'unfinished') return [null, put(message, result)];
    const split = settings && this.#action.split?.(result, settings);
    if (!split) return put(message, result);
    try {
      // The last message is the one that came in; those before it are copies of it.
      const copied = withoutOutput(this.#red, message, output);
      const copies = split.slice(1).map(() => this.#red.util.cloneMessage(copied));
      const messages = [...copies, message];
      for (const [index, each] of messages.entries()) put(each, split[index]!);
      numberParts(messages, this.#red.util.generateId());
      return [messages];
    } catch {
      return null;
    }
  }

  #end(work: Work, error?: FlowError): void {
    if (!work.ended) this.#working--;
    work.ended = true;
    if (work.task) this.#tasks.delivered(work.task);
    if (error) work.input.fail(error);
    else work.input.end();
    if (this.#working === 0) this.#onIdle?.();
  }
}

function isUnsent({ code, cause }: DescribedError): boolean {
  return code === 'CANCELLED' && cause.charged === false;
}

/** @returns whether the message is of a job that goes back to its queue: docs/contract.md, "Queue" */
function givesBack(message: Message): boolean {
  const job = activeJobs.get(message);
  return job !== null && job !== 'over' && job.giveBackUnsent();
}
