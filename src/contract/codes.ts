/**
 * What a provider's codes mean, one row a code: whoever reads its answers, the sandbox, scripts/docs.mjs, which writes the
 * tables in docs/, and scripts/build.mjs, which makes the nodes' help of it, go by the same table.
 */
import { type ErrorCode, type ErrorDetails, refusal, type VerifyError } from './errors';
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
  /** null where it is none, or where another field of the answer decides. */
  verdict: Verdict | null;
  /** null where nobody says. */
  charged: boolean | null;
  /** The provider's own words, between asterisks where nobody has published them. */
  text: string;
  /** The same for readers. */
  en: string;
  zh: string;
}

export type CodeTable<Row extends CodeRow = CodeRow> = ReadonlyMap<string, Row>;

/** A code that is a success or an error; `zh` is left out where the provider's own words are Chinese. */
export type ErrorTuple = readonly [
  code: string,
  error: ErrorCode | null,
  text: string,
  en: string,
  zh?: string,
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

/** @returns the rows by their codes */
export function tableOf<Row extends CodeRow>(rows: readonly Row[]): CodeTable<Row> {
  return new Map(rows.map((row) => [row.code, row]));
}

/** @returns a table of codes that are no verdicts */
export function errorTable(tuples: readonly ErrorTuple[]): CodeTable {
  return tableOf(
    tuples.map(([code, error, text, en, zh = bare(text)]) => {
      return { code, error, verdict: null, charged: null, text, en, zh };
    }),
  );
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
 * @param details what else is known
 * @returns the error that the answer stands for
 */
export function refusalBy(
  table: CodeTable,
  code: string,
  message: string,
  details: ErrorDetails = {},
): VerifyError {
  const error = refusal(table.get(code)?.error ?? 'PROVIDER', code, message);
  Object.assign(error.details, details);
  return error;
}

function bare(text: string): string {
  return text.replaceAll('*', '');
}
