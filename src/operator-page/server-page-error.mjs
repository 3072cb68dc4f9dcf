/** What of an error a page in any language can say, and what it takes where that is not known. */
const DEFAULTS = {
  problem: 'internal',
  values: {},
  retryable: false,
  retryAfter: null,
  charged: null,
  providerMessage: null,
  requestId: null,
  orderNo: null,
  score: null,
  ledger: null,
};

/** Without texts in the runtime's language, and without addresses of photos. */
export function pageError({ code, cause }) {
  const known = Object.entries(DEFAULTS).map(([name, unknown]) => [name, cause?.[name] ?? unknown]);
  return { code: code ?? 'PROTOCOL', ...Object.fromEntries(known) };
}
