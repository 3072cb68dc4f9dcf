/** What the person agreed to whom a call is about: docs/contract.md, "Action nodes", `consent`. */
import type { PersonSent } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import { isUnder14 } from '../../input/id-number';
import { readText } from '../../input/text';

const LONGEST = 128;
/** An id number, whatever stands around it. */
const ID_NUMBER = /(?<!\d)\d{17}[\dXx](?!\d)/;
const LONGEST_PURPOSE = 128;

/** What an account demands: docs/contract.md, "Account nodes". */
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
  const reference = readText(Number.isSafeInteger(value) ? String(value) : value, name, LONGEST, new Set());
  if (reference === '') return null;
  const isPerson =
    ID_NUMBER.test(reference) ||
    persons.some((person) => [person.name, person.idNumber].some((each) => each && reference.includes(each)));
  if (isPerson || !/\d/.test(reference)) throw new VerifyError('INPUT', 'consent-no-reference', { name });
  return reference;
}
