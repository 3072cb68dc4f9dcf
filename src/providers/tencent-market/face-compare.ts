import type { Action, SettingDefinitions } from '../../action';
import { readIdNumber } from '../../input/id-number';
import { readName } from '../../input/name';
import { photoDigest, readPhoto } from '../../input/photo';
import { isAddress, readPhotoUrl } from '../../input/photo-url';
import type { Answer } from '../../result';
import { type Bands, bandsOf, DOCUMENTED, USUAL_BANDS } from './bands';
import { compare } from './client';
import type { Person } from './form';
import { chargedFor, verdictOf } from './incorrect';

interface CompareInput extends Person {
  maxPhotoMB: number;
  bands: Bands;
  /** CONTRACT, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

/** CONTRACT, "Result", `data` of face-compare. */
export interface CompareData extends Bands {
  [name: string]: unknown;
  score: number | null;
  incorrect: number;
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
} as const satisfies SettingDefinitions;

/** Compares a face with the photo the register has for a name and an id number. */
export const faceCompare: Action<CompareInput, typeof SETTINGS> = {
  provider: 'tencent-market',
  operation: 'face-compare',
  mayCost: true,
  fields: {
    personName: { value: 'payload.name', type: 'msg' },
    idNumber: { value: 'payload.idNumber', type: 'msg' },
    photo: { value: 'payload.photo', type: 'msg' },
  },
  settings: SETTINGS,

  parse({ personName, idNumber, photo }, { maxPhotoMB, ...given }, { now, environment }) {
    const changed = new Set<string>();
    return {
      bands: bandsOf(given),
      name: readName(personName, 'personName', environment, changed),
      idNumber: readIdNumber(idNumber, 'idNumber', now, changed),
      photo: isAddress(photo)
        ? { url: readPhotoUrl(photo, 'photo', environment, changed) }
        : readPhoto(photo, 'photo', maxPhotoMB, changed),
      maxPhotoMB,
      repaired: [...changed],
    };
  },

  async run(account, { bands, repaired, maxPhotoMB, ...person }, context): Promise<Answer<CompareData>> {
    const place = account.transport.place();
    const send = async (): Promise<Answer<CompareData>> => {
      const found = await compare(account, person, maxPhotoMB, place, context);
      const { incorrect, score, orderNo, code, message, requestId, raw } = found;
      return {
        ...verdictOf(incorrect, score, bands),
        ...{ code, message, requestId, raw },
        charged: chargedFor(incorrect),
        data: { score, incorrect, orderNo, ...bands, repaired },
      };
    };
    const { name, idNumber, photo } = person;
    const same = () => `${name} ${idNumber} ${'url' in photo ? photo.url : photoDigest(photo)}`;
    try {
      return await context.payments.payOnce(same, send, ({ orderNo }) => orderNo);
    } finally {
      place.leave();
    }
  },
};
