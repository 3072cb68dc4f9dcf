import assert from 'node:assert/strict';
import { readText } from '../../src/input/text';
import { assertProblem } from './refusal';

function read(value: unknown, longest = 64) {
  const repaired = new Set<string>();
  return [readText(value, 'sequenceId', longest, repaired), [...repaired]];
}

describe('input: text', () => {
  for (const text of ['a', '订单 & /', "a  'b'", '𠮷', 'é', '👨‍👩‍👧'.replace(/\u200d/g, '')]) {
    it(`leaves "${text}" as it is`, () => assert.deepEqual(read(text), [text, []]));
  }

  for (const none of [undefined, null, '']) {
    it(`is empty for ${JSON.stringify(none)}`, () => assert.deepEqual(read(none), ['', []]));
  }

  const repairs: [string, unknown][] = [
    ['a byte order mark', '\ufeffa1'],
    ['zero-width characters', '\u200ba\u200c\u200d1\u2060'],
    ['bidirectional marks', '\u202ea\u202c\u20661\u2069\u061c'],
    ['a soft hyphen and a variation selector', 'a\u00ad1\ufe0f'],
    ['a filler of Hangul', 'a\u31641'],
    ['white space around it', '\u3000\u00a0\ta1\r\n'],
    ['a NUL at the end', 'a1\0'],
    ['the list round a single field of a form', ['a1']],
    ['the bytes of a text', Buffer.from('\ufeffa1')],
    ['the bytes of one of Windows', Buffer.from('\ufeffa1', 'utf16le')],
    ['all of it', '\ufeff \u200b\0a1\u200b \0'],
  ];
  for (const [name, given] of repairs) {
    it(`takes ${name} away`, () => assert.deepEqual(read(given), ['a1', ['sequenceId']]));
  }

  const refusals: [string, unknown, string][] = [
    ['half of a character', 'a\ud842b', 'text-damaged'],
    ['the other half', 'a\udfb7', 'text-damaged'],
    ['U+FFFD', 'a\ufffd', 'text-damaged'],
    ['a byte order mark read the wrong way round', '\ufffea', 'text-damaged'],
    ['UTF-8 read as Latin-1', 'å\u0085b', 'text-damaged'],
    ['a tab inside', 'a\tb', 'text-control'],
    ['a NUL inside', 'a\0b', 'text-control'],
    ['a line break inside', 'a\nb', 'text-control'],
    ['a number', 1, 'text-not-text'],
    ['an object', {}, 'text-not-text'],
    ['a list', ['a', 'b'], 'text-not-text'],
    ['a list of one number', [1], 'text-not-text'],
    ['a Buffer of GBK', Buffer.from('d5c5c8fd', 'hex'), 'text-not-text'],
    ['65 characters', 'a'.repeat(65), 'text-too-long'],
    ['65 characters that take two units each', '𠮷'.repeat(65), 'text-too-long'],
    ['far too long a text', ' '.repeat(1000), 'text-too-long'],
  ];
  for (const [name, given, problem] of refusals) {
    it(`refuses ${name}: ${problem}`, () => assertProblem(() => read(given), problem));
  }

  it('counts characters, without what goes', () => {
    assert.deepEqual(read('𠮷'.repeat(64)), ['𠮷'.repeat(64), []]);
    assert.deepEqual(read(` ${'a'.repeat(64)} `), ['a'.repeat(64), ['sequenceId']]);
  });
});
