import assert from 'node:assert/strict';
import { assemble } from '../../../src/providers/xhey/assemble';
import { type ReportedPhoto, readPhoto, unreportedPhoto } from '../../../src/providers/xhey/photo';
import type { PolledTask, TaskStatus } from '../../../src/providers/xhey/tasks';

const A = 'https://example.com/a.jpg';
const B = 'https://example.com/b.jpg';
const C = 'https://example.com/c.jpg';

/** Reported by address, or null where the provider gave none; a number is a status, 0 where there is none. */
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

const assembled = (tasks: PolledTask[]) =>
  assemble(tasks).map(({ url, taskId, reason, matchedBy }) => [url, taskId, reason, matchedBy]);

describe('xhey photos, brought into the order they were submitted in', () => {
  it('whatever order they were reported in', () => {
    assert.deepEqual(assembled([task('1', 'finished', [A, B], [B, A]), task('2', 'finished', [C], [C])]), [
      [A, '1', 'authentic', 'address'],
      [B, '1', 'authentic', 'address'],
      [C, '2', 'authentic', 'address'],
    ]);
  });

  const alike: [string, string][] = [
    ['https://example.com/%E7%85%A7.jpg', 'https://example.com/照.jpg'],
    ['https://example.com/a b.jpg', 'https://example.com/a+b.jpg'],
    ['https://example.com/a+b.jpg', 'https://example.com/a%20b.jpg'],
    ['https://EXAMPLE.com/a.jpg', 'https://example.com/a.jpg'],
    ['https://example.com:443/a.jpg', 'https://example.com/a.jpg'],
    ['https://example.com/a.jpg?sign=1', 'https://example.com/a.jpg'],
    ['https://example.com/a.jpg', 'https://example.com/a.jpg?w=100'],
    ['https://example.com/a.jpg?x=1#top', 'https://example.com/a.jpg?x=1'],
  ];
  for (const [submitted, reported] of alike) {
    it(`${submitted} reported as ${reported}`, () => {
      assert.deepEqual(assembled([task('1', 'finished', [submitted, C], [C, reported])]), [
        [submitted, '1', 'authentic', 'similar-address'],
        [C, '1', 'authentic', 'address'],
      ]);
    });
  }

  for (const [submitted, reported] of [
    ['https://example.com/a.jpg', 'https://example.com/A.jpg'],
    ['https://example.com/a.jpg', 'http://example.com/a.jpg'],
    ['https://example.com/a.jpg', 'https://cdn.example.com/a.jpg'],
    ['https://example.com/a.jpg', 'not an address'],
  ] as const) {
    it(`${reported} is not ${submitted}`, () => {
      assert.deepEqual(assembled([task('1', 'finished', [submitted], [reported])]), [
        [submitted, '1', 'not-reported', null],
        [reported, '1', 'authentic', null],
      ]);
    });
  }

  it('not by similarity where two were submitted that are alike', () => {
    const [one, two] = [`${A}?v=1`, `${A}?v=2`];
    assert.deepEqual(assembled([task('1', 'finished', [one, two], [A])]), [
      [one, '1', 'not-reported', null],
      [two, '1', 'not-reported', null],
      [A, '1', 'authentic', null],
    ]);
    // One of the two has its verdict; the other's is still a guess.
    assert.equal(assembled([task('1', 'finished', [one, two], [one, A])])[1]![2], 'not-reported');
  });

  it('not by similarity where two were reported that are alike', () => {
    const reported: [string, number][] = [
      [`${A}?v=1`, 0],
      [`${A}?v=2`, -2305],
    ];
    assert.equal(assembled([task('1', 'finished', [A], reported)])[0]![2], 'not-reported');
  });

  it('the likest first: a query that agrees goes before one that does not', () => {
    const tasks = [
      task(
        '1',
        'finished',
        ['https://e.cn/a b?v=1', 'https://e.cn/a b?v=2'],
        ['https://e.cn/a+b?v=2', 'https://e.cn/a+b?v=1'],
      ),
    ];
    assert.deepEqual(
      assembled(tasks).map(([, , reason, matchedBy]) => [reason, matchedBy]),
      [
        ['authentic', 'similar-address'],
        ['authentic', 'similar-address'],
      ],
    );
  });

  it('not by similarity where both have a query, and another one: they may name two photos', () => {
    for (const [submitted, reported] of [
      [`${A}?file=A`, `${A}?file=B`],
      [`${A}?file=A`, `${A}?`],
      [`${A}?file=A#top`, `${A}?file=B`],
    ] as const) {
      const reason = assembled([task('1', 'finished', [submitted], [reported])])[0]![2];
      assert.equal(reason, reported.endsWith('?') ? 'authentic' : 'not-reported', reported);
    }
  });

  it('of a task that was created for more photos only by the same address, percent-decoded too', () => {
    const partial = (submitted: string, reported: Parameters<typeof task>[3]) =>
      assembled([{ ...task('1', 'finished', [submitted], reported), partial: true }]);
    const neighbours: [string, string | null][] = [
      ['https://example.com/get?file=B', 'https://example.com/get?file=A'],
      ['https://example.com/get?file=B', 'https://example.com/get'],
      ['https://example.com/a+b.jpg', 'https://example.com/a%20b.jpg'],
      [`${A}#B`, `${A}#A`],
      [B, null],
    ];
    for (const [submitted, reported] of neighbours)
      assert.deepEqual(partial(submitted, [reported]), [[submitted, '1', 'not-reported', null]]);
    assert.deepEqual(partial(B, [[A, -2305], B]), [[B, '1', 'authentic', 'address']]);
    assert.deepEqual(partial('https://example.com/照.jpg', ['https://example.com/%E7%85%A7.jpg']), [
      ['https://example.com/照.jpg', '1', 'authentic', 'similar-address'],
    ]);
  });

  it('by position where the provider gave no address and counts agree', () => {
    const [first, second] = assemble([
      task(
        '1',
        'finished',
        [A, B],
        [
          [null, 0],
          [null, -2305],
        ],
      ),
    ]);
    assert.deepEqual(
      [first, second].map((photo) => [photo!.url, photo!.reason, photo!.matchedBy]),
      [
        [A, 'authentic', 'position'],
        [B, 'not-watermark-camera', 'position'],
      ],
    );
  });

  it('not by position: addresses of others, other counts, some addresses, or a task that goes on', () => {
    const elsewhere = ['https://cdn.example/1', 'https://cdn.example/2'];
    for (const tasks of [
      [task('1', 'finished', [A, B], elsewhere)],
      [task('1', 'finished', [A, B], [null])],
      [task('1', 'finished', [A, B], [null, null, null])],
      [task('1', 'finished', [A, B], [B, null])],
    ])
      assert.ok(
        assembled(tasks).some(([url, , reason]) => url === A && reason === 'not-reported'),
        JSON.stringify(assembled(tasks)),
      );
    assert.deepEqual(assembled([task('1', 'waiting', [A, B], [null, null])]), [
      [null, '1', 'authentic', null],
      [null, '1', 'authentic', null],
    ]);
  });

  it('one given twice is reported twice, with the verdict of the one that was sent', () => {
    assert.deepEqual(assembled([task('1', 'finished', [A, A, B], [A, B])]), [
      [A, '1', 'authentic', 'address'],
      [A, '1', 'authentic', 'address'],
      [B, '1', 'authentic', 'address'],
    ]);
    assert.deepEqual(
      assembled([task('1', 'finished', [A, B, A], [null, null])]).map(([url, , , how]) => [url, how]),
      [A, B, A].map((url) => [url, 'position']),
    );
  });

  it('shared by the tasks of one batch', () => {
    const all = [A, B, C];
    assert.deepEqual(
      assembled([task('1', 'finished', all, [C], '1'), task('2', 'finished', all, [A], '1')]),
      [
        [A, '2', 'authentic', 'address'],
        [B, '1', 'not-reported', null],
        [C, '1', 'authentic', 'address'],
      ],
    );
  });

  it('shared, and one of the tasks still waiting: what is missing is not known yet', () => {
    const all = [A, B, C];
    assert.deepEqual(assembled([task('1', 'finished', all, [C], '1'), task('2', 'waiting', all, [], '1')]), [
      [C, '1', 'authentic', 'address'],
    ]);
  });

  it('not shared by a task that names the batch of another and has other photos', () => {
    const [one, two] = [`${A}?file=A`, A];
    const tasks = [task('2', 'finished', [two], [], '1'), task('1', 'finished', [one], [one], '1')];
    assert.deepEqual(assembled(tasks), [
      [two, '2', 'not-reported', null],
      [one, '1', 'authentic', 'address'],
    ]);
  });

  it('of a hundred thousand that nobody submitted', () => {
    const many = Array.from({ length: 150_000 }, (_, index) => `${A}?${index}`);
    assert.equal(assemble([task('1', 'finished', [], many)]).length, many.length);
  });

  it('not shared by two tasks that happen to have the same photo', () => {
    assert.deepEqual(assembled([task('1', 'finished', [A], [A]), task('2', 'finished', [A], [])]), [
      [A, '1', 'authentic', 'address'],
      [A, '2', 'not-reported', null],
    ]);
  });

  it('of a revoked and of an unknown task', () => {
    assert.deepEqual(assembled([task('1', 'revoked', [A], [A]), task('2', 'unknown', [B], [])]), [
      [A, '1', 'revoked', null],
      [B, '2', 'unknown-task', null],
    ]);
  });

  it('those nobody submitted last', () => {
    assert.deepEqual(assembled([task('1', 'finished', [], [B]), task('2', 'finished', [A], [A, C])]), [
      [A, '2', 'authentic', 'address'],
      [B, '1', 'authentic', null],
      [C, '2', 'authentic', null],
    ]);
  });

  it('as they were matched before, where they are carried', () => {
    const photos: ReportedPhoto[] = [
      { ...readPhoto({ photoUrl: A, status: 0 }, '1')!, matchedBy: 'similar-address' },
      unreportedPhoto(B, '1', 'not-reported'),
    ];
    assert.deepEqual(assembled([{ taskId: '1', photoUrls: [A, B], status: 'finished', photos }]), [
      [A, '1', 'authentic', 'similar-address'],
      [B, '1', 'not-reported', null],
    ]);
  });
});
