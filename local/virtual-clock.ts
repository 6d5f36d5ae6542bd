import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../src/time.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Some real work, like sealing a cookie, is done on another thread, which a busy machine lets wait for a while. */
const longestIdleTurns = 100_000;

const earlier = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);

/**
 * A clock whose time stands still while anything can run and jumps to the next timer when nothing can. Weeks pass
 * in seconds, in the same order every time. Only for work without real I/O.
 */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #busy = 0;
  /** Settles when nothing is busy any more; made when something is. */
  #free = Promise.withResolvers<void>();
  /** A binary heap, the earliest timer first. */
  readonly #timers: Timer[] = [];

  constructor(startMilliseconds: number) {
    this.#now = startMilliseconds;
  }

  nowMilliseconds(): number {
    return this.#now;
  }

  sleep(milliseconds: number): Promise<void> {
    return this.#reach(this.#now + Math.max(0, milliseconds));
  }

  /** Runs until the given moment, waking everybody who wants to be woken on the way. */
  moveTo(milliseconds: number): Promise<void> {
    return this.run(this.#reach(milliseconds));
  }

  /** Moves the time forward without waking anybody; for the time between two runs and a machine that was suspended. */
  advanceTo(milliseconds: number): void {
    this.#now = Math.max(this.#now, milliseconds);
  }

  /** Lets the time stand still until real work is done, like a signature, which is computed outside JavaScript. */
  during<T>(work: Promise<T>): Promise<T> {
    if (this.#busy === 0) this.#free = Promise.withResolvers();
    this.#busy += 1;
    return work.finally(() => {
      this.#busy -= 1;
      if (this.#busy === 0) this.#free.resolve();
    });
  }

  /**
   * Runs until the promise is settled, jumping from timer to timer.
   *
   * @throws Error when the promise waits for something that is no timer of this clock
   */
  async run<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watch = promise.then(
      () => {
        settled = true;
      },
      () => {
        settled = true;
      },
    );
    for (let idle = 0; !settled; ) {
      await setImmediate();
      if (settled) break;
      if (this.#busy > 0) {
        await Promise.race([watch, this.#free.promise]);
        continue;
      }
      idle = this.#wakeNext() ? 0 : idle + 1;
      if (idle > longestIdleTurns) throw new Error('the work waits for something that no timer will bring');
    }
    await watch;
    return promise;
  }

  #reach(at: number): Promise<void> {
    return new Promise((wake) => {
      this.#order += 1;
      this.#push({ at, order: this.#order, wake });
    });
  }

  /** Wakes everybody who waits for the next moment. */
  #wakeNext(): boolean {
    const first = this.#pop();
    if (first === undefined) return false;
    this.#now = Math.max(this.#now, first.at);
    first.wake();
    while (this.#timers[0] !== undefined && this.#timers[0].at <= this.#now) this.#pop()?.wake();
    return true;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !earlier(timer, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#timers;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      if (a === undefined) break;
      const child = b !== undefined && earlier(b, a) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || !earlier(below, last)) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
    return first;
  }
}
