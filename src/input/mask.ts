/** Takes a person out of a provider's text: providers/README, "Rules for all four". */

const URL_IN_TEXT = /\b(?:https?|data):[^\s"'<>,，。；]+/gi;
/** 15 or 18 characters of an id number; a 19-digit task id is none. */
const ID_NUMBER_IN_TEXT = /(?<![\dA-Za-z])(\d{6})(?:\d{8}(\d{3}[\dXx])|\d{5}(\d{4}))(?![\dA-Za-z])/g;
const LONGEST = 200;

/**
 * @param text a provider's own words
 * @returns them without addresses, with id numbers masked, and of a length a person reads
 */
export function maskText(text: string): string {
  const masked = text
    .replace(URL_IN_TEXT, '…')
    .replace(ID_NUMBER_IN_TEXT, (_whole, area, tail18, tail15) => `${area}********${tail18 ?? tail15}`);
  return masked.length > LONGEST ? `${masked.slice(0, LONGEST)}…` : masked;
}

/**
 * @param name of a person
 * @returns it as people may see it: `张*`, `欧**`
 */
export function maskName(name: string): string {
  const [first = '', ...rest] = name;
  return first + '*'.repeat(rest.length);
}
