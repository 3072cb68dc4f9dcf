import assert from 'node:assert/strict';
import { type IdNumberProblem, readIdNumber } from '../../src/input/id-number';
import vectors from '../vectors.json';

const NOW = Date.parse('2025-07-28T12:00:00+08:00');

const read = (value: unknown, now = NOW) => readIdNumber(value, now);

describe('input: id number', () => {
  for (const idNumber of vectors.idNumber.valid) {
    it(`takes ${idNumber}`, () => assert.deepEqual(read(idNumber), { idNumber }));
  }

  for (const idNumber of vectors.idNumber.invalid) {
    it(`refuses "${idNumber}"`, () => assert.ok('problem' in read(idNumber)));
  }

  for (const [fifteen, eighteen] of vectors.idNumber.from15) {
    it(`takes ${fifteen} as it is, and the ${eighteen} it became`, () => {
      assert.deepEqual(read(fifteen), { idNumber: fifteen });
      assert.deepEqual(read(eighteen), { idNumber: eighteen });
    });
  }

  it('sends a lower-case x as a capital, and no white space around it', () => {
    assert.deepEqual(read(' 11010519491231002x\n'), { idNumber: '11010519491231002X' });
  });

  const problems: [string, unknown, IdNumberProblem][] = [
    ['nothing', undefined, 'id-number-missing'],
    ['null', null, 'id-number-missing'],
    ['an empty text', '', 'id-number-missing'],
    ['white space', '  ', 'id-number-form'],
    ['a number, whose last digits may be lost already', Number('110101199001011237'), 'id-number-form'],
    ['17 characters', '11010519491231002', 'id-number-form'],
    ['19 characters', '1101051949123100211', 'id-number-form'],
    ['an X in 15 characters', '11010549123100X', 'id-number-form'],
    ['an X that is not the last', '1101051949123100X2', 'id-number-form'],
    ['digits of another script', '１１０１０１１９９００１０１１２３７', 'id-number-form'],
    ['white space within', '110101 19900101 1237', 'id-number-form'],
    ['30 February', '110101199002301237', 'id-number-birth-date'],
    ['30 February in 15 characters', '110101900230123', 'id-number-birth-date'],
    ['a 13th month', '110101199013011237', 'id-number-birth-date'],
    ['only zeros', '000000000000000000', 'id-number-birth-date'],
    ['a wrong check digit', '110101199001011234', 'id-number-check-digit'],
    ['an X for a digit', '11010119900101123X', 'id-number-check-digit'],
  ];
  for (const [name, value, problem] of problems) {
    it(`${name}: ${problem}`, () => assert.deepEqual(read(value), { problem }));
  }

  it('knows a birth date only once the day has begun in China', () => {
    const idNumber = '110101199001011237';
    const begins = Date.parse('1990-01-01T00:00:00+08:00');
    assert.deepEqual(read(idNumber, begins), { idNumber });
    assert.deepEqual(read(idNumber, begins - 1), { problem: 'id-number-birth-date' });
  });

  it('finds every single wrong digit', () => {
    const [right = ''] = vectors.idNumber.valid;
    for (let position = 0; position < 17; position++) {
      for (let digit = 0; digit < 10; digit++) {
        const wrong = `${right.slice(0, position)}${digit}${right.slice(position + 1)}`;
        assert.equal('problem' in read(wrong), wrong !== right, wrong);
      }
    }
  });
});
