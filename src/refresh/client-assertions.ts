import type { Sensitive } from '../sensitive.ts';
import type { EpochSeconds } from '../time.ts';

/** An assertion is sent again until it has less than this left. */
const reuseMarginSeconds = 60;

interface Entry {
  readonly madeAt: EpochSeconds;
  readonly reusedUntil: EpochSeconds;
  readonly assertion: Promise<Sensitive>;
}

/** The assertions that a process has signed: signing costs more than everything else in a redemption. */
export class ClientAssertions {
  readonly #entries = new Map<string, Entry>();

  /**
   * The assertion of this key, made anew when there is none, it is about to end, or the clock was put back.
   *
   * @param key all that the assertion depends on but the time
   */
  get(
    key: string,
    now: EpochSeconds,
    lifetimeSeconds: number,
    make: () => Promise<Sensitive>,
  ): Promise<Sensitive> {
    const known = this.#entries.get(key);
    if (known !== undefined && known.madeAt <= now && now < known.reusedUntil) return known.assertion;
    this.#forgetEnded(now);
    const assertion = make();
    const reusedUntil = now + lifetimeSeconds - reuseMarginSeconds;
    this.#entries.set(key, { madeAt: now, reusedUntil, assertion });
    assertion.catch(() => this.#entries.delete(key));
    return assertion;
  }

  #forgetEnded(now: EpochSeconds): void {
    for (const [key, { reusedUntil }] of this.#entries) if (reusedUntil <= now) this.#entries.delete(key);
  }
}
