/** The texts that only the runtime says: errors, warnings and results of tests. The editor does not load them. */
import english from './en-US.json';
import chinese from './zh-CN.json';

/** Texts by name, nested as the parts of a key between its dots. */
interface Catalogue {
  readonly [name: string]: string | Catalogue;
}

const ENGLISH: Catalogue = english;
const CHINESE: Catalogue = chinese;

/**
 * @param type of the node that says it; its own text comes before the one that all nodes share
 * @param key of the text, such as `errors.timeout.hint`
 * @param values for the placeholders, which look like `__name__`
 * @param language of the reader as a browser, settings.js or LANG gives it: `zh`, `zh-CN`, `zh-Hans-CN`. Every kind of
 *   Chinese is answered in simplified Chinese, any other language in English
 * @returns the text, or the key where there is none
 */
export function findText(
  type: string,
  key: string,
  values: Readonly<Record<string, unknown>>,
  language: string,
): string {
  const catalogues = isChinese(language) ? [CHINESE, ENGLISH] : [ENGLISH];
  const paths = [`nodes.${type}.${key}`, key].map((path) => path.split('.'));
  const texts = catalogues.flatMap((catalogue) => paths.map((path) => textAt(catalogue, path)));
  const text = texts.find((each) => each !== undefined) ?? key;
  return text.replace(/__(\w+?)__/g, (_, name: string) => String(values[name] ?? ''));
}

/** @param language as `findText` takes it */
export function isChinese(language: string): boolean {
  return /^zh(?![a-z])/i.test(language);
}

function textAt(catalogue: Catalogue, path: readonly string[]): string | undefined {
  let found: string | Catalogue | undefined = catalogue;
  for (const name of path) found = typeof found === 'object' ? found[name] : undefined;
  return typeof found === 'string' ? found : undefined;
}
