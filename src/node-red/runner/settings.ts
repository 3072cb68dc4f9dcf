import { VerifyError } from '../../contract/errors';
import type { SettingDefinition, SettingDefinitions, Settings } from '../../contract/settings';
import type { Node, NodeConfig } from './red';

/**
 * Reads a node's own properties by their table; an empty one has its default. The editor saves numbers as text.
 * @param definitions the table
 * @param config the node as it was deployed
 * @throws VerifyError CONFIG where a value is out of its bounds, or an environment variable is not set
 */
export function readSettings<Definitions extends SettingDefinitions>(
  definitions: Definitions,
  config: NodeConfig,
): Settings<Definitions> {
  const settings: Record<string, unknown> = {};
  for (const [name, definition] of Object.entries(definitions)) {
    settings[name] = readSetting(name, definition, config[name], settings);
  }
  return settings as Settings<Definitions>;
}

function readSetting(
  name: string,
  definition: SettingDefinition,
  value: unknown,
  before: Readonly<Record<string, unknown>>,
): unknown {
  if (value === undefined || value === null || value === '') {
    const defaultOf = 'defaultOf' in definition && definition.defaultOf;
    return defaultOf ? defaultOf(before) : definition.default;
  }
  requireVariable(value);
  if (definition.type === 'boolean') return value === true || value === 'true';
  if (definition.type === 'string') return chosen(name, String(value), definition.choices);
  if ('choices' in definition) return chosen(name, Number(value), definition.choices);
  const { min, max = Number.MAX_SAFE_INTEGER, integer } = definition;
  const number = Number(value);
  if (!(number >= min && number <= max) || (integer && !Number.isInteger(number))) {
    if (definition.max === undefined) throw new VerifyError('CONFIG', 'too-small', { name, min });
    throw new VerifyError('CONFIG', 'out-of-bounds', { name, min, max });
  }
  return number;
}

function chosen<Value>(name: string, value: Value, choices: readonly Value[] | undefined): Value {
  if (!choices || choices.includes(value)) return value;
  throw new VerifyError('CONFIG', 'not-a-choice', { name, choices: choices.join(', ') });
}

/**
 * Node-RED leaves `${VAR}`, and `$(VAR)` as it was written once, as they are where the variable is not set:
 * docs/node-red.md, "Runtime".
 * @param value of a property, typed input or credential
 * @throws VerifyError CONFIG that names the variable
 */
export function requireVariable(value: unknown): void {
  const [, braced, variable = braced] =
    (typeof value === 'string' && /^\$(?:\{([^}]+)\}|\(([^)\s]+)\))$/.exec(value)) || [];
  if (variable) throw new VerifyError('CONFIG', 'variable-not-set', { variable });
}

/**
 * Takes a node's credentials off it: whatever prints the node must not print them (docs/node-red.md, "Runtime").
 * @returns them by name; whoever called is the only one who knows them from now on
 */
export function takeCredentials(node: Node): Readonly<Record<string, string>> {
  const credentials = { ...node.credentials };
  delete node.credentials;
  return credentials;
}
