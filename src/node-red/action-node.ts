/** The runner: what every action node does around its action. The only place that calls `send` and `done`. */
import type { Account, Action, Context, SettingDefinitions, Settings } from '../action';
import { Cancel } from '../cancel';
import { type Cause, RETRYABLE, VerifyError } from '../errors';
import { Scheduler } from '../polling/scheduler';
import type { Answer, Result } from '../result';
import type { AccountNode } from './account-node';
import { prepareFields } from './fields';
import { FlowError } from './flow-error';
import type { Done, Message, Node, NodeConfig, Red, Send } from './red';
import { readSettings } from './settings';
import { numberParts, splitPhotos } from './split';
import { NodeStatus } from './status';
import { unexpected } from './unexpected';

/** A paid request in flight gets this long to be answered when its node closes. */
const PAID_GRACE_MS = 5_000;

const COMMON_SETTINGS = {
  output: { type: 'string', default: 'payload' },
  includeRaw: { type: 'boolean', default: false },
} as const satisfies SettingDefinitions;

/** One for the whole process: ten thousand tasks wait on one timer. */
const scheduler = new Scheduler();

/**
 * Registers the node of an action.
 * @param red Node-RED
 * @param type of the node
 * @param action what it does with a message
 */
export function registerAction<Input, Definitions extends SettingDefinitions>(
  red: Red,
  type: string,
  action: Action<Input, Definitions>,
): void {
  red.nodes.registerType(type, function (config) {
    red.nodes.createNode(this, config);
    const runner = new Runner(red, this, config, action);
    // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
    this.on('input', (message, send, done) => runner.accept(message, send, done));
    this.on('close', (done) => runner.close(done));
  });
}

class Runner<Input, Definitions extends SettingDefinitions> {
  readonly #red: Red;
  readonly #node: Node;
  readonly #config: NodeConfig;
  readonly #action: Action<Input, Definitions>;
  readonly #status: NodeStatus;
  readonly #readFields: ReturnType<typeof prepareFields>;
  readonly #closing = new Cancel();
  readonly #signal = new Cancel();
  readonly #memory = new Map<string, number>();
  readonly #warned = new Set<string>();
  #settings: (Settings<Definitions> & Settings<typeof COMMON_SETTINGS>) | undefined;
  readonly #troubled = new Set<Work>();
  #working = 0;
  #onIdle: (() => void) | undefined;

  constructor(red: Red, node: Node, config: NodeConfig, action: Action<Input, Definitions>) {
    this.#red = red;
    this.#node = node;
    this.#config = config;
    this.#action = action;
    this.#status = new NodeStatus(node);
    this.#readFields = prepareFields(red, node, action.fields, config);
  }

