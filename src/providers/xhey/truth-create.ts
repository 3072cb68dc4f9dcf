import type { Action, SettingDefinitions } from '../../action';
import { ERRORS, type ErrorDetails, VerifyError } from '../../errors';
import { readPhotoUrls } from '../../input/photo-url';
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
  /** As they were given, one that was given twice too. */
  photoUrls: string[];
  batchSize: number;
  /** CONTRACT, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

/** CONTRACT, "Result", `data` of truth-create. */
export interface CreateData {
  [name: string]: unknown;
  taskIds: string[];
  tasks: Task[];
  /** As submitted, each address once. */
  photoCount: number;
  repaired: string[];
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

  parse({ photos }, { batchSize }, { environment }) {
    const changed = new Set<string>();
    const photoUrls = readPhotoUrls(photos, 'photos', environment, changed);
    return { photoUrls, batchSize, repaired: [...changed] };
  },

  unsent: ({ photoUrls }) => ({ submitted: [], notSubmitted: photoUrls, uncertain: [] }),

  async run(account, { photoUrls, batchSize, repaired }, context): Promise<Answer<CreateData>> {
    const place = account.transport.place();
    const tasks: Task[] = [];
    const answers: Envelope[] = [];
    const addresses = [...new Set(photoUrls)];
    try {
      for (let start = 0; start < addresses.length; start += batchSize) {
        const batch = addresses.slice(start, start + batchSize);
        const given = asGiven(photoUrls, batch);
        try {
          const created = await create(account, batch, place, context);
          answers.push(created);
          const { taskIds } = created;
          const shared = taskIds.length > 1 ? { batch: taskIds[0]! } : {};
          for (const taskId of taskIds) tasks.push({ taskId, photoUrls: given, ...shared });
        } catch (error) {
          throw withPhotos(error, tasks, given, asGiven(photoUrls, addresses.slice(start + batchSize)));
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
      data: {
        taskIds: tasks.map(({ taskId }) => taskId),
        tasks,
        photoCount: addresses.length,
        repaired,
      },
      raw: answers.length === 1 ? answers[0]!.raw : answers.map(({ raw }) => raw),
    };
  },
};

/** An address that was given twice is submitted once, and reported twice. */
function asGiven(photoUrls: readonly string[], addresses: readonly string[]): string[] {
  const wanted = new Set(addresses);
  return photoUrls.filter((url) => wanted.has(url));
}

/** CONTRACT, "Errors", `cause` of truth-create: a flow must be able to go on without paying for a photo twice. */
function withPhotos(reason: unknown, submitted: Task[], batch: string[], rest: string[]): VerifyError {
  const error = reason instanceof VerifyError ? reason : new VerifyError('PROTOCOL', 'internal');
  if (error !== reason) error.cause = reason;
  const taken = fateUnknown(error);
  const photos: ErrorDetails = {
    submitted,
    uncertain: taken ? batch : [],
    notSubmitted: taken ? rest : [...batch, ...rest],
  };
  Object.assign(error.details, photos, submitted.length > 0 ? { charged: null, retryable: false } : {});
  return error;
}

/** A batch was not taken where it was never sent, or where it was refused for what it was. */
function fateUnknown({ code, details }: VerifyError): boolean {
  if (details.charged === false || details.refused) return false;
  return ERRORS[code].mayBeTaken;
}
