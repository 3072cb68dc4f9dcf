/** Persons in what is sent, and in a reference to a consent: docs/contract.md, "Action nodes", `consent` and `minors`. */
import assert from 'node:assert/strict';
import { namesPerson, personsIn } from '../../src/input/persons';
import { stepsOf } from '../steps';

const ID = '110101201801011235';
const NOW = Date.parse('2026-11-30T00:00:00Z');
const wide = (text: string) =>
  text.replace(/\d/g, (digit) => String.fromCodePoint(digit.codePointAt(0)! + 0xfee0));

describe('input: id numbers in what is sent', () => {
  const sent: [string, unknown][] = [
    ['alone', { a: { b: [ID] } }],
    ['with spaces round it', { a: ` ${ID}\n` }],
    ['in groups', { a: '110101 20180101-1235' }],
    ['in wide digits', { a: wide(ID) }],
    ['with a zero-width space in it', { a: '110101\u200b201801011235' }],
    ['in a text', { a: `name=x&id=${ID}&y=1` }],
    ['behind other numbers', { a: `2026-11-30 ${ID}, 7` }],
    ['in JSON in a text', { a: JSON.stringify({ who: { id: ID } }) }],
    ['as the name of a property', { [ID]: 1, [`id-${ID}`]: 1 }],
    ['behind eight others', { a: Array.from({ length: 9 }, (_, i) => `11010519491231${i}02X`), b: ID }],
  ];
  for (const [how, body] of sent)
    it(`are found ${how}`, () => assert.ok(personsIn(body).some(({ idNumber }) => idNumber === ID)));

  const none: [string, unknown][] = [
    ['a number with a wrong check digit in a text', { a: 'order 110101201801011233 of today' }],
    ['more digits', { a: `1${ID}`, b: `order ${ID}5` }],
    ['a time stamp', { a: 'at 2026-11-30 12:00:00.000123' }],
    ['the name of a property', { 姓名: 1, 'first name': 2 }],
  ];
  for (const [what, body] of none) it(`are not ${what}`, () => assert.deepEqual(personsIn(body), []));

  const cases = Array.from({ length: 30 }, (_, i) => `3301002025112500${String(i).padStart(2, '0')}`);
  const rightOne = cases.find((each) => personsIn(`${each} `).length > 0)!;
  const numbersOfCases: [string, unknown][] = [
    ['in one text', { text: cases.join(' ') }],
    ['each in a text', { texts: cases.map((each) => `案号：${each}`) }],
    ['in the names of properties', Object.fromEntries(cases.map((each) => [each, 1]))],
    ['in JSON in a text', { data: JSON.stringify(cases) }],
  ];
  for (const [how, body] of numbersOfCases)
    it(`are not the numbers of cases, of which one in eleven has a right check digit, ${how}`, () => {
      assert.ok(JSON.stringify(body).includes(rightOne));
      assert.deepEqual(personsIn(body), []);
    });

  it('count as whole values whatever numbers are in texts', () => {
    for (const value of [ID, ` ${ID}\u3000`, wide(ID), '110101 20180101 1235'])
      assert.ok(
        personsIn({ text: cases.join('，'), value }).some(({ idNumber }) => idNumber === ID),
        value,
      );
  });

  it('are looked for in a bounded number of names and numbers', () => {
    const han = (i: number) => '张'.repeat(60) + String.fromCodePoint(0x4e00 + (i >> 8), 0x4e00 + (i & 255));
    const stepsFor = (length: number, make: (i: number) => string) => {
      const list = Array.from({ length }, (_, i) => make(i));
      return stepsOf(() => namesPerson('KYC-2026-0042', personsIn(list), NOW));
    };
    const number = (i: number) => `${110101198000000000n + BigInt(i)}`;
    for (const make of [han, number]) {
      const few =
        stepsFor(1_000, make) - stepsOf(() => personsIn(Array.from({ length: 1_000 }, (_, i) => make(i))));
      const many =
        stepsFor(40_000, make) - stepsOf(() => personsIn(Array.from({ length: 40_000 }, (_, i) => make(i))));
      assert.ok(many <= few * 1.1, `${few} and ${many} steps`);
    }
    const last = [...Array.from({ length: 900 }, (_, i) => number(i)), ID];
    assert.ok(personsIn(last).some(({ idNumber }) => idNumber === ID));
  });

  it('are looked for at the beginning of a long text, and in no more than so many characters', () => {
    assert.equal(personsIn({ a: `${ID} ${'x'.repeat(2_000_000)}` })[0]?.idNumber, ID);
    assert.deepEqual(personsIn({ a: `${'x'.repeat(2_000)} ${ID}` }), []);
    const texts = (count: number) => Array.from({ length: count }, () => '1 '.repeat(499));
    const [few, many] = [2_000, 20_000].map((count) => stepsOf(() => personsIn(texts(count))));
    assert.ok(many! <= few! * 2, `${few} and ${many} steps`);
  });
});

describe('input: a reference', () => {
  const chinese = { name: '张三', idNumber: '110101199001011237' };
  const refused: [string, { name: string; idNumber: string }, string[]][] = [
    [
      'the own number',
      chinese,
      ['110101199001011237', 'F-110101 19900101 1237', '110101-19900101-1237', '1101011990010112371'],
    ],
    [
      'it in wide digits or with signs that nobody sees',
      chinese,
      [wide('110101199001011237'), '110101\u200b199001011237'],
    ],
    ['it as it was with 15 digits', chinese, ['110101900101123', '110101 900101 123']],
    [
      'that of 15 digits as it is now',
      { name: '张三', idNumber: '110105491231002' },
      ['11010519491231002X', '110105491231002'],
    ],
    [
      "somebody else's number, mistyped too",
      chinese,
      ['x11010519491231002X', 'F110105194912310025', wide('11010519491231002X')],
    ],
    ['the name', chinese, ['张三1', '张 三1', '张\u200b三 1', '表1-张·三', '張三1']],
    ['a name with a dot', { ...chinese, name: '阿·卜杜' }, ['阿卜杜1', '阿・卜杜1']],
    [
      'a Latin name',
      { ...chinese, name: 'John Smith' },
      ['John Smith 1', 'john smith 1', 'JOHNSMITH1', 'F-john-smith-1'],
    ],
    ['a name in Korean', { ...chinese, name: '이영희' }, ['同意书이영희씨-2026']],
    ['a name in kana', { ...chinese, name: 'さくら' }, ['さくらさんの同意2026']],
    ['a name in Cyrillic', { ...chinese, name: 'Иван' }, ['ИванП-2026']],
    ['a short one as a word', { ...chinese, name: 'Li' }, ['Li 1', 'form-LI-1', 'li1', '表Li1']],
    ['a short one of two words', { ...chinese, name: 'Li Wu' }, ['li wu 1', 'LiWu1']],
  ];
  for (const [what, person, references] of refused)
    it(`is none with ${what}`, () => {
      for (const reference of references)
        assert.equal(namesPerson(reference, [person], NOW), true, reference);
    });

  it('may have whatever else', () => {
    const references = [
      'KYC-2026-0042',
      '20261130-0012345678',
      '568753443590770688',
      'Limit-5',
      'LIST 1',
      '李四-1',
      '138001380001234567',
    ];
    for (const name of ['张三', 'Li', 'Li Wu', ''])
      for (const reference of references)
        assert.equal(
          namesPerson(
            reference,
            [
              { name, idNumber: '110101199001011237' },
              { name, idNumber: '' },
            ],
            NOW,
          ),
          false,
          reference,
        );
  });
});
