import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { RefusedError } from './call-failures.ts';

/**
 * Puts every call under a time limit, its repeats included. The SDK knows none by default, and hands a caller's
 * signal to the first page of a listing only; a policy sees them all.
 */
export function callLimitPolicy(limitMilliseconds: number): PipelinePolicy {
  return {
    name: 'callLimitPolicy',
    sendRequest(request, next) {
      request.abortSignal = AbortSignal.timeout(limitMilliseconds);
      return next(request);
    },
  };
}

/** Turns the refusal, or redirect, that is left after all repeats into a {@link RefusedError}. */
export function refusalPolicy(): PipelinePolicy {
  return {
    name: 'refusalPolicy',
    async sendRequest(request, next) {
      const response = await next(request);
      if (response.status >= 300) throw new RefusedError(response);
      return response;
    },
  };
}
