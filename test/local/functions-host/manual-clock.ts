import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../../src/time.ts';

/** A clock that stands still until it is moved; sleepers wake in order as it passes them. */
export class ManualClock implements Clock {
  longestSleepMilliseconds = 0;
  #now: number;
  #sleepers: { readonly wakesAt: number; readonly wake: () => void }[] = [];

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  nowMilliseconds(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    this.longestSleepMilliseconds = Math.max(this.longestSleepMilliseconds, milliseconds);
    return new Promise((wake) => {
      this.#sleepers.push({ wakesAt: this.#now + milliseconds, wake });
    });
  }

  /** Moves on to the given time, stopping wherever somebody wants to be woken. */
  async moveTo(time: string): Promise<void> {
    const end = Date.parse(time);
    await setImmediate();
    for (let next = this.#nextWaking(end); next !== undefined; next = this.#nextWaking(end)) {
      await this.jumpTo(new Date(next).toISOString());
    }
    await this.jumpTo(time);
  }

  /** Is suddenly at the given time, like a machine that wakes from suspension; then wakes who is overdue. */
  async jumpTo(time: string): Promise<void> {
    this.#now = Date.parse(time);
    const due = this.#sleepers.filter(({ wakesAt }) => wakesAt <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ wakesAt }) => wakesAt > this.#now);
    for (const { wake } of due) wake();
    await setImmediate();
  }

  #nextWaking(end: number): number | undefined {
    const times = this.#sleepers.map(({ wakesAt }) => wakesAt).filter((wakesAt) => wakesAt <= end);
    return times.length === 0 ? undefined : Math.min(...times);
  }
}
