import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../src/time.ts';

/**
 * A clock on which sleeping takes no real time: it moves on instead. Meanwhile it goes as the machine's clock does or,
 * given a start, stands still.
 */
export class SkippingClock implements Clock {
  readonly #unmoved: () => number;
  #aheadMilliseconds = 0;

  constructor(startMilliseconds?: number) {
    this.#unmoved = startMilliseconds === undefined ? Date.now : () => startMilliseconds;
  }

  nowMilliseconds(): number {
    return this.#unmoved() + this.#aheadMilliseconds;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.advance(milliseconds);
    await setImmediate();
  }

  advance(milliseconds: number): void {
    this.#aheadMilliseconds += Math.max(0, milliseconds);
  }

  /** Moves the clock forward to the given moment; never back. */
  moveTo(milliseconds: number): void {
    this.advance(milliseconds - this.nowMilliseconds());
  }
}
