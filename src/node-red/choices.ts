/** What a message may choose beside its input: CONTRACT, "Action nodes", `accountFrom`, `key` and `reuse`. */
import type { FieldDefinition, SettingDefinitions } from '../action';
import { VerifyError } from '../errors';
import { readText } from '../input/text';
import type { NodeConfig, Red } from './red';

/** CONTRACT, "What an input may look like", Text: an id of any kind. */
const LONGEST_KEY = 128;

/** All actions have it. */
export const ACCOUNT_FIELD = { accountFrom: { value: '', type: 'str' } } as const satisfies Fields;
/** Those that may cost. */
export const KEY_FIELD = { key: { value: '', type: 'str' } } as const satisfies Fields;
export const PAID_SETTINGS = {
  reuse: { type: 'number', default: 0, min: 0, max: 24 * 366 },
} as const satisfies SettingDefinitions;

type Fields = Readonly<Record<string, FieldDefinition>>;

/** @returns those that the node uses: most use none, and reading one costs */
export function chosenFields({ mayCost }: { mayCost: boolean }, config: NodeConfig): Fields {
  const all: Fields = { ...ACCOUNT_FIELD, ...(mayCost ? KEY_FIELD : {}) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => config[name]));
}

/**
 * @param value of the typed input
 * @returns null where there is none
 * @throws VerifyError INPUT
 */
export function readKey(value: unknown): string | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  return readText(text, 'key', LONGEST_KEY, new Set()) || null;
}

/**
 * @param red Node-RED
 * @param provider whose accounts are looked through
 * @param chosen name or id; nothing for the node's own
 * @returns the id of the account node, or null for the node's own
 * @throws VerifyError INPUT where it is no text, CONFIG where there is no such account, or more than one
 */
export function accountNamed({ nodes }: Red, provider: string, chosen: unknown): string | null {
  const wanted = readText(chosen, 'accountFrom', LONGEST_KEY, new Set());
  if (wanted === '') return null;
  const found: string[] = [];
  nodes.eachNode(({ id, type, name }) => {
    if (type === `${provider}-account` && (id === wanted || name === wanted)) found.push(id);
  });
  const [id] = found;
  if (id === undefined) throw new VerifyError('CONFIG', 'account-not-found');
  if (found.length > 1 && !found.includes(wanted)) throw new VerifyError('CONFIG', 'account-name-twice');
  return found.includes(wanted) ? wanted : id;
}
