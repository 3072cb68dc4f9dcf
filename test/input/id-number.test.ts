import assert from 'node:assert/strict';
import { isUnder14, isWholeIdNumber, readIdNumber } from '../../src/input/id-number';
import vectors from '../vectors.json';
import { assertProblem, itRefuses, itRepairs, problemOf } from './refusal';

/** With a permit to stay. */
const FOREIGNER = '911156199001010010';
const NOW = Date.parse('2025-07-28T12:00:00+08:00');

function read(value: unknown, now = NOW) {
  const repaired = new Set<string>();
  return [readIdNumber(value, 'idNumber', now, repaired), [...repaired]];
}

describe('input: id number', () => {
  for (const idNumber of [...vectors.idNumber.valid, ...vectors.idNumber.from15.flat(), FOREIGNER])
    it(`leaves ${idNumber} as it is`, () => assert.deepEqual(read(idNumber), [idNumber, []]));

  for (const idNumber of vectors.idNumber.invalid)
    it(`refuses "${idNumber}"`, () => problemOf(() => read(idNumber)));

  const X = '11010519491231002X';
  const DIGITS = '110101199001011237';
  itRepairs(read, 'idNumber', [
    [X, [' 11010519491231002x\n', '="11010519491231002x"']],
    // Roman, Cyrillic and Greek letters, signs, a wide X.
    [X, ['11010519491231002Ⅹ', '11010519491231002ⅹ', '11010519491231002Х', '11010519491231002χ']],
    [X, ['11010519491231002×', '11010519491231002✗', '11010519491231002Ｘ']],
    [DIGITS, ['１１０１０１１９９００１０１１２３７', 110101199001011237n, [DIGITS], Buffer.from(DIGITS)]],
    [DIGITS, ['110101\ufeff199001011237', '110101199001011237\0']],
    // Groups, with spaces, dashes and dots of all kinds.
    [DIGITS, ['110101 19900101 1237', '110101\u300019900101\u00a01237', '110101–19900101—12‑37']],
    [DIGITS, ['110101\u221219900101－1237', '110101.1990/01·01_1237']],
    // Excel's apostrophe, CSV's quotation marks, the end of a sentence or list, brackets.
    [DIGITS, [`'${DIGITS}`, `’${DIGITS}`, `"${DIGITS}"`, `${DIGITS}。`, `${DIGITS},`, `（${DIGITS}）`]],
    ['110105491231002', [110105491231002]],
  ]);

  itRefuses(read, [
    ['id-number-missing', [undefined, null, '', '  ', 'undefined', 'null', 'NaN', 'None']],
    // Their last digits are lost, or may be.
    ['id-number-number', [Number(DIGITS), 11010549123100, 110105491231002.5, NaN, '1.10101E+17']],
    ['id-number-form', ['11010519491231002', '1101051949123100211', '11010549123100X', '1101051949123100X2']],
    [
      'id-number-form',
      ['110101********1237', '11010519491231002*', '11O1O1199001011237', '١١٠١٠١١٩٩٠٠١٠١١٢٣٧'],
    ],
    ['id-number-form', ['110,101,199,001,011,237', `${DIGITS},${X}`]],
    ['id-number-region', ['160101199001011237', '010101199001011237', '000000000000000000']],
    ['id-number-birth-date', ['110101179901011234', '110101189912311234', '110101199002301237']],
    ['id-number-birth-date', ['110101900230123', '110101199013011237', '110101202507291234']],
    // A bank card, three zeros of Excel, and an X for a digit.
    ['id-number-check-digit', ['622202199001011237', '110101199001011000', '11010119900101123X']],
    ['text-not-text', [{}]],
    ['text-too-long', ['1'.repeat(1000)]],
    ['text-control', ['110101\t199001011237']],
  ]);

  it('knows a birth date only once the day has begun in China', () => {
    const idNumber = '110101199001011237';
    const begins = Date.parse('1990-01-01T00:00:00+08:00');
    assert.deepEqual(read(idNumber, begins), [idNumber, []]);
    assertProblem(() => read(idNumber, begins - 1), 'id-number-birth-date');
  });

  const born = '110101201107281235';
  for (const [idNumber, day, isUnder] of [
    [born, '2025-07-27T23:59:59.999+08:00', true],
    [born, '2025-07-28T00:00:00+08:00', false],
    ['110105491231002', '1950-01-01T00:00:00+08:00', false],
    ['110101201107281236', '2025-07-27T23:59:59.999+08:00', true],
    ['nobody', '2025-07-28T00:00:00+08:00', false],
    ['202511250000123456', '2025-07-28T00:00:00+08:00', false],
    ['568753443590770688', '2025-07-28T00:00:00+08:00', false],
  ] as const)
    it(`${idNumber} is ${isUnder ? '' : 'not '}of a child under 14 at ${day}`, () =>
      assert.equal(isUnder14(idNumber, Date.parse(day)), isUnder));

  it('is whole only where nothing has to be repaired', () => {
    for (const [text, isWhole] of [
      [DIGITS, true],
      [`${DIGITS}。`, false],
      ['5', false],
    ] as const)
      assert.equal(isWholeIdNumber(text, NOW), isWhole);
  });

  it('finds every single wrong digit', () => {
    const [right = ''] = vectors.idNumber.valid;
    for (let position = 0; position < 17; position++) {
      for (const digit of '0123456789'.replace(right[position]!, ''))
        problemOf(() => read(right.slice(0, position) + digit + right.slice(position + 1)));
    }
  });
});
