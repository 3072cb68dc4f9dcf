import type { Action, Earlier, Payments, SettingDefinitions } from '../../action';
import { ERRORS, type ErrorDetails, VerifyError } from '../../errors';
import { readPhotoUrls } from '../../input/photo-url';
import type { Answer } from '../../result';
import { create } from './client';
import type { Created } from './response';

/** A task with the photos it was created for. */
export interface Task {
  taskId: string;
  photoUrls: string[];
  /** Where one batch was answered with several tasks, which share its photos: the id of the first. */
  batch?: string;
  /** It was created for more photos than these, which are all that the message asked for. */
  partial?: true;
}

/** What is kept of a batch that was submitted under a message's `key`. */
interface EarlierBatch {
  tasks: Task[];
  code: string;
  message: string;
}

/** What is kept of a photo that was submitted, where `reuse` is set. */
interface EarlierPhoto {
  taskIds: string[];
  /** How many photos its tasks were created for. */
  photos: number;
  code: string;
  message: string;
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
    const addresses = [...new Set(photoUrls)];
    const submission = new Submission(photoUrls);
    try {
      const open = await submission.withoutEarlier(addresses, context.payments);
      for (let index = 0; open.length > 0; index++) {
        const batch = open.splice(0, batchSize);
        try {
          const send = () => create(account, batch, place, context);
          open.unshift(...(await submission.submit(batch, index, send, context.payments)));
        } catch (error) {
          throw withPhotos(error, submission.tasks, asGiven(photoUrls, batch), asGiven(photoUrls, open));
        }
      }
    } finally {
      place.leave();
    }
    const { tasks, raw } = submission;
    return {
      outcome: 'submitted',
      reason: null,
      requestId: null,
      ...submission.told(),
      data: {
        taskIds: tasks.map(({ taskId }) => taskId),
        tasks,
        photoCount: addresses.length,
        repaired,
      },
      raw: raw.length === 1 ? raw[0] : raw,
    };
  },
};

/** What becomes of the photos of one message, with what was paid for before: CONTRACT, "Ledger", `key` and `reuse`. */
class Submission {
  readonly tasks: Task[] = [];
  readonly raw: unknown[] = [];
  readonly #photoUrls: readonly string[];
  #code = '';
  #message = '';
  #ledger: string | null = null;
  #earlier: Earlier<unknown> | null = null;

  constructor(photoUrls: readonly string[]) {
    this.#photoUrls = photoUrls;
  }

  /** @returns the addresses that are still to be submitted */
  async withoutEarlier(addresses: readonly string[], payments: Payments): Promise<string[]> {
    if (payments.key !== null || !payments.reuses) return [...addresses];
    const earlier = await payments.look<EarlierPhoto>(addresses.map(photoKey));
    return this.#takeEarlier(addresses, earlier);
  }

  /** @returns those of the batch that were not submitted, because others of it turned out to have been before */
  async submit(
    batch: readonly string[],
    index: number,
    send: () => Promise<Created>,
    payments: Payments,
  ): Promise<string[]> {
    const ended = ({ code }: Created) => ({
      ...{ outcome: 'submitted' as const, reason: null, code, requestId: null, orderNo: null, charged: null },
    });
    const key = payments.keyOf(index);
    if (key === null) {
      const keys = payments.reuses ? batch.map(photoKey) : [];
      const answers = ({ taskIds, code, message }: Created) => {
        const earlier: EarlierPhoto = { taskIds, photos: batch.length, code, message };
        return new Map(keys.map((key) => [key, earlier]));
      };
      const paid = await payments.pay<Created, EarlierPhoto>({ keys, send, ended, answers });
      if ('known' in paid) return this.#takeEarlier(batch, paid.known);
      this.#take(this.#tasksOf(batch, paid.value.taskIds), paid.value, paid.ledger);
      return [];
    }
    const answers = ({ taskIds, code, message }: Created) =>
      new Map([[key, { tasks: this.#tasksOf(batch, taskIds), code, message }]]);
    const paid = await payments.pay<Created, EarlierBatch>({ keys: [key], send, ended, answers });
    if ('value' in paid) this.#take(this.#tasksOf(batch, paid.value.taskIds), paid.value, paid.ledger);
    else {
      const earlier = paid.known.get(key)!;
      this.#earlier ??= earlier;
      this.#take(earlier.answer.tasks, earlier.answer, this.#ledger);
    }
    return [];
  }

  /** Of the whole: what was paid for before costs nothing now. */
  told(): Pick<Answer, 'code' | 'message' | 'charged' | 'ledger' | 'reused'> {
    const isAllEarlier = this.#ledger === null && this.#earlier !== null;
    const { at, ledger } = this.#earlier ?? { at: '', ledger: '' };
    return {
      code: this.#code,
      message: this.#message,
      charged: isAllEarlier ? false : null,
      ledger: this.#ledger,
      reused: isAllEarlier ? { at, ledger } : null,
    };
  }

  #take(
    tasks: readonly Task[],
    { code, message, raw }: { code: string; message: string; raw?: unknown },
    ledger: string | null,
  ): void {
    this.tasks.push(...tasks);
    if (raw !== undefined) this.raw.push(raw);
    this.#code = code;
    this.#message = message;
    this.#ledger = ledger;
  }

  #tasksOf(addresses: readonly string[], taskIds: readonly string[]): Task[] {
    const shared = taskIds.length > 1 ? { batch: taskIds[0]! } : {};
    return taskIds.map((taskId) => ({ taskId, photoUrls: asGiven(this.#photoUrls, addresses), ...shared }));
  }

  /** @returns those that were not submitted before */
  #takeEarlier(addresses: readonly string[], earlier: ReadonlyMap<string, Earlier<EarlierPhoto>>): string[] {
    const byEntry = new Map<string, { urls: string[]; photo: EarlierPhoto }>();
    for (const url of addresses) {
      const found = earlier.get(photoKey(url));
      if (!found) continue;
      this.#earlier ??= found;
      const group = byEntry.get(found.ledger) ?? { urls: [], photo: found.answer };
      group.urls.push(url);
      byEntry.set(found.ledger, group);
    }
    for (const { urls, photo } of byEntry.values()) {
      const partial = urls.length < photo.photos ? { partial: true as const } : {};
      const tasks = this.#tasksOf(urls, photo.taskIds).map((task) => ({ ...task, ...partial }));
      this.#take(tasks, photo, this.#ledger);
    }
    return addresses.filter((url) => !earlier.has(photoKey(url)));
  }
}

function photoKey(url: string): string {
  return `truth-create photo ${url}`;
}

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
