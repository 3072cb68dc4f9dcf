import { maskName, maskText } from '../../input/mask';

/** A photo or a cipher text in the midst of words. */
const LONG_BASE64 = /[A-Za-z0-9+/_-]{40,}={0,2}/g;
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
  const shown = `${idNumber.slice(0, 6)}********${idNumber.slice(-4)}`;
  concealed = concealed.replaceAll(idNumber, shown).replaceAll(idNumber.toLowerCase(), shown);
  const name = personName.length > 1 ? maskName(personName) : '*';
  return maskText(concealed.replaceAll(personName, name).replace(LONG_BASE64, '…'));
}
