/** What a provider's half of the sandbox is and what it is given: docs/contract.md, "Sandbox". */

/**
 * Why a request got this answer and no success, with the rule and what was expected. It repeats no value of the request.
 */
export interface Reason {
  /** One sentence in ASCII, for a header. */
  en: string;
  zh: string;
}

/** Milliseconds that a caller's clock may be off, whichever provider is called. */
export const CLOCK_MS = 900_000;

/** Which shape of an answer, where a provider's document and what was observed of it differ. */
export const SHAPES = ['documented', 'mixed', 'observed'] as const;

export type Shapes = (typeof SHAPES)[number];

export interface SandboxRequest {
  method: string;
  /** Behind the provider's base URL, without the query. */
  path: string;
  query: URLSearchParams;
  /** The query as it came, with its `?`: whether it is well encoded can only be seen here. */
  search: string;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

export type SandboxAnswer = (
  | { status: number; headers?: Record<string, string>; body: string }
  /** No answer at all, or a reset connection. */
  | { fault: 'timeout' | 'reset' }
) & {
  /** What a real provider could charge for, as the caller knows it: a name, or photo URLs. */
  paidFor?: string;
  /** Where the provider's answer says whether the call was charged; a call without `paidFor` was not. */
  charged?: boolean;
  reason?: Reason;
};

export interface SandboxWorld {
  /** Unix time in milliseconds. */
  now(): number;
  shapes: Shapes;
  /** What the provider's half keeps, over a restart too; plain JSON. */
  store: Record<string, unknown>;
  /** To be called after a change of `store`. */
  changed(): void;
  /**
   * Downloads a photo as the provider would.
   * @param look sees its bytes, or null where it cannot be downloaded
   */
  fetchPhoto<Seen>(url: string, look: (bytes: Buffer | null) => Seen): Promise<Seen>;
  /** The fault that one of the special values for all providers asks for, or null. */
  faultIn(text: string): SandboxAnswer | null;
}

/** What chooses an answer, as test card numbers do: docs/contract.md, "Sandbox". */
export type SpecialValue = readonly [value: string, en: string, zh: string];

/** One provider's half of the sandbox. */
export interface SandboxHalf {
  provider: string;
  /** The paths that it knows, behind its base URL; what stands in braces is the caller's own. */
  paths: readonly string[];
  /** What an account needs to be let in. */
  credentials: Readonly<Record<string, string>>;
  /** Stand in for settings at their defaults that only a real host could decide. */
  settings?: Readonly<Record<string, unknown>>;
  /** For the sandbox's page and docs/sandbox.md. */
  specialValues: readonly SpecialValue[];
  answer(request: SandboxRequest, world: SandboxWorld): SandboxAnswer;
}

/**
 * @param world of the sandbox
 * @param id of the task or photo in the answer: for `mixed` its last digit decides, so that asking twice gives the same shape twice
 * @returns whether the shape is the observed one
 */
export function isObserved({ shapes }: SandboxWorld, id: string): boolean {
  return shapes === 'mixed' ? Number(id.at(-1)) % 2 === 0 : shapes === 'observed';
}

/** @returns an answer in JSON */
export function jsonAnswer(body: unknown, status = 200, headers: Record<string, string> = {}): SandboxAnswer {
  const type = { 'Content-Type': 'application/json; charset=utf-8' };
  return { status, headers: { ...type, ...headers }, body: JSON.stringify(body) };
}

/** Where a provider takes POST alone. */
export const POST_ONLY: SandboxAnswer = {
  status: 405,
  headers: { Allow: 'POST' },
  body: '',
  reason: { en: 'The method is POST.', zh: '请求方法须为 POST。' },
};

/** Of a path of the provider that the sandbox has no answer of its own for. */
export const UNKNOWN_OPERATION: Reason = {
  en: 'The sandbox has no answer of its own for this path: it says what it received.',
  zh: '沙箱没有为该路径准备响应，只返回收到的内容。',
};

const LONGEST_ECHO = 1000;

/**
 * @param fields of a request that was let in
 * @returns the same for the caller to see, with long texts, such as photos, cut short
 */
export function received(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(fields, (_name, value: unknown) =>
    typeof value === 'string' && value.length > LONGEST_ECHO
      ? `${value.slice(0, 20)}... (${value.length} characters)`
      : value,
  );
  return { received: JSON.parse(text) as unknown };
}
