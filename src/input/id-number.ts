/**
 * Citizen identity numbers: GB 11643-1999, and the 15-digit ones that came before; docs/contract.md, "What an input may
 * look like".
 */
import { VerifyError } from '../contract/errors';
import { checkCharacter } from './check-character';
import { readText } from './text';

/** docs/contract.md, "What an input may look like", Text: an id of any kind. */
const LONGEST_ID = 128;

/** The first two digits, and the 9 of foreigners: docs/contract.md, "What an input may look like", Id number. */
const REGION = /^(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9)/;
const FIRST_YEAR = 1900;
/** UTC+8, without summer time. */
const SHANGHAI_MS = 8 * 3_600_000;

/**
 * What keeps Excel from making a number of it: an apostrophe in a cell, a formula in a CSV file; CSV's own quotation marks,
 * of which a reader may leave one end; brackets and the end of a sentence. What stands for masked digits is not among these.
 */
const GUARD = /^[^\p{L}\p{N}*●○×]+|[^\p{L}\p{N}*●○×✕✖✗✘╳]+$/gu;
/** Commas are left alone: they come from a number, which has lost its last digits. */
const BETWEEN = /[\s\p{Pd}\u2212\u2043._/·•]+/gu;
/** What programs write where there is no value. */
const NOTHING = /^(?:undefined|null|NaN|None)$/;
/** Behind 17 digits a cross, and what looks like one in other scripts, is an X. */
const CROSS_AT_END = /(?<=^\d{17})[xχХх×✕✖✗✘╳]$/i;
/** As Excel shows and exports a long number. */
const EXPONENT = /^\d(?:\.\d+)?E\+?\d+$/i;

/**
 * @param value as a message has it
 * @param field name of the node's property
 * @param now Unix time in milliseconds, for birth dates in the future
 * @param repaired gets the field's name where the number was changed
 * @returns the number as it is sent
 * @throws VerifyError INPUT
 */
export function readIdNumber(value: unknown, field: string, now: number, repaired: Set<string>): string {
  const given = typeof value === 'bigint' ? value.toString() : exactText(value);
  const text = readText(given, field, LONGEST_ID, repaired);
  if (text === '' || NOTHING.test(text)) throw new VerifyError('INPUT', 'id-number-missing', { field });
  const idNumber = bare(text.normalize('NFKC'));
  if (EXPONENT.test(text.replace(GUARD, ''))) throw new VerifyError('INPUT', 'id-number-number');
  if (!/^(?:\d{15}|\d{17}[\dX])$/.test(idNumber)) throw new VerifyError('INPUT', 'id-number-form');
  if (!REGION.test(idNumber)) throw new VerifyError('INPUT', 'id-number-region');
  const birthDate = idNumber.length === 15 ? `19${idNumber.slice(6, 12)}` : idNumber.slice(6, 14);
  if (!isBirthDate(birthDate, now)) throw new VerifyError('INPUT', 'id-number-birth-date');
  if (idNumber.length === 18 && checkCharacter(idNumber) !== idNumber[17])
    throw new VerifyError('INPUT', 'id-number-check-digit');
  if (idNumber !== value) repaired.add(field);
  return idNumber;
}

/**
 * @param idNumber of a person; what has no region or no date in it, such as the id of a task, is of nobody
 * @param now Unix time in milliseconds
 * @returns whether the 14th birthday is still to come, by the day in Shanghai
 */
export function isUnder14(idNumber: string, now: number): boolean {
  // 15 digits are of somebody who was born before 2000.
  if (!mayBeIdNumber(idNumber, now)) return false;
  const today = new Date(now + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '');
  return Number(idNumber.slice(6, 14)) + 14_00_00 > Number(today);
}

/** 15 digits are exact as a number; of 18 the last are lost already. */
function exactText(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  if (!Number.isSafeInteger(value) || !/^\d{15}$/.test(String(value)))
    throw new VerifyError('INPUT', 'id-number-number');
  return String(value);
}

function bare(text: string): string {
  return text.replace(GUARD, '').replace(BETWEEN, '').replace(CROSS_AT_END, 'X');
}

/** @param date `yyyymmdd`, in China's time */
function isBirthDate(date: string, now: number): boolean {
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;
  const time = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(day)) return false;
  return Number(date.slice(0, 4)) >= FIRST_YEAR && time - SHANGHAI_MS <= now;
}

/** Digits, and the X that may be the last of them. */
const GROUP = /\d+[xX]?|[xX]/g;
/** What may stand between the groups of one number, or be hidden there. */
const GAP = /^[\s\p{Pd}\u2212\u2043._/·•\p{Default_Ignorable_Code_Point}]{0,8}$/u;
const LENGTH = 18;

/**
 * @param text of a bounded length
 * @param now Unix time in milliseconds, for birth dates in the future
 * @returns the id numbers of 18 characters that stand anywhere in it, however they are written, as `readIdNumber` gives
 *   them, and how many have their form but for the check digit
 */
export function idNumbersIn(text: string, now: number): { right: string[]; wrong: number } {
  const right = new Set<string>();
  let wrong = 0;
  const plain = text.normalize('NFKC');
  let end = 0;
  const groups = Array.from(plain.matchAll(GROUP), ({ 0: group, index }) => {
    const isNext = GAP.test(plain.slice(end, index));
    end = index + group.length;
    return { group, isNext };
  });
  for (const [first, { group: beginning }] of groups.entries()) {
    let number = beginning;
    for (let next = first + 1; number.length < LENGTH && groups[next]?.isNext; next++)
      number += groups[next]!.group;
    const whole = number.toUpperCase();
    if (!mayBeIdNumber(whole, now)) continue;
    if (checkCharacter(whole) === whole[LENGTH - 1]) right.add(whole);
    else wrong++;
  }
  return { right: [...right], wrong };
}

/**
 * @param text of any length
 * @param now Unix time in milliseconds, for birth dates in the future
 * @returns whether it is an id number of 18 characters, of which the last may be mistyped
 */
export function mayBeIdNumber(text: string, now: number): boolean {
  return /^\d{17}[\dXx]$/.test(text) && REGION.test(text) && isBirthDate(text.slice(6, 14), now);
}

/**
 * @param text that a provider got, who repairs nothing
 * @param now Unix time in milliseconds
 * @returns whether it is an id number as it stands
 */
export function isWholeIdNumber(text: string, now: number): boolean {
  try {
    return readIdNumber(text, '', now, new Set()) === text;
  } catch {
    return false;
  }
}
