/** At most `count` requests within any `windowMilliseconds`. */
export interface RequestLimit {
  readonly count: number;
  readonly windowMilliseconds: number;
}

/** Key Vault's service limits per vault and region: making secrets, and everything else on secrets. */
export const serviceLimits = {
  writes: { count: 300, windowMilliseconds: 10_000 },
  otherRequests: { count: 4000, windowMilliseconds: 10_000 },
} as const satisfies Record<string, RequestLimit>;

/**
 * Counts admitted requests; refused ones do not count.
 * assumed: the window slides, and a request leaves it after exactly its length.
 */
export class SlidingWindow {
  readonly #limit: RequestLimit;
  readonly #admittedAt: number[] = [];
  #oldest = 0;

  constructor(limit: RequestLimit) {
    this.#limit = limit;
  }

  /** Whether a request at `nowMilliseconds` is within the limit; if so it is counted. */
  admit(nowMilliseconds: number): boolean {
    if (this.#admittedAt.length < this.#limit.count) {
      this.#admittedAt.push(nowMilliseconds);
      return true;
    }
    const oldest = this.#admittedAt[this.#oldest];
    if (oldest === undefined || nowMilliseconds - oldest < this.#limit.windowMilliseconds) return false;
    this.#admittedAt[this.#oldest] = nowMilliseconds;
    this.#oldest = (this.#oldest + 1) % this.#limit.count;
    return true;
  }
}
