/** The account nodes: docs/contract.md, "Account nodes". What is wrong with one is found when it is first used. */
import type { Account, AccountDefinition, Probe } from '../../contract/account';
import { VerifyError } from '../../contract/errors';
import type { RequestAction } from '../../contract/provider-request';
import { ENVIRONMENTS, type Environment } from '../../contract/result';
import type { SettingDefinitions } from '../../contract/settings';
import { addressProblem } from '../../http/address';
import { createTransport } from '../../http/send';
import { ledgerOf } from '../ledger/ledger-of';
import type { ConsentRules } from '../runner/choices';
import { proxyOf, tlsOptions } from '../runner/connection';
import type { FormTest } from '../runner/form-test';
import { destinationOf, keyAt, type Terms } from '../runner/payments';
import type { Node, NodeConfig, Red } from '../runner/red';
import { readSettings, takeCredentials } from '../runner/settings';
import { type AccountTestResult, accountTest } from './account-test';
import { readPairs } from './pairs';

/** An account node as the runner uses it. */
export interface AccountNode extends Node {
  /** The provider it belongs to. */
  provider: string;
  environment: Environment;
  /** Whether the provider has refused the first pair of keys and accepted the next one. */
  onNextPair: boolean;
  /** Whether it refuses calls at once because the provider is down. */
  isCircuitOpen: boolean;
  /**
   * @returns the account, ready to be called; a promise only while the sandbox starts
   * @throws VerifyError CONFIG where it is not set up
   */
  open(): Account | Promise<Account>;
  /** @throws VerifyError CONFIG where it is not set up; opens nothing */
  check(): void;
  /**
   * @returns what its calls cost and may cost, and where that is written down
   * @throws VerifyError CONFIG where it is not set up
   */
  terms(): Terms;
  /**
   * @returns what it demands of a message about a person
   * @throws VerifyError CONFIG where it is not set up
   */
  consentRules(): ConsentRules;
  /** What its provider does for the node `provider-request`. */
  request?: () => RequestAction;
  /** What its form's test button starts; not there where the provider has no call that costs nothing. */
  test?: FormTest<AccountTestResult>;
}

/** What an account has beside its definition; each is loaded where it is needed. */
export interface AccountHalves {
  /** To test an account with, where the provider has a call that costs nothing. */
  probe?: () => Probe;
  /** Of the node `provider-request`. */
  request?: () => RequestAction;
}

type Pairs = Account['pairs'];

/** Longer would overflow a timer. */
const LONGEST_TIMEOUT_S = 3600;

const SETTINGS = {
  environment: { type: 'string', default: 'production', choices: ENVIRONMENTS },
  baseUrl: { type: 'string', default: '' },
  timeout: { type: 'number', default: 10, min: 0.05, max: LONGEST_TIMEOUT_S },
  maxConcurrent: { type: 'number', default: 16, min: 1, max: 1000, integer: true },
  maxPerSecond: { type: 'number', default: 0, min: 0, max: 10_000, integer: true },
  maxWaiting: { type: 'number', default: 1000, min: 0, integer: true },
  circuit: { type: 'boolean', default: true },
  keepAlive: { type: 'boolean', default: true },
  price: { type: 'number', default: 0, min: 0, max: 10_000 },
  maxPerDay: { type: 'number', default: 0, min: 0, integer: true },
  maxPerMonth: { type: 'number', default: 0, min: 0, integer: true },
  consentRequired: { type: 'boolean', default: false },
  minors: { type: 'string', default: 'guardian', choices: ['guardian', 'allow'] },
  purpose: { type: 'string', default: '' },
} as const satisfies SettingDefinitions;

/**
 * @param definition of a provider's account
 * @returns the properties that all accounts have; its form is built from the same table
 */
export function sharedSettings({ timeout }: AccountDefinition) {
  return { ...SETTINGS, timeout: { ...SETTINGS.timeout, default: timeout } };
}

/**
 * Makes a node hold an account.
 * @param red Node-RED
 * @param created the node
 * @param config as it was deployed
 * @param definition of the provider's account
 * @param halves what else there is of the provider
 */
