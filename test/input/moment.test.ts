import assert from 'node:assert/strict';
import { readMoment } from '../../src/input/moment';
import { itRefuses } from './refusal';

const at = (text: string) => Date.parse(text);

describe('input: a time', () => {
  const read: [unknown, 'from' | 'to', number | undefined][] = [
    [undefined, 'from', undefined],
    [null, 'to', undefined],
    ['', 'from', undefined],
    [1_764_000_000_123, 'from', 1_764_000_000_123],
    ['1764000000123', 'to', 1_764_000_000_123],
    // A day is the day in Shanghai, whatever the machine's zone, and its end the beginning of the next.
    ['2026-11-25', 'from', at('2026-11-24T16:00:00Z')],
    ['2026-11-25', 'to', at('2026-11-25T16:00:00Z')],
    ['2026-12-31', 'to', at('2026-12-31T16:00:00Z')],
    [' 2028-02-29 ', 'from', at('2028-02-28T16:00:00Z')],
    ['2026-11-25T08:00', 'from', at('2026-11-25T00:00:00Z')],
    ['2026-11-25 08:00:01', 'to', at('2026-11-25T00:00:01Z')],
    ['2026-11-25T08:00:00.5', 'from', at('2026-11-25T00:00:00.500Z')],
    ['2026-11-25T08:00:00Z', 'from', at('2026-11-25T08:00:00Z')],
    ['2026-11-25T08:00:00.123-05:00', 'to', at('2026-11-25T13:00:00.123Z')],
    ['2026-11-25T08:00+0800', 'from', at('2026-11-25T00:00:00Z')],
  ];
  for (const [value, edge, time] of read) {
    it(`${JSON.stringify(value)} is read as the ${edge === 'from' ? 'beginning' : 'end'}`, () => {
      assert.equal(readMoment(value, edge, edge), time);
    });
  }

  itRefuses(
    (value) => readMoment(value, 'from', 'from'),
    [
      // Seconds, or no time of these years; then fractions of a millisecond.
      [
        'time-unreadable',
        [1_764_000_000, '1764000000', 0, -1_764_000_000_123, 1_764_000_000_000.5, Number.NaN],
      ],
      [
        'time-unreadable',
        ['2026-11', '2026-02-29', '2026-13-01', '2026-11-25T24:01', '2026-11-25T08', 'today'],
      ],
      ['time-unreadable', ['25.11.2026', '2026/11/25', `2026-11-25${' '.repeat(1_000_000)}`]],
      ['time-unreadable', [true, {}, ['2026-11-25'], new Date()]],
    ],
  );
});
