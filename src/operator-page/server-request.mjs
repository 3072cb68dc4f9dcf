/** What comes from the page over HTTP, and what goes back. */

/**
 * A page from elsewhere in the same browser must not begin what costs. Node-RED answers its preflight, so only those headers
 * count that a page cannot set; a program that is no browser sends none of them.
 * @param origin of the page as its readers see it, such as `https://desk.example`; without one, that of the request's host
 */
export function isOurs({ headers }, origin) {
  const site = headers['sec-fetch-site'];
  if (site) return site === 'same-origin';
  const from = headers.origin;
  if (from === undefined) return true;
  return origin ? from === origin : from.replace(/^https?:\/\//, '') === headers.host;
}

export function reply({ req, res }, statusCode, payload) {
  const headers = { 'Content-Type': 'application/json; charset=utf-8', 'Cache-Control': 'no-store' };
  return { req, res, statusCode, headers, payload: JSON.stringify(payload) };
}
