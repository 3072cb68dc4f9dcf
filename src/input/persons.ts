/** Persons in a request whose fields are not documented: their names and numbers must not come back in a text. */
import { isObject } from '../http/json';
import type { Known, Person } from './mask';

/** A request is about one or two; each costs a look through every text of the provider. */
const MOST_PERSONS = 8;
const LONGEST_NAME = 64;
const ID_NUMBER = /^(?:\d{15}|\d{17}[\dXx])$/;
/** In Han characters, or in two words: one word in Latin letters is more often a parameter. */
const NAME = /^(?=.*(?:\p{Script=Han}|[\s·.]))\p{L}[\p{L}\p{M}\s·.'-]+$/u;

/**
 * @param values what is sent, as plain JSON
 * @returns whoever may be meant; a name and a number that do not belong together are one person all the same
 */
export function personsIn(...values: unknown[]): Person[] {
  const names = new Set<string>();
  const idNumbers = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(look);
    else if (isObject(value)) Object.values(value).forEach(look);
    if (typeof value !== 'string' || value.length > LONGEST_NAME) return;
    if (ID_NUMBER.test(value)) idNumbers.add(value);
    else if (NAME.test(value)) names.add(value);
  };
  look(values);
  const [name, idNumber] = [[...names], [...idNumbers]];
  const count = Math.min(MOST_PERSONS, Math.max(name.length, idNumber.length));
  return Array.from({ length: count }, (_, index) => ({
    name: name[index] ?? '',
    idNumber: idNumber[index] ?? '',
  }));
}

/**
 * @param secrets of the account
 * @param values what is sent, as plain JSON
 * @returns what the answer's texts may repeat
 */
export function knownIn(secrets: readonly string[], ...values: unknown[]): Known {
  const [person = null, ...others] = personsIn(...values);
  return { person, others, secrets };
}
