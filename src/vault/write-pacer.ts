import type { Clock } from '../time.ts';

/** Most secret writes a second of one process to one vault, and the default; Key Vault takes 300 in 10 s from everybody. */
export const maximumWritesPerSecond = 29;

/**
 * Spaces the secret writes of one vault evenly. A burst would be quicker for the first accounts and would then
 * stall up to ten seconds between Entra's answer and the write that must follow it.
 */
export class WritePacer {
  readonly #clock: Clock;
  readonly #writesPerSecond: number;
  readonly #spacingMilliseconds: number;
  /** When the latest writes left, as many as may leave in a second. */
  readonly #sentMilliseconds: number[] = [];
  #nextSlotMilliseconds = 0;
  #lastSeenMilliseconds = 0;
  /** How far the clock was set back in all. */
  #setBackMilliseconds = 0;
  #taken = 0;

  /** @param writesPerSecond 1 to 29 */
  constructor(clock: Clock, writesPerSecond: number = maximumWritesPerSecond) {
    this.#clock = clock;
    this.#writesPerSecond = writesPerSecond;
    this.#spacingMilliseconds = 1000 / writesPerSecond;
  }

  /** Permits given since the pacer was made. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when the next write may be sent; first come, first served. */
  async take(): Promise<void> {
    const now = this.#elapsedMilliseconds();
    const slot = Math.max(now, this.#nextSlotMilliseconds);
    this.#nextSlotMilliseconds = slot + this.#spacingMilliseconds;
    this.#taken += 1;
    if (slot > now) await this.#clock.sleep(slot - now);
  }

  /**
   * Resolves when a write that has its permit may leave. Permits are spaced, but Entra answers some sooner and
   * some later; the writes that would meet in one second wait here, never longer than those answers lay apart.
   * True when it had to wait.
   */
  async pass(): Promise<boolean> {
    const now = this.#elapsedMilliseconds();
    const sent = this.#sentMilliseconds;
    const earliest = sent.length < this.#writesPerSecond ? undefined : sent.shift();
    const leaveAt = earliest === undefined ? now : Math.max(now, earliest + 1000);
    sent.push(leaveAt);
    if (leaveAt > now) await this.#clock.sleep(leaveAt - now);
    return leaveAt > now;
  }

  /** Time that never runs back: a clock that is set right must not hold writes up until it has caught up. */
  #elapsedMilliseconds(): number {
    const now = this.#clock.nowMilliseconds();
    this.#setBackMilliseconds += Math.max(0, this.#lastSeenMilliseconds - now);
    this.#lastSeenMilliseconds = now;
    return now + this.#setBackMilliseconds;
  }
}
