/** The properties of a node: those a message may give, and those a flow author sets. */

/** A typed input of a node: property `x` with `xType`. The defaults stand in where a flow has neither. */
export interface FieldDefinition {
  value: string;
  type: 'msg' | 'flow' | 'global' | 'str' | 'num' | 'json' | 'env' | 'jsonata';
  /** What a text may be, where the editor offers a list. */
  choices?: readonly string[];
  /** An object: the editor offers to write it as JSON. */
  json?: true;
}

/** A plain property of a node, with its default and what it may be. */
export type SettingDefinition =
  | {
      type: 'number';
      default: number;
      /** Instead of `default`, where that depends on settings that stand before this one in the table. */
      defaultOf?: (before: Readonly<Record<string, unknown>>) => number;
      min: number;
      max?: number;
      integer?: boolean;
    }
  | { type: 'number'; default: number; choices: readonly number[] }
  | { type: 'boolean'; default: boolean }
  | { type: 'string'; default: string; choices?: readonly string[] };

export type SettingDefinitions = Readonly<Record<string, SettingDefinition>>;

/** The values a table of settings gives. */
export type Settings<Definitions extends SettingDefinitions> = {
  [Name in keyof Definitions]: Definitions[Name] extends { type: 'number' }
    ? number
    : Definitions[Name] extends { type: 'boolean' }
      ? boolean
      : Definitions[Name] extends { choices: readonly (infer Choice)[] }
        ? Choice
        : string;
};

/** One pair of an account's keys, by the provider's names. */
export type Credentials = Readonly<Record<string, string>>;
