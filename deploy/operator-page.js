/**
 * Settings for the example operator-page: who may open it, over HTTP and over the dashboard's socket, and how large an upload
 * may be. `httpNodeAuth` would not cover the socket. In settings.js:
 *
 *     const { pageSettings, password } = require('@cn-verify/node-red-cn-verify/deploy/operator-page.js');
 *     const page = pageSettings(password('operator', process.env.PAGE_PASSWORD));
 *     module.exports = { …, httpNodeMiddleware: page.httpNodeMiddleware, dashboard: page.dashboard };
 *
 * Behind a proxy that logs people in, ask for the header that it sets instead, and let nobody past the proxy:
 *
 *     const page = pageSettings((headers) => headers['x-forwarded-user'] !== undefined);
 */
const { createHash, timingSafeEqual } = require('node:crypto');

/** The routes of the page; Express does not look at upper and lower case either. */
const PAGE = /^\/verify-desk(?:\/|$)/i;
/** Nine photos of a phone, with room to spare. */
const MOST_BYTES = 120e6;

/**
 * @param mayEnter takes the headers of a request and returns whether its sender may use the page
 * @param mostBytes of one upload; Node-RED would keep all of a larger one in memory
 * @returns `httpNodeMiddleware` and `dashboard` for settings.js
 */
function pageSettings(mayEnter, mostBytes = MOST_BYTES) {
  const ask = (request, response, next) => {
    if (mayEnter(request.headers)) return next();
    response.set('WWW-Authenticate', 'Basic realm="cn-verify", charset="UTF-8"').sendStatus(401);
  };
  const bound = ({ method, headers }, response, next) => {
    const length = headers['content-length'];
    if (method === 'GET' || Number(length) <= mostBytes) return next();
    // What is not read stays in the connection.
    response.set('Connection', 'close').sendStatus(length === undefined ? 411 : 413);
  };
  return {
    httpNodeMiddleware: (request, response, next) => {
      if (!PAGE.test(request.route?.path ?? request.path)) return next();
      ask(request, response, () => bound(request, response, next));
    },
    dashboard: {
      middleware: ask,
      ioMiddleware: (socket, next) =>
        next(mayEnter(socket.handshake.headers) ? undefined : new Error('Unauthorized')),
    },
  };
}

/**
 * @param user and the password that go with it, for everybody at the desk
 * @returns what `pageSettings` takes
 * @throws Error where there is no password: an environment variable that is not set must not open the page
 */
function password(user, password) {
  if (!password) throw new Error('The operator page has no password.');
  const digest = (text) => createHash('sha256').update(text).digest();
  const expected = digest(`Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`);
  return ({ authorization = '' }) => timingSafeEqual(digest(authorization), expected);
}

module.exports = { pageSettings, password };
