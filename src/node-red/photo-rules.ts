/** The node that judges the photos of a truth-poll by the rules of its flow: docs/contract.md, "Photos in hand". */
import type { FieldDefinition, SettingDefinitions, Settings } from '../action';
import { Cancel } from '../cancel';
import { VerifyError } from '../errors';
import { type PollResult, readPollResult } from '../photos/poll-result';
import { readRules } from '../photos/read-rules';
import { MOST_DAYS } from '../photos/seen';
import { applyRules } from '../photos/verdict';
import { causeOf, textOf } from './explain';
import { prepareFields } from './fields';
import { FlowError } from './flow-error';
import { canHold, checkOutput, setResult } from './output';
import type { Message, Node, NodeConfig, Red } from './red';
import { seenOf } from './seen-of';
import { readSettings } from './settings';
import { onceStarted } from './started';
import { NodeStatus } from './status';
import { unexpected } from './unexpected';

const ASKED = { provider: null, operation: 'photo-rules', mayCost: false };

/** The forms are built from these, too. */
export const FIELDS = {
  input: { value: 'payload', type: 'msg' },
  at: { value: '', type: 'str' },
  latitude: { value: '', type: 'str' },
  longitude: { value: '', type: 'str' },
  addressHolds: { value: '', type: 'str' },
} as const satisfies Readonly<Record<string, FieldDefinition>>;

export const SETTINGS = {
  maxAge: { type: 'number', default: 0, min: 0 },
  within: { type: 'number', default: 0, min: 0 },
  coordinates: { type: 'string', default: 'gcj02', choices: ['gcj02', 'wgs84'] },
  unseen: { type: 'number', default: 0, min: 0, max: MOST_DAYS },
  output: { type: 'string', default: 'payload' },
} as const satisfies SettingDefinitions;

/** Types of inputs whose value stands in the node itself; a variable is the same for every message too. */
const WRITTEN: ReadonlySet<unknown> = new Set(['str', 'num']);

/**
 * Makes a node apply its rules.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runPhotoRules(red: Red, node: Node, config: NodeConfig): void {
  const status = new NodeStatus(red, node, () => false);
  const closing = new Cancel();
  // An input that is left empty has no rule.
  const used = Object.entries(FIELDS).filter(([name]) => name === 'input' || config[name]);
  const fields = prepareFields(red, node, Object.fromEntries(used), config);
  const typeOf = (name: string) => config[`${name}Type`] ?? 'str';
  const isWritten = (name: string) => WRITTEN.has(typeOf(name));
  const isFixed = (name: string) => isWritten(name) || typeOf(name) === 'env';
  let settings: Settings<typeof SETTINGS> | undefined;
  let needNoLonger = () => {};

  const forget = onceStarted(red, () => {
    try {
      if (fields.problem) throw fields.problem;
      const own = ownSettings();
      const values = Object.fromEntries(
        used.map(([name]) => [name, isWritten(name) ? config[name] : undefined]),
      );
      readRules(own, values, isWritten);
      if (own.unseen > 0) needNoLonger = seenOf(red).keepFor(own.unseen);
    } catch (reason) {
      // INPUT says that a value of the message is missing, and there is no message yet.
      if (!(reason instanceof VerifyError) || reason.code !== 'CONFIG') return;
      node.warn(textOf(red, reason));
      status.misconfigured();
    }
  });

  // Not an async function: Node-RED catches what it throws, but a rejection would end the process.
  node.on('input', (message, send, done) => {
    const now = Date.now();
    status.started();
    let isOver = false;
    let stop = () => {};
    const fail = (reason: unknown) => {
      if (isOver) return;
      isOver = true;
      stop();
      const error = reason instanceof VerifyError ? reason : unexpected(red, node, reason);
      status.failed(error.code);
      done(new FlowError(textOf(red, error), error.code, causeOf(red, ASKED, error, null, 0)));
    };
    stop = closing.onCancel(() => fail(new VerifyError('CANCELLED', 'cancelled')));
    fields.read(message, closing, (error, values) => {
      if (error) return fail(error);
      judge(message, values, now)
        .then((result) => {
          if (isOver) return;
          isOver = true;
          stop();
          setResult(red, message, settings!.output, result);
          send(message);
          status.finished(result.outcome);
          done();
        })
        .catch(fail);
    });
  });

  node.on('close', (_removed, done) => {
    forget();
    needNoLonger();
    closing.cancel();
    status.close();
    done();
  });

  function ownSettings(): Settings<typeof SETTINGS> {
    if (settings) return settings;
    const own = readSettings(SETTINGS, config);
    checkOutput(red, own.output);
    settings = own;
    return own;
  }

  async function judge(
    message: Message,
    { input, ...values }: Record<string, unknown>,
    now: number,
  ): Promise<PollResult> {
    const own = ownSettings();
    const { output } = own;
    if (!canHold(red, message, output)) throw new VerifyError('INPUT', 'message-read-only', { output });
    const rules = readRules(own, values, isFixed);
    const result = readPollResult(input);
    return applyRules(result, rules, rules.unseen ? seenOf(red) : null, now);
  }
}
