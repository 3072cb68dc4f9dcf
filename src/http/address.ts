/**
 * What may stand as the address of an account, a store, a queue or a database: docs/contract.md, "Account nodes". The
 * editor's forms judge by the same code.
 */

/** Anything else in a host is part of a password that nobody escaped. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)$/i;

/** @param hostname as `URL` gives it; true for this machine */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

/**
 * @param baseUrl of an account with a custom address
 * @returns what is wrong with it, by its name in the catalogues, or null: `https:` only, except for loopback hosts
 */
export function addressProblem(
  baseUrl: string,
): 'base-url-missing' | 'base-url-unreadable' | 'base-url-not-https' | null {
  if (baseUrl === '') return 'base-url-missing';
  if (!URL.canParse(baseUrl)) return 'base-url-unreadable';
  const { protocol, hostname, username, password, search, hash } = new URL(baseUrl);
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(hostname))) return 'base-url-not-https';
  return username || password || search || hash ? 'base-url-unreadable' : null;
}

/**
 * Reads the one URL that says all of a server: how to reach it, as whom, and which of its databases is meant. An
 * unescaped character is easily read as the end of a part: a `/` in a password turns its first half into a port.
 * @param text a credential, as somebody filled it in
 * @param protocols that it may begin with, such as `redis:`
 * @param path what may stand behind the host, with its query
 * @returns the URL, with a host that can be shown to anybody; null where a part of it is not allowed
 */
export function readServerUrl(text: string, protocols: readonly string[], path: RegExp): URL | null {
  const trimmed = text.trim();
  if (/[\s\p{Cc}\p{Cf}]/u.test(trimmed) || !URL.canParse(trimmed)) return null;
  const url = new URL(trimmed);
  const { protocol, hostname, username, password, pathname, search, hash } = url;
  const isWhole =
    protocols.includes(protocol) && HOST.test(hostname) && path.test(pathname + search) && hash === '';
  return isWhole && isEscaped(username) && isEscaped(password) ? url : null;
}

function isEscaped(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
