/** The verdict a flow's owner makes of an answer that the provider does not document: docs/contract.md, "Result", westdex-three. */
import type { Expression } from 'jsonata';
import { VerifyError } from '../../contract/errors';
import { isObject } from '../../http/json';

/** How deep an expression may recurse. */
const LIMITS = { stack: 500 };
/**
 * How many steps an expression may take, and after how many the rest of the process has a turn. They are counted between
 * the steps: a single built-in function (a regular expression, say) runs to its end, and the process waits.
 */
const MOST_STEPS = 300_000;
const STEPS_IN_A_TURN = 500;
/** JSONata calls what is bound to it at each step, and waits for it. */
const AT_EACH_STEP = Symbol.for('jsonata.__evaluate_entry') as unknown as string;
const AFTER_EACH_STEP = Symbol.for('jsonata.__evaluate_exit') as unknown as string;
/** More than any flow has; what is beyond them is compiled again. */
const MOST_KEPT = 100;

const compiled = new Map<string, Expression>();

/** Both as the node has them; null where it has none. */
export interface Conditions {
  passWhen: Expression | null;
  failWhen: Expression | null;
}

/**
 * @param settings of the node
 * @returns their expressions, each compiled once
 * @throws VerifyError CONFIG where one has a syntax error
 */
export function compileConditions(settings: Record<keyof Conditions, string>): Conditions {
  return {
    passWhen: compile('passWhen', settings.passWhen),
    failWhen: compile('failWhen', settings.failWhen),
  };
}

/** JSONata itself and not Node-RED's, which has a legacy mode for expressions that mention `msg` (docs/node-red.md, "Runtime"). */
function compile(name: string, text: string): Expression | null {
  if (text.trim() === '') return null;
  const kept = compiled.get(text);
  if (kept) return kept;
  const jsonata = require('jsonata') as typeof import('jsonata');
  let expression: Expression;
  try {
    expression = jsonata(text, LIMITS);
  } catch {
    throw new VerifyError('CONFIG', 'jsonata-syntax', { name });
  }
  expression.assign(AT_EACH_STEP, countStep);
  const negated = new Set<unknown>();
  findNegated(expression.ast(), false, negated);
  if (negated.size > 0)
    expression.assign(AFTER_EACH_STEP, (step: unknown, _input: unknown, _frame: unknown, value: unknown) => {
      if (value === undefined && negated.has(step)) throw new Error('a field is missing');
    });
  if (compiled.size >= MOST_KEPT) compiled.clear();
  compiled.set(text, expression);
  return expression;
}

/**
 * A field that is not there equals nothing, so `$not` says `true` of a comparison with it: docs/contract.md, "Result",
 * westdex-three, "missing data is no verdict". What `$exists` asks is the author's own question, and what a filter leaves of a list
 * may be nothing.
 * @param step of an expression, or a part of it
 * @param isNegated whether it stands within `$not`, or decides for a `true` that is said of everything else
 * @param negated gets the names of fields there, each of which JSONata looks up in a step of its own
 */
function findNegated(step: unknown, isNegated: boolean, negated: Set<unknown>): void {
  if (Array.isArray(step)) for (const each of step) findNegated(each, isNegated, negated);
  if (!isObject(step)) return;
  const { type, steps, procedure, else: otherwise } = step;
  if (type === 'path' && isNegated && (steps as object[]).every(isPlainStep))
    for (const name of steps as object[]) negated.add(name);
  const called = isObject(procedure) ? procedure.value : null;
  const isAsked = called === 'exists' || type === 'path';
  for (const [name, part] of Object.entries(step)) {
    const isDenied =
      called === 'not' || (name === 'condition' && isObject(otherwise) && otherwise.value === true);
    findNegated(part, isDenied || (isNegated && !isAsked), negated);
  }
}

function isPlainStep(step: object): boolean {
  const { type } = step as { type: string };
  return (type === 'name' || type === 'variable') && !('stages' in step) && !('predicate' in step);
}

/** By evaluation: what is bound in one is bound in all frames below it. */
const steps = new WeakMap<object, number>();

/** @returns what JSONata has to wait for, if anything */
function countStep(_step: unknown, _input: unknown, { base }: { base: object }): Promise<void> | undefined {
  const count = (steps.get(base) ?? 0) + 1;
  steps.set(base, count);
  if (count > MOST_STEPS) throw new Error('too many steps');
  return count % STEPS_IN_A_TURN === 0 ? new Promise(setImmediate) : undefined;
}

/**
 * `failWhen` true failed, else `passWhen` true passed, anything else inconclusive: in JSONata a missing field equals
 * nothing, so `false` is what is said of an answer that lacks it.
 * @param conditions of `compileConditions`
 * @param result the decrypted answer, which was paid for: no error of an expression may lose it
 */
export async function judge(
  { passWhen, failWhen }: Conditions,
  result: unknown,
): Promise<'answered' | 'passed' | 'failed' | 'inconclusive'> {
  if (!passWhen && !failWhen) return 'answered';
  try {
    if ((await failWhen?.evaluate(result)) === true) return 'failed';
    return (await passWhen?.evaluate(result)) === true ? 'passed' : 'inconclusive';
  } catch {
    // The same holds for failWhen: a person who may be one of those that fail does not pass.
    return 'inconclusive';
  }
}
