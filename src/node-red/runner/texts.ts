/** In which language the runtime's texts are said: docs/contract.md, "Errors". */
import type { AdminRequest, Red } from './red';

/** As Node-RED looks for a language where settings.js has none: @node-red/util, lib/i18n.js. */
const LANGUAGE_VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'];

/**
 * Gives a node Node-RED with the texts of this package in place of its own catalogue, which holds only what the editor
 * shows. A text is in the language of the runtime, or of `values.lng`.
 * @param red Node-RED
 * @param type of the node
 */
export function withTexts(red: Red, type: string): Red {
  const say = (key: string, values: Record<string, unknown> = {}) => {
    const { findText } = require('../../texts/texts') as typeof import('../../texts/texts');
    return findText(type, key, values, String(values.lng ?? languageOf(red)));
  };
  return Object.create(red, { _: { value: say } });
}

/**
 * @param request of a browser
 * @returns the language of its reader; undefined where it names none
 */
export function languageOfReader(request: AdminRequest): string | undefined {
  // Without the header, Express answers `*`.
  return request.acceptsLanguages().find((each) => each !== '*');
}

/**
 * @param red Node-RED
 * @returns the language of the runtime; an empty text where nothing names one
 */
export function languageOf(red: Red): string {
  const { lang } = red.settings;
  if (typeof lang === 'string' && lang !== '') return lang;
  const variable = LANGUAGE_VARIABLES.find((name) => process.env[name] !== undefined);
  return (variable && process.env[variable]) || '';
}
