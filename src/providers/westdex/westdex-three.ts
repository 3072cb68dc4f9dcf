import type { Expression } from 'jsonata';
import type { Action, SettingDefinitions } from '../../action';
import { VerifyError } from '../../errors';
import { type IdNumberProblem, readIdNumber } from '../../input/id-number';
import { type PhotoProblem, readPhoto } from '../../input/photo';
import type { Answer } from '../../result';
import { idCardThreeElements, type Person } from './client';
import { compilePassWhen, judge } from './pass-when';

interface ThreeInput extends Person {
  passWhen: Expression | null;
}

/** CONTRACT, "Result", `data` of westdex-three. */
export interface ThreeData {
  [name: string]: unknown;
  id: string | null;
  result: unknown;
}

const SETTINGS = {
  maxPhotoMB: { type: 'number', default: 8, min: 0.01, max: 20 },
  passWhen: { type: 'string', default: '' },
  failWhen: { type: 'string', default: '' },
} as const satisfies SettingDefinitions;

const BYTES_PER_MB = 1024 * 1024;

/** What is said of each thing that can be wrong with a message. */
const PROBLEMS: Readonly<
  Record<IdNumberProblem | PhotoProblem | 'name-missing' | 'photo-url', (maxPhotoMB: number) => VerifyError>
> = {
  'name-missing': () => new VerifyError('INPUT', 'name-missing'),
  'id-number-missing': () => new VerifyError('INPUT', 'id-number-missing'),
  'id-number-form': () => new VerifyError('INPUT', 'id-number-form'),
  'id-number-birth-date': () => new VerifyError('INPUT', 'id-number-birth-date'),
  'id-number-check-digit': () => new VerifyError('INPUT', 'id-number-check-digit'),
  'photo-missing': () => new VerifyError('INPUT', 'photo-missing'),
  'photo-url': () => new VerifyError('INPUT', 'photo-url'),
  'photo-not-base64': () => new VerifyError('INPUT', 'photo-not-base64'),
  'photo-format': () => new VerifyError('INPUT', 'photo-format'),
  'photo-too-large': (maxPhotoMB) => new VerifyError('INPUT', 'photo-too-large', { maxPhotoMB }),
};

/** Asks whether a name, an id number and a face belong to the same person. */
export const westdexThree: Action<ThreeInput, typeof SETTINGS> = {
  provider: 'westdex',
  operation: 'westdex-three',
  mayCost: true,
  fields: {
    personName: { value: 'payload.name', type: 'msg' },
    idNumber: { value: 'payload.idNumber', type: 'msg' },
    photo: { value: 'payload.photo', type: 'msg' },
  },
  settings: SETTINGS,

  parse(fields, { maxPhotoMB, passWhen }) {
    const compiled = compilePassWhen(passWhen);
    const raise = (problem: keyof typeof PROBLEMS): never => {
      throw PROBLEMS[problem](maxPhotoMB);
    };
    const personName = typeof fields.personName === 'string' ? fields.personName.trim() : '';
    if (personName === '') raise('name-missing');
    const person = readIdNumber(fields.idNumber, Date.now());
    if ('problem' in person) return raise(person.problem);
    // westdex.md, `photoData`: bytes and nothing else; an address would only be told to be no base64.
    if (typeof fields.photo === 'string' && /^\s*https?:/i.test(fields.photo)) raise('photo-url');
    const photo = readPhoto(fields.photo, maxPhotoMB * BYTES_PER_MB);
    if ('problem' in photo) return raise(photo.problem);
    return { personName, idNumber: person.idNumber, photo, passWhen: compiled };
  },

  async run(account, { passWhen, ...person }, context): Promise<Answer<ThreeData>> {
    const { code, message, id, result, raw } = await idCardThreeElements(account, person, context);
    return {
      outcome: await judge(passWhen, result),
      // westdex.md, "Answer": the fields inside are not documented, so there is no reason to be read from them.
      reason: null,
      code,
      message,
      requestId: id,
      charged: null,
      data: { id, result },
      raw,
    };
  },
};
