/** The origin that a text is (scheme, host and port, nothing more), normalised; undefined for any other text. */
export function parseOrigin(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  const { pathname, search, hash, username, password } = url;
  return pathname === '/' && `${search}${hash}${username}${password}` === '' ? url.origin : undefined;
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** True for a host name (as in `URL.hostname`) that never leaves the machine. */
export function isLoopbackHost(hostname: string): boolean {
  return loopbackHosts.has(hostname);
}
