/**
 * What a message may bring beside its input: docs/contract.md, "Action nodes", `accountFrom`, `key`, `reuse` and `consent`;
 * and what its account requires of it.
 */
import type { PersonSent } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Environment } from '../../contract/result';
import type { FieldDefinition, SettingDefinitions } from '../../contract/settings';
import { isUnder14 } from '../../input/id-number';
import { namesPerson } from '../../input/persons';
import { readId } from '../../input/text';
import type { AccountNode } from '../account/account-node';
import type { NodeConfig, Red } from './red';

/** All actions have it. */
export const ACCOUNT_FIELD = { accountFrom: { value: '', type: 'str' } } as const satisfies Fields;
/** Those that may cost. */
export const KEY_FIELD = { key: { value: '', type: 'str' } } as const satisfies Fields;
/** Those that send who somebody is: docs/contract.md, "Action nodes", `consent` and `guardianConsent`. */
export const CONSENT_FIELDS = {
  consent: { value: '', type: 'str' },
  guardianConsent: { value: '', type: 'str' },
} as const satisfies Fields;
export const PAID_SETTINGS = {
  reuse: { type: 'number', default: 0, min: 0, max: 24 * 366 },
} as const satisfies SettingDefinitions;

type Fields = Readonly<Record<string, FieldDefinition>>;

/** @returns those that are filled in at the node; most nodes have none, and each takes time with every message */
export function chosenFields(
  { mayCost, isAboutPerson = false }: { mayCost: boolean; isAboutPerson?: boolean },
  config: NodeConfig,
): Fields {
  const all: Fields = {
    ...ACCOUNT_FIELD,
    ...(mayCost ? KEY_FIELD : {}),
    ...(isAboutPerson ? CONSENT_FIELDS : {}),
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => config[name]));
}

/**
 * @param value of the typed input
 * @returns null where there is none
 * @throws VerifyError INPUT
 */
export function readKey(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return readId(text, 'key') || null;
}

/**
 * The accounts of an action's node: its own, and those that a message chooses (docs/contract.md, "Action nodes",
 * `accountFrom`). They are looked up for each request, as an account may be replaced meanwhile: docs/node-red.md, "Runtime".
 */
export class NodeAccounts {
  readonly #red: Red;
  readonly #provider: string | null;
  readonly own: string;

  /**
   * @param red Node-RED
   * @param provider of the action; null: that of the account
   * @param own id of the account that the node was deployed with; empty where it has none
   */
  constructor(red: Red, provider: string | null, own: string) {
    this.#red = red;
    this.#provider = provider;
    this.own = own;
  }

  /** @throws VerifyError CONFIG where there is no such account, or it is of another provider */
  get(id = this.own): AccountNode {
    const node = id ? this.#find(id) : null;
    if (!node?.open || (this.#provider === null ? !node.request : node.provider !== this.#provider))
      throw new VerifyError('CONFIG', 'account-missing');
    return node;
  }

  /**
   * @param name or id, as a message has it; nothing for the node's own
   * @returns its id
   * @throws VerifyError INPUT where it is no text; CONFIG where there is no such account, or more than one
   */
  chosen(name: unknown): string {
    if (name === undefined) return this.own;
    const wanted = readId(name, 'accountFrom');
    if (wanted === '') return this.own;
    const id = idOfAccount(this.#red, wanted, this.providerOf());
    if (id === null) throw new VerifyError('CONFIG', 'account-not-found');
    return id;
  }

  /** @returns null where that depends on an account which is not there */
  providerOf(id = this.own): string | null {
    return this.#provider ?? this.#find(id)?.provider ?? null;
  }

  /** @returns null where there is no such account */
  environmentOf(id = this.own): Environment | null {
    return this.#find(id)?.environment ?? null;
  }

  #find(id: string): AccountNode | null {
    return this.#red.nodes.getNode(id) as AccountNode | null;
  }
}

/**
 * @param red Node-RED
 * @param wanted name or id of an account
 * @param provider of the account; null: any
 * @returns the id of the account node, or null where there is none
 * @throws VerifyError CONFIG where there is more than one of that name
 */
export function idOfAccount({ nodes }: Red, wanted: string, provider: string | null): string | null {
  const found: string[] = [];
  nodes.eachNode(({ id, type, name }) => {
    const isOfProvider = provider === null ? isAccount(type) : type === `${provider}-account`;
    if (isOfProvider && (id === wanted || name === wanted)) found.push(id);
  });
  if (found.includes(wanted)) return wanted;
  if (found.length > 1) throw new VerifyError('CONFIG', 'account-name-twice');
  return found[0] ?? null;
}

/** @returns whether a node of this type is an account */
export function isAccount(type: string): boolean {
  return type.endsWith('-account');
}

const LONGEST_PURPOSE = 128;

/** What an account requires: docs/contract.md, "Account nodes". */
export interface ConsentRules {
  consentRequired: boolean;
  minors: 'guardian' | 'allow';
  purpose: string;
}

/** As the ledger keeps it with a call; null where there is none. */
export interface Consent {
  /** References, such as the number of a form. */
  consent: string | null;
  guardianConsent: string | null;
  /** What the handling is for. */
  purpose: string | null;
}

export const NO_CONSENT: Consent = { consent: null, guardianConsent: null, purpose: null };

/**
 * @param given what the typed inputs gave for this message
 * @param persons whom the call is about
 * @param rules of the account
 * @param now Unix time in milliseconds
 * @throws VerifyError INPUT; it says of nobody how old they are
 */
export function readConsent(
  given: { readonly consent?: unknown; readonly guardianConsent?: unknown },
  persons: readonly PersonSent[],
  { consentRequired, minors, purpose }: ConsentRules,
  now: number,
): Consent {
  const consent = readReference(given.consent, 'consent', persons, now);
  const guardianConsent = readReference(given.guardianConsent, 'guardianConsent', persons, now);
  if (consentRequired && consent === null) throw new VerifyError('INPUT', 'consent-missing');
  const needsGuardian = minors === 'guardian' && persons.some(({ idNumber }) => isUnder14(idNumber, now));
  if (needsGuardian && guardianConsent === null) throw new VerifyError('INPUT', 'guardian-missing');
  return { consent, guardianConsent, purpose: purpose.slice(0, LONGEST_PURPOSE) || null };
}

/** A name, an id number or a yes instead of a reference would stand in the ledger for 13 months. */
function readReference(
  value: unknown,
  name: string,
  persons: readonly PersonSent[],
  now: number,
): string | null {
  const reference = readId(Number.isSafeInteger(value) ? String(value) : value, name);
  if (reference === '') return null;
  if (namesPerson(reference, persons, now) || !/\d/.test(reference))
    throw new VerifyError('INPUT', 'consent-no-reference', { name });
  return reference;
}
