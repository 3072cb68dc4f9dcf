/** The rules of a photo-rules node for one message: docs/contract.md, "Photos in hand". */
import { VerifyError } from '../contract/errors';
import { readMoment } from '../input/moment';
import { readText } from '../input/text';
import type { PhotoRules } from './rules';

const LONGEST_ADDRESS = 128;
const DECIMAL = /^-?\d{1,3}(?:\.\d{1,20})?$/;

/** The node's own settings; 0: this rule is off. */
interface RuleSettings {
  /** Minutes. */
  maxAge: number;
  /** Metres. */
  within: number;
  coordinates: 'gcj02' | 'wgs84';
  /** Days. */
  unseen: number;
}

/** What the node's typed inputs gave; an input that is left empty has no entry. */
type RuleValues = Partial<Record<'at' | 'latitude' | 'longitude' | 'addressHolds', unknown>>;

/**
 * @param settings of the node
 * @param values for the message
 * @param isFixed whether a value stands in the node and is the same for every message
 * @throws VerifyError CONFIG where the node has no rule or a value that cannot be used; INPUT where the message has one
 */
export function readRules(
  { maxAge, within, coordinates, unseen }: RuleSettings,
  values: RuleValues,
  isFixed: (name: string) => boolean,
): PhotoRules {
  const codeOf = (name: string) => (isFixed(name) ? 'CONFIG' : 'INPUT');
  const degrees = (name: 'latitude' | 'longitude', most: number): number => {
    const value = values[name];
    const text = typeof value === 'number' ? String(value) : value;
    const number = typeof text === 'string' && DECIMAL.test(text.trim()) ? Number(text) : Number.NaN;
    const code = codeOf(name);
    if (!(Math.abs(number) <= most)) throw new VerifyError(code, 'rule-value', { name });
    return number;
  };
  if (maxAge === 0 && within === 0 && unseen === 0 && !('addressHolds' in values))
    throw new VerifyError('CONFIG', 'rules-none');
  if (within > 0 && !('latitude' in values && 'longitude' in values))
    throw new VerifyError('CONFIG', 'rule-place-missing');
  return {
    maxAge:
      maxAge > 0 ? { minutes: maxAge, at: 'at' in values ? momentOf(values.at, codeOf('at')) : null } : null,
    within:
      within > 0
        ? {
            metres: within,
            of: placeOf(degrees('latitude', 90), degrees('longitude', 180), codeOf),
            coordinates,
          }
        : null,
    unseen: unseen > 0 ? { days: unseen } : null,
    addressHolds: 'addressHolds' in values ? addressOf(values.addressHolds, codeOf('addressHolds')) : null,
  };
}

/** Both are 0 where nothing was filled in. */
function placeOf(
  lat: number,
  lng: number,
  codeOf: (name: string) => 'CONFIG' | 'INPUT',
): { lat: number; lng: number } {
  if (lat === 0 && lng === 0) throw new VerifyError(codeOf('latitude'), 'rule-value', { name: 'latitude' });
  return { lat, lng };
}

function momentOf(value: unknown, code: 'CONFIG' | 'INPUT'): number {
  const moment = readMoment(value instanceof Date ? value.getTime() : value, 'at', 'from');
  if (moment === undefined) throw new VerifyError(code, 'rule-empty', { name: 'at' });
  return moment;
}

function addressOf(value: unknown, code: 'CONFIG' | 'INPUT'): string {
  const text = readText(value, 'addressHolds', LONGEST_ADDRESS, new Set());
  if (text === '') throw new VerifyError(code, 'rule-empty', { name: 'addressHolds' });
  return text;
}
