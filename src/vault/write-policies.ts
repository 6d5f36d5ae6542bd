import type { PipelinePolicy, PipelineRequest, PipelineResponse } from '@azure/core-rest-pipeline';

/** The pause before repeating after the n-th 429 without Retry-After: 1, 2, 4, 8, 16 s, spread by ± 25 %. */
export function throttleBackoffMilliseconds(
  refusals: number,
  firstMilliseconds: number,
  random: number,
): number {
  return firstMilliseconds * 2 ** Math.min(refusals - 1, 4) * (0.75 + 0.5 * random);
}

/**
 * The SDK repeats a 429 only when it carries Retry-After, and Key Vault does not promise that header. This
 * policy adds one, so that the SDK's own strategy waits and repeats. For reads and PATCH; writes never get here.
 */
export function throttleRetryPolicy(
  firstMilliseconds = 1000,
  random: () => number = Math.random,
): PipelinePolicy {
  const refusals = new WeakMap<PipelineRequest, number>();
  return {
    name: 'throttleRetryPolicy',
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status === 429 && response.headers.get('retry-after') === undefined) {
        const count = (refusals.get(request) ?? 0) + 1;
        refusals.set(request, count);
        const wait = throttleBackoffMilliseconds(count, firstMilliseconds, random());
        response.headers.set('retry-after-ms', String(Math.round(wait)));
      }
      return response;
    },
  };
}

/** A write that was answered by a refusal worth repeating, or not answered; the SDK must not repeat it. */
export class WriteAttemptError extends Error {
  override readonly name = 'WriteAttemptError';
  readonly status: number | undefined;
  /** The socket's error code; kept under another name than `code`, by which the SDK would retry. */
  readonly networkCode: string | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(details: { status?: number; networkCode?: string; retryAfterSeconds?: number }) {
    super('The write was not confirmed.');
    this.status = details.status;
    this.networkCode = details.networkCode;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

function retryAfter(response: PipelineResponse): { retryAfterSeconds?: number } {
  const seconds = Number(response.headers.get('retry-after'));
  return Number.isFinite(seconds) && seconds > 0 ? { retryAfterSeconds: seconds } : {};
}

/**
 * Takes PUT out of the SDK's retries: a PUT that was committed before the connection died would be sent again
 * and leave a second version. The caller knows the attempt id and reads back instead.
 */
export function writeOncePolicy(): PipelinePolicy {
  return {
    name: 'writeOncePolicy',
    async sendRequest(request, next) {
      if (request.method !== 'PUT') return next(request);
      let response: PipelineResponse;
      try {
        response = await next(request);
      } catch (error) {
        const code = (error as { code?: unknown }).code;
        throw typeof code === 'string' ? new WriteAttemptError({ networkCode: code }) : error;
      }
      const { status } = response;
      if (status === 429 || status === 408 || status >= 500) {
        throw new WriteAttemptError({ status, ...retryAfter(response) });
      }
      return response;
    },
  };
}
