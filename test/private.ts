import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** People and secrets of the tests, all invented. None of them may be found where they have no business. */
export const PRIVATE: readonly string[] = [
  'a-secret-of-the-test',
  'an-id-of-the-test',
  'next-secret-of-the-test',
  'next-id-of-the-test',
  'photo-of-somebody',
  '张三',
  '欧阳小明',
  '110101199001011237',
  '11010519491231002X',
  '11010519491231002x',
  '53010219200508011X',
  '110105491231002',
  '欧阳测试',
  'iVBORw0KGgo',
  'sandbox-group-secret',
  'sandbox-api-secret',
  'sandbox-secret-key',
];

/** @returns those of them that a text holds, also one of UTF-8 that was read byte by byte */
export function leaksIn(text: string): string[] {
  return PRIVATE.filter((value) => text.includes(value) || text.includes(bytesOf(value)));
}

const bytesOf = (text: string) => Buffer.from(text).toString('latin1');

/**
 * @param folder whose links are not followed, as the installed package leads back into the checkout
 * @param leftOut names of entries that are not looked at
 * @returns path and content of each file
 */
export function filesIn(folder: string, leftOut = /^node_modules$/): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(entry.parentPath, entry.name);
    if (leftOut.test(entry.name)) return [];
    if (entry.isDirectory()) return filesIn(path, leftOut);
    return entry.isFile() ? [`${path}\n${readFileSync(path, 'latin1')}`] : [];
  });
}
