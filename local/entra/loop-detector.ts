/** "15+ equal requests in 5 minutes" (Entra: breaking changes, loop detection). */
const loopLimit = { count: 15, windowMilliseconds: 300_000 } as const;

/**
 * Counts equal requests. assumed: the 15th within a window is the first refused, refused ones count too, the
 * window slides, and a server without cookies is counted by client, user and scope.
 */
export class LoopDetector {
  // In the order of the latest request, so that idle keys are found at the front.
  readonly #requests = new Map<string, number[]>();

  /** Counts one request and says whether it is one too many. */
  isLooping(key: string, nowMilliseconds: number): boolean {
    const begin = nowMilliseconds - loopLimit.windowMilliseconds;
    const recent = (this.#requests.get(key) ?? []).filter((at) => at > begin);
    recent.push(nowMilliseconds);
    this.#requests.delete(key);
    this.#requests.set(key, recent.slice(-loopLimit.count));
    this.#forgetIdle(begin);
    return recent.length >= loopLimit.count;
  }

  /** The number of keys remembered. */
  get size(): number {
    return this.#requests.size;
  }

  #forgetIdle(begin: number): void {
    for (const [key, times] of this.#requests) {
      if ((times.at(-1) ?? 0) > begin) return;
      this.#requests.delete(key);
    }
  }
}
