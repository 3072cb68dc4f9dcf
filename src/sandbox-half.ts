/** What a provider's half of the sandbox is and what it is given: CONTRACT, "Sandbox". */

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
};

export interface SandboxWorld {
  /** Unix time in milliseconds. */
  now(): number;
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

/** One provider's half of the sandbox. */
export interface SandboxHalf {
  provider: string;
  /** What an account needs to be let in. */
  credentials: Readonly<Record<string, string>>;
  /** Stand in for settings at their defaults that only a real host could decide. */
  settings?: Readonly<Record<string, unknown>>;
  answer(request: SandboxRequest, world: SandboxWorld): SandboxAnswer;
}
