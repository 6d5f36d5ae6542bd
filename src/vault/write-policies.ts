import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';
import { codeWord, RefusedError, retryAfterSeconds, UnansweredError } from './call-failures.ts';

/** The pause before repeating after the n-th 429 without Retry-After: 1, 2, 4, 8, 16 s, spread by ± 25 %. */
export function throttleBackoffMilliseconds(
  refusals: number,
  firstMilliseconds: number,
  random: number,
): number {
  return firstMilliseconds * 2 ** Math.min(refusals - 1, 4) * (0.75 + 0.5 * random);
}

interface ThrottleRetryOptions {
  /** Before the first repeat. */
  readonly firstPauseMilliseconds: number;
  /** All pauses of one call together; one that would exceed it is not begun, and the 429 is the answer. */
  readonly limitMilliseconds: number;
  /** Default: Math.random. */
  readonly random?: () => number;
}

/**
 * The SDK repeats a 429 only when it carries Retry-After, which Key Vault does not promise, and then waits however
 * long it says. This policy names the pause in that header, so that the SDK's own strategy waits and repeats. For
 * reads and PATCH; a refused PUT is thrown before it gets here.
 */
export function throttleRetryPolicy(options: ThrottleRetryOptions): PipelinePolicy {
  const { firstPauseMilliseconds, limitMilliseconds, random = Math.random } = options;
  const throttled = new WeakMap<PipelineRequest, { refusals: number; waitedMilliseconds: number }>();
  return {
    name: 'throttleRetryPolicy',
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status !== 429) return response;
      const { refusals, waitedMilliseconds } = throttled.get(request) ?? {
        refusals: 0,
        waitedMilliseconds: 0,
      };
      const asked = retryAfterSeconds(response);
      const pause =
        asked === undefined
          ? throttleBackoffMilliseconds(refusals + 1, firstPauseMilliseconds, random())
          : asked * 1000;
      const waited = waitedMilliseconds + pause;
      if (waited > limitMilliseconds) throw new RefusedError(response);
      throttled.set(request, { refusals: refusals + 1, waitedMilliseconds: waited });
      response.headers.set('retry-after-ms', Math.round(pause));
      return response;
    },
  };
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
      const response = await next(request).catch((error: { readonly code?: unknown }) => {
        const networkCode = codeWord(error.code);
        throw networkCode === undefined ? error : new UnansweredError(networkCode);
      });
      const { status } = response;
      if (status === 429 || status === 408 || status >= 500) throw new RefusedError(response);
      return response;
    },
  };
}
