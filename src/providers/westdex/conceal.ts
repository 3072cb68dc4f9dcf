import { maskPerson } from '../../input/mask';

/** A cipher text: that of an id number has 44 characters. */
const CIPHER_TEXT = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
const SHORTEST_SECRET = 6;

/** What must not come back in the provider's words: providers/README, "Rules for all four". */
export interface Known {
  personName: string;
  idNumber: string;
  /** Credentials of the account. */
  secrets: readonly string[];
}

/**
 * @param text the provider's own words
 * @param known what was sent, which the provider may repeat
 * @returns them without a person and without a secret
 */
export function conceal(text: string, { personName, idNumber, secrets }: Known): string {
  let concealed = text;
  for (const secret of secrets) {
    // A very short one is no secret, and without it no code of the provider could be read.
    if (secret.length >= SHORTEST_SECRET) concealed = concealed.replaceAll(secret, '…');
  }
  return maskPerson(concealed.replace(CIPHER_TEXT, '…'), personName, idNumber);
}
