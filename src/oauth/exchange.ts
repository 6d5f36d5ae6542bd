import type { Sensitive } from '../sensitive.ts';

/** A request to a token endpoint. Secrets stay sealed until the endpoint client encodes the form, once. */
export interface TokenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly form: ReadonlyArray<readonly [name: string, value: string | Sensitive]>;
}

/** How the transport failed, as telemetry counts it. */
export type TransportFailure =
  | 'dns'
  | 'connection_refused'
  | 'connect_timeout'
  | 'tls'
  | 'connection_reset'
  | 'connection_closed'
  | 'response_timeout'
  | 'response_too_large'
  | 'other';

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
