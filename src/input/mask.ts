/** Takes persons and secrets out of a provider's text: providers/README, "Rules for all four". */

/** What was sent and may come back in the provider's words. */
export interface Known {
  /** Who was asked about. */
  person: { name: string; idNumber: string } | null;
  /** Credentials of the account. */
  secrets: readonly string[];
}

const URL_IN_TEXT = /(?:https?:|:\/\/)[^\s"'<>,，。；]+|data:[^\s"'<>，。；]+/gi;
/** 15 or 18 characters of an id number, in groups or partly masked by the provider; a 19-digit task id is none. */
const ID_NUMBER_IN_TEXT =
  /(?<![\dA-Za-z*])\d{6}[ -]?(?:[\d*]{8}[ -]?[\d*]{3}[\dXx*]|[\d*]{4}[ -][\d*]{4}[ -][\d*]{3}[\dXx*]|[\d*]{6}[ -]?[\d*]{3})(?![\dA-Za-z*])/g;
/** Part of a photo in base64, escaped or not, of a cipher text, or of a URL's signature; no UUID is as long. */
const LONG_RUN = /(?:iVBORw0KGgo|\/9j\/)[A-Za-z0-9+/=_%-]*|[A-Za-z0-9+/=_%-]{40,}/g;
/** What breaks a line of a log, or hides in it. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const LONGEST = 200;
/** Nearly every id: nothing in it is escaped. */
const PLAIN_ID = /^[\w.:-]+$/;
/** "success", "成功" or "0000": nearly every answer's words. Too short for an id number, and nothing in it is escaped. */
const PLAIN = /^(?:[A-Za-z\u4e00-\u9fff ,.，。：；！？、]{0,39}|\w{1,10})$/;

/** A very short one is no secret, and without it no code of the provider could be read. */
const SHORTEST_SECRET = 6;
/** What may stand between two characters of a name or an id number. */
const GAP = '[\\s\\\\·•・.,_|/*-]{0,3}';
/** What counts in a name; all else may be left out by who repeats it. */
const IN_NAMES = /[\p{L}\p{N}]/u;
const ESCAPES = /(?:%[\da-f]{2})+|\\u[\da-f]{4}|&#(?:x[\da-f]{1,6}|\d{1,7});?/gi;

/**
 * @param text a provider's own words
 * @returns them on one line, without addresses and photos, with id numbers masked, and of a length a person reads
 */
export function maskText(text: string): string {
  const masked = text
    .replace(UNSEEN, ' ')
    .replace(URL_IN_TEXT, '…')
    .replace(LONG_RUN, '…')
    .replace(ID_NUMBER_IN_TEXT, (found) => maskIdNumber(found.replace(/[ -]/g, '')));
  return masked.length > LONGEST ? `${masked.slice(0, LONGEST).replace(UNSEEN, '')}…` : masked;
}

/**
 * @param text a provider's own words
 * @param known what they may repeat
 * @returns the text as `maskText` has it, without that person and those secrets, however they are written
 */
export function conceal(text: string, known: Known): string {
  if (PLAIN.test(text) && !mayTell(text.toLowerCase(), known)) return text;
  const given = text.replace(UNSEEN, ' ');
  const plain = readable(given);
  const hidden = hiddenIn(known, GAP);
  const told = plain !== given && hidden.some(([pattern]) => plain.search(pattern) >= 0);
  return maskText(
    hidden.reduce((rest, [pattern, shown]) => rest.replace(pattern, () => shown), told ? plain : given),
  );
}

/**
 * Not masked as text is, because support needs it exact and an 18-digit id looks like an id number.
 * @param id what the provider gave for one
 * @param known what it may repeat
 * @returns the id, or null where it is none or tells what it must not
 */
export function harmlessId(id: unknown, known: Known): string | null {
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return null;
  const text = String(id);
  if (text === '' || text.length > LONGEST) return null;
  if (PLAIN_ID.test(text)) return holdsAny(text.toLowerCase(), known) ? null : text;
  return hiddenIn(known, '').some(([pattern]) => readable(text).search(pattern) >= 0) ? null : text;
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

/** Whether an id, in lower case, holds a name, an id number or a secret as it is. */
function holdsAny(id: string, { person, secrets }: Known): boolean {
  const words = person ? [person.idNumber, lettersOf(person.name)] : [];
  for (const secret of secrets) if (secret.length >= SHORTEST_SECRET) words.push(secret);
  return words.some((word) => word !== '' && word.length <= id.length && id.includes(word.toLowerCase()));
}

function lettersOf(name: string): string {
  return [...name].filter((character) => IN_NAMES.test(character)).join('');
}

/** Whether a plain text, in lower case, holds all letters of the name, or a secret. */
function mayTell(text: string, { person, secrets }: Known): boolean {
  return (
    secrets.some((secret) => secret.length <= text.length && text.includes(secret.toLowerCase())) ||
    (person !== null &&
      [...person.name.toLowerCase()].every((letter) => !IN_NAMES.test(letter) || text.includes(letter)))
  );
}

/**
 * @param known what must not be shown
 * @param gap what may stand between two characters that count
 * @returns how each of it is found, in either case, and what is shown in its place
 */
function hiddenIn({ person, secrets }: Known, gap: string): [RegExp, string][] {
  const hidden = secrets
    .filter(({ length }) => length >= SHORTEST_SECRET)
    .map((secret): [RegExp, string] => [written([...secret], ''), '…']);
  if (!person) return hidden;
  const { name, idNumber } = person;
  const letters = [...name].filter((character) => IN_NAMES.test(character));
  return [
    ...hidden,
    [written([...idNumber], gap), maskIdNumber(idNumber)],
    // A name of one character has nothing that could be shown of it.
    [written(letters.length > 0 ? letters : [...name], gap), name.length > 1 ? maskName(name) : '*'],
  ];
}

function written(characters: string[], gap: string): RegExp {
  return new RegExp(characters.map((each) => each.replace(/[\\^$.*+?()[\]{}|]/, '\\$&')).join(gap), 'gi');
}

/** A text that was written for a URL, for JSON, for HTML or in wide letters, as people read it. */
function readable(text: string): string {
  return text.replace(ESCAPES, unescaped).normalize('NFKC');
}

function unescaped(sequence: string): string {
  if (sequence.startsWith('%')) return Buffer.from(sequence.replaceAll('%', ''), 'hex').toString();
  if (sequence.startsWith('\\')) return String.fromCharCode(Number(`0x${sequence.slice(2)}`));
  const code = Number(sequence.slice(2).replace(/^x/i, '0x').replace(';', ''));
  return String.fromCodePoint(Math.min(code, 0x10ffff));
}
