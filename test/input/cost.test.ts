/** What an input may cost: nothing where its size alone refuses it, and never more than in proportion to its size. */
import assert from 'node:assert/strict';
import type { VerifyError } from '../../src/contract/errors';
import { textOf } from '../../src/http/answer';
import { readJsonObject } from '../../src/input/json-object';
import { conceal } from '../../src/input/mask';
import { readName } from '../../src/input/name';
import { readPhoto } from '../../src/input/photo';
import { readPhotos } from '../../src/input/photos';
import { atOnce, SLICE } from '../../src/input/slices';
import { readText } from '../../src/input/text';
import { readPollResult } from '../../src/photos/poll-result';
import { readTasks } from '../../src/providers/xhey/tasks';
import { stepsOf } from '../steps';
import { jpg } from './pictures';
import { assertProblem, problemOf } from './refusal';

const MEGABYTE = 1024 * 1024;
const URL = 'https://p.example.com/a.jpg';
/** For each character. By the square of its length, a mebibyte would take longer than a test may. */
const MOST_STEPS = 25;
const MOST_STEPS_IN_TURN = 7;

const photo = (value: unknown) => atOnce(readPhoto(value, 'photo', 8, new Set()));
const reading = {
  field: 'photos',
  environment: 'production',
  now: 0,
  store: null,
  repaired: new Set<string>(),
} as const;
const urls = (value: unknown) => atOnce(readPhotos(value, reading));
const name = (value: unknown) => readName(value, 'personName', 'production', new Set());

/** A list that counts how often one of its elements is read. */
function watched(length: number, element: unknown): { list: unknown[]; reads: () => number } {
  let reads = 0;
  const list = new Proxy(Array(length), {
    get(target, key, receiver) {
      if (typeof key === 'symbol' || !/^\d+$/.test(key)) return Reflect.get(target, key, receiver);
      reads++;
      return element;
    },
  });
  return { list, reads: () => reads };
}

