import assert from 'node:assert/strict';
import { isInProgress, readPhoto, unreportedPhoto, wasLookedAt } from '../../../src/providers/xhey/photo';

describe('xhey photo', () => {
  const read = (fields: object) => readPhoto({ status: 0, ...fields }, '1');

  for (const [text, expected] of [
    ['2025年07月28日 15:01', '2025-07-28T15:01:00+08:00'],
    ['2025年7月8日 9:05', '2025-07-08T09:05:00+08:00'],
    ['2025年07月28日 15:01:59', '2025-07-28T15:01:59+08:00'],
    ['2025-07-28 15:01', '2025-07-28T15:01:00+08:00'],
    ['2025年02月30日 15:01', null],
    ['2025年07月28日 25:01', null],
    ['yesterday', null],
  ] as const) {
    it(`was taken ${text}`, () => {
      const photo = read({ photoTime: text });
      assert.equal(photo.takenAt, expected);
      assert.equal(photo.takenAtText, text);
    });
  }

  it('that was not reported keeps its address, an empty one too', () => {
    for (const url of ['', ' ', 'https://example.com/a.jpg', null])
      assert.equal(unreportedPhoto(url, '1', 'revoked').url, url);
  });

  it('was looked at, unless it could not be had or the program of the provider failed', () => {
    const without = [-1001, -1002, -1003, -2300, -2302, -2306];
    for (const status of [0, 1, -1, -2301, -2303, -2305, -2307, -2308, -9999, ...without])
      assert.equal(wasLookedAt(read({ status })), !without.includes(status), String(status));
    assert.equal(wasLookedAt(unreportedPhoto(null, '1', 'revoked')), false);
  });

  it('has no time without a text', () => {
    assert.deepEqual([read({}).takenAt, read({}).takenAtText], [null, null]);
    assert.equal(read({ photoTime: 5 }).takenAtText, null);
  });

  it('is located in both coordinate systems', () => {
    const { location } = read({ lat: '30.539732', lng: '104.070011' });
    assert.deepEqual(location!.gcj02, { lat: 30.539732, lng: 104.070011 });
    // GCJ-02 is off by some hundred metres in Chengdu: 0.0025 degrees, give or take.
    const { lat, lng } = location!.wgs84!;
    assert.ok(Math.abs(lat - 30.5421) < 0.0005, String(lat));
    assert.ok(Math.abs(lng - 104.0675) < 0.0005, String(lng));
  });

  for (const [place, lat, lng] of [
    ['Seoul', '37.5665', '126.9780'],
    ['Hong Kong', '22.2819', '114.1581'],
    // As it stands it is across the river, shifted back in Shenzhen.
    ['Lok Ma Chau', '22.5148', '114.0657'],
    // As it stands it would be in Khorgos, shifted back across the border in the west.
    ['the fence of Khorgos', '44.2125', '80.4015'],
  ] as const) {
    it(`keeps to what the provider said of ${place}`, () => {
      const { location } = read({ lat, lng });
      assert.deepEqual(location, { gcj02: { lat: Number(lat), lng: Number(lng) }, wgs84: null });
    });
  }

  for (const [lat, lng] of [
    ['', ''],
    ['north', 'east'],
    ['0', '0'],
    ['0.000000', '-0'],
    [0, 0],
    ['91', '0'],
    ['0', '181'],
    [null, undefined],
    [{}, []],
  ]) {
    it(`is nowhere at ${JSON.stringify([lat, lng])}`, () => assert.equal(read({ lat, lng }).location, null));
  }

  it('reads a status sent as a string', () => {
    assert.equal(readPhoto({ status: '-2305' }, '1').reason, 'not-watermark-camera');
  });

  for (const item of [null, 5, [], 'photo', {}, { status: 'x' }, { status: 77 }]) {
    it(`survives ${JSON.stringify(item)}`, () => {
      const photo = readPhoto(item, '1');
      assert.deepEqual([photo.outcome, photo.reason], ['inconclusive', 'unknown-status']);
    });
  }

  it('is inconclusive while it is in progress', () => {
    const photo = readPhoto({ status: 1 }, '1');
    assert.deepEqual(
      [photo.outcome, photo.reason, isInProgress(photo)],
      ['inconclusive', 'in-progress', true],
    );
  });
});
