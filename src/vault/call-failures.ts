import type { PipelineResponse } from '@azure/core-rest-pipeline';

/**
 * The vault answered with a refusal. Taken from the raw answer: the SDK's own error holds the request with value
 * and bearer token, and loses the status when the body is empty.
 */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly status: number;
  /** The same under the SDK's name for it, by which the poller of a deletion knows that it goes on. */
  readonly statusCode: number;
  /** The inner error code like `ForbiddenByRbac`, else the outer one like `SecretNotFound`. */
  readonly vaultCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(response: PipelineResponse) {
    super('The vault refused.');
    this.status = response.status;
    this.statusCode = response.status;
    this.vaultCode = vaultCode(response.bodyAsText);
    this.retryAfterSeconds = retryAfterSeconds(response);
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

/** A code is a word; any other text of an answer or an error is not repeated, it may hold anything. */
export function codeWord(code: unknown): string | undefined {
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined;
}

/** Undefined without the header, and for one that is no positive number of seconds. */
export function retryAfterSeconds({ headers }: PipelineResponse): number | undefined {
  const seconds = Number(headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? seconds : undefined;
}

interface ErrorBody {
  readonly error?: { readonly code?: unknown; readonly innererror?: { readonly code?: unknown } };
}

function vaultCode(body: string | null | undefined): string | undefined {
  try {
    const { error } = JSON.parse(body ?? '') as ErrorBody;
    return codeWord(error?.innererror?.code) ?? codeWord(error?.code);
  } catch {
    return undefined;
  }
}
