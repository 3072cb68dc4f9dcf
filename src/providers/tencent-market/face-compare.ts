import type { Action, Arrival } from '../../contract/action';
import type { Answer } from '../../contract/result';
import type { SettingDefinitions, Settings } from '../../contract/settings';
import { readIdNumber } from '../../input/id-number';
import { readName } from '../../input/name';
import { photoDigest } from '../../input/photo';
import { isAddress, LONGEST_URL, readPhotoUrl } from '../../input/photo-url';
import { withoutSignature } from '../../input/presigned';
import { inTurns, type Sliced } from '../../input/slices';
import { textInBytes } from '../../input/text-in-bytes';
import { checkSharp } from '../../photos/fit';
import { type FitSettings, fitSettings, fitted, readPhotoToFit } from '../../photos/photo-to-fit';
import { type Bands, bandsOf, DOCUMENTED, USUAL_BANDS } from './bands';
import { compare } from './client';
import type { Person } from './form';
import { chargedFor, identityConfirmedBy, isForPhoto, verdictOf } from './incorrect';
import type { Comparison } from './response';

interface CompareInput extends Person {
  fitting: FitSettings;
  bands: Bands;
  /** docs/contract.md, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

/** docs/contract.md, "Result", `data` of face-compare. */
export interface CompareData extends Bands {
  [name: string]: unknown;
  score: number | null;
  incorrect: number;
  identityConfirmed: boolean | null;
  orderNo: string | null;
  repaired: string[];
}

const SETTINGS = {
  /** Both bounds at most the scale, which `bandsOf` sees to. */
  sameFrom: { type: 'number', default: DOCUMENTED.sameFrom, min: 0, max: 1000 },
  differentBelow: { type: 'number', default: DOCUMENTED.differentBelow, min: 0, max: 1000 },
  scoreScale: {
    type: 'number',
    default: DOCUMENTED.scoreScale,
    choices: USUAL_BANDS.map(({ scoreScale }) => scoreScale),
  },
  maxPhotoMB: { type: 'number', default: 8, min: 0.01 },
  // docs/providers/tencent-market.md, the last paragraph: what a sister product takes.
  ...fitSettings(500),
} as const satisfies SettingDefinitions;

/** Compares a face with the photo the register has for a name and an id number. */
export const faceCompare: Action<CompareInput, typeof SETTINGS> = {
  provider: 'tencent-market',
  operation: 'face-compare',
  mayCost: true,
  isAboutPerson: true,
  fields: {
    personName: { value: 'payload.name', type: 'msg' },
    idNumber: { value: 'payload.idNumber', type: 'msg' },
    photo: { value: 'payload.photo', type: 'msg' },
  },
  settings: SETTINGS,

  parse: (...given) => inTurns(readInput(...given)),

  persons: ({ name, idNumber }) => [{ name, idNumber }],

  async run(account, { bands, repaired, fitting, ...person }, context): Promise<Answer<CompareData>> {
    const slot = account.transport.takeSlot();
    const { name, idNumber, photo: given } = person;
    const judge = (found: Omit<Comparison, 'raw'>): Answer<CompareData> => {
      const { incorrect, score, orderNo, code, message, requestId } = found;
      return {
        ...verdictOf(incorrect, score, bands),
        code,
        message,
        requestId,
        charged: chargedFor(incorrect),
        data: {
          score,
          incorrect,
          identityConfirmed: identityConfirmedBy(incorrect),
          orderNo,
          ...bands,
          repaired,
        },
      };
    };
    const photoContent = () => ('url' in given ? withoutSignature(given.url) : photoDigest(given));
    try {
      const photo = 'url' in given ? given : await fitted(given, fitting, context.closing);
      return await context.payments.payOnce({
        content: () => [name, idNumber, photoContent()].join('\n'),
        send: (claim) =>
          compare(account, { name, idNumber, photo }, fitting.maxPhotoMB, { slot, claim }, context),
        judge,
        orderNo: ({ orderNo }) => orderNo,
        isForPhoto: ({ incorrect }) => isForPhoto(incorrect),
        mayChange: 'url' in given,
      });
    } finally {
      slot.release();
    }
  },
};

function* readInput(
  { personName, idNumber, photo }: Record<string, unknown>,
  settings: Settings<typeof SETTINGS>,
  { now, environment }: Arrival,
): Sliced<CompareInput> {
  if (settings.fit) checkSharp();
  const changed = new Set<string>();
  const address = textInBytes(photo, LONGEST_URL);
  return {
    bands: bandsOf(settings),
    name: readName(personName, 'personName', environment, changed),
    idNumber: readIdNumber(idNumber, 'idNumber', now, changed),
    photo: isAddress(address)
      ? { url: readPhotoUrl(address, { field: 'photo', environment, now, repaired: changed }) }
      : yield* readPhotoToFit(photo, 'photo', settings, changed),
    fitting: settings,
    repaired: [...changed],
  };
}
