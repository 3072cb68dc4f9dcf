/** Citizen identity numbers: GB 11643-1999, and the 15-digit ones that came before. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2] as const;
const CHECK_CHARACTERS = '10X98765432';

export type IdNumberProblem =
  | 'id-number-missing'
  | 'id-number-form'
  | 'id-number-birth-date'
  | 'id-number-check-digit';

/**
 * @param value as a message has it
 * @param now Unix time in milliseconds, for birth dates in the future
 * @returns the number as it is sent, trimmed and with a capital X, or what is wrong with it
 */
export function readIdNumber(
  value: unknown,
  now: number,
): { idNumber: string } | { problem: IdNumberProblem } {
  const idNumber = typeof value === 'string' ? value.trim().toUpperCase() : '';
  if (idNumber === '')
    return {
      problem: value === undefined || value === null || value === '' ? 'id-number-missing' : 'id-number-form',
    };
  if (!/^(?:\d{15}|\d{17}[\dX])$/.test(idNumber)) return { problem: 'id-number-form' };
  const birthDate = idNumber.length === 15 ? `19${idNumber.slice(6, 12)}` : idNumber.slice(6, 14);
  if (!isPastDate(birthDate, now)) return { problem: 'id-number-birth-date' };
  if (idNumber.length === 18 && checkCharacter(idNumber) !== idNumber[17])
    return { problem: 'id-number-check-digit' };
  return { idNumber };
}

/** @param digits the first 17 of an 18-character number, at least */
function checkCharacter(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(digits[index]), 0);
  return CHECK_CHARACTERS[sum % 11]!;
}

/** @param date `yyyymmdd`, in China's time */
function isPastDate(date: string, now: number): boolean {
  const day = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6, 8)}`;
  const time = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(time) || !new Date(time).toISOString().startsWith(day)) return false;
  return time - 8 * 3_600_000 <= now;
}
