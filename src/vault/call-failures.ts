import type { PipelineResponse } from '@azure/core-rest-pipeline';
import { parseJsonObject } from '../json.ts';

/**
 * The vault answered with a refusal. Taken from the raw answer: the SDK's own error holds the request with value
 * and bearer token, and loses the status when the body is empty.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** The same under the SDK's name for it, by which the poller of a deletion knows that it goes on. */
  readonly statusCode: number;
  /** The inner error code like `ForbiddenByRbac`, else `AKV10032` of the text, else the outer one. */
  readonly vaultCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  /** The vault serves reads only, after a regional failover. */
  readonly isReadOnly: boolean;
  /** Somebody between here and the vault answered in its place. */
  readonly isForeign: boolean;

  constructor(response: PipelineResponse) {
    super('The vault refused.');
    this.status = response.status;
    this.statusCode = response.status;
    const error = errorOf(response.bodyAsText);
    const message = typeof error?.message === 'string' ? error.message : '';
    const [platformCode] = /\bAKV\d{5}\b/.exec(message) ?? [];
    this.vaultCode = codeWord(error?.innererror?.code) ?? platformCode ?? codeWord(error?.code);
    this.retryAfterSeconds = retryAfterSeconds(response);
    this.isReadOnly = isReadOnlyRefusal(response.status, message);
    this.isForeign = isForeign(response);
  }
}

/** A write got no answer; whether it happened is open unless the socket's error code says otherwise. */
export class UnansweredError extends Error {
  override readonly name = 'UnansweredError';
  /** The socket's error code; kept under another name than `code`, by which the SDK would retry. */
  readonly networkCode: string;

  constructor(networkCode: string) {
    super('The vault did not answer.');
    this.networkCode = networkCode;
  }
}

/** No token for the vault could be had, so nothing was asked of it. */
export class NoTokenError extends Error {
  override readonly name = 'NoTokenError';
  readonly reason: string;

  constructor(reason: string) {
    super('There is no token for the vault.');
    this.reason = reason;
  }
}

/** A listing that will not come to its end; `reason` says why, in words of ours. */
export class IncompleteListingError extends Error {
  override readonly name = 'IncompleteListingError';
  readonly reason: string;

  constructor(reason: string) {
    super('The listing cannot be completed.');
    this.reason = reason;
  }
}

/** A code is a word; any other text of an answer or an error is not repeated, it may hold anything. */
export function codeWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}

/** Undefined without the header, and for one that is no positive number of seconds. */
export function retryAfterSeconds({ headers }: PipelineResponse): number | undefined {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

/**
 * The one refusal that only its text tells from another: a vault that is down answers 503 `ServiceUnavailable`, too
 * (MSEndpointMgr/CloudLAPS #70).
 */
export function isReadOnlyRefusal(status: number, message: string): boolean {
  return status === 503 && /read-only state/i.test(message);
}

/**
 * Key Vault refuses in JSON. HTML comes from a proxy, a firewall or whatever else a wrong name or route leads to
 * (Azure/azure-sdk-for-net #13037); so do a redirect, a 407, and a 401 without the challenge that would have brought a
 * token.
 */
function isForeign({ status, headers, request, bodyAsText }: PipelineResponse): boolean {
  if (status < 400 || status === 407 || (status === 401 && !request.headers.has('authorization')))
    return true;
  return status < 500 && (/html/i.test(headers.get('content-type') ?? '') || /^\s*</.test(bodyAsText ?? ''));
}

interface ErrorBody {
  readonly error?: {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly innererror?: { readonly code?: unknown };
  };
}

function errorOf(body: string | null | undefined): ErrorBody['error'] {
  // Each part that is used is looked at before.
  return (parseJsonObject(body ?? '') as ErrorBody | undefined)?.error;
}
