import assert from 'node:assert/strict';
import { assemble, type TaskState } from '../../../src/providers/xhey/assemble';
import { readPhoto } from '../../../src/providers/xhey/photo';

const A = 'https://example.com/a.jpg';
const B = 'https://example.com/b.jpg';
const C = 'https://example.com/c.jpg';

function states(...tasks: [string, TaskState['status'], string[]][]): Map<string, TaskState> {
  return new Map(
    tasks.map(([taskId, status, urls]) => {
      const photos = urls.map((photoUrl) => readPhoto({ photoUrl, status: 0, msg: taskId }, taskId)!);
      return [taskId, { taskId, status, photos }];
    }),
  );
}

function summary(tasks: { taskId: string; photoUrls: string[] }[], all: Map<string, TaskState>) {
  return assemble(tasks, all).map(({ url, taskId, reason }) => [url, taskId, reason]);
}

describe('xhey photos, brought into the order they were submitted in', () => {
  it('whatever order they were reported in', () => {
    const tasks = [
      { taskId: '1', photoUrls: [A, B] },
      { taskId: '2', photoUrls: [C] },
    ];
    assert.deepEqual(summary(tasks, states(['2', 'finished', [C]], ['1', 'finished', [B, A]])), [
      [A, '1', 'authentic'],
      [B, '1', 'authentic'],
      [C, '2', 'authentic'],
    ]);
  });

  it('by their decoded address', () => {
    const submitted = 'https://example.com/%E7%85%A7.jpg';
    const tasks = [{ taskId: '1', photoUrls: [submitted, A] }];
    assert.deepEqual(summary(tasks, states(['1', 'finished', [A, 'https://example.com/照.jpg']])), [
      [submitted, '1', 'authentic'],
      [A, '1', 'authentic'],
    ]);
  });

  it('by position where the counts agree', () => {
    const tasks = [{ taskId: '1', photoUrls: [A, B] }];
    assert.deepEqual(
      summary(tasks, states(['1', 'finished', ['https://cdn.example/1', 'https://cdn.example/2']])),
      [
        [A, '1', 'authentic'],
        [B, '1', 'authentic'],
      ],
    );
  });

  it('not by position while the task goes on', () => {
    const tasks = [{ taskId: '1', photoUrls: [A, B] }];
    const urls = ['https://cdn.example/1', 'https://cdn.example/2'];
    assert.deepEqual(
      summary(tasks, states(['1', 'waiting', urls])),
      urls.map((url) => [url, '1', 'authentic']),
    );
  });

  it('not by position where they do not', () => {
    const tasks = [{ taskId: '1', photoUrls: [A, B] }];
    assert.deepEqual(summary(tasks, states(['1', 'finished', ['https://cdn.example/1']])), [
      [A, '1', 'not-reported'],
      [B, '1', 'not-reported'],
      ['https://cdn.example/1', '1', 'authentic'],
    ]);
  });

  it('one submitted twice and reported once', () => {
    const tasks = [{ taskId: '1', photoUrls: [A, A, B] }];
    assert.deepEqual(summary(tasks, states(['1', 'finished', [A, B]])), [
      [A, '1', 'authentic'],
      [A, '1', 'authentic'],
      [B, '1', 'authentic'],
    ]);
  });

  it('shared by several tasks of one batch', () => {
    const photoUrls = [A, B, C];
    const tasks = [
      { taskId: '1', photoUrls },
      { taskId: '2', photoUrls },
    ];
    assert.deepEqual(summary(tasks, states(['1', 'finished', [C]], ['2', 'finished', [A]])), [
      [A, '2', 'authentic'],
      [B, '1', 'not-reported'],
      [C, '1', 'authentic'],
    ]);
  });

  it('shared, and one of the tasks still waiting: what is missing is not known yet', () => {
    const photoUrls = [A, B, C];
    const tasks = [
      { taskId: '1', photoUrls },
      { taskId: '2', photoUrls },
    ];
    assert.deepEqual(summary(tasks, states(['1', 'finished', [C]], ['2', 'waiting', []])), [
      [C, '1', 'authentic'],
    ]);
  });

  it('of a revoked and of an unknown task', () => {
    const tasks = [
      { taskId: '1', photoUrls: [A] },
      { taskId: '2', photoUrls: [B] },
    ];
    assert.deepEqual(summary(tasks, states(['1', 'revoked', [A]], ['2', 'unknown', []])), [
      [A, '1', 'revoked'],
      [B, '2', 'unknown-task'],
    ]);
  });

  it('those nobody submitted last', () => {
    const tasks = [{ taskId: '2', photoUrls: [A] }];
    assert.deepEqual(summary(tasks, states(['1', 'finished', [B]], ['2', 'finished', [A, C]])), [
      [A, '2', 'authentic'],
      [C, '2', 'authentic'],
      [B, '1', 'authentic'],
    ]);
  });
});
