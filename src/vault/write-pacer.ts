import type { Clock } from '../time.ts';

/** Most secret writes a second of one process to one vault, and the default; Key Vault takes 300 in 10 s from everybody. */
export const maximumWritesPerSecond = 29;

/**
 * Spaces the secret writes of one vault evenly. A burst would be quicker for the first accounts and would then
 * stall up to ten seconds between Entra's answer and the write that must follow it.
 */
export class WritePacer {
  readonly #clock: Clock;
  readonly #spacingMilliseconds: number;
  #nextSlotMilliseconds = 0;
  #taken = 0;

  /** @param writesPerSecond 1 to 29 */
  constructor(clock: Clock, writesPerSecond: number = maximumWritesPerSecond) {
    this.#clock = clock;
    this.#spacingMilliseconds = 1000 / writesPerSecond;
  }

  /** Permits given since the pacer was made. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when the next write may be sent; first come, first served. */
  async take(): Promise<void> {
    const now = this.#clock.nowMilliseconds();
    const slot = Math.max(now, this.#nextSlotMilliseconds);
    this.#nextSlotMilliseconds = slot + this.#spacingMilliseconds;
    this.#taken += 1;
    if (slot > now) await this.#clock.sleep(slot - now);
  }
}
