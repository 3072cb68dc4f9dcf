/** Takes persons and secrets out of a provider's text: docs/providers/README.md, "Rules for all four". */

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
/** Nobody sees more than the first of a text, so one of megabytes is not looked at to its end. */
const LONGEST_READ = 1_000;
/** Where reading stops, a name, an id number or a key may be cut in two and not be known again: longer than any of them. */
const NEVER_SHOWN = 400;
/** Nearly every id: nothing in it is escaped. */
const PLAIN_ID = /^[\w.:-]+$/;
/** "success", "成功" or "0000": nearly every answer's words. Too short for an id number, and nothing in it is escaped. */
const PLAIN = /^(?:[A-Za-z\u4e00-\u9fff ,.，。：；！？、]{0,39}|\w{1,10})$/;

/** A very short one is no secret, and without it no code of the provider could be read. */
const SHORTEST_SECRET = 6;
/** What may stand between two characters of a name or an id number, and how many of it. */
const GAP = /[\s\\·•・.,_|/*'’ʼ‘‐-]/;
const LONGEST_GAP = 3;
/** What counts in a name; all else may be left out by who repeats it. */
const COUNTS = /[\p{L}\p{M}\p{N}]/u;
/** A name in a script that writes words apart is found as words only: "Li" is not in "invalid". */
const IN_WORDS = /[\p{L}\p{M}]/u;
const WITHOUT_WORDS = /[\p{Script=Han}〇]/u;
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
  const isCut = text.length > LONGEST_READ;
  if (!isCut && PLAIN.test(text) && !mayTell(text.toLowerCase(), known)) return text;
  const given = text.slice(0, LONGEST_READ).replace(UNSEEN, ' ');
  // What is escaped twice is read twice.
  const once = readable(given);
  const told = [readable(once), once].find(
    (reading) => reading !== given && spansIn(reading, known).length > 0,
  );
  return maskText(without(told ?? given, known, isCut));
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
  if (PLAIN_ID.test(text) && !mayTell(text.toLowerCase(), known)) return text;
  const readings = [text, readable(text)];
  return readings.some((reading) => spansIn(reading, known).length > 0) ? null : text;
}

/**
 * @param name of a person
 * @returns it as people may see it: `张*`, `欧**`
 */
export function maskName(name: string): string {
  const [first = '', ...rest] = name;
  // Of one character nothing can be shown.
  return rest.length === 0 ? '*' : first + '*'.repeat(rest.length);
}

/**
 * @param idNumber of 15 or 18 characters
 * @returns it as people may see it: `110101********1237`
 */
export function maskIdNumber(idNumber: string): string {
  return `${idNumber.slice(0, 6)}********${idNumber.slice(-4)}`;
}

/** Whether a text in which nothing is escaped, in lower case, holds all letters of the name, the number, or a secret. */
function mayTell(text: string, { person, secrets }: Known): boolean {
  return (
    secrets.some((secret) => secret.length <= text.length && text.includes(secret.toLowerCase())) ||
    (person !== null && (text.includes(person.idNumber.toLowerCase()) || holdsAll(text, person.name)))
  );
}

/** Whether a text in lower case holds every letter of another. */
function holdsAll(text: string, sent: string): boolean {
  return [...inLowerCase(sent)].every((letter) => !COUNTS.test(letter) || text.includes(letter));
}

/** A part of a text, and what is shown in its place. */
interface Span {
  start: number;
  end: number;
  shown: string;
}

/** @param isCut whether it goes on, so that its end is not shown */
function without(text: string, known: Known, isCut: boolean): string {
  const end = isCut ? Math.max(0, text.length - NEVER_SHOWN) : text.length;
  let shown = '';
  let at = 0;
  for (const span of spansIn(text, known).sort((a, b) => a.start - b.start)) {
    if (span.start < at || span.start >= end) continue;
    shown += text.slice(at, span.start) + span.shown;
    at = span.end;
  }
  return shown + text.slice(at, Math.max(at, end)) + (isCut ? '…' : '');
}

/** Where a text tells what it must not, in either case. No pattern is made of what somebody sent. */
function spansIn(text: string, { person, secrets }: Known): Span[] {
  const spans: Span[] = [];
  const lower = inLowerCase(text);
  for (const secret of secrets) {
    if (secret.length < SHORTEST_SECRET) continue;
    for (const start of placesOf(inLowerCase(secret), lower))
      spans.push({ start, end: start + secret.length, shown: '…' });
  }
  // Nearly every text: it lacks a letter of the name, and a digit of the number.
  if (!person || !(holdsAll(lower, person.name) || holdsAll(lower, person.idNumber))) return spans;
  const { letters, starts, ends } = lettersOf(text);
  for (const [sent, shown] of [
    [person.idNumber, maskIdNumber(person.idNumber)],
    [person.name, maskName(person.name)],
  ] as const) {
    const wanted = lettersOf(sent).letters.replaceAll(BREAK, '');
    for (const place of placesOf(wanted, letters)) {
      const span = { start: starts[place]!, end: ends[place + wanted.length - 1]!, shown };
      if (sent === person.idNumber || standsAlone(text, span)) spans.push(span);
    }
  }
  return spans;
}

function placesOf(wanted: string, text: string): number[] {
  const places: number[] = [];
  if (wanted === '') return places;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) places.push(at);
  return places;
}

/** Of the same length: a few letters would become two. */
function inLowerCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  return Array.from(text, (letter) => sameLength(letter, letter.toLowerCase())).join('');
}

function sameLength(letter: string, changed: string): string {
  return changed.length === letter.length ? changed : letter;
}

/** The letters and digits of a text, in lower case, and where each of them begins and ends in it. */
interface Letters {
  letters: string;
  starts: number[];
  ends: number[];
}

/** Stands between two that belong to different words, whatever the writing. */
const BREAK = '\n';

function lettersOf(text: string): Letters {
  const found: Letters = { letters: '', starts: [], ends: [] };
  const add = (letter: string, start: number, end: number) => {
    found.letters += letter;
    for (let unit = 0; unit < letter.length; unit++) {
      found.starts.push(start);
      found.ends.push(end);
    }
  };
  let end = 0;
  for (const letter of text) {
    const start = end;
    end += letter.length;
    if (!COUNTS.test(letter)) continue;
    if (!isGap(text, found.ends.at(-1) ?? start, start)) add(BREAK, start, start);
    add(sameLength(letter, letter.toLowerCase()), start, end);
  }
  return found;
}

function isGap(text: string, start: number, end: number): boolean {
  if (end - start > LONGEST_GAP) return false;
  for (let at = start; at < end; at++) if (!GAP.test(text[at]!)) return false;
  return true;
}

function standsAlone(text: string, { start, end }: Span): boolean {
  const [before] = [...text.slice(Math.max(0, start - 2), start)].slice(-1);
  const [after] = text.slice(end, end + 2);
  const [first] = text.slice(start, start + 2);
  const [last] = [...text.slice(Math.max(0, end - 2), end)].slice(-1);
  return !areOneWord(before, first) && !areOneWord(last, after);
}

function areOneWord(left: string | undefined, right: string | undefined): boolean {
  return [left, right].every(
    (each) => each !== undefined && IN_WORDS.test(each) && !WITHOUT_WORDS.test(each),
  );
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
