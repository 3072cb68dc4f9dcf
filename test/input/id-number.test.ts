import assert from 'node:assert/strict';
import { readIdNumber } from '../../src/input/id-number';
import vectors from '../vectors.json';
import { assertProblem, problemOf } from './refusal';

const NOW = Date.parse('2025-07-28T12:00:00+08:00');

function read(value: unknown, now = NOW) {
  const repaired = new Set<string>();
  return [readIdNumber(value, 'idNumber', now, repaired), [...repaired]];
}

describe('input: id number', () => {
  for (const idNumber of vectors.idNumber.valid) {
    it(`leaves ${idNumber} as it is`, () => assert.deepEqual(read(idNumber), [idNumber, []]));
  }

  for (const idNumber of vectors.idNumber.invalid) {
    it(`refuses "${idNumber}"`, () => problemOf(() => read(idNumber)));
  }

  for (const [fifteen, eighteen] of vectors.idNumber.from15) {
    it(`takes ${fifteen} as it is, and the ${eighteen} it became`, () => {
      assert.deepEqual(read(fifteen), [fifteen, []]);
      assert.deepEqual(read(eighteen), [eighteen, []]);
    });
  }

  const withX = '11010519491231002X';
  const repairs: [string, unknown, string][] = [
    ['a small x and white space', ' 11010519491231002x\n', withX],
    ['a wide X', '11010519491231002Ｘ', withX],
    ['wide digits', '１１０１０１１９９００１０１１２３７', '110101199001011237'],
    ['a Roman ten', '11010519491231002Ⅹ', withX],
    ['a small one', '11010519491231002ⅹ', withX],
    ['a Cyrillic ha', '11010519491231002Х', withX],
    ['a Greek chi', '11010519491231002χ', withX],
    ['a sign of multiplication', '11010519491231002×', withX],
    ['groups', '110101 19900101 1237', '110101199001011237'],
    ['wide spaces', '110101\u300019900101\u00a01237', '110101199001011237'],
    ['hyphens', '110101-19900101-1237', '110101199001011237'],
    ['dashes of all kinds', '110101–19900101—12‑37', '110101199001011237'],
    ['a minus and a wide hyphen', '110101\u221219900101－1237', '110101199001011237'],
    ['a zero-width space', '\u200b110101199001011237', '110101199001011237'],
    ['a byte order mark inside', '110101\ufeff199001011237', '110101199001011237'],
    ['a NUL', '110101199001011237\0', '110101199001011237'],
    ["Excel's apostrophe", "'110101199001011237", '110101199001011237'],
    ['a typographic one', '’110101199001011237', '110101199001011237'],
    ['a formula of CSV', '="11010519491231002x"', withX],
    ['quotation marks of CSV', '"110101199001011237"', '110101199001011237'],
    ['the end of a sentence', '110101199001011237。', '110101199001011237'],
    ['the comma of a list', '110101199001011237,', '110101199001011237'],
    ['brackets', '（110101199001011237）', '110101199001011237'],
    ['stops, slashes and dots', '110101.1990/01·01_1237', '110101199001011237'],
    ['another cross', '11010519491231002✗', withX],
    ['a list with one number', ['110101199001011237'], '110101199001011237'],
    ['the bytes of a column', Buffer.from('110101199001011237'), '110101199001011237'],
    ['a number of 15 digits', 110105491231002, '110105491231002'],
    ['a BigInt', 110101199001011237n, '110101199001011237'],
  ];
  for (const [name, given, expected] of repairs) {
    it(`repairs ${name}`, () => assert.deepEqual(read(given), [expected, ['idNumber']]));
  }

  it('takes the number of a foreigner with a permit', () => {
    const digits = '91115619900101001';
    const [number] = '0123456789X'.split('').flatMap((last) => {
      try {
        return [read(digits + last)[0]];
      } catch {
        return [];
      }
    });
    assert.ok(String(number).startsWith(digits));
  });

  const refusals: [string, unknown, string][] = [
    ['nothing', undefined, 'id-number-missing'],
    ['null', null, 'id-number-missing'],
    ['an empty text', '', 'id-number-missing'],
    ['white space', '  ', 'id-number-missing'],
    ['what a program writes where there is none', 'null', 'id-number-missing'],
    ['a number with its commas', '110,101,199,001,011,237', 'id-number-form'],
    ['a masked last digit', '11010519491231002*', 'id-number-form'],
    ['a number of 18 digits', Number('110101199001011237'), 'id-number-number'],
    ['a number of 14', 11010549123100, 'id-number-number'],
    ['a number that is not whole', 110105491231002.5, 'id-number-number'],
    ['not a number', Number.NaN, 'id-number-number'],
    ['what Excel makes of it', '1.10101E+17', 'id-number-number'],
    ['an object', {}, 'text-not-text'],
    ['17 characters', '11010519491231002', 'id-number-form'],
    ['19 characters', '1101051949123100211', 'id-number-form'],
    ['an X in 15 characters', '11010549123100X', 'id-number-form'],
    ['an X that is not the last', '1101051949123100X2', 'id-number-form'],
    ['a masked one', '110101********1237', 'id-number-form'],
    ['an O for a zero', '11O1O1199001011237', 'id-number-form'],
    ['two of them', '110101199001011237,11010519491231002X', 'id-number-form'],
    ['digits of another script', '١١٠١٠١١٩٩٠٠١٠١١٢٣٧', 'id-number-form'],
    ['a bank card', '622202199001011237', 'id-number-check-digit'],
    ['a region that is none', '160101199001011237', 'id-number-region'],
    ['another', '910101199001011237'.replace(/^9/, '0'), 'id-number-region'],
    ['the year 1799', '110101179901011234', 'id-number-birth-date'],
    ['the year 1899', '110101189912311234', 'id-number-birth-date'],
    ['30 February', '110101199002301237', 'id-number-birth-date'],
    ['30 February in 15 characters', '110101900230123', 'id-number-birth-date'],
    ['a 13th month', '110101199013011237', 'id-number-birth-date'],
    ['tomorrow', '110101202507291234', 'id-number-birth-date'],
    ['only zeros', '000000000000000000', 'id-number-region'],
    ['three zeros of Excel', '110101199001011000', 'id-number-check-digit'],
    ['a wrong check digit', '110101199001011234', 'id-number-check-digit'],
    ['an X for a digit', '11010119900101123X', 'id-number-check-digit'],
    ['what is far too long', '1'.repeat(1000), 'text-too-long'],
    ['a tab inside', '110101\t199001011237', 'text-control'],
  ];
  for (const [name, given, problem] of refusals) {
    it(`refuses ${name}: ${problem}`, () => assertProblem(() => read(given), problem));
  }

  it('knows a birth date only once the day has begun in China', () => {
    const idNumber = '110101199001011237';
    const begins = Date.parse('1990-01-01T00:00:00+08:00');
    assert.deepEqual(read(idNumber, begins), [idNumber, []]);
    assertProblem(() => read(idNumber, begins - 1), 'id-number-birth-date');
  });

  it('finds every single wrong digit', () => {
    const [right = ''] = vectors.idNumber.valid;
    for (let position = 0; position < 17; position++) {
      for (let digit = 0; digit < 10; digit++) {
        const wrong = `${right.slice(0, position)}${digit}${right.slice(position + 1)}`;
        if (wrong === right) assert.deepEqual(read(wrong), [right, []]);
        else problemOf(() => read(wrong));
      }
    }
  });
});
