/** Takes persons and secrets out of a provider's text: docs/providers/README.md, "Rules for all four". */

import { gbkOf, withoutPrivateUse } from './gbk';
import { idNumbersIn } from './id-number';
import { simplified } from './simplified';

/** Where one of the two is not known it is empty. */
export interface Person {
  name: string;
  idNumber: string;
}

/** What was sent and may come back in the provider's words. */
export interface Known {
  /** Who was asked about. */
  person: Person | null;
  /** Who may have been, too. */
  others?: readonly Person[];
  /** They were found in fields that nobody described: what looks like an id number may be that of an order. */
  isGuessed?: boolean;
  /** Credentials of the account. */
  secrets: readonly string[];
  /** What they made of one request: its signature, its encrypted values. */
  sealed?: readonly string[] | undefined;
}

const URL_IN_TEXT = /(?:https?:|:\/\/)[^\s"'<>,，。；]+|data:[^\s"'<>，。；]+/gi;
/** 15 or 18 characters of an id number, in groups or partly masked by the provider; a 19-digit task id is not one. */
const ID_NUMBER_IN_TEXT =
  /(?<![\dA-Za-z*])\d{6}[ -]?(?:[\d*]{8}[ -]?[\d*]{3}[\dXx*]|[\d*]{4}[ -][\d*]{4}[ -][\d*]{3}[\dXx*]|[\d*]{6}[ -]?[\d*]{3})(?![\dA-Za-z*])/g;
/** Part of a photo in base64, escaped or not, of a cipher text, or of a URL's signature; no UUID is as long. */
const LONG_RUN = /(?:iVBORw0KGgo|\/9j\/)[A-Za-z0-9+/=_%-]*|[A-Za-z0-9+/=_%-]{40,}/g;
/** What breaks a line of a log, or hides in it, or stands for what was found (`MARKS`). */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\ufdd0-\ufdd2]+/gu;
const LONGEST = 200;
/** Nobody sees more than the first of a text, so one of megabytes is not looked at to its end. */
const LONGEST_READ = 1_000;
/** Where reading stops, a name, an id number or a key may be cut in two and not be known again: longer than any of them. */
const NEVER_SHOWN = 400;
/** A very short one is no secret, and without it no code of the provider could be read. */
const SHORTEST_SECRET = 6;
/** Of a name's part, in characters: one is a syllable of many words. */
const SHORTEST_PART = 2;
/** Of an id number, in characters: a date of birth, or so much of it that the rest can be worked out. */
const SHORTEST_RUN = 8;
const HAS_RUN = new RegExp(`(?:\\d[^\\d]*){${SHORTEST_RUN - 1}}`);
/** So many characters that are neither letters nor digits may stand between two letters of a name, a number or a secret. */
const LONGEST_GAP = 8;
/** The characters that are compared; whoever repeats a text may leave out all others. */
const COUNTS = /[\p{L}\p{M}\p{N}]/u;
/** A name in a script that writes words apart is found as words only: "Li" is not in "invalid". */
const IN_WORDS = /[\p{L}\p{M}]/u;
const WITHOUT_WORDS = /[\p{Script=Han}〇]/u;
const ESCAPES =
  /(?:%[\da-f]{2})+|(?:\\x[\da-f]{2})+|(?:[\\%]u|u\+)[\da-f]{4}|&#(?:x[\da-f]{1,6}|\d{1,7});?|&(?:lt|gt|amp|nbsp);/gi;
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&nbsp;': ' ' };
const TAG = /<\/?[a-z][^<>]{0,60}>/gi;
/** What a tag holds is read before the tag is left out. */
const READINGS = [readable, withoutTags];
/** Part of an address, escaped or not, which may be a signed one that the provider repeats. */
const NOT_IN_ID = /:\/\/|[?\s]|%(?:25)*(?:2f|3a|3f)/i;
/** In what has nothing else no reading finds anything: the ideographs are those that NFKC leaves alone. */
const READ_AS_IT_IS = /^[\w .,:;!?()\u4e00-\u9fff]*$/;
/** What is escaped twice is read twice, and so on. */
const MOST_LAYERS = 3;
/** They stand for the name, the number and a secret until all readings are done: characters that no text has. */
const MARKS = { name: '\ufdd0', idNumber: '\ufdd1', secret: '\ufdd2' };
const ANY_MARK = /[\ufdd0-\ufdd2]/g;
/** Shorter ones would be found by chance. */
const SHORTEST_BASE64 = 4;
const SHORTEST_IN_DIGITS = 6;
const IN_BASE64 = /[A-Za-z\d+/_-]/;
const NOT_IN_BASE64 = /[^A-Za-z\d]+/g;
const ASCII = /^\p{ASCII}*$/u;
/** How the bytes of a text are written in digits: for each way what each byte becomes. */
const IN_DIGITS = [
  (byte: number) => hex(byte),
  (byte: number) => `x${hex(byte)}`,
  (byte: number) => `0x${hex(byte)}`,
  (byte: number) => String(byte),
  (byte: number) => byte.toString(8).padStart(3, '0'),
  // Of a character in GBK the second byte may be a letter, which a URL leaves as it is.
  (byte: number) => (/[A-Za-z\d]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : hex(byte)),
].map((write) => Array.from({ length: 256 }, (_, byte) => write(byte).toLowerCase()));
const UTF_8 = new TextDecoder('utf-8', { fatal: true });
const GBK = new TextDecoder('gb18030');

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
  const { person, others = [], secrets } = known;
  const isAboutNobody = person === null && others.length === 0 && !known.sealed?.length;
  const last = isAboutNobody ? lastConcealed.get(secrets) : undefined;
  if (last?.text === text) return last.concealed;
  let concealed = concealOne(text, known);
  for (const other of others)
    concealed = concealOne(concealed, { ...known, person: other, secrets: NO_SECRETS, sealed: [] });
  if (isAboutNobody && text.length <= LONGEST) lastConcealed.set(secrets, { text, concealed });
  return concealed;
}

