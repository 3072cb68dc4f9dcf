import assert from 'node:assert/strict';
import { atOnce } from '../../../src/input/slices';
import { assemble } from '../../../src/providers/xhey/assemble';
import { type ReportedPhoto, readPhoto, unreportedPhoto } from '../../../src/providers/xhey/photo';
import type { PolledTask, TaskStatus } from '../../../src/providers/xhey/tasks';

const SITE = 'https://example.com/';
const A = `${SITE}a.jpg`;
const B = `${SITE}b.jpg`;
const C = `${SITE}c.jpg`;

/** Reported by address, or null where the provider gave none; a number is a status, 0 if it is left out. */
function task(
  taskId: string,
  status: TaskStatus,
  photoUrls: string[],
  reported: (string | null | [string | null, number])[],
  batch?: string,
): PolledTask {
  const photos = reported.map((each) => {
    const [photoUrl, code] = Array.isArray(each) ? each : [each, 0];
    return readPhoto({ photoUrl, status: code }, taskId)!;
  });
  return { taskId, photoUrls, status, photos, ...(batch ? { batch } : {}) };
}

const finished = (photoUrls: string[], ...reported: Parameters<typeof task>[3]) =>
  task('1', 'finished', photoUrls, reported);

/** Each photo in a line: its address, the task, the reason, and how it was matched. */
const assembled = (...tasks: PolledTask[]) =>
  atOnce(assemble(tasks)).map(({ url, taskId, reason, matchedBy }) =>
    [url === null ? null : url.replace(SITE, ''), taskId, reason, matchedBy].join(' '),
  );

