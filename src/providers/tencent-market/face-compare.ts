import type { Action, SettingDefinitions } from '../../action';
import { VerifyError } from '../../errors';
import { readIdNumber } from '../../input/id-number';
import { readName } from '../../input/name';
import { readPhoto } from '../../input/photo';
import { isAddress, readPhotoUrl } from '../../input/photo-url';
import type { Answer } from '../../result';
import { compare } from './client';
import type { Person } from './form';
import { type Bands, verdictOf } from './incorrect';

interface CompareInput extends Person {
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
  /** tencent-market.md, "The product's answer": both bounds of the bands. */
  sameFrom: { type: 'number', default: 0.45, min: 0, max: 1 },
  differentBelow: { type: 'number', default: 0.4, min: 0, max: 1 },
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

  parse({ personName, idNumber, photo }, { sameFrom, differentBelow, maxPhotoMB }, { now, environment }) {
    if (differentBelow > sameFrom)
      throw new VerifyError('CONFIG', 'bounds-crossed', { sameFrom, differentBelow });
    const changed = new Set<string>();
    return {
      name: readName(personName, 'personName', environment, changed),
      idNumber: readIdNumber(idNumber, 'idNumber', now, changed),
      photo: isAddress(photo)
        ? { url: readPhotoUrl(photo, 'photo', environment, changed) }
        : readPhoto(photo, 'photo', maxPhotoMB, changed),
      bands: { sameFrom, differentBelow },
      repaired: [...changed],
    };
  },

  async run(account, { bands, repaired, ...person }, context): Promise<Answer<CompareData>> {
    const place = account.transport.place();
    try {
      const { incorrect, score, orderNo, code, message, requestId, raw } = await compare(
        account,
        person,
        place,
        context,
      );
      return {
        ...verdictOf(incorrect, score, bands),
        ...{ code, message, requestId, raw },
        charged: null,
        data: { score, incorrect, orderNo, ...bands, repaired },
      };
    } finally {
      place.leave();
    }
  },
};
