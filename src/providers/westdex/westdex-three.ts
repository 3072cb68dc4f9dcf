import type { Action, Arrival } from '../../contract/action';
import { VerifyError } from '../../contract/errors';
import type { Answer } from '../../contract/result';
import type { SettingDefinitions, Settings } from '../../contract/settings';
import { inSlot } from '../../contract/transport';
import { readIdNumber } from '../../input/id-number';
import { readName } from '../../input/name';
import { addressIn, photoDigest } from '../../input/photo';
import { inTurns, type Sliced } from '../../input/slices';
import { checkSharp } from '../../photos/fit';
import { type FitSettings, fitSettings, fitted, readPhotoToFit } from '../../photos/photo-to-fit';
import { idCardThreeElements, type Person } from './client';
import { type Conditions, compileConditions, judge } from './conditions';
import type { Envelope } from './response';

interface ThreeInput extends Person {
  fitting: FitSettings;
  conditions: Conditions;
  /** docs/contract.md, "What an input may look like": names of the fields that were changed. */
  repaired: string[];
}

/** docs/contract.md, "Result", `data` of westdex-three. */
export interface ThreeData {
  [name: string]: unknown;
  id: string | null;
  result: unknown;
  repaired: string[];
}

const SETTINGS = {
  maxPhotoMB: { type: 'number', default: 8, min: 0.01, max: 20 },
  // docs/providers/westdex.md, "Nobody knows, but a neighbour fits": photos of 5 to 50 KB.
  ...fitSettings(50),
  passWhen: { type: 'string', default: '' },
  failWhen: { type: 'string', default: '' },
} as const satisfies SettingDefinitions;

/** Asks whether a name, an id number and a face belong to the same person. */
export const westdexThree: Action<ThreeInput, typeof SETTINGS> = {
  provider: 'westdex',
  operation: 'westdex-three',
  mayCost: true,
  isAboutPerson: true,
  fields: {
    personName: { value: 'payload.name', type: 'msg' },
    idNumber: { value: 'payload.idNumber', type: 'msg' },
    photo: { value: 'payload.photo', type: 'msg' },
  },
  settings: SETTINGS,

  parse: (...given) => inTurns(readInput(...given)),

  persons: ({ personName: name, idNumber }) => [{ name, idNumber }],

  async run(account, { conditions, repaired, fitting, ...person }, context): Promise<Answer<ThreeData>> {
    const { personName, idNumber, photo: given } = person;
    const judged = async (found: Omit<Envelope, 'raw'>): Promise<Answer<ThreeData>> => {
      const { code, message, id, result, charged } = found;
      const outcome = await judge(conditions, result);
      const data = { id, result, repaired };
      // docs/providers/westdex.md, "Answer": the fields inside are not documented, so there is no reason to be read from them.
      return { outcome, reason: null, code, message, requestId: id, charged, data };
    };
    return inSlot(account.transport, async (slot) => {
      const photo = await fitted(given, fitting, context.closing);
      return context.payments.payOnce({
        content: () => [personName, idNumber, photoDigest(given)].join('\n'),
        send: (claim) =>
          idCardThreeElements(account, { personName, idNumber, photo }, { slot, claim }, context),
        judge: judged,
        orderNo: () => null,
        // docs/providers/westdex.md, "Answer": no code of a photo that is to blame is documented.
        isForPhoto: () => false,
        mayChange: false,
      });
    });
  },
};

function* readInput(
  { personName, idNumber, photo }: Record<string, unknown>,
  settings: Settings<typeof SETTINGS>,
  { now, environment }: Arrival,
): Sliced<ThreeInput> {
  const conditions = compileConditions(settings);
  if (settings.fit) checkSharp();
  const changed = new Set<string>();
  // docs/providers/westdex.md, `photoData`: bytes and nothing else; for an address, the error would be about base64.
  if (addressIn(photo) !== null) throw new VerifyError('INPUT', 'photo-url');
  return {
    personName: readName(personName, 'personName', environment, changed),
    idNumber: readIdNumber(idNumber, 'idNumber', now, changed),
    photo: yield* readPhotoToFit(photo, 'photo', settings, changed),
    fitting: settings,
    conditions,
    repaired: [...changed],
  };
}
