/**
 * What a message may bring beside its input: docs/contract.md, "Action nodes", `accountFrom`, `key`, `reuse` and `consent`;
 * and what its account requires of it.
 */
import type { PersonSent } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { FieldDefinition, SettingDefinitions } from '../../contract/settings';
import { isUnder14 } from '../../input/id-number';
import { readId } from '../../input/text';
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
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return readId(text, 'key') || null;
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

/** An id number, whatever stands around it. */
const ID_NUMBER = /(?<!\d)\d{17}[\dXx](?!\d)/;
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
  const consent = readReference(given.consent, 'consent', persons);
  const guardianConsent = readReference(given.guardianConsent, 'guardianConsent', persons);
  if (consentRequired && consent === null) throw new VerifyError('INPUT', 'consent-missing');
  const needsGuardian = minors === 'guardian' && persons.some(({ idNumber }) => isUnder14(idNumber, now));
  if (needsGuardian && guardianConsent === null) throw new VerifyError('INPUT', 'guardian-missing');
  return { consent, guardianConsent, purpose: purpose.slice(0, LONGEST_PURPOSE) || null };
}

/** A name, an id number or a yes instead of a reference would stand in the ledger for 13 months. */
function readReference(value: unknown, name: string, persons: readonly PersonSent[]): string | null {
  const reference = readId(Number.isSafeInteger(value) ? String(value) : value, name);
  if (reference === '') return null;
  const isPerson =
    ID_NUMBER.test(reference) ||
    persons.some((person) => [person.name, person.idNumber].some((each) => each && reference.includes(each)));
  if (isPerson || !/\d/.test(reference)) throw new VerifyError('INPUT', 'consent-no-reference', { name });
  return reference;
}