export function createAccount(
  red: Red,
  created: Node,
  config: NodeConfig,
  definition: AccountDefinition,
  { probe, request }: AccountHalves,
): void {
  const node = created as AccountNode;
  const secrets = takeCredentials(node);
  let account: Account | Promise<Account> | undefined;
  node.provider = definition.provider;
  node.environment = ENVIRONMENTS.find((each) => each === config.environment) ?? 'production';
  node.onNextPair = false;
  node.isCircuitOpen = false;
  node.check = () => void prepare(red, node, config, definition, secrets);
  node.open = () => {
    account ??= prepare(red, node, config, definition, secrets)();
    return account;
  };
  let terms: Terms | undefined;
  node.terms = () => {
    terms ??= { ...readTerms(node, config, definition), ledger: ledgerOf(red, config.ledger) };
    // The node of a shared ledger may be replaced while this one stays.
    return config.ledger ? { ...terms, ledger: ledgerOf(red, config.ledger) } : terms;
  };
  let rules: ConsentRules | undefined;
  node.consentRules = () => {
    rules ??= readSettings(sharedSettings(definition), config);
    return rules;
  };
  if (request) node.request = request;
  if (probe) node.test = accountTest(red, node, probe());
  if (config.environment === 'sandbox') {
    Promise.resolve()
      .then(node.open)
      .then(
        (opened) => {
          account = opened;
        },
        () => {
          account = undefined;
        },
      );
  }
  node.on('close', (_removed, done) => {
    node.test?.close();
    Promise.resolve(account)
      .then((opened) => {
        opened?.transport.close().catch(() => {});
      })
      .catch(() => {})
      .then(done);
  });
}

function readTerms(
  { id, environment }: AccountNode,
  config: NodeConfig,
  definition: AccountDefinition,
): Omit<Terms, 'ledger'> {
  const { baseUrl, price, timeout, ...limits } = readSettings(sharedSettings(definition), config);
  return {
    account: id,
    destination: destinationOf(environment, environment === 'custom' ? customAddress(baseUrl) : ''),
    price,
    maxPerDay: limits.maxPerDay,
    maxPerMonth: limits.maxPerMonth,
    timeoutMs: timeout * 1000,
  };
}

/**
 * Checks everything there is to check without a connection.
 * @returns opens the account
 */
function prepare(
  red: Red,
  node: AccountNode,
  config: NodeConfig,
  definition: AccountDefinition,
  secrets: Readonly<Record<string, string>>,
): () => Account | Promise<Account> {
  const { environment, baseUrl, timeout, ...limits } = readSettings(sharedSettings(definition), config);
  const settings = readSettings(definition.settings, config);
  const tls = tlsOptions(red, config.tls);
  const isSandbox = environment === 'sandbox';
  const production = environment === 'custom' ? customAddress(baseUrl) : definition.baseUrl;
  if (!production && !isSandbox) throw new VerifyError('CONFIG', 'base-url-missing');
  const own: Pairs = isSandbox ? [{}] : readPairs(definition.credentials, secrets);

  const takeTurn = async () => (await ledgerOf(red, config.ledger)?.turn(node.id, limits.maxPerSecond)) ?? 0;
  const connect = (address: URL, pairs: Pairs, standIns = {}): Account => ({
    environment,
    baseUrl: address,
    pairs,
    secrets: pairs.flatMap((pair) => Object.values(pair)),
    settings: replaceDefaults(settings, definition.settings, standIns),
    discardReuse(answers) {
      const destination = destinationOf(environment, baseUrl);
      void ledgerOf(red, config.ledger)?.discard(
        node.id,
        answers.map(({ key, holds }) => ({ key: keyAt(destination, key), holds })),
      );
    },
    transport: createTransport({
      ...limits,
      baseUrl: address,
      timeout: timeout * 1000,
      sharedTurn: config.ledger && limits.maxPerSecond > 0 ? takeTurn : undefined,
      tls,
      proxy: proxyOf(red, config.proxy, address),
      pairs,
      onRotated: () => {
        node.onNextPair = true;
        node.warn(red._('warnings.rotated'));
      },
      onCircuit: (open) => {
        node.isCircuitOpen = open;
        node.warn(red._(open ? 'warnings.circuit-open' : 'warnings.circuit-closed'));
      },
    }),
  });

  if (isSandbox) {
    const path = definition.sandboxPath?.(settings) ?? '';
    return () => openSandbox(red, definition.provider, path, connect);
  }
  const address = new URL(production!);
  proxyOf(red, config.proxy, address);
  return () => connect(address, own);
}

/** The sandbox is loaded only where an account uses it. */
async function openSandbox(
  red: Red,
  provider: string,
  path: string,
  connect: (address: URL, pairs: Pairs, standIns: object) => Account,
): Promise<Account> {
  const { sharedSandbox } = require('../../sandbox/shared') as typeof import('../../sandbox/shared');
  const sandbox = await sharedSandbox(red.settings.userDir);
  const { baseUrl, credentials, settings } = sandbox.accounts[provider]!;
  return connect(new URL(baseUrl + path), [credentials], settings);
}

/** Settings that a user chose stay as they are. */
function replaceDefaults(
  settings: Record<string, unknown>,
  definitions: SettingDefinitions,
  standIns: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const replaced = Object.entries(standIns).filter(([name]) => settings[name] === definitions[name]?.default);
  return { ...settings, ...Object.fromEntries(replaced) };
}

function customAddress(baseUrl: string): string {
  const problem = addressProblem(baseUrl);
  if (problem) throw new VerifyError('CONFIG', problem);
  return baseUrl;
}
