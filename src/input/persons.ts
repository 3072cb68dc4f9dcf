/** Persons in a request whose fields are not documented, and in a text that may name one. */
import { isObject } from '../http/json';
import { idNumbersIn, mayBeIdNumber } from './id-number';
import type { Known, Person } from './mask';
import { simplified } from './simplified';

/** A request is about one or two; each costs a look through every text of the provider. */
const MOST_KNOWN = 8;
/** Each costs a look through a reference; a request about a list of people has their numbers, and texts that are no names. */
const MOST_NAMES = 64;
const MOST_ID_NUMBERS = 1_000;
const LONGEST_NAME = 64;
const LENGTH = 18;
const ID_NUMBER = /^(?:\d{15}|\d{17}[\dXx])$/;
/** In Han characters, or in two words: one word in Latin letters is more often a parameter. */
const NAME = /^(?=.*(?:\p{Script=Han}|[\s·.]))\p{L}[\p{L}\p{M}\s·.'-]+$/u;
/** In characters, of one text and of all: there may be photos of megabytes among them. */
const LONGEST_READ = 1_000;
const MOST_READ = 32 * 1024;

/**
 * Numbers of cases and orders look like id numbers, and of eleven one has a right check digit. Where a text or a property's
 * name has one with a wrong check digit, such numbers are in use here, and a right one in a text is no person's either.
 * @param values what is sent, as plain JSON
 * @returns whoever may be meant; a name and a number that do not belong together are one person all the same
 */
export function personsIn(...values: unknown[]): Person[] {
  const now = Date.now();
  const names = new Set<string>();
  const idNumbers = new Set<string>();
  const inTexts = new Set<string>();
  let hasOthers = false;
  let left = MOST_READ;
  const readNumbers = (text: string, isValue: boolean): void => {
    const head = text.slice(0, Math.min(left, LONGEST_READ));
    left -= head.length;
    const { right, wrong } = idNumbersIn(head, now);
    const isWhole = isValue && right.length === 1 && onlyLetters(text.normalize('NFKC')).length === LENGTH;
    for (const idNumber of right) (isWhole ? idNumbers : inTexts).add(idNumber);
    if (wrong > 0) hasOthers = true;
  };
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (isObject(value)) {
      for (const [name, each] of Object.entries(value)) {
        readNumbers(name, false);
        look(each);
      }
    }
    if (typeof value !== 'string') return;
    const isShort = value.length <= LONGEST_NAME;
    if (isShort && ID_NUMBER.test(value)) idNumbers.add(value);
    else if (isShort && NAME.test(value)) names.add(value);
    else readNumbers(value, true);
  };
  look(values);
  const name = [...names].slice(0, MOST_NAMES);
  const idNumber = [...idNumbers, ...(hasOthers ? [] : inTexts)].slice(0, MOST_ID_NUMBERS);
  return Array.from({ length: Math.max(name.length, idNumber.length) }, (_, index) => ({
    name: name[index] ?? '',
    idNumber: idNumber[index] ?? '',
  }));
}

/** A Latin name that is shorter is part of many words. */
const SHORTEST_IN_WORDS = 5;
const LATIN_ONLY = /^[\p{Script=Latin}\p{M}\p{N}]+$/u;
const UNSEEN = /\p{Default_Ignorable_Code_Point}+/gu;
const ID_NUMBER_IN_TEXT = /(?<!\d)\d{17}[\dx](?!\d)/g;

/**
 * @param text of a bounded length
 * @param persons who may be named
 * @param now Unix time in milliseconds, for birth dates in the future
 * @returns whether it has the name or the number of one of them, however they are written, or a whole id number of anybody
 */
export function namesPerson(text: string, persons: readonly Person[], now: number): boolean {
  const plain = comparable(text);
  const letters = onlyLetters(plain);
  if (plain.match(ID_NUMBER_IN_TEXT)?.some((found) => mayBeIdNumber(found, now))) return true;
  return persons.some(({ name, idNumber }) => {
    const numbers = writings(onlyLetters(comparable(idNumber)));
    return (
      numbers.some((each) => each !== '' && letters.includes(each)) ||
      isNamed(comparable(name), plain, letters)
    );
  });
}

/** A short Latin name counts as a word of its own only. */
function isNamed(name: string, plain: string, letters: string): boolean {
  const wanted = onlyLetters(name);
  if (wanted === '') return false;
  if (!LATIN_ONLY.test(wanted) || wanted.length >= SHORTEST_IN_WORDS) return letters.includes(wanted);
  const words = wordsOf(plain);
  return words.includes(` ${wanted} `) || words.includes(wordsOf(name));
}

/** @returns the number of 18 characters as it was with 15, and that of 15 as it is with 18, but for its last character */
function writings(idNumber: string): string[] {
  if (idNumber.length === 15) return [idNumber, `${idNumber.slice(0, 6)}19${idNumber.slice(6)}`];
  return idNumber.slice(6, 8) === '19'
    ? [idNumber, idNumber.slice(0, 6) + idNumber.slice(8, 17)]
    : [idNumber];
}

function comparable(text: string): string {
  return simplified(text.replace(UNSEEN, '').normalize('NFKC').toLowerCase());
}

function onlyLetters(text: string): string {
  return text.replace(/[^\p{L}\p{M}\p{N}]+/gu, '');
}

function wordsOf(text: string): string {
  return ` ${(text.match(/(?:(?!\p{Script=Han})[\p{L}\p{M}])+/gu) ?? []).join(' ')} `;
}

/**
 * @param secrets of the account
 * @param values what is sent, as plain JSON
 * @returns what the answer's texts may repeat
 */
export function knownIn(secrets: readonly string[], ...values: unknown[]): Known {
  const [person = null, ...others] = personsIn(...values).slice(0, MOST_KNOWN);
  return { person, others, secrets, isGuessed: true };
}
