import assert from 'node:assert/strict';
import { type Coordinates, distanceBetween } from '../../src/photos/distance';

const place = (lat: number, lng: number): Coordinates => ({ lat, lng });
const dms = (degrees: number, minutes: number, seconds: number) =>
  Math.sign(degrees) * (Math.abs(degrees) + minutes / 60 + seconds / 3600);

describe('photos: distance', () => {
  const known: [string, Coordinates, Coordinates, number][] = [
    // Geoscience Australia's published example on GRS80, which differs from WGS-84 by less than a millimetre here.
    [
      'Flinders Peak to Buninyong',
      place(dms(-37, 57, 3.7203), dms(144, 25, 29.5244)),
      place(dms(-37, 39, 10.1561), dms(143, 55, 35.3839)),
      54_972.271,
    ],
    ['a degree along the equator', place(0, 0), place(0, 1), 111_319.491],
    ['across the date line', place(0, 179.999), place(0, -179.999), 222.639],
    ['no way at all', place(30, 104), place(30, 104), 0],
  ];
  for (const [name, from, to, metres] of known) {
    it(`${name} is ${metres} m`, () => {
      assert.ok(
        Math.abs(distanceBetween(from, to) - metres) <= metres / 10_000,
        `${distanceBetween(from, to)}`,
      );
      assert.equal(distanceBetween(to, from), distanceBetween(from, to));
    });
  }

  it('of places on other sides of the earth is far', () => {
    for (const [from, to] of [
      [place(90, 0), place(-90, 0)],
      [place(0, 0), place(0.5, 179.7)],
    ] as const)
      assert.ok(distanceBetween(from, to) > 19_000_000);
  });
});
