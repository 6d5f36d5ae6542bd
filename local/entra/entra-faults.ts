import { sameUser, type User } from '../../src/accounts/entra-ids.ts';
import type { EndpointVersion } from '../../src/oauth/authority.ts';
import type { IdTokenFault } from './id-tokens.ts';
import type { RequestSubject } from './redemption.ts';
import { type EntraRefusal, refusal } from './refusal.ts';
import type { EntraEndpoint, EntraRequest, EntraResponse } from './wire.ts';

/** Which requests a fault meets: all that agree with every given field. */
export interface FaultMatch {
  /** Default: `token`. Requests to the others agree with no further field. */
  readonly endpoint?: EntraEndpoint;
  readonly grantType?: 'authorization_code' | 'refresh_token';
  readonly clientId?: string;
  /** As in the path. */
  readonly tenant?: string;
  readonly user?: User;
  readonly grantId?: string;
  readonly refreshToken?: string;
}

/**
 * - `refused`: nobody listens; only in process, over HTTP it is a `reset_before`
 * - `reset_before`: the connection is reset, nothing was redeemed
 * - `reset_after`: redeemed, then the connection is reset and the answer lost
 * - `hang`: nothing is redeemed and no answer ever comes
 * - `close_mid_body`: redeemed, then the connection ends in the middle of the answer
 */
type NetworkFault = 'refused' | 'reset_before' | 'reset_after' | 'hang' | 'close_mid_body';

/**
 * Whether every endpoint and kind of account sends a `client_info` is not proven, so each answer can be without, or with one
 * that cannot be read. `no_guid`: B2C puts the policy behind the object id (seen:
 * AzureAD/microsoft-authentication-library-for-android pull request 720).
 */
export type ClientInfoFault = 'missing' | 'no_base64' | 'no_json' | 'no_ids' | 'no_guid';

/** What happens instead of, or around, a redemption. Everything is optional and combines. */
export interface EntraFault {
  /** Default: every request. */
  readonly match?: FaultMatch;
  /** How many requests it meets. Default: without end. */
  readonly times?: number;
  /** Runs before anything is redeemed. */
  readonly before?: (request: EntraRequest) => void | Promise<void>;
  /** Runs when the answer is made and not yet sent. */
  readonly after?: (request: EntraRequest, response: EntraResponse) => void | Promise<void>;
  /** Given instead of a redemption. */
  readonly answer?: EntraRefusal | EntraResponse;
  readonly network?: NetworkFault;
  /** The answer brings no new refresh token, which RFC 6749, section 6 leaves to the server. */
  readonly withholdsRefreshToken?: boolean;
  /** The answer's `scope` in place of its own: Entra may grant less than was asked for (RFC 6749 section 3.3). */
  readonly grantedScope?: string;
  /** What is wrong with the `client_info` of an answer that has one. */
  readonly clientInfo?: ClientInfoFault;
  /** What is wrong with the id token of an answer that has one. */
  readonly idToken?: IdTokenFault;
  /** Adds `Retry-After`; 0 is sent too. */
  readonly retryAfterSeconds?: number;
  /** Waited before the answer, on the model's clock. */
  readonly delayMilliseconds?: number;
}

interface ActiveEntraFault {
  readonly fault: EntraFault;
  left: number;
}

/** The faults in force, in the order they were added; a request meets the first that matches. */
export class EntraFaults {
  #active: ActiveEntraFault[] = [];

  /** Adds a fault and gives the way to take it back. */
  add(fault: EntraFault): () => void {
    const active = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#active.push(active);
    return () => {
      this.#active = this.#active.filter((other) => other !== active);
    };
  }

  clear(): void {
    this.#active = [];
  }

  /** How many faults can still meet a request. */
  get size(): number {
    return this.#active.length;
  }

  /** The fault that this request meets, used up once. */
  take(subject: RequestSubject | undefined, endpoint: EntraEndpoint = 'token'): EntraFault | undefined {
    const active = this.#active.find(({ fault }) => matches(fault.match ?? {}, subject, endpoint));
    if (active === undefined) return undefined;
    active.left -= 1;
    if (active.left <= 0) this.#active = this.#active.filter((other) => other !== active);
    return active.fault;
  }
}

function matches(match: FaultMatch, subject: RequestSubject | undefined, endpoint: EntraEndpoint): boolean {
  const { endpoint: wanted = 'token', ...fields } = match;
  if (wanted !== endpoint) return false;
  if (subject === undefined) return Object.keys(fields).length === 0;
  const { clientId, grantType, tenant, user, grantId, refreshToken } = fields;
  return (
    (grantType === undefined || grantType === subject.grantType) &&
    (clientId === undefined || clientId.toLowerCase() === subject.clientId?.toLowerCase()) &&
    (tenant === undefined || tenant.toLowerCase() === subject.tenant) &&
    (grantId === undefined || grantId === subject.grant?.id) &&
    (refreshToken === undefined || refreshToken === subject.refreshToken) &&
    (user === undefined || (subject.user !== undefined && sameUser(user, subject.user)))
  );
}

/** What a named refusal may say differently. */
interface AadstsOptions {
  /** Default: a text without meaning. */
  readonly message?: string;
  /** Default: the number's own (see `refusal`). */
  readonly oauthError?: string;
  readonly status?: number;
  readonly suberror?: string;
  /** JSON text. */
  readonly claims?: string;
  /** Some numbers have another `error` on v1. Default: `v2`. */
  readonly version?: EndpointVersion;
}

/** A refusal by any AADSTS number, with the OAuth error, suberror and HTTP status that belong to it. */
export function aadsts(code: number, options: AadstsOptions = {}): EntraRefusal {
  const { message = 'A fault was asked for.', version, ...overrides } = options;
  return { ...refusal(code, message, version), ...overrides };
}

/** HTTP 429 with the bare text that was seen, with or without Retry-After. */
export function tooManyRequests(retryAfterSeconds?: number): EntraFault {
  return {
    answer: plainAnswer(429, 'text/plain', 'Too Many Requests'),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** HTTP 503 with 90033 in JSON (seen), with or without Retry-After. */
export function serviceUnavailable(retryAfterSeconds?: number): EntraFault {
  return {
    answer: aadsts(90033, { message: 'A transient error has occurred. Please try again.' }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
}

/** HTTP 502 with HTML, as a gateway writes it. assumed: no recorded body of Entra's is known. */
export function htmlBadGateway(): EntraFault {
  const page =
    '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
  return { answer: plainAnswer(502, 'text/html', page) };
}

/** 70000 once; the same token works afterwards (seen: BingAds/BingAds-Python-SDK issue 279). */
export function transientInvalidGrant(): EntraFault {
  const message = "The provided value for the input parameter 'refresh_token' or 'assertion' is not valid.";
  return { answer: aadsts(70000, { message }), times: 1 };
}

function plainAnswer(status: number, contentType: string, body: string): EntraResponse {
  return { status, headers: { 'content-type': contentType }, body };
}