  accept(message: Message, send: Send, done: Done): void {
    const work = new Work(message, send, done);
    this.#working++;
    this.#status.started();
    this.#readFields(message, (error, fields) => {
      const answered = error ? Promise.reject(error) : this.#answer(fields, work);
      answered
        .then((answer) => this.#deliver(answer, work))
        .catch((reason) => this.#fail(reason, work))
        .catch((reason) => unexpected(this.#red, this.#node, reason));
    });
  }

  close(done: () => void): void {
    this.#closing.cancel();
    const grace = this.#action.mayCost ? PAID_GRACE_MS : 0;
    const cancelRest = scheduler.after(grace, () => this.#signal.cancel());
    this.#onIdle = () => {
      this.#onIdle = undefined;
      cancelRest();
      this.#status.close();
      done();
    };
    if (this.#working === 0) this.#onIdle();
  }

  async #answer(fields: Record<string, unknown>, work: Work): Promise<Answer> {
    this.#settings ??= this.#readSettings();
    const input = this.#action.parse(fields, this.#settings);
    const opened = this.#account();
    const account = opened instanceof Promise ? await opened : opened;
    return this.#action.run(account, input, this.#context(work, this.#closing, this.#signal));
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

  #account(): Account | Promise<Account> {
    const id = this.#config.account;
    const node = id ? (this.#red.nodes.getNode(String(id)) as AccountNode | null) : null;
    if (!node?.open || node.provider !== this.#action.provider)
      throw new VerifyError('CONFIG', 'account-missing');
    return node.open();
  }

  #context(work: Work, closing: Cancel, signal: Cancel): Context {
    return {
      now: Date.now,
      random: Math.random,
      closing,
      signal,
      memory: this.#memory,
      attempted: () => {
        work.attempts++;
      },
      wait: (milliseconds) => wait(milliseconds, closing),
      within: async (milliseconds, action) => {
        const limited = new Cancel();
        const stop = scheduler.after(milliseconds, () => limited.cancel());
        const forget = closing.onCancel(() => limited.cancel());
        this.#status.waiting(1);
        try {
          await action(this.#context(work, limited, limited));
          return true;
        } catch (error) {
          if (!limited.cancelled || closing.cancelled) throw error;
          return false;
        } finally {
          this.#status.waiting(-1);
          stop();
          forget();
          limited.cancel();
        }
      },
      warnOnce: (key, values) => {
        if (this.#warned.has(key)) return;
        this.#warned.add(key);
        this.#node.warn(this.#red._(`warnings.${key}`, values));
      },
      trouble: (task, error) => {
        if (error) work.troubles.set(task, error);
        else work.troubles.delete(task);
        this.#showTrouble(work);
      },
      explain: (error) => this.#explain(error, work),
    };
  }

  /** Warns once when trouble begins, whichever message met it first, and shows it until it is over for all. */
  #showTrouble(work: Work): void {
    const before = this.#troubled.size;
    const error = [...work.troubles.values()].at(-1);
    if (error) this.#troubled.add(work);
    else this.#troubled.delete(work);
    if (error && before === 0) this.#node.warn(this.#red._('warnings.trouble', { text: this.#text(error) }));
    if (error) this.#status.trouble(error.code);
    else if (this.#troubled.size === 0) this.#status.trouble(null);
  }

  #deliver({ raw, ...answer }: Answer, work: Work): void {
    const { output, includeRaw, split } = this.#settings as Settings<typeof COMMON_SETTINGS> & {
      split?: boolean;
    };
    const { provider, operation } = this.#action;
    const result: Result = {
      provider,
      operation,
      ...answer,
      timing: {
        startedAt: new Date(work.startedAt).toISOString(),
        durationMs: Math.round(performance.now() - work.started),
        attempts: work.attempts,
      },
      ...(includeRaw ? { raw } : {}),
    };
    const unfinished = answer.outcome === 'unfinished';
    const results = split && !unfinished ? splitPhotos(result) : [result];
    const messages = results.map((each, index) => {
      // The last message is the one that came in, those before it are copies of it.
      const message = index === results.length - 1 ? work.message : this.#red.util.cloneMessage(work.message);
      this.#setResult(message, output, each);
      return message;
    });
    if (results.length > 1 || results[0] !== result) numberParts(messages, this.#red.util.generateId());
    work.send(unfinished ? [null, messages] : [messages]);
    this.#status.finished(answer.outcome);
    this.#end(work);
  }

  /** A result that was paid for is not lost to a property that cannot hold it. */
  #setResult(message: Message, output: string, result: Result): void {
    try {
      if (this.#red.util.setMessageProperty(message, output, result, true)) return;
    } catch {
      // Falls through to msg.payload.
    }
    message.payload = result;
    this.#node.warn(this.#red._('warnings.output-not-set', { output }));
  }

  #fail(reason: unknown, work: Work): void {
    const error = reason instanceof VerifyError ? reason : unexpected(this.#red, this.#node, reason);
    if (!work.ended) this.#status.failed(error.code);
    this.#end(work, new FlowError(this.#text(error), error.code, this.#explain(error, work)));
  }

  #end(work: Work, error?: Error): void {
    if (work.ended) return;
    work.ended = true;
    work.troubles.clear();
    this.#showTrouble(work);
    this.#working--;
    work.done(error);
    if (this.#working === 0) this.#onIdle?.();
  }

  #explain({ code, reason, values, details }: VerifyError, { attempts }: Work): Cause {
    const { refused, envelope, ...known } = details;
    const charged = known.charged ?? (attempts === 0 ? false : null);
    return {
      provider: this.#action.provider,
      operation: this.#action.operation,
      providerCode: null,
      providerMessage: null,
      httpStatus: null,
      requestId: null,
      retryAfter: null,
      ...known,
      retryable: known.retryable ?? (RETRYABLE[code] && (!this.#action.mayCost || charged === false)),
      charged,
      attempts,
      hint: this.#red._(`errors.${reason}.hint`, values),
    };
  }

  #text({ reason, values }: VerifyError): string {
    return `${this.#red._(`errors.${reason}.text`, values)} ${this.#red._(`errors.${reason}.hint`, values)}`;
  }
}

/** One message being worked on. */
class Work {
  attempts = 0;
  ended = false;
  /** Trouble being survived, by task. */
  readonly troubles = new Map<string, VerifyError>();
  readonly startedAt = Date.now();
  readonly started = performance.now();

  constructor(
    readonly message: Message,
    readonly send: Send,
    readonly done: Done,
  ) {}
}

/** @throws VerifyError CANCELLED when the node closes first */
function wait(milliseconds: number, closing: Cancel): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = scheduler.after(milliseconds, () => {
      forget();
      resolve();
    });
    const forget = closing.onCancel(() => {
      stop();
      reject(new VerifyError('CANCELLED', 'cancelled'));
    });
  });
}
