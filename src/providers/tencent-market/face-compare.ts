import type { Action, SettingDefinitions } from '../../action';
import { VerifyError } from '../../errors';
import { readIdNumber } from '../../input/id-number';
import { readPhoto } from '../../input/photo';
import type { Answer } from '../../result';
import { compare } from './client';
import type { Person } from './form';
import { type Bands, verdictOf } from './incorrect';

interface CompareInput {
  name: string;
  /** Still to be read: whether a birth date is one depends on the time. */
  idNumber: unknown;
  photo: Person['photo'];
  bands: Bands;
}

/** CONTRACT, "Result", `data` of face-compare. */
export interface CompareData extends Bands {
  [name: string]: unknown;
  score: number | null;
  incorrect: number;
  orderNo: string | null;
}

const MEGABYTE = 1024 * 1024;
/** What has a scheme and is no `data:` URI is an address; base64 has no colon. */
const ADDRESS = /^\s*(?!data:)[a-z][a-z\d+.-]*:/i;

const SETTINGS = {
  /** tencent-market.md, "The product's answer": both bounds of the bands. */
  sameFrom: { type: 'number', default: 0.45, min: 0, max: 1 },
  differentBelow: { type: 'number', default: 0.4, min: 0, max: 1 },
  scoreScale: { type: 'string', default: '1', choices: ['1', '100', '1000'] },
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

  parse({ personName, idNumber, photo }, { sameFrom, differentBelow, maxPhotoMB }) {
    if (differentBelow > sameFrom)
      throw new VerifyError('CONFIG', 'bounds-crossed', { sameFrom, differentBelow });
    const name = readName(personName);
    const picture =
      typeof photo === 'string' && ADDRESS.test(photo)
        ? { url: readUrl(photo) }
        : readPhoto(photo, maxPhotoMB * MEGABYTE);
    if ('problem' in picture) throw new VerifyError('INPUT', picture.problem, { maxPhotoMB });
    return { name, idNumber, photo: picture, bands: { sameFrom, differentBelow } };
  },

  async run(account, { name, idNumber: given, photo, bands }, context): Promise<Answer<CompareData>> {
    const read = readIdNumber(given, context.now());
    if ('problem' in read) throw new VerifyError('INPUT', read.problem);
    const person = { name, idNumber: read.idNumber, photo };
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
        data: { score, incorrect, orderNo, ...bands },
      };
    } finally {
      place.leave();
    }
  },
};

function readName(value: unknown): string {
  const name = typeof value === 'string' ? value.trim() : '';
  if (name === '') throw new VerifyError('INPUT', 'name-missing');
  if (!isWellFormed(name)) throw new VerifyError('INPUT', 'name-unreadable');
  return name;
}

/** The provider downloads it by a plain GET, without logging in. */
function readUrl(value: string): string {
  const url = value.trim();
  if (!URL.canParse(url) || !isWellFormed(url)) throw new VerifyError('INPUT', 'photo-not-a-url');
  const { protocol, username, password } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new VerifyError('INPUT', 'photo-not-a-url');
  if (username || password) throw new VerifyError('INPUT', 'photo-url-with-password');
  return url;
}

/** Half of a surrogate pair cannot be written in UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
