/** Results of truth-poll, made by what makes them of the provider's answer. */

import { atOnce } from '../../src/input/slices';
import type { PollResult } from '../../src/photos/poll-result';
import type { ReportedPhoto } from '../../src/photos/rules';
import { readPhoto } from '../../src/providers/xhey/photo';
import { report } from '../../src/providers/xhey/report';
import type { PolledTask } from '../../src/providers/xhey/tasks';

/** The stadium of Chengdu's software park, on a Chinese map. */
export const HERE = { lat: 30.539732, lng: 104.070011 };

let photos = 0;

/** As xhey reports a photo that it verified; what is undefined it says nothing of. */
export interface Reported {
  url?: string;
  taskId?: string;
  status?: number;
  code?: string | undefined;
  /** In place of `time`. */
  minutesAgo?: number;
  time?: string | undefined;
  lat?: number | string | undefined;
  lng?: number | string | undefined;
  address?: string | undefined;
}

/** @param reported what is not as usual: a new photo, taken now, here */
export function taken(reported: Reported = {}): ReportedPhoto {
  const number = ++photos;
  const { taskId = `task-${number}`, minutesAgo = 0 } = reported;
  const fields = {
    url: `https://example.com/${number}.jpg`,
    status: 0,
    code: `CODE${number}`,
    ...HERE,
    time: watermark(Date.now() - minutesAgo * 60_000),
    address: '四川省成都市武侯区桂溪街道天府软件园E区',
    ...reported,
  };
  const photo = readPhoto(
    {
      photoUrl: fields.url,
      status: fields.status,
      msg: '',
      photoTime: fields.time,
      photoAddress: fields.address,
      lat: fields.lat,
      lng: fields.lng,
      antiFakeCode: fields.code,
    },
    taskId,
  );
  return photo as ReportedPhoto;
}

/**
 * @param photos of one task each, as `taken` made them
 * @param others tasks beside those
 */
export function polled(photos: readonly ReportedPhoto[], others: readonly PolledTask[] = []): PollResult {
  const tasks = new Map<string, PolledTask>();
  for (const photo of photos) {
    const task = tasks.get(photo.taskId) ?? {
      taskId: photo.taskId,
      photoUrls: [] as string[],
      status: 'finished' as const,
      photos: [] as never[],
    };
    tasks.set(photo.taskId, task);
    (task.photoUrls as (string | null)[]).push(photo.url);
    // An address that was given twice is submitted once, and reported once.
    if (!(task.photos as ReportedPhoto[]).includes(photo)) (task.photos as ReportedPhoto[]).push(photo);
  }
  const common = {
    repaired: [],
    code: '200',
    message: 'success',
    providerTime: null,
    lastError: undefined,
    raw: [],
  };
  const answer = atOnce(report({ tasks: [...tasks.values(), ...others], ...common }));
  return {
    provider: 'xhey',
    operation: 'truth-poll',
    environment: 'production',
    ledger: null,
    reused: null,
    ...answer,
    timing: { startedAt: new Date().toISOString(), durationMs: 1, attempts: 1 },
  } as unknown as PollResult;
}

/** @returns a time as a watermark has it, without seconds, in China Standard Time */
export function watermark(time: number): string {
  const [date = '', clock = ''] = new Date(time + 8 * 3_600_000).toISOString().split('T');
  const [year, month, day] = date.split('-');
  return `${year}年${month}月${day}日 ${clock.slice(0, 5)}`;
}
