/**
 * What Node.js says of a server's certificate that it does not accept: nodejs.org/api/tls.html, "X509 certificate error
 * codes". CERT_NOT_YET_VALID is left out on purpose: the certificate becomes valid with time, or once this machine's clock
 * is set.
 */
export const CERTIFICATE_REFUSALS = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
] as const;
