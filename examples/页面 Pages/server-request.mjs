/** What comes from the page over HTTP, and what goes back. */

/**
 * A page from elsewhere in the same browser must not begin what costs. Node-RED answers its preflight, so what counts is where
 * a request says it comes from; what is no browser says nothing.
 */
export function isOurs({ headers }) {
  const site = headers['sec-fetch-site'];
  if (site) return site === 'same-origin';
  const from = headers.origin?.replace(/^https?:\/\//, '');
  return from === undefined || [headers.host, headers['x-forwarded-host']].includes(from);
}

export function reply({ req, res }, statusCode, payload) {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  return { req, res, statusCode, headers, payload: JSON.stringify(payload) };
}
