/** What a thousand carried photos cost, the most of a message: as much for each as if it were alone. */
import assert from 'node:assert/strict';
import type { Result } from '../../../src/contract/result';
import { atOnce } from '../../../src/input/slices';
import { claimText, type PollData, report, splitPhotos } from '../../../src/providers/xhey/report';
import { readTasks } from '../../../src/providers/xhey/tasks';
import { stepsOf } from '../../steps';

const FEW = 100;
const MANY = 10 * FEW;
/** Of each photo: read, checked, matched, counted and sealed. */
const MOST_READS = 40;

/** Photos of one task that counts how often somebody looks at any of their addresses. */
function counted(length: number, submitted: (index: number) => string, reported: (index: number) => string) {
  let reads = 0;
  const photos = Array.from({ length }, (_, index) => ({
    get url() {
      reads++;
      return reported(index);
    },
    taskId: '1',
    outcome: 'passed',
    reason: 'authentic',
    status: 0,
    message: '',
    matchedBy: null,
    takenAt: null,
    takenAtText: null,
    address: null,
    location: null,
    antiFakeCode: null,
  }));
  const photoUrls = Array.from({ length }, (_, index) => submitted(index));
  const tasks = [{ taskId: '1', photoUrls, status: 'finished' }];
  return { message: { data: { taskIds: ['2'], tasks, photos } }, reads: () => reads };
}

function resultOf(message: unknown): PollData {
  const { tasks } = readTasks(message, null, new Set());
  const words = { repaired: [], code: '200', message: '', providerTime: null, lastError: undefined, raw: [] };
  const { data } = atOnce(report({ tasks, ...words }));
  claimText('custom', data.tasks, data.photos);
  return data as PollData;
}

const address = (index: number) => `https://p.example.com/photo ${index}.jpg`;
const kinds: [string, (index: number) => string][] = [
  ['under their addresses', address],
  ['under addresses that are alike', (index) => address(index).replace(' ', '+')],
  ['all under one address', () => address(0)],
  ['under addresses that nobody submitted', (index) => `https://q.example.com/${index}`],
];

describe('xhey truth-poll: what it costs', () => {
  for (const [what, reported] of kinds) {
    it(`looks at each carried photo a bounded number of times: ${what}`, () => {
      for (const length of [FEW, MANY]) {
        const { message, reads } = counted(length, address, reported);
        const steps = stepsOf(() => resultOf(message));
        assert.ok(reads() <= MOST_READS * length, `${reads()} reads of ${length} photos`);
        assert.ok(steps <= 1000 * length, `${steps} steps for ${length} photos`);
      }
    });
  }

  it('a sequence is as long as its photos, and each message as short as its own', () => {
    const lengthOf = (photos: number) => {
      const data = resultOf(counted(photos, address, address).message);
      const result = { outcome: 'passed', reason: null, data, raw: data.photos } as unknown as Result;
      const split = splitPhotos({ ...result, data });
      assert.equal(split.length, photos);
      assert.deepEqual(
        split.map(({ raw }) => raw !== undefined),
        split.map((_, index) => index === 0),
      );
      return JSON.stringify(split).length;
    };
    const [few, many] = [lengthOf(FEW), lengthOf(MANY)];
    assert.ok(many <= 11 * few, `${few} characters for ${FEW} photos, and ${many} for ${MANY}`);
  });
});
