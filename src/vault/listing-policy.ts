import { AsyncLocalStorage } from 'node:async_hooks';
import type { PipelinePolicy } from '@azure/core-rest-pipeline';
import { IncompleteListingError } from './call-failures.ts';

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
   * @throws IncompleteListingError instead, when it must not be
   */
  follow(link: string): void {
    const url = new URL(link);
    this.#first ??= listed(url);
    if (listed(url) !== this.#first) throw new IncompleteListingError('the next page lies elsewhere');
    if (this.#asked.has(url.href)) throw new IncompleteListingError('the next page was seen before');
    this.#asked.add(url.href);
    if (this.durationMilliseconds > this.#limitMilliseconds) throw outOfTime(this.#limitMilliseconds);
  }
}

/** A listing that was given up after its time. */
export function outOfTime(limitMilliseconds: number): IncompleteListingError {
  return new IncompleteListingError(`not finished after ${Math.round(limitMilliseconds / 1000)} s`);
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
