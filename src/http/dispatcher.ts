import type { LookupFunction } from 'node:net';
import { type Dispatcher, EnvHttpProxyAgent, Pool } from 'undici';

interface DispatcherOptions {
  /** From name lookup to the end of the TLS handshake, with a proxy for each of the two ways. Default: 5,000. */
  readonly connectLimitMilliseconds?: number;
  /** Connections to one origin; further requests wait for a free one. Default: as many as there are requests. */
  readonly connections?: number;
  /** An answer that is longer ends its request with an error. */
  readonly responseLimitBytes: number;
  /** Certificates (PEM) to trust instead of Node's own. */
  readonly trustedCertificates?: string;
  /** Name resolution in place of the system's. */
  readonly lookup?: LookupFunction;
}

/**
 * The way out of this process, the same for vaults, tokens of the identity and the token endpoint: HTTP/1.1 over kept
 * connections. Follows no redirect, repeats nothing, keeps no cookies, and sets no limit on waiting for an answer, which
 * is the caller's.
 *
 * What goes over TLS goes through the proxy that `HTTPS_PROXY` names, unless `NO_PROXY` names the host. Plain http is
 * spoken with nobody but the identity endpoint of this machine, which no proxy could reach, whatever `HTTP_PROXY` says.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { connectLimitMilliseconds = 5_000, connections, responseLimitBytes } = options;
  const { trustedCertificates: ca, lookup } = options;
  const tls = { timeout: connectLimitMilliseconds, ...(ca !== undefined && { ca }) };
  return new EnvHttpProxyAgent({
    httpProxy: '',
    ...(connections !== undefined && { connections }),
    maxResponseSize: responseLimitBytes,
    // HTTP/2 may send a request again on a new session; a code must never be sent twice.
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...tls, ...(lookup !== undefined && { lookup }) },
    requestTls: tls,
    proxyTls: { timeout: connectLimitMilliseconds },
    // A proxy that takes the connection and then says nothing would hold a place in the pool for minutes.
    clientFactory: (origin, pool) => new Pool(origin, { ...pool, headersTimeout: connectLimitMilliseconds }),
  });
}