describe('xhey photos, brought into the order they were submitted in', () => {
  const alike: [string, string][] = [
    [`${SITE}%E7%85%A7.jpg`, `${SITE}照.jpg`],
    [`${SITE}a b.jpg`, `${SITE}a+b.jpg`],
    [`${SITE}a+b.jpg`, `${SITE}a%20b.jpg`],
    ['https://EXAMPLE.com/a.jpg', A],
    ['https://example.com:443/a.jpg', A],
    [`${A}?sign=1`, A],
    [A, `${A}?w=100`],
    [`${A}?x=1#top`, `${A}?x=1`],
    [`${A}?file=A`, `${A}?`],
  ];
  for (const [submitted, reported] of alike) {
    it(`${submitted} reported as ${reported}`, () => {
      const [first, second] = atOnce(assemble([finished([submitted, C], C, reported)]));
      assert.deepEqual([first!.url, first!.reason], [submitted, 'authentic']);
      assert.deepEqual([first!.matchedBy, second!.matchedBy], ['similar-address', 'address']);
    });
  }

  const unlike: [string, string][] = [
    [A, `${SITE}A.jpg`],
    [A, 'http://example.com/a.jpg'],
    [A, 'https://cdn.example.com/a.jpg'],
    [A, 'not an address'],
    // Both have a query, and another one: they may name two photos.
    [`${A}?file=A`, `${A}?file=B`],
    [`${A}?file=A#top`, `${A}?file=B`],
  ];
  for (const [submitted, reported] of unlike) {
    it(`${reported} is not ${submitted}`, () => {
      const photos = atOnce(assemble([finished([submitted], reported)]));
      assert.deepEqual(
        photos.map(({ url, reason, matchedBy }) => [url, reason, matchedBy]),
        [submitted, reported].map((url, index) => [url, ['not-reported', 'authentic'][index], null]),
      );
    });
  }

  const all = [A, B, C];
  const [one, two] = [`${A}?v=1`, `${A}?v=2`];
  const rows: [name: string, tasks: PolledTask[], expected: string[]][] = [
    [
      'whatever order they were reported in',
      [finished([A, B], B, A), task('2', 'finished', [C], [C])],
      ['a.jpg 1 authentic address', 'b.jpg 1 authentic address', 'c.jpg 2 authentic address'],
    ],
    [
      'not by similarity where two were submitted that are alike',
      [finished([one, two], A)],
      ['a.jpg?v=1 1 not-reported ', 'a.jpg?v=2 1 not-reported ', 'a.jpg 1 authentic '],
    ],
    [
      'not by similarity where one of two that are alike has its verdict: the other is still a guess',
      [finished([one, two], one, A)],
      ['a.jpg?v=1 1 authentic address', 'a.jpg?v=2 1 not-reported ', 'a.jpg 1 authentic '],
    ],
    [
      'not by similarity where two were reported that are alike',
      [finished([A], one, [two, -2305])],
      ['a.jpg 1 not-reported ', 'a.jpg?v=1 1 authentic ', 'a.jpg?v=2 1 not-watermark-camera '],
    ],
    [
      'the likest first: a query that agrees goes before one that does not',
      [finished([`${SITE}a b?v=1`, `${SITE}a b?v=2`], `${SITE}a+b?v=2`, [`${SITE}a+b?v=1`, -2305])],
      ['a b?v=1 1 not-watermark-camera similar-address', 'a b?v=2 1 authentic similar-address'],
    ],
    [
      'by position where the provider gave no address and counts agree',
      [finished([A, B], null, [null, -2305])],
      ['a.jpg 1 authentic position', 'b.jpg 1 not-watermark-camera position'],
    ],
    [
      'one given twice is reported twice, with the verdict of the one that was sent',
      [finished([A, A, B], A, B)],
      ['a.jpg 1 authentic address', 'a.jpg 1 authentic address', 'b.jpg 1 authentic address'],
    ],
    [
      'with the worse of two verdicts on one address, whichever came first',
      [finished([A, B, C], A, [A, -2305], [B, -2305], B, [C, 77], C, C)],
      [
        'a.jpg 1 not-watermark-camera address',
        'b.jpg 1 not-watermark-camera address',
        'c.jpg 1 unknown-status address',
      ],
    ],
    [
      'one given twice, by position',
      [finished([A, B, A], null, null)],
      ['a.jpg 1 authentic position', 'b.jpg 1 authentic position', 'a.jpg 1 authentic position'],
    ],
    [
      'shared by the tasks of one batch',
      [task('1', 'finished', all, [C], '1'), task('2', 'finished', all, [A], '1')],
      ['a.jpg 2 authentic address', 'b.jpg 1 not-reported ', 'c.jpg 1 authentic address'],
    ],
    [
      'shared, and one of the tasks still waiting: what is missing is not known yet',
      [task('1', 'finished', all, [C], '1'), task('2', 'waiting', all, [], '1')],
      ['c.jpg 1 authentic address'],
    ],
    [
      'not shared by a task that names the batch of another and has other photos',
      [task('2', 'finished', [A], [], '1'), task('1', 'finished', [one], [one], '1')],
      ['a.jpg 2 not-reported ', 'a.jpg?v=1 1 authentic address'],
    ],
    [
      'not shared by two tasks that happen to have the same photo',
      [finished([A], A), task('2', 'finished', [A], [])],
      ['a.jpg 1 authentic address', 'a.jpg 2 not-reported '],
    ],
    [
      'of a revoked and of an unknown task',
      [task('1', 'revoked', [A], [A]), task('2', 'unknown', [B], [])],
      ['a.jpg 1 revoked ', 'b.jpg 2 unknown-task '],
    ],
    [
      'those nobody submitted last',
      [finished([], B), task('2', 'finished', [A], [A, C])],
      ['a.jpg 2 authentic address', 'b.jpg 1 authentic ', 'c.jpg 2 authentic '],
    ],
    [
      'none that is missing while the task goes on',
      [task('1', 'waiting', [A, B], [null, null])],
      [' 1 authentic ', ' 1 authentic '],
    ],
  ];
  for (const [name, tasks, expected] of rows) it(name, () => assert.deepEqual(assembled(...tasks), expected));

  it('not by position: addresses of others, other counts or some addresses', () => {
    for (const reported of [
      ['https://cdn.example/1', 'https://cdn.example/2'],
      [null],
      [null, null, null],
      [B, null],
    ])
      assert.ok(assembled(finished([A, B], ...reported)).includes('a.jpg 1 not-reported '));
  });

  it('of a task that was created for more photos only by the same address, percent-decoded too', () => {
    const partial = (submitted: string, ...reported: Parameters<typeof task>[3]) =>
      assembled({ ...finished([submitted], ...reported), partial: true });
    const neighbours: [string, string | null][] = [
      [`${SITE}get?file=B`, `${SITE}get?file=A`],
      [`${SITE}get?file=B`, `${SITE}get`],
      [`${SITE}a+b.jpg`, `${SITE}a%20b.jpg`],
      [`${A}#B`, `${A}#A`],
      [B, null],
    ];
    for (const [submitted, reported] of neighbours)
      assert.deepEqual(partial(submitted, reported), [`${submitted.replace(SITE, '')} 1 not-reported `]);
    assert.deepEqual(partial(B, [A, -2305], B), ['b.jpg 1 authentic address']);
    assert.deepEqual(partial(`${SITE}照.jpg`, `${SITE}%E7%85%A7.jpg`), [
      '照.jpg 1 authentic similar-address',
    ]);
  });

  it('of a hundred thousand that nobody submitted', () => {
    const many = Array.from({ length: 150_000 }, (_, index) => `${A}?${index}`);
    assert.equal(atOnce(assemble([task('1', 'finished', [], many)])).length, many.length);
  });

  it('as they were matched before, where they are carried', () => {
    const photos: ReportedPhoto[] = [
      { ...readPhoto({ photoUrl: A, status: 0 }, '1')!, matchedBy: 'similar-address' },
      unreportedPhoto(B, '1', 'not-reported'),
    ];
    const carried = assembled({ taskId: '1', photoUrls: [A, B], status: 'finished', photos });
    assert.deepEqual(carried, ['a.jpg 1 authentic similar-address', 'b.jpg 1 not-reported ']);
  });
});
