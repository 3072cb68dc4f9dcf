/** The latest requests, without the persons that they were about. */
import type { Reason, SandboxAnswer } from '../contract/sandbox-half';

const MOST_KEPT = 200;

export interface SeenRequest {
  /** ISO 8601. */
  at: string;
  /** null for a path that no provider has. */
  provider: string | null;
  method: string;
  /** Without its query; `*` stands for every part that is no word of a provider's path. */
  path: string;
  /** null where there was no answer. */
  status: number | null;
  /** The provider's own code, where the answer has one. */
  code: string | null;
  /** Why it got no success, in the language that was asked for. */
  reason: string | null;
  /** Whether a provider would have charged for it; null: it could have. */
  charged: boolean | null;
}

export interface RequestLog {
  /**
   * @param at Unix time in milliseconds
   * @param path as it came, without its query
   */
  add(at: number, provider: string | null, method: string, path: string, answer: SandboxAnswer): void;
  /** The newest first. */
  list(language: keyof Reason): SeenRequest[];
  clear(): void;
}

/** @param paths that providers know; their words are no secret */
export function openRequestLog(paths: readonly string[]): RequestLog {
  const words = new Set(paths.flatMap((path) => path.split('/')).filter((word) => !word.startsWith('{')));
  const masked = (path: string) =>
    path
      .split('/')
      .map((part) => (words.has(part) ? part : '*'))
      .join('/');
  const kept: (Omit<SeenRequest, 'reason'> & { reason: Reason | null })[] = [];
  return {
    add(at, provider, method, path, answer) {
      const { paidFor, charged = paidFor === undefined ? false : null, reason = null } = answer;
      const shown =
        'fault' in answer
          ? { status: null, code: null }
          : { status: answer.status, code: codeIn(answer.body) };
      const time = new Date(at).toISOString();
      kept.push({ at: time, provider, method, path: masked(path), ...shown, reason, charged });
      if (kept.length > MOST_KEPT) kept.shift();
    },
    list: (language) =>
      kept.toReversed().map((request) => ({ ...request, reason: request.reason?.[language] ?? null })),
    clear: () => void kept.splice(0),
  };
}

function codeIn(body: string): string | null {
  try {
    const { code } = JSON.parse(body) as { code?: unknown };
    return code === undefined ? null : String(code);
  } catch {
    return null;
  }
}
