/** The node that judges the photos of a truth-poll by the rules of its flow: docs/contract.md, "Photos in hand". */
import { VerifyError } from '../../contract/errors';
import type { FieldDefinition, SettingDefinitions, Settings } from '../../contract/settings';
import { readPollResult } from '../../photos/poll-result';
import { readRules } from '../../photos/read-rules';
import { MOST_DAYS, Seen } from '../../photos/seen';
import { applyRules } from '../../photos/verdict';
import type { LedgerStoreNode } from '../ledger/ledger-of';
import { answerInput } from '../runner/answer-input';
import { databaseOf } from '../runner/database-of';
import { prepareFields } from '../runner/fields';
import { oncePerRuntime } from '../runner/once-per-runtime';
import type { Node, NodeConfig, Red } from '../runner/red';
import { checkOutput } from '../runner/result';
import { readSettings } from '../runner/settings';

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

/** Types of inputs whose value is in the node itself; a variable, too, is the same for every message. */
const WRITTEN: ReadonlySet<unknown> = new Set(['str', 'num']);

/** What a runtime remembers of photos that came: one memory, however many nodes ask it. */
const ownMemory = oncePerRuntime((red) => new Seen({ database: databaseOf(red), now: Date.now }));

/**
 * Makes a node apply its rules.
 * @param red Node-RED
 * @param node that was created
 * @param config as it was deployed
 */
export function runPhotoRules(red: Red, node: Node, config: NodeConfig): void {
  // An input that is left empty has no rule.
  const used = Object.entries(FIELDS).filter(([name]) => name === 'input' || config[name]);
  const fields = prepareFields(red, node, Object.fromEntries(used), config);
  const typeOf = (name: string) => config[`${name}Type`] ?? 'str';
  const isWritten = (name: string) => WRITTEN.has(typeOf(name));
  const isFixed = (name: string) => isWritten(name) || typeOf(name) === 'env';
  let settings: Settings<typeof SETTINGS> | undefined;
  let needNoLonger = () => {};

  function ownSettings(): Settings<typeof SETTINGS> {
    if (settings) return settings;
    const own = readSettings(SETTINGS, config);
    checkOutput(red, own.output);
    settings = own;
    return own;
  }

  answerInput(red, node, {
    operation: 'photo-rules',
    mayCost: false,
    check() {
      if (fields.problem) throw fields.problem;
      const own = ownSettings();
      const values = Object.fromEntries(
        used.map(([name]) => [name, isWritten(name) ? config[name] : undefined]),
      );
      readRules(own, values, isWritten);
      if (own.unseen > 0) needNoLonger = seenOf(red, config.ledger).keepFor(own.unseen);
    },
    close: () => needNoLonger(),
    property: () => ownSettings().output,
    async answer(message, closing) {
      const now = Date.now();
      const { input, ...values } = await fields.readAll(message, closing);
      const rules = readRules(ownSettings(), values, isFixed);
      const result = readPollResult(input);
      const value = await applyRules(result, rules, rules.unseen ? seenOf(red, config.ledger) : null, now);
      return { value, outcome: value.outcome };
    },
  });
}

/**
 * @param store id of the `verify-ledger-store` that several Node-REDs share; none for what this one remembers
 * @throws VerifyError CONFIG where the store is missing or not set up, or there is no user directory for a database
 */
function seenOf(red: Red, store?: unknown): Seen {
  if (store) {
    const node = red.nodes.getNode(String(store)) as LedgerStoreNode | null;
    if (!node?.seen) throw new VerifyError('CONFIG', 'ledger-store-missing');
    return node.seen();
  }
  if (!red.settings.userDir) throw new VerifyError('CONFIG', 'seen-no-folder');
  return ownMemory(red);
}
