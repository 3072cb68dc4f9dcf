/** What may stand as the address of an account: CONTRACT, "Account nodes". The editor's forms judge by the same code. */

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
