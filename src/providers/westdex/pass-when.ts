import type { Expression } from 'jsonata';
import { VerifyError } from '../../errors';

/**
 * How many milliseconds an expression may go on for, and how deep it may recurse. Both are looked at between the steps
 * of an expression: a single built-in function (a regular expression, say) runs to its end, and the process waits.
 */
const LIMITS = { timeout: 1000, stack: 500 };
/** More than any flow has; what is beyond them is compiled again. */
const MOST_KEPT = 100;

const compiled = new Map<string, Expression>();

/**
 * JSONata itself and not Node-RED's, which has a legacy mode for expressions that mention `msg` (NODE-RED, "Runtime").
 * @param passWhen the node's setting
 * @returns the expression, compiled once; null where there is none
 * @throws VerifyError CONFIG where it has a syntax error
 */
export function compilePassWhen(passWhen: string): Expression | null {
  if (passWhen.trim() === '') return null;
  const kept = compiled.get(passWhen);
  if (kept) return kept;
  const jsonata = require('jsonata') as typeof import('jsonata');
  let expression: Expression;
  try {
    expression = jsonata(passWhen, LIMITS);
  } catch {
    throw new VerifyError('CONFIG', 'jsonata-syntax', { name: 'passWhen' });
  }
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(passWhen, expression);
  return expression;
}

/**
 * CONTRACT, "Result", westdex-three: true passed, false failed, anything else inconclusive.
 * @param expression of `compilePassWhen`
 * @param result the decrypted answer, which was paid for: no error of the expression may lose it
 */
export async function judge(
  expression: Expression | null,
  result: unknown,
): Promise<'answered' | 'passed' | 'failed' | 'inconclusive'> {
  if (!expression) return 'answered';
  try {
    const verdict: unknown = await expression.evaluate(result);
    return verdict === true ? 'passed' : verdict === false ? 'failed' : 'inconclusive';
  } catch {
    return 'inconclusive';
  }
}
