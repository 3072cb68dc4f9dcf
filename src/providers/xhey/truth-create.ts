import type { Action } from '../../contract/action';
import {
  type ErrorDetails,
  mayHaveBeenProcessed,
  type VerifyError,
  verifyErrorOf,
} from '../../contract/errors';
import type { Earlier, PaidKey, PaidResult, Payments } from '../../contract/payment';
import type { Answer } from '../../contract/result';
import type { SettingDefinitions } from '../../contract/settings';
import type { ClaimCall } from '../../contract/transport';
import { type GivenPhoto, type Reading, readPhotos } from '../../input/photos';
import { withoutSignature } from '../../input/presigned';
import { inTurns, type Sliced } from '../../input/slices';
import { create } from './client';
import { labelsOf, type MessagePhoto, MessagePhotos } from './message-photos';
import type { Created } from './response';
import { REUSE, reuseKey } from './reuse-key';

/** A task with the photos it was created for. */
export interface Task {
  taskId: string;
  photoUrls: string[];
  /** Names of the photos' files, in the same order, where any came with one. */
  names?: (string | null)[];
  /** Where one batch was answered with several tasks, which share its photos: the id of the first. */
  batch?: string;
  /** It was created for other photos than these, more of them or in another order; these are all that the message asked for. */
  partial?: true;
  /** ISO 8601: when this message was given it, where an earlier one had paid for it (`reuse`). */
  reusedAt?: string;
}

/** What is kept of a batch that was submitted under a message's `key`. */
interface EarlierBatch {
  /** The photos that were submitted, as `identityOf` names them. */
  photos: string[];
  tasks: Task[];
  code: string;
  message: string;
}

/** What is kept of a photo that was submitted, where `reuse` is set. */
interface EarlierPhoto {
  taskIds: string[];
  /** How many photos its tasks were created for, and which of them it was, from 0. */
  photos: number;
  position: number;
  /** The provider reports it under this address, where that is not the photo's own: the message had the photo itself, or the address was signed. */
  url?: string;
  code: string;
  message: string;
}

interface CreateInput {
  /** As they were given, one that was given twice too. */
  given: GivenPhoto[];
  batchSize: number;
  /** docs/contract.md, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

/** docs/contract.md, "Result", `data` of truth-create. */
export interface CreateData {
  [name: string]: unknown;
  taskIds: string[];
  tasks: Task[];
  /** As submitted, each address once. */
  photoCount: number;
  /** The provider's clock at the latest answer, ISO 8601; null where nothing was submitted now, or it did not say. */
  providerTime: string | null;
  repaired: string[];
}

const SETTINGS = {
  /** docs/providers/xhey.md, "POST /v2/truth_build/create": fewer than 10 are recommended, at most 10 are sent. */
  batchSize: { type: 'number', default: 9, min: 1, max: 10, integer: true },
} as const satisfies SettingDefinitions;

/** Submits photos for verification, batch by batch. */
export const truthCreate: Action<CreateInput, typeof SETTINGS> = {
  provider: 'xhey',
  operation: 'truth-create',
  mayCost: true,
  storesPhotos: true,
  fields: { photos: { value: 'payload', type: 'msg' } },
  settings: SETTINGS,

  parse({ photos }, { batchSize }, { now, environment, store = null }) {
    return inTurns(readInput(photos, batchSize, { now, environment, store }));
  },

  unsent: ({ given }) => ({ submitted: [], notSubmitted: labelsOf(given), uncertain: [] }),

  async run(account, { given, batchSize, repaired }, context): Promise<Answer<CreateData>> {
    const { environment } = account;
    const slot = account.transport.takeSlot();
    const photos = await MessagePhotos.of(given);
    const submission = new Submission(photos, context.now());
    /** Those that the provider may have taken. */
    const sent = new Set<MessagePhoto>();
    try {
      const { payments } = context;
      let open = await submission.withoutEarlier(photos.unique, payments);
      // All of them, before the first is paid for; with a key it is not known yet which were before.
      if (payments.key === null) {
        await photos.put(open, environment, context).catch((error) => {
          throw withPhotos(error, submission, [], photos.labels(open));
        });
      }
      const content = payments.key === null ? '' : contentOf(open);
      for (let index = 0; open.length > 0; index++) {
        const batch = open.slice(0, batchSize);
        const send = async (claim: ClaimCall) => {
          if (payments.key !== null) await photos.put(batch, environment, context);
          const claimBatch = async () => {
            await claim();
            for (const photo of batch) sent.add(photo);
          };
          const names = environment === 'sandbox' ? photos.sandboxNames(batch) : [];
          const urls = batch.map(({ url }) => url!);
          return create(account, urls, names, { slot, claim: claimBatch }, context);
        };
        try {
          const key = payments.keyOf(index, content);
          const done = key
            ? await submission.submitUnderKey(batch, open, key, send, payments)
            : await submission.submit(batch, send, payments);
          open = open.filter((photo) => !done.has(photo));
        } catch (reason) {
          const rest = open.slice(batchSize);
          const error = withPhotos(reason, submission, photos.labels(batch), photos.labels(rest));
          if (submission.isPaid) error.details.again = payments.key === null ? 'rest' : 'with-key';
          if (error.details.uncertain?.length === 0) for (const photo of batch) sent.delete(photo);
          throw error;
        }
      }
    } finally {
      slot.release();
      photos.discardBut(sent);
    }
    const { tasks, providerTime, raw } = submission;
    return {
      outcome: 'submitted',
      reason: null,
      requestId: null,
      ...submission.summary(),
      data: {
        taskIds: tasks.map(({ taskId }) => taskId),
        tasks,
        photoCount: photos.unique.length,
        providerTime,
        repaired,
      },
      raw: raw.length === 1 ? raw[0] : raw,
    };
  },
};

/** What becomes of the photos of one message, with what was paid for before: docs/contract.md, "Ledger", `key` and `reuse`. */
class Submission {
  readonly tasks: Task[] = [];
  readonly raw: unknown[] = [];
  providerTime: string | null = null;
  /** Whether anything was paid for now. */
  isPaid = false;
  readonly #photos: MessagePhotos;
  readonly #now: number;
  #code = '';
  #message = '';
  /** Id of the latest entry. */
  ledger: string | null = null;
  #earlier: Earlier<unknown> | null = null;

