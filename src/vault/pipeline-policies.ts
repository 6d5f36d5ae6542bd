import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelinePolicy, PipelineRequest } from '@azure/core-rest-pipeline';
import { errorCode } from '../reason.ts';
import { codeWord, GivenUpError, RefusedError, retryAfterSeconds, UnansweredError } from './vault-errors.ts';

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
      const response = await next(request).catch((error: unknown) => {
        const networkCode = codeWord(errorCode(error));
        throw networkCode === undefined ? error : new UnansweredError(networkCode);
      });
      const { status } = response;
      if (status === 429 || status === 408 || status >= 500) throw new RefusedError(response);
      return response;
    },
  };
}

/** What a page is a page of: its URL without the query. A vault's own links name the port, which is the usual one. */
const listed = (url: URL): string => `${url.origin}${url.pathname}`.toLowerCase();

/** The pages that one listing has asked for. Each link must lead to a further page of the same listing. */
export class PageTrail {
  readonly #limitMilliseconds: number;
  readonly #startedAt = performance.now();
  readonly #asked = new Set<string>();
  #first: string | undefined;

  constructor(limitMilliseconds: number) {
    this.#limitMilliseconds = limitMilliseconds;
  }

  get durationMilliseconds(): number {
    return performance.now() - this.#startedAt;
  }

  /**
   * Notes that a page is about to be asked for.
   *
   * @throws GivenUpError instead, when it must not be
   */
  follow(link: string): void {
    const url = new URL(link);
    this.#first ??= listed(url);
    if (listed(url) !== this.#first)
      throw new GivenUpError('incomplete_listing', 'the next page lies elsewhere');
    if (this.#asked.has(url.href))
      throw new GivenUpError('incomplete_listing', 'the next page was seen before');
    this.#asked.add(url.href);
    if (this.durationMilliseconds > this.#limitMilliseconds) throw outOfTime(this.#limitMilliseconds);
  }
}

/** A listing that was given up after its time. */
export function outOfTime(limitMilliseconds: number): GivenUpError {
  return new GivenUpError(
    'incomplete_listing',
    `not finished after ${Math.round(limitMilliseconds / 1000)} s`,
  );
}

const underWay = new AsyncLocalStorage<PageTrail>();

/** Runs a listing whose requests {@link listingPolicy} checks against the trail. */
export function following<T>(trail: PageTrail, listing: () => Promise<T>): Promise<T> {
  return underWay.run(trail, listing);
}

/**
 * Checks a listing's link to its next page before anything is sent there. The SDK goes wherever the link says, with
 * the token, and shows it to nobody; so the request is looked at, and belongs to the listing in whose context it is.
 */
export function listingPolicy(): PipelinePolicy {
  return {
    name: 'listingPolicy',
    sendRequest(request, next) {
      underWay.getStore()?.follow(request.url);
      return next(request);
    },
  };
}

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
