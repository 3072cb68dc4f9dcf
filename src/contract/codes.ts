/**
 * What a provider's codes mean, one row a code: whoever reads its answers, the sandbox, scripts/docs.mjs, which writes the
 * tables in docs/, and scripts/build.mjs, which makes the nodes' help of it, go by the same table.
 */
import { type ErrorCode, type ErrorDetails, refusal, VerifyError } from './errors';
import type { Outcome } from './result';

/** What an answer says to a flow. */
export interface Verdict {
  outcome: Extract<Outcome, 'passed' | 'failed' | 'inconclusive'>;
  reason: string;
}

/** What one code means. */
export interface CodeRow {
  code: string;
  /** What is raised; null where it is no error. */
  error: ErrorCode | null;
  /** null where it is no verdict, or where another field of the answer decides. */
  verdict: Verdict | null;
  /** null where nobody says. */
  charged: boolean | null;
  /** The provider's own words, between asterisks where nobody has published them. */
  text: string;
  /** The same for readers. */
  en: string;
  zh: string;
}

type CodeTable<Row extends CodeRow = CodeRow> = ReadonlyMap<string, Row>;

/** A row as `codes.ts` of a provider writes it; `more` is what else is known, and `zh` where the provider's own words are not Chinese. */
type CodeTuple<More extends object> = readonly [
  code: string | number,
  /** null for a success, and where another field of the answer decides. */
  becomes: ErrorCode | Verdict | null,
  text: string,
  en: string,
  more?: Partial<CodeRow> & More,
];

/** One table of a provider's `codes.ts`, for those who publish it. */
export interface PublishedTable {
  /** The field of the answer. */
  field: string;
  /** The special value of the sandbox that asks for a code, which stands in it as `<code>`. */
  special: string;
  rows: readonly CodeRow[];
  /** Verdicts that have no code of their own. */
  others?: readonly Verdict[];
}

/**
 * @param tuples one row each; a code that becomes null is either a success without a verdict or one where another field of
 *   the answer decides
 * @returns the rows by their codes; what a row does not say of `More` is missing in it
 */
export function codeTable<More extends object = object>(
  tuples: readonly CodeTuple<More>[],
): CodeTable<CodeRow & Partial<More>> {
  const rows = tuples.map(([code, becomes, text, en, more]): CodeRow => {
    const error = typeof becomes === 'string' ? becomes : null;
    const verdict = typeof becomes === 'string' ? null : becomes;
    return { code: String(code), error, verdict, charged: null, text, en, zh: bare(text), ...more };
  });
  return new Map(rows.map((row) => [row.code, row as CodeRow & Partial<More>]));
}

export function passed(reason: string): Verdict {
  return { outcome: 'passed', reason };
}

export function failed(reason: string): Verdict {
  return { outcome: 'failed', reason };
}

export function inconclusive(reason: string): Verdict {
  return { outcome: 'inconclusive', reason };
}

/**
 * @param table of the provider's codes
 * @param code of the answer
 * @returns the words that the provider has for it; an empty text where it has none
 */
export function textOfCode(table: CodeTable, code: string | number): string {
  return bare(table.get(String(code))?.text ?? '');
}

/**
 * @param table of the provider's codes; one that is not in it is PROVIDER
 * @param code of the answer
 * @param message the provider's own words, masked
 * @param details what else is known; what it says of `charged` goes before the table
 * @returns the error that the answer stands for
 */
export function refusalBy(
  table: CodeTable,
  code: string,
  message: string,
  details: ErrorDetails = {},
): VerifyError {
  const { error = null, charged = null } = table.get(code) ?? {};
  const refused = refusal(error ?? 'PROVIDER', code, message);
  Object.assign(refused.details, charged === null ? {} : { charged }, details);
  return refused;
}

/**
 * @param code of a success
 * @param message the provider's own words, masked
 * @param details fields that the answer has all the same, since it may have been paid for
 * @returns the error of a success that lacks what the provider's document promises
 */
export function incomplete(code: string, message: string, details: ErrorDetails = {}): VerifyError {
  const envelope = { providerCode: code, providerMessage: message, envelope: true };
  return new VerifyError('PROTOCOL', 'answer-incomplete', {}, { ...details, ...envelope });
}

function bare(text: string): string {
  return text.replaceAll('*', '');
}
