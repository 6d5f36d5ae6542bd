import type { Clock } from '../../src/time.ts';

/** Stands still unless somebody sleeps or moves it: whatever the machine's time and load, the pages say the same. */
export class StillClock implements Clock {
  #now: number;

  /** @param start ISO 8601; default: a tick of the default schedule, when every sample account is due that can be */
  constructor(start = '2026-11-22T16:00:00Z') {
    this.#now = Date.parse(start);
  }

  nowMilliseconds(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    this.advance(milliseconds);
    return Promise.resolve();
  }

  advance(milliseconds: number): void {
    this.#now += milliseconds;
  }
}
