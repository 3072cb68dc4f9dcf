/** What of an error a page in any language can say: no text of the runtime's language, no address of a photo. */
export function pageError({ code, cause }) {
  const {
    problem,
    values,
    retryable,
    retryAfter,
    charged,
    providerMessage,
    requestId,
    orderNo,
    score,
    ledger,
  } = cause ?? {};
  return {
    code: code ?? 'PROTOCOL',
    problem: problem ?? 'internal',
    values: values ?? {},
    retryable: retryable === true,
    retryAfter: retryAfter ?? null,
    charged: charged ?? null,
    providerMessage: providerMessage ?? null,
    requestId: requestId ?? null,
    orderNo: orderNo ?? null,
    score: score ?? null,
    ledger: ledger ?? null,
  };
}
