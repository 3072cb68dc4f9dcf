import type { Action, SettingDefinitions } from '../../action';
import { ERRORS, VerifyError } from '../../errors';
import { isObject } from '../../http/json';
import type { Answer } from '../../result';
import { create } from './client';
import type { Envelope } from './response';

/** A task with the photos it was created for. */
export interface Task {
  taskId: string;
  photoUrls: string[];
  /** Where one batch was answered with several tasks, which share its photos: the id of the first. */
  batch?: string;
}

interface CreateInput {
  photoUrls: string[];
  batchSize: number;
}

/** CONTRACT, "Result", `data` of truth-create. */
export interface CreateData {
  [name: string]: unknown;
  taskIds: string[];
  tasks: Task[];
  photoCount: number;
}

const SETTINGS = {
  /** xhey.md, "POST /v2/truth_build/create": fewer than 10 are recommended, at most 10 are sent. */
  batchSize: { type: 'number', default: 9, min: 1, max: 10, integer: true },
} as const satisfies SettingDefinitions;

/** Submits photos for verification, batch by batch. */
export const truthCreate: Action<CreateInput, typeof SETTINGS> = {
  provider: 'xhey',
  operation: 'truth-create',
  mayCost: true,
  fields: { photos: { value: 'payload', type: 'msg' } },
  settings: SETTINGS,

  parse({ photos }, { batchSize }) {
    const given = isObject(photos) ? photos.photoUrls : photos;
    const list = Array.isArray(given) ? given : [given ?? []].flat();
    if (list.length === 0) throw new VerifyError('INPUT', 'no-photos');
    return { photoUrls: list.map(photoUrl), batchSize };
  },

  async run(account, { photoUrls, batchSize }, context): Promise<Answer<CreateData>> {
    const place = account.transport.place();
    const tasks: Task[] = [];
    const answers: Envelope[] = [];
    try {
      for (let start = 0; start < photoUrls.length; start += batchSize) {
        const batch = photoUrls.slice(start, start + batchSize);
        try {
          const created = await create(account, batch, place, context);
          answers.push(created);
          const { taskIds } = created;
          const shared = taskIds.length > 1 ? { batch: taskIds[0]! } : {};
          for (const taskId of taskIds) tasks.push({ taskId, photoUrls: batch, ...shared });
        } catch (error) {
          throw withPhotos(error, tasks, batch, photoUrls.slice(start + batchSize));
        }
      }
    } finally {
      place.leave();
    }
    const { code, message } = answers.at(-1)!;
    return {
      outcome: 'submitted',
      reason: null,
      code,
      message,
      requestId: null,
      charged: null,
      data: { taskIds: tasks.map(({ taskId }) => taskId), tasks, photoCount: photoUrls.length },
      raw: answers.length === 1 ? answers[0]!.raw : answers.map(({ raw }) => raw),
    };
  },
};

/** CONTRACT, "Errors", `cause` of truth-create: a flow must be able to go on without paying for a photo twice. */
function withPhotos(error: unknown, submitted: Task[], batch: string[], rest: string[]): unknown {
  if (!(error instanceof VerifyError)) return error;
  const { details } = error;
  const taken = fateUnknown(error);
  details.submitted = submitted;
  details.uncertain = taken ? batch : [];
  details.notSubmitted = taken ? rest : [...batch, ...rest];
  if (submitted.length > 0) Object.assign(details, { charged: null, retryable: false });
  return error;
}

/** A batch was not taken where it was never sent, or where it was refused for what it was. */
function fateUnknown({ code, details }: VerifyError): boolean {
  if (details.charged === false || details.refused) return false;
  return ERRORS[code].mayBeTaken;
}

/** "Each URL must be downloadable by a plain GET without authentication": xhey.md, "POST /v2/truth_build/create". */
function photoUrl(value: unknown, index: number): string {
  const url = typeof value === 'string' ? value.trim() : '';
  const { protocol, username, password } = parseUrl(url) ?? { protocol: '', username: '', password: '' };
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new VerifyError('INPUT', 'not-a-url', { position: index + 1 });
  if (username || password) throw new VerifyError('INPUT', 'url-with-password', { position: index + 1 });
  return url;
}

/** Parsed once: `URL.canParse` would parse it a second time. */
function parseUrl(text: string): URL | null {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