  /** @param now Unix time in milliseconds */
  constructor(photos: MessagePhotos, now: number) {
    this.#photos = photos;
    this.#now = now;
  }

  /** @returns those that are still to be submitted */
  async withoutEarlier(photos: readonly MessagePhoto[], payments: Payments): Promise<MessagePhoto[]> {
    if (payments.key !== null || !payments.reuses) return [...photos];
    const done = this.#takeEarlier(photos, await payments.look<EarlierPhoto>(photos.map(reuseKeyOf)));
    return photos.filter((photo) => !done.has(photo));
  }

  /** @returns those that need not be submitted any more: the batch, or some of it that turned out to have been before */
  async submit(
    batch: readonly MessagePhoto[],
    send: (claim: ClaimCall) => Promise<Created>,
    payments: Payments,
  ): Promise<ReadonlySet<MessagePhoto>> {
    const reused = payments.reuses ? batch : [];
    const answers = ({ taskIds, code, message }: Created) =>
      new Map(
        reused.map((photo, position): [string, EarlierPhoto] => [
          reuseKeyOf(photo).key,
          {
            ...{ taskIds, photos: batch.length, position, code, message },
            ...(keyTellsAddress(photo) ? {} : { url: photo.url! }),
          },
        ]),
      );
    const keys = reused.map(reuseKeyOf);
    const paid = await payments.pay<Created, EarlierPhoto>({ keys, send, result: paidResult, answers });
    if ('known' in paid) return this.#takeEarlier(batch, paid.known);
    this.#takePaid(batch, paid);
    return new Set(batch);
  }

