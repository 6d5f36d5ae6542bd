/**
 * The room of OAuth: the requests to Entra and what its answers mean.
 *
 * In: a registration's fields, a grant, the client's proof. Out: the URL of a consent, a request to the token endpoint,
 * and the outcome of the answer. `token-request` builds, `token-endpoint-client` (the one door to the network) sends,
 * `judge` says what came of it; the rest is pure. All that is known of a code stands in its row of
 * `error-catalogue.json`. `id-token` and `trusted-issuers` prove who signed in at a consent.
 */

import { errorCode } from '../reason.ts';
import type { Sensitive } from '../sensitive.ts';
import type { TokenRequest } from './token-request.ts';

/** How the transport may fail, as telemetry counts it. */
export const transportFailures = [
  'dns',
  'connection_refused',
  'connect_timeout',
  'tls',
  'connection_reset',
  'connection_closed',
  'response_timeout',
  'response_too_large',
  'other',
] as const;

export type TransportFailure = (typeof transportFailures)[number];

/**
 * What happened to one request:
 * - `answered`: an HTTP answer was read to its end
 * - `not_sent`: proof that the server never saw the request
 * - `outcome_unknown`: the server may have acted on it
 */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** Lower-case names. */
      readonly headers: Readonly<Record<string, string>>;
      readonly body: Sensitive;
      readonly durationMilliseconds: number;
    }
  | { readonly kind: 'not_sent'; readonly failure: TransportFailure; readonly durationMilliseconds: number }
  | {
      readonly kind: 'outcome_unknown';
      readonly failure: TransportFailure;
      readonly durationMilliseconds: number;
    };

/** The one door to the network for token requests. Never throws: every way it can fail is an {@link Exchange}. */
export interface TokenEndpoint {
  send(request: TokenRequest): Promise<Exchange>;
}

const failureByCode: Readonly<Record<string, TransportFailure>> = {
  ENOTFOUND: 'dns',
  ECONNREFUSED: 'connection_refused',
  ETIMEDOUT: 'connect_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'connect_timeout',
  EPROTO: 'tls',
  ECONNRESET: 'connection_reset',
  EPIPE: 'connection_reset',
  UND_ERR_SOCKET: 'connection_closed',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'response_too_large',
  UND_ERR_HEADERS_OVERFLOW: 'response_too_large',
  // X.509 verification (Node.js: tls, X509 certificate error codes); those that begin with CERT_ are below.
  UNABLE_TO_GET_ISSUER_CERT: 'tls',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'tls',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'tls',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'tls',
  SELF_SIGNED_CERT_IN_CHAIN: 'tls',
  INVALID_CA: 'tls',
  INVALID_PURPOSE: 'tls',
  PATH_LENGTH_EXCEEDED: 'tls',
  HOSTNAME_MISMATCH: 'tls',
};

const failureByPrefix: ReadonlyArray<readonly [prefix: string, failure: TransportFailure]> = [
  ['EAI_', 'dns'],
  ['ERR_SSL_', 'tls'],
  ['ERR_TLS_', 'tls'],
  ['CERT_', 'tls'],
];

/** The word for an error of Node.js or undici, by its `code`. It says nothing about whether a request was sent. */
export function transportFailure(error: unknown): TransportFailure {
  const code = errorCode(error) ?? '';
  const known = Object.hasOwn(failureByCode, code) ? failureByCode[code] : undefined;
  return known ?? failureByPrefix.find(([prefix]) => code.startsWith(prefix))?.[1] ?? 'other';
}
