/** What a provider's half of the node `provider-request` is, and what all of them share: docs/contract.md, "Action nodes". */
import type { Account } from './account';
import type { Action, Arrival, Context, PersonSent } from './action';
import { VerifyError } from './errors';
import type { Answer } from './result';
import type { FieldDefinition, SettingDefinitions, Settings } from './settings';
import { type ClaimCall, inSlot, type QueueSlot } from './transport';

/** Of all providers; each takes some of them. */
export const FIELDS = {
  path: { value: '', type: 'str' },
  apiCode: { value: '', type: 'str' },
  query: { value: '', type: 'str', json: true },
  body: { value: 'payload', type: 'msg', json: true },
  extra: { value: '', type: 'str', json: true },
} as const satisfies Readonly<Record<string, FieldDefinition>>;

export const SETTINGS = {
  /** Names of the fields that are encrypted, where a provider takes them so; empty: all that it takes so. */
  encrypt: { type: 'string', default: '' },
  /** false: a call costs nothing, and is repeated. */
  paid: { type: 'boolean', default: true },
} as const satisfies SettingDefinitions;

type RequestField = keyof typeof FIELDS;
/** Those of the form that not every provider has. */
type ProviderField = Exclude<RequestField, 'body'> | 'encrypt';

/** What came of a request. */
export interface RequestAnswer {
  code: string;
  /** The provider's own words, masked. */
  message: string;
  requestId: string | null;
  orderNo: string | null;
  charged: boolean | null;
  result: unknown;
  /** The whole answer, parsed. */
  raw: unknown;
}

/** How a request is sent: what costs is claimed, what is free is repeated. */
export interface RequestTurn {
  slot: QueueSlot;
  claim: ClaimCall | null;
  repeat: boolean;
}

/** What of a provider's half the node's form shows. */
interface RequestForm {
  takes: Readonly<Partial<Record<ProviderField, 'needed' | 'optional'>>>;
  /** What is known of the provider's paths and codes: its words stand in the catalogue of the account, under `known`. */
  known: Readonly<Partial<Record<ProviderField, readonly string[]>>>;
}

/** One provider's half. */
interface RequestHalf<Input> extends RequestForm {
  provider: string;
  /**
   * @param fields as the message has them
   * @param encrypt of the node
   * @param repaired gets the names of the fields that were changed
   * @throws VerifyError INPUT
   */
  parse(fields: Record<RequestField, unknown>, encrypt: string, repaired: Set<string>): Input;
  /** @returns who seems to be meant: nobody described the fields */
  persons(input: Input): readonly PersonSent[];
  /** @returns what tells one request from another, in whatever order its properties are */
  content(input: Input): string;
  /**
   * @returns sends it
   * @throws VerifyError CONFIG where it would go to another host than the account's
   */
  prepare(account: Account, input: Input, context: Context): (turn: RequestTurn) => Promise<RequestAnswer>;
}

/** docs/contract.md, "Result", `data` of provider-request. */
export interface RequestData {
  [name: string]: unknown;
  result: unknown;
  repaired: string[];
}

interface RequestInput<Input> {
  input: Input;
  isPaid: boolean;
  repaired: string[];
}

export type RequestAction<Input = unknown> = Action<RequestInput<Input>, typeof SETTINGS> & {
  form: RequestForm;
};

/** What the node is, whichever account it has. */
export const PROVIDER_REQUEST = {
  provider: null,
  operation: 'provider-request',
  mayCost: true,
  isAboutPerson: true,
  isFree: ({ paid }: { paid: boolean }) => !paid,
  fields: FIELDS,
  settings: SETTINGS,
} as const;

/**
 * @param half of a provider
 * @returns its action
 */
export function requestAction<Input>(half: RequestHalf<Input>): RequestAction<Input> {
  return {
    ...PROVIDER_REQUEST,
    provider: half.provider,
    form: { takes: half.takes, known: half.known },

    parse(
      fields: Record<string, unknown>,
      { encrypt, paid }: Settings<typeof SETTINGS>,
      _arrival: Arrival,
    ): RequestInput<Input> {
      for (const field of ['path', 'apiCode', 'query', 'extra'] as const) {
        if (!half.takes[field] && !isEmpty(fields[field]))
          throw new VerifyError('INPUT', 'field-not-taken', { field });
      }
      const repaired = new Set<string>();
      const input = half.parse(fields as Record<RequestField, unknown>, encrypt, repaired);
      return { input, isPaid: paid, repaired: [...repaired] };
    },

    persons: ({ input }) => half.persons(input),

    async run(account, { input, isPaid, repaired }, context): Promise<Answer<RequestData>> {
      const send = half.prepare(account, input, context);
      const judge = (found: Omit<RequestAnswer, 'raw'>): Answer<RequestData> => {
        const { code, message, requestId, charged, result } = found;
        const data = { result, repaired };
        return { outcome: 'answered', reason: null, code, message, requestId, charged, data };
      };
      return inSlot(account.transport, async (slot) => {
        if (!isPaid) {
          const { raw, ...found } = await send({ slot, claim: null, repeat: true });
          return { ...judge(found), raw };
        }
        return context.payments.payOnce({
          content: () => half.content(input),
          send: (claim) => send({ slot, claim, repeat: false }),
          judge,
          orderNo: ({ orderNo }) => orderNo,
          // Nobody knows which of its fields is a photo.
          isForPhoto: () => false,
          mayChange: false,
        });
      });
    },
  };
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}