  /**
   * @param key of the batch: the message's, with the photos of all of it
   * @returns as `submit`; the earlier batch under the key may have had other photos of the message
   */
  async submitUnderKey(
    batch: readonly MessagePhoto[],
    open: readonly MessagePhoto[],
    key: PaidKey,
    send: (claim: ClaimCall) => Promise<Created>,
    payments: Payments,
  ): Promise<ReadonlySet<MessagePhoto>> {
    const answers = ({ taskIds, code, message }: Created) => {
      const photos = batch.map(identityOf);
      return new Map([[key.key, { photos, tasks: this.#tasksOf(batch, taskIds), code, message }]]);
    };
    const paid = await payments.pay<Created, EarlierBatch>({
      keys: [key],
      send,
      result: paidResult,
      answers,
    });
    if ('value' in paid) {
      this.#takePaid(batch, paid);
      return new Set(batch);
    }
    const earlier = paid.known.get(key.key)!;
    this.#earlier ??= earlier;
    this.#take(earlier.answer.tasks, earlier.answer, this.ledger);
    const submitted = new Set(earlier.answer.photos);
    return new Set(open.filter((photo) => submitted.has(identityOf(photo))));
  }

  /** Of the whole: what was paid for before costs nothing now. */
  summary(): Pick<Answer, 'code' | 'message' | 'charged' | 'ledger' | 'reused'> {
    const isAllEarlier = this.ledger === null && this.#earlier !== null;
    const { at, ledger } = this.#earlier ?? { at: '', ledger: '' };
    return {
      code: this.#code,
      message: this.#message,
      charged: isAllEarlier ? false : null,
      ledger: this.ledger,
      reused: isAllEarlier ? { at, ledger } : null,
    };
  }

  #takePaid(batch: readonly MessagePhoto[], paid: { value: Created; ledger: string | null }): void {
    this.isPaid = true;
    this.providerTime = paid.value.providerTime;
    this.#take(this.#tasksOf(batch, paid.value.taskIds), paid.value, paid.ledger);
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
    this.ledger = ledger;
  }

  #tasksOf(photos: readonly MessagePhoto[], taskIds: readonly string[]): Task[] {
    const shared = taskIds.length > 1 ? { batch: taskIds[0]! } : {};
    return taskIds.map((taskId) => ({ taskId, ...this.#photos.addressed(photos), ...shared }));
  }

  /** @returns those that were submitted before */
  #takeEarlier(
    photos: readonly MessagePhoto[],
    earlier: ReadonlyMap<string, Earlier<EarlierPhoto>>,
  ): ReadonlySet<MessagePhoto> {
    const found = photos.flatMap((photo) => {
      const known = earlier.get(reuseKeyOf(photo).key);
      return known ? [{ photo, known }] : [];
    });
    this.#earlier ??= found[0]?.known ?? null;
    for (const { photo, known } of found) photo.url = known.answer.url ?? photo.url;
    for (const group of Map.groupBy(found, ({ known }) => known.ledger).values()) {
      const { answer } = group[0]!.known;
      const isWhole =
        group.length === answer.photos && group.every(({ known }, index) => known.answer.position === index);
      const members = group.map(({ photo }) => photo);
      const tasks = this.#tasksOf(members, answer.taskIds).map((task) => ({
        ...task,
        ...(isWhole ? {} : { partial: true as const }),
        reusedAt: new Date(this.#now).toISOString(),
      }));
      this.#take(tasks, answer, this.ledger);
    }
    return new Set(found.map(({ photo }) => photo));
  }
}

function paidResult({ code }: Created): PaidResult {
  return { outcome: 'submitted', reason: null, code, requestId: null, orderNo: null, charged: null };
}

/** An object keeps its identity although its address is signed again for each message. */
function identityOf({ identity }: MessagePhoto): string {
  return withoutSignature(identity);
}

/** Identifies the photos of a message, in whatever order. */
function contentOf(photos: readonly MessagePhoto[]): string {
  return [...new Set(photos.map(identityOf))].sort().join('\n');
}

/** The key alone identifies the photo; one that was stored for the provider has a second name, under which it is reported. */
function reuseKeyOf(photo: MessagePhoto): PaidKey {
  const alias = photo.inHand && photo.url !== null ? { alias: reuseKey(photo.url) } : {};
  return { key: `${REUSE}${identityOf(photo)}`, content: '', ...alias };
}

function keyTellsAddress(photo: MessagePhoto): boolean {
  return identityOf(photo) === photo.url;
}

/** docs/contract.md, "Errors", `cause` of truth-create: a flow must be able to go on without paying for a photo twice. */
function withPhotos(
  reason: unknown,
  { tasks, isPaid, ledger }: Submission,
  batch: string[],
  rest: string[],
): VerifyError {
  const error = verifyErrorOf(reason);
  if (error !== reason) error.cause = reason;
  const mayBeTasks = mayHaveBeenProcessed(error);
  const photos: ErrorDetails = {
    submitted: tasks,
    uncertain: mayBeTasks ? batch : [],
    notSubmitted: mayBeTasks ? rest : [...batch, ...rest],
  };
  Object.assign(error.details, photos, isPaid ? { charged: null, retryable: false } : {});
  // A batch that was refused before it was written down has no entry; the one before it has.
  error.details.ledger ??= ledger;
  return error;
}

function* readInput(
  photos: unknown,
  batchSize: number,
  arrival: Pick<Reading, 'now' | 'environment' | 'store'>,
): Sliced<CreateInput> {
  const repaired = new Set<string>();
  const given = yield* readPhotos(photos, { field: 'photos', ...arrival, repaired });
  return { given, batchSize, repaired: [...repaired] };
}
