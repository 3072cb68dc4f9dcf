import assert from 'node:assert/strict';
import { readText } from '../../src/input/text';
import { itRefuses, itRepairs, shown } from './refusal';

function read(value: unknown, longest = 64) {
  const repaired = new Set<string>();
  return [readText(value, 'sequenceId', longest, repaired), [...repaired]];
}

describe('input: text', () => {
  for (const text of ['订单 & /', "a  'b'", '𠮷'.repeat(64), 'é', '👨👩👧', ''])
    it(`leaves ${shown(text)} as it is`, () => assert.deepEqual(read(text), [text, []]));

  for (const none of [undefined, null])
    it(`is empty for ${none}`, () => assert.deepEqual(read(none), ['', []]));

  itRepairs(read, 'sequenceId', [
    // Byte order mark, zero-width and bidirectional characters, soft hyphen, variation selector, filler of Hangul.
    ['a1', ['\ufeffa1', '\u200ba\u200c\u200d1\u2060', '\u202ea\u202c\u20661\u2069\u061c', 'a\u00ad1\ufe0f']],
    ['a1', ['a\u31641', '\u3000\u00a0\ta1\r\n', 'a1\0', 'a\ufff91\ufffb', '\ufeff \u200b\0a1\u200b \0']],
    // The list round a single field of a form, and bytes, of Windows too.
    ['a1', [['a1'], Buffer.from('\ufeffa1'), Buffer.from('\ufeffa1', 'utf16le')]],
    ['a'.repeat(64), [` ${'a'.repeat(64)} `]],
  ]);

  itRefuses(read, [
    // Halves of a character, U+FFFD, a byte order mark read the wrong way round, UTF-8 read as Latin-1.
    ['text-damaged', ['a\ud842b', 'a\udfb7', 'a\ufffd', '\ufffea', 'å\u0085b']],
    ['text-control', ['a\tb', 'a\0b', 'a\nb']],
    // The Buffer is of GBK.
    ['text-not-text', [1, {}, ['a', 'b'], [1], Buffer.from('d5c5c8fd', 'hex')]],
    ['text-too-long', ['a'.repeat(65), '𠮷'.repeat(65), ' '.repeat(1000)]],
  ]);
});
