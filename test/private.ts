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

/** @returns those of them that a text holds */
export function leaksIn(text: string): string[] {
  return PRIVATE.filter((value) => text.includes(value));
}