describe('input: what it costs', () => {
  const nines = () => '9'.repeat(100 * MEGABYTE);
  const holes = () => Array(50_000_000);
  const refused: [what: string, problem: string, make: () => unknown, read: (value: unknown) => unknown][] = [
    ['a name', 'text-too-long', () => '张'.repeat(100 * MEGABYTE), name],
    ['a name of white space', 'text-too-long', () => ' '.repeat(100 * MEGABYTE), name],
    ['a photo in base64', 'photo-too-large', () => 'A'.repeat(100 * MEGABYTE), photo],
    ['a photo in a Buffer', 'photo-too-large', () => Buffer.alloc(100 * MEGABYTE), photo],
    ['a photo of holes', 'photo-too-large', holes, photo],
    [
      'a photo of holes in a Buffer of JSON',
      'photo-too-large',
      () => ({ type: 'Buffer', data: holes() }),
      photo,
    ],
    ['addresses of holes', 'not-a-url', holes, urls],
    ['addresses', 'too-many-photos', () => `${URL}\n`.repeat((100 * MEGABYTE) / 28), urls],
    ['a sequence id', 'text-too-long', nines, (value) => readText(value, 'sequenceId', 128, new Set())],
    ['a task id', 'text-too-long', nines, (value) => readTasks(value, null, new Set())],
  ];
  for (const [what, problem, make, read] of refused)
    it(`a hundred megabytes are refused: ${what}`, () => {
      const value = make();
      assertProblem(() => read(value), problem);
    });

  it('looks at no more elements of a list than may be sent', () => {
    const addresses = watched(100_000, URL);
    assertProblem(() => urls(addresses.list), 'too-many-photos');
    assert.ok(addresses.reads() <= 1001, String(addresses.reads()));
    const sent = watched(50_000_000, 0);
    assertProblem(
      () => readJsonObject({ photo: { type: 'Buffer', data: sent.list } }, 'body', new Set()),
      'object-too-large',
    );
    assert.equal(sent.reads(), 0);
    const bytes = watched(50_000_000, 0);
    assertProblem(() => photo(bytes.list), 'photo-too-large');
    assert.equal(bytes.reads(), 0);
  });

  it('does not parse more numbers in JSON than take some milliseconds', () => {
    const text = `{"type":"Buffer","data":[${'1.5,'.repeat(2 * MEGABYTE)}1]}`;
    let problem: string | null = null;
    const steps = stepsOf(() => {
      problem = problemOf(() => photo(text));
    });
    assert.equal(problem, 'photo-too-large');
    assert.ok(steps <= 2 * text.length + 2 * MEGABYTE, String(steps));
  });

  const bytes = [...jpg(2 * MEGABYTE)];
  const base64 = Buffer.from(bytes).toString('base64');
  const inHex = bytes.map((byte) => byte.toString(16).padStart(2, '0'));
  for (const [wrapping, text, expected = null] of [
    ['the alphabet for URLs', base64.replaceAll('+', '-').replaceAll('/', '_')],
    ['lines', base64.replace(/.{76}/g, '$&\r\n')],
    ['spaces for +', base64.replaceAll('+', ' ')],
    ['percent-encoding', encodeURIComponent(base64)],
    ['escaped slashes', JSON.stringify(base64).replaceAll('/', '\\/')],
    ['entities', base64.replaceAll('+', '&#43;').replaceAll('/', '&#47;')],
    ['soft line breaks', base64.replace(/.{76}/g, '$&=\r\n')],
    ['what nobody sees', base64.replace(/.{76}/g, '$&\u200b')],
    ['hexadecimal', inHex.join(' ')],
    ['decimals', bytes.join(', ')],
    ['a Buffer in JSON', JSON.stringify({ type: 'Buffer', data: bytes })],
    ["Python's bytes", `b'\\x${inHex.join('\\x')}'`],
    ['quotation marks without end', '"'.repeat(2 * MEGABYTE), 'photo-not-base64'],
    ['signs that are no escapes', '&'.repeat(2 * MEGABYTE), 'photo-not-base64'],
    ['what nobody sees alone', '\u200b'.repeat(2 * MEGABYTE), 'photo-not-base64'],
    ['a page without end', `<a>${'-'.repeat(2 * MEGABYTE)}`, 'photo-format-unknown'],
    ['zeros', '\0'.repeat(2 * MEGABYTE), 'photo-not-base64'],
    ['spaces within', `A${' '.repeat(2 * MEGABYTE)}A`, 'photo-format-unknown'],
    ['an escape at its end', `${'A'.repeat(2 * MEGABYTE)}%41`, 'photo-not-base64'],
  ] as const) {
    it(`goes over a large photo a few times, and lets others run meanwhile: ${wrapping}`, () => {
      const inTurn: number[] = [];
      let isOver = false;
      let problem: string | null = null;
      const work = readPhoto(text, 'photo', 8, new Set());
      while (!isOver) {
        const steps = stepsOf(() => {
          try {
            isOver = work.next().done === true;
          } catch (error) {
            isOver = true;
            problem = (error as VerifyError).problem;
          }
        });
        inTurn.push(steps);
      }
      const turns = inTurn.length;
      const steps = inTurn.reduce((sum, each) => sum + each, 0);
      const most = Math.max(...inTurn) / text.length;
      // As many as go over the text once, but for the two ends that are looked at by themselves.
      assert.ok(turns >= text.length / SLICE - 1, `${turns} turns for ${text.length} characters`);
      assert.ok(steps <= MOST_STEPS * text.length, `${steps / text.length} steps for each character`);
      // Those of built-in methods, such as `includes`, which take a few milliseconds for 39 million characters.
      assert.ok(most <= MOST_STEPS_IN_TURN, `${most} steps in one turn for each character`);
      assert.equal(problem, expected);
    });
  }

  it('gives a text up at the first character that base64 cannot have', () => {
    const steps = stepsOf(() => photo('照'.repeat(2 * MEGABYTE)));
    assert.ok(steps <= SLICE, String(steps));
  });

  it('looks in turns for the end of what stands round a photo', () => {
    const turnsOf = (text: string) => {
      let turns = 0;
      assertProblem(() => {
        const work = readPhoto(text, 'photo', 8, new Set());
        while (!work.next().done) turns++;
      }, 'photo-format-unknown');
      return turns;
    };
    const text = '-'.repeat(2 * MEGABYTE);
    assert.ok(turnsOf(`<a>${text}`) >= turnsOf(text) + text.length / SLICE - 1);
  });

  it('a list of bytes is not looked at to its end in one turn', () => {
    const list = watched(4 * MEGABYTE, 0);
    readPhoto(list.list, 'photo', 8, new Set()).next();
    assert.ok(list.reads() <= SLICE + 1, String(list.reads()));
  });

  it('photos and long addresses of one message are read in turns', () => {
    const turnsOf = (value: unknown) => {
      let turns = 1;
      for (const _ of readPhotos(value, { ...reading, store: { fits: false } })) turns++;
      return turns;
    };
    assert.ok(turnsOf(Array(100).fill(jpg(1000))) >= 100);
    assert.ok(turnsOf(Array(1000).fill(URL)) >= 15);
    assert.ok(turnsOf(`${URL}\n`.repeat(1000)) >= 15);
  });

  for (const [what, times, read] of [
    ['tasks', 1.5, (text: string) => readTasks(text, null, new Set())],
    ['a result of truth-poll', 0.5, readPollResult],
  ] as const) {
    it(`does not parse millions of values in JSON: ${what}`, () => {
      const text = `{"operation":"truth-poll","data":{"taskIds":["1"],"photos":[${'1.5,'.repeat(MEGABYTE)}1]}}`;
      const steps = stepsOf(() =>
        assert.notEqual(
          problemOf(() => read(text)),
          null,
        ),
      );
      assert.ok(steps <= times * text.length, String(steps));
    });
  }

  it('does not read an answer in GBK as UTF-8 to its end', () => {
    const body = Buffer.alloc(4 * MEGABYTE, Buffer.from('d5c5c8fd', 'hex'));
    const steps = stepsOf(() => assert.match(textOf({ headers: {}, body }), /^张三/));
    assert.ok(steps <= MEGABYTE, String(steps));
  });

  const sent = { name: `${'a'.repeat(63)}b`, idNumber: '111111111111111112' };
  const known = { person: sent, secrets: ['abababac'] };
  const grown: [what: string, parts: string[], read: (text: string) => unknown][] = [
    [
      'a photo',
      ['=', 'a ', 'a\n', '%41', '\\', '&#43;', '&#43', '_-', '[', '[0,', '{"a":', '"', ' ', 'data:'],
      photo,
    ],
    ['a photo', ['base64,', '255,', '=\n', '=3D', '<a>', '(', '\xff', '\u200b', '照'], photo],
    ['lists that end far away', ['A'], (text) => photo(`${'['.repeat(64)}${text}]`)],
    ['addresses', ['a ', '[', '["a",', ',', 'https://', '%20', '<', `${URL} `], urls],
    [
      'words',
      ['-', 'a', 'a ', '1', '張', '%61', '\\u0061', '&#97;', 'ab', 'http:', '1-'],
      (text) => conceal(text, known),
    ],
  ];
  for (const [what, parts, read] of grown)
    for (const part of parts)
      it(`looks at each character of a mebibyte a bounded number of times: ${what} of ${JSON.stringify(part)}`, () => {
        const text = `${part.repeat(MEGABYTE / part.length)}x`;
        const steps = stepsOf(() => read(text));
        assert.ok(steps <= MOST_STEPS * text.length, `${steps} steps for ${text.length} characters`);
      });

  it('a mebibyte is read to its end: dashes, of somebody whose name is dashes', () => {
    const person = { name: '-'.repeat(32), idNumber: '110101199001011237' };
    conceal('- '.repeat(MEGABYTE / 2), { person, secrets: [] });
  });
});
