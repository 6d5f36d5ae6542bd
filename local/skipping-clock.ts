import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../src/time.ts';

/** The machine's clock, moved: sleeping moves it further instead of waiting, so that rounds take no real time. */
export class SkippingClock implements Clock {
  #ahead = 0;

  nowMilliseconds(): number {
    return Date.now() + this.#ahead;
  }

  async sleep(milliseconds: number): Promise<void> {
    this.#ahead += Math.max(0, milliseconds);
    await setImmediate();
  }

  /** Moves the clock forward to the given moment. */
  moveTo(milliseconds: number): void {
    this.#ahead += Math.max(0, milliseconds - this.nowMilliseconds());
  }
}
