/** Takes a person out of a provider's text: providers/README, "Rules for all four". */

const URL_IN_TEXT = /\b(?:https?:[^\s"'<>,，。；]+|data:[^\s"'<>，。；]+)/gi;
/** 15 or 18 characters of an id number; a 19-digit task id is none. */
const ID_NUMBER_IN_TEXT = /(?<![\dA-Za-z])(?:\d{15}|\d{17}[\dXx])(?![\dA-Za-z])/g;
/** Part of a photo in base64, escaped or not, or of a URL's signature; no request id is as long. */
const LONG_RUN = /[A-Za-z0-9+/=_%-]{80,}/g;
const LONGEST = 200;

/**
 * @param text a provider's own words
 * @returns them without addresses and photos, with id numbers masked, and of a length a person reads
 */
export function maskText(text: string): string {
  const masked = text
    .replace(URL_IN_TEXT, '…')
    .replace(LONG_RUN, '…')
    .replace(ID_NUMBER_IN_TEXT, maskIdNumber);
  return masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked;
}

/**
 * @param text a provider's own words, which may repeat whom it was asked about
 * @param name of that person
 * @param idNumber as it was sent
 * @returns the text as `maskText` has it, and without that person
 */
export function maskPerson(text: string, name: string, idNumber: string): string {
  const shown = maskIdNumber(idNumber);
  const withoutNumber = text.replaceAll(idNumber, shown).replaceAll(idNumber.toLowerCase(), shown);
  // A name of one character has nothing that could be shown of it.
  return maskText(withoutNumber.replaceAll(name, name.length > 1 ? maskName(name) : '*'));
}

/**
 * @param name of a person
 * @returns it as people may see it: `张*`, `欧**`
 */
export function maskName(name: string): string {
  const [first = '', ...rest] = name;
  return first + '*'.repeat(rest.length);
}

/**
 * @param idNumber of 15 or 18 characters
 * @returns it as people may see it: `110101********1237`
 */
export function maskIdNumber(idNumber: string): string {
  return `${idNumber.slice(0, 6)}********${idNumber.slice(-4)}`;
}
