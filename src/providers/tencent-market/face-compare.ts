import type { Action, Arrival } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Answer } from '../../contract/result';
import type { SettingDefinitions, Settings } from '../../contract/settings';
import { inSlot } from '../../contract/transport';
import { readIdNumber } from '../../input/id-number';
import { readName } from '../../input/name';
import { addressIn, photoDigest } from '../../input/photo';
import { readPhotoUrl } from '../../input/photo-url';
import { withoutSignature } from '../../input/presigned';
import { inTurns, type Sliced } from '../../input/slices';
import { checkSharp } from '../../photos/fit';
import { type FitSettings, fitSettings, fitted, readPhotoToFit } from '../../photos/photo-to-fit';
import { compare, type Person } from './client';
import { type Bands, DOCUMENTED, INCORRECT, verdictOf } from './codes';
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

/** The same in per cent, and the bounds of the edition that scores up to 1000: a bound that is not given is that of the scale. */
export const USUAL_BANDS: readonly Bands[] = [
  DOCUMENTED,
  { scoreScale: 100, sameFrom: 45, differentBelow: 40 },
  { scoreScale: 1000, sameFrom: 700, differentBelow: 600 },
];

const usual = (scoreScale: unknown) => USUAL_BANDS.find((bands) => bands.scoreScale === scoreScale)!;

const SETTINGS = {
  scoreScale: {
    type: 'number',
    default: DOCUMENTED.scoreScale,
    choices: USUAL_BANDS.map(({ scoreScale }) => scoreScale),
  },
  /** Both bounds at most the scale, which `bandsOf` sees to. */
  sameFrom: {
    type: 'number',
    default: DOCUMENTED.sameFrom,
    defaultOf: ({ scoreScale }) => usual(scoreScale).sameFrom,
    min: 0,
    max: 1000,
  },
  differentBelow: {
    type: 'number',
    default: DOCUMENTED.differentBelow,
    defaultOf: ({ scoreScale }) => usual(scoreScale).differentBelow,
    min: 0,
    max: 1000,
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
    const { name, idNumber, photo: given } = person;
    const judge = (found: Omit<Comparison, 'raw'>): Answer<CompareData> => {
      const { incorrect, score, orderNo, code, message, requestId } = found;
      const { charged = null, identityConfirmed = null } = INCORRECT.get(String(incorrect)) ?? {};
      const data = { score, incorrect, identityConfirmed, orderNo, ...bands, repaired };
      return { ...verdictOf(incorrect, score, bands), code, message, requestId, charged, data };
    };
    const photoContent = () => ('url' in given ? withoutSignature(given.url) : photoDigest(given));
    return inSlot(account.transport, async (slot) => {
      const photo = 'url' in given ? given : await fitted(given, fitting, context.closing);
      return context.payments.payOnce({
        content: () => [name, idNumber, photoContent()].join('\n'),
        send: (claim) =>
          compare(account, { name, idNumber, photo }, fitting.maxPhotoMB, { slot, claim }, context),
        judge,
        orderNo: ({ orderNo }) => orderNo,
        isForPhoto: ({ incorrect }) => INCORRECT.get(String(incorrect))?.isForPhoto === true,
        mayChange: 'url' in given,
      });
    });
  },
};

function* readInput(
  { personName, idNumber, photo }: Record<string, unknown>,
  settings: Settings<typeof SETTINGS>,
  { now, environment }: Arrival,
): Sliced<CompareInput> {
  if (settings.fit) checkSharp();
  const changed = new Set<string>();
  const address = addressIn(photo);
  return {
    bands: bandsOf(settings),
    name: readName(personName, 'personName', environment, changed),
    idNumber: readIdNumber(idNumber, 'idNumber', now, changed),
    photo:
      address === null
        ? yield* readPhotoToFit(photo, 'photo', settings, changed)
        : { url: readPhotoUrl(address, { field: 'photo', environment, now, repaired: changed }) },
    fitting: settings,
    repaired: [...changed],
  };
}

/**
 * @param given of the node; 0.45 and 0.4 on a larger scale were left as they came, and are the usual bounds of the scale
 * @throws VerifyError CONFIG where a bound is in another unit than the scale, or both overlap
 */
function bandsOf(given: Bands): Bands {
  const { scoreScale } = given;
  const bound = (name: 'sameFrom' | 'differentBelow') => {
    const value = given[name] === DOCUMENTED[name] ? usual(scoreScale)[name] : given[name];
    // From 0.6 on a scale of 100 nearly everybody would be the same person.
    const isForeign = value > scoreScale || (scoreScale > 1 && value > 0 && value <= 1);
    if (isForeign) throw new VerifyError('CONFIG', 'bound-off-scale', { name, value, scoreScale });
    return value;
  };
  const [sameFrom, differentBelow] = [bound('sameFrom'), bound('differentBelow')];
  if (differentBelow > sameFrom)
    throw new VerifyError('CONFIG', 'bounds-crossed', { sameFrom, differentBelow });
  return { sameFrom, differentBelow, scoreScale };
}
