import type { Clock } from '../time.ts';

interface Entry<T> {
  readonly made: Promise<T>;
  /** In milliseconds; absent while the value is being made. */
  until?: number;
}

/** Keeps a value for a while. Whoever asks while it is being made waits for the same making; a failure is not kept. */
export class Cached<T> {
  readonly #make: () => Promise<T>;
  readonly #clock: Clock;
  readonly #lifetimeMilliseconds: number;
  #entry: Entry<T> | undefined;

  constructor(make: () => Promise<T>, clock: Clock, lifetimeSeconds: number) {
    this.#make = make;
    this.#clock = clock;
    this.#lifetimeMilliseconds = lifetimeSeconds * 1000;
  }

  get(): Promise<T> {
    const known = this.#entry;
    if (known !== undefined && (known.until === undefined || this.#clock.nowMilliseconds() < known.until))
      return known.made;
    const entry: Entry<T> = { made: this.#make() };
    this.#entry = entry;
    entry.made.then(
      () => {
        entry.until = this.#clock.nowMilliseconds() + this.#lifetimeMilliseconds;
      },
      () => {
        if (this.#entry === entry) this.#entry = undefined;
      },
    );
    return entry.made;
  }

  /** The next one who asks gets a value made from now on. */
  forget(): void {
    this.#entry = undefined;
  }
}