/** By an account's secrets: nearly all answers have the same words, which take 4 µs to conceal. */
const lastConcealed = new WeakMap<readonly string[], { text: string; concealed: string }>();
const NO_SECRETS: readonly string[] = [];

function concealOne(text: string, known: Known): string {
  const isCut = text.length > LONGEST_READ;
  const harmless = withoutKnown(text.slice(0, LONGEST_READ).replace(UNSEEN, ' '), known, hasParts(known));
  const kept = isCut ? `${harmless.slice(0, -NEVER_SHOWN)}…` : harmless;
  return maskText(kept.replace(ANY_MARK, (mark) => shownFor(mark, known)));
}

/** Part of the number of an order is a date in many texts. */
function hasParts({ person, isGuessed = false }: Known): boolean {
  return person !== null && (!isGuessed || idNumbersIn(person.idNumber, Date.now()).right.length > 0);
}

/**
 * Not masked as text is, because support needs it exact and an 18-digit id looks like an id number: a part of one, such as
 * today's date, is no reason to leave an id out.
 * @param id what the provider gave for one
 * @param known what it may repeat
 * @returns the id without outer white space, or null where it is not an id, or contains what must not be shown
 */
export function harmlessId(id: unknown, known: Known): string | null {
  if (typeof id !== 'string' && !Number.isSafeInteger(id)) return null;
  const text = String(id).trim();
  if (text === '' || text.length > LONGEST || NOT_IN_ID.test(text)) return null;
  const all = [known, ...(known.others ?? []).map((person) => ({ person, secrets: NO_SECRETS }))];
  return all.every((each) => withoutKnown(text, each, false) === text) ? text : null;
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

/** Whether a text in lower case and in simplified characters holds every letter of another. */
function holdsAll(text: string, sent: string): boolean {
  return [...simplified(inLowerCase(sent))].every((letter) => !COUNTS.test(letter) || text.includes(letter));
}

function shownFor(mark: string, { person }: Known): string {
  if (person && mark === MARKS.name) return maskName(person.name);
  return person && mark === MARKS.idNumber ? maskIdNumber(person.idNumber) : '…';
}

/** A part of a text, and which of `MARKS` takes its place. */
interface Span {
  start: number;
  end: number;
  mark: string;
}

/** @returns the text in the first reading that contains something known, with one of `MARKS` in its place, or the text itself */
function withoutKnown(text: string, known: Known, parts: boolean): string {
  let harmless = text;
  // What people can read comes first, so that what is escaped is shown as they read it.
  for (const find of [spansIn, encodedIn]) {
    let reading = harmless;
    const look = () => {
      const spans = find(reading, known, parts);
      if (spans.length > 0) harmless = reading = without(reading, spans);
    };
    look();
    const layers = READ_AS_IT_IS.test(reading) ? 0 : MOST_LAYERS;
    for (let layer = 0; layer < layers; layer++) {
      const before = reading;
      for (const read of READINGS) {
        const next = read(reading);
        if (next === reading) continue;
        reading = next;
        look();
      }
      if (reading === before) break;
    }
  }
  return harmless;
}

function without(text: string, spans: Span[]): string {
  let shown = '';
  let at = 0;
  for (const { start, end, mark } of spans.sort((a, b) => a.start - b.start)) {
    // Two that overlap are both left out to their end.
    if (start >= at) shown += text.slice(at, start) + mark;
    at = Math.max(at, end);
  }
  return shown + text.slice(at);
}

/** Where a text contains what must not be shown, in upper or lower case. No pattern is made of what somebody sent. */
function spansIn(text: string, { person, secrets, sealed = [] }: Known, parts: boolean): Span[] {
  const spans: Span[] = [];
  const lower = inLowerCase(text);
  const plain = plainLettersOf(lower);
  for (const { sent, letters } of encodingsOf({ person: null, secrets })) {
    for (const start of placesOf(sent, lower))
      spans.push({ start, end: start + sent.length, mark: MARKS.secret });
    if (letters.length >= SHORTEST_SECRET && plain?.includes(letters) !== false)
      spans.push(...spansOf(letters, lettersOf(text), 'letters', MARKS.secret));
  }
  const inBase64 = sealed.length > 0 ? lower.replace(NOT_IN_BASE64, '') : '';
  for (const value of sealed) {
    const wanted = value.replace(NOT_IN_BASE64, '').toLowerCase();
    if (inBase64.includes(wanted)) spans.push(...spansOf(wanted, lettersOf(text), 'letters', MARKS.secret));
  }
  if (!person) return spans;
  if (holdsAll(lower, person.idNumber))
    spans.push(...spansOf(onlyLetters(person.idNumber), lettersOf(text), 'letters', MARKS.idNumber));
  if (parts && HAS_RUN.test(lower)) spans.push(...runsOf(onlyLetters(person.idNumber), text));
  const comparable = simplified(lower);
  for (const name of [person.name, ...partsOf(person.name)]) {
    if (!holdsAll(comparable, name)) continue;
    const names = spansOf(onlyLetters(name), lettersOf(text), 'letters', MARKS.name);
    spans.push(...names.filter((span) => standsAlone(text, span)));
  }
  return spans;
}

/**
 * Where a text contains a part of an id number; parts that overlap are shown as one. What is in a whole number, of which the
 * beginning is that of everybody from the same region, is none: `maskText` must find that number whole, and masks it.
 */
function runsOf(number: string, text: string): Span[] {
  const letters = lettersOf(text);
  const whole = Array.from(text.matchAll(ID_NUMBER_IN_TEXT), ({ 0: found, index }) => [
    index,
    index + found.length,
  ]);
  const spans = Array.from({ length: Math.max(0, number.length - SHORTEST_RUN + 1) }, (_, start) =>
    spansOf(number.slice(start, start + SHORTEST_RUN), letters, 'letters', MARKS.secret),
  ).flat();
  for (const span of spans) {
    for (const [first, last] of whole as [number, number][]) {
      if (span.start >= first && span.start < last) span.start = last;
      if (span.end > first && span.end <= last) span.end = first;
    }
  }
  return spans.filter(({ start, end }) => start < end);
}

/** Of a Chinese name with a dot in it: what stands on both sides, as a provider may repeat one of them. */
function partsOf(name: string): string[] {
  const parts = name.split('·');
  return parts.length === 1
    ? []
    : parts.filter((part) => part.length >= SHORTEST_PART && WITHOUT_WORDS.test(part));
}

/** Where a text contains the bytes of what must not be shown, in base64 or in digits. */
function encodedIn(text: string, known: Known): Span[] {
  if (text.replace(NOT_IN_BASE64, '').length < SHORTEST_BASE64) return [];
  const spans: Span[] = [];
  const written = plainLettersOf(text);
  const letters = written?.toLowerCase();
  let found: Letters | undefined;
  for (const { base64, digits, value } of encodingsOf(known)) {
    for (const wanted of digits) {
      if (letters?.includes(wanted) === false) continue;
      found ??= lettersOf(text);
      spans.push(...spansOf(wanted, found, 'letters', value));
    }
    for (const wanted of base64) {
      if (written?.includes(wanted) === false) continue;
      found ??= lettersOf(text);
      for (const span of spansOf(wanted, found, 'written', MARKS.secret)) {
        // Next to it are the rest of its first and last byte, and what else was encoded with it.
        while (IN_BASE64.test(text.charAt(span.start - 1))) span.start--;
        while (IN_BASE64.test(text.charAt(span.end))) span.end++;
        while (text.charAt(span.end) === '=') span.end++;
        spans.push(span);
      }
    }
  }
  return spans;
}

/**
 * Most texts tell nothing, and are plain: one look at all letters and digits of such a text is enough then.
 * @returns them without what stands between them; null where some of them are not in ASCII
 */
function plainLettersOf(text: string): string | null {
  return ASCII.test(text) ? text.replace(NOT_IN_BASE64, '') : null;
}

/** What to look for in the letters and digits of a text. */
interface Encodings {
  /** In lower case. */
  sent: string;
  /** Its letters and digits, in lower case. */
  letters: string;
  /** Which of `MARKS` it is. */
  value: string;
  base64: ReadonlySet<string>;
  /** In lower case. */
  digits: ReadonlySet<string>;
}

/** By the person and by the list of an account's secrets, which is the same one for all answers. */
const encodings = new WeakMap<object, Encodings[]>();

function encodingsOf({ person, secrets }: Known): Encodings[] {
  const ofSecrets = remembered(secrets, () =>
    secrets
      .filter(({ length }) => length >= SHORTEST_SECRET && length <= LONGEST_READ)
      .map((secret) => encoded(secret, MARKS.secret)),
  );
  if (!person) return ofSecrets;
  const ofPerson = () => [encoded(person.idNumber, MARKS.idNumber), encoded(person.name, MARKS.name)];
  return [...ofSecrets, ...remembered(person, ofPerson)];
}

function remembered(key: object, make: () => Encodings[]): Encodings[] {
  const made = encodings.get(key) ?? make();
  encodings.set(key, made);
  return made;
}

function encoded(sent: string, value: string): Encodings {
  const base64 = new Set<string>();
  const digits = new Set<string>();
  const letters = Array.from(sent, (letter) => (COUNTS.test(letter) ? letter : '')).join('');
  // A secret in other letters is another secret.
  const others = value === MARKS.secret ? [] : [sent.toLowerCase(), sent.toUpperCase()];
  for (const text of new Set([sent, letters, ...others])) {
    const utf8 = Buffer.from(text);
    const gbk = gbkOf(text);
    const utf16 = Buffer.from(text, 'utf16le');
    const all = [utf8, utf16, Buffer.from(utf16).swap16()];
    for (const bytes of !gbk || gbk.equals(utf8) ? all : [...all, gbk]) {
      // What stands before it decides where among three bytes it begins.
      for (const before of [0, 1, 2]) {
        const whole = Buffer.concat([Buffer.alloc(before), bytes]);
        const [first, end] = [Math.ceil((before * 8) / 6), Math.floor((whole.length * 8) / 6)];
        const core = whole.toString('base64').slice(first, end).replace(NOT_IN_BASE64, '');
        if (core.length >= SHORTEST_BASE64) base64.add(core);
      }
      for (const ofByte of IN_DIGITS) {
        let written = '';
        for (const byte of bytes) written += ofByte[byte];
        // Of what is written in plain letters, as it is, nothing is encoded.
        if (written.length >= SHORTEST_IN_DIGITS && written !== text.toLowerCase()) digits.add(written);
      }
    }
  }
  return { sent: inLowerCase(sent), letters: onlyLetters(sent), value, base64, digits };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Where letters and digits stand one after another in a text. */
function spansOf(wanted: string, text: Letters, writing: 'letters' | 'written', mark: string): Span[] {
  return placesOf(wanted, text[writing]).map((place) => ({
    start: text.starts[place]!,
    end: text.ends[place + wanted.length - 1]!,
    mark,
  }));
}

function onlyLetters(sent: string): string {
  return lettersOf(sent).letters.replaceAll(BREAK, '');
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

/** The letters and digits of a text, and where each of them begins and ends in it. */
interface Letters {
  /** In lower case, in simplified characters. */
  letters: string;
  /** Of the same length. */
  written: string;
  starts: number[];
  ends: number[];
}

/** Stands between two that belong to different words, whatever the writing. */
const BREAK = '\n';

function lettersOf(text: string): Letters {
  const found: Letters = { letters: '', written: '', starts: [], ends: [] };
  const add = (letter: string, start: number, end: number) => {
    found.written += letter;
    found.letters += sameLength(letter, simplified(letter.toLowerCase()));
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
    add(letter, start, end);
  }
  return found;
}

/** Whether what stands between two letters is short, and nothing was found there. */
function isGap(text: string, start: number, end: number): boolean {
  return end - start <= LONGEST_GAP && text.slice(start, end).search(ANY_MARK) < 0;
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

/** A text that was written for a URL, for JSON, for HTML, by Python or in wide letters, as people read it. */
function readable(text: string): string {
  return withoutPrivateUse(text.replace(ESCAPES, unescaped).normalize('NFKC'));
}

function withoutTags(text: string): string {
  return text.replace(TAG, ' ');
}

function unescaped(sequence: string): string {
  const entity = ENTITIES[sequence.toLowerCase()];
  if (entity) return entity;
  if (/^(?:[\\%]u|u)/i.test(sequence)) return String.fromCharCode(Number(`0x${sequence.slice(2)}`));
  if (/^[\\%]/.test(sequence)) return textOf(Buffer.from(sequence.replace(/[\\%x]/gi, ''), 'hex'));
  const code = Number(sequence.slice(2).replace(/^x/i, '0x').replace(';', ''));
  return String.fromCodePoint(Math.min(code, 0x10ffff));
}

/** Bytes that are no UTF-8 are read as GBK. */
function textOf(bytes: Buffer): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return GBK.decode(bytes);
  }
}
