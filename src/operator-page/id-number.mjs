import { checkCharacter } from '../../dist/src/input/check-character.js';

/** @returns the problem of what was typed, by its name; null where the nodes take it, or nothing was typed */
export function idNumberProblem(typed) {
  const text = typed
    .normalize('NFKC')
    .replace(/[\s\p{Pd}]/gu, '')
    .toUpperCase();
  if (text === '') return null;
  // A spreadsheet took it for a number.
  if (/^\d(?:\.\d+)?E\+\d+$/.test(text)) return 'id-number-number';
  if (!/^(?:\d{15}|\d{17}[\dX])$/.test(text)) return 'id-number-form';
  return text.length === 18 && checkCharacter(text) !== text[17] ? 'id-number-check-digit' : null;
}
