import type { SecretWrite } from '../accounts/secret.ts';
import { type Clock, steadyMilliseconds } from '../time.ts';
import type { SecretVault } from './secret-vault.ts';

/** Most secret writes a second of a sweep to one vault, and the default; Key Vault takes 300 in 10 s from everybody. */
export const maximumWritesPerSecond = 29;
/** In which the vault counts, and so do we. */
const windowMilliseconds = 10_000;

/** How many secret writes one vault gets. */
export interface WriteBudget {
  /** In any 10 seconds. */
  readonly writes: number;
  /** Between one permit and the next. */
  readonly spacingMilliseconds: number;
}

/**
 * A sweep's: evenly spaced, because a burst would fall upon Entra as well.
 *
 * @param writesPerSecond 1 to 29
 */
export const sweepBudget = (writesPerSecond: number = maximumWritesPerSecond): WriteBudget => ({
  writes: writesPerSecond * (windowMilliseconds / 1000),
  spacingMilliseconds: 1000 / writesPerSecond,
});

/** Of who writes beside a sweep, from another process: HTTP functions and the command line. */
export const besideSweepBudget: WriteBudget = { writes: 8, spacingMilliseconds: 0 };

/** Leave to send one write to the vault of the pacer that gave it. */
export interface WritePermit {
  /** Lets somebody else write instead; after the write it does nothing. */
  giveBack(): void;
}

/** Held until its write leaves, which is `leftAt`; done when the write was answered. */
interface HeldPermit {
  leftAt?: number;
  done?: true;
}

/**
 * Gives out permits for the secret writes of one vault. One counts from when it is given until ten seconds after its
 * write left, and is taken before the redemption: whoever has one never waits between Entra's answer and the write.
 */
export class WritePacer {
  readonly #clock: Clock;
  readonly #budget: WriteBudget;
  /** Permits that count. */
  readonly #places = new Map<WritePermit, HeldPermit>();
  #queue: Promise<unknown> = Promise.resolve();
  #placeChanged: () => void = () => undefined;
  #nextSlotMilliseconds = 0;
  readonly #elapsedMilliseconds: () => number;
  #taken = 0;

  constructor(clock: Clock, budget: WriteBudget = sweepBudget()) {
    this.#clock = clock;
    this.#budget = budget;
    this.#elapsedMilliseconds = steadyMilliseconds(clock);
  }

  /** Permits asked for since the pacer was made, without those given back. */
  get taken(): number {
    return this.#taken;
  }

  /** Resolves when a write may be sent; first come, first served. */
  take(): Promise<WritePermit> {
    this.#taken += 1;
    const turn = this.#queue.then(() => this.#give());
    this.#queue = turn;
    return turn;
  }

  /**
   * A permit for trying once more what failed. It never waits for others, who may wait for this one: without room
   * it takes the failed write's place, ten seconds after that left. One that was not used stays as it is.
   */
  async takeAgain(failed: WritePermit): Promise<WritePermit> {
    const place = this.#places.get(failed);
    if (place === undefined) return this.take();
    if (place.leftAt === undefined) return failed;
    this.#taken += 1;
    const now = this.#elapsedMilliseconds();
    if (this.#roomAt(now) <= now) return this.#hold();
    this.#places.delete(failed);
    const permit = this.#hold();
    await this.#clock.sleep(place.leftAt + windowMilliseconds - now);
    return permit;
  }

  /**
   * Sends the write that a permit allows.
   *
   * @throws Error for a permit that was used, or that this pacer did not give
   */
  async send<T>(permit: WritePermit, write: () => Promise<T>): Promise<T> {
    const place = this.#places.get(permit);
    if (place === undefined || place.leftAt !== undefined)
      throw new Error("a write permit that was used before, was given back or is another vault's");
    place.leftAt = this.#elapsedMilliseconds();
    try {
      return await write();
    } finally {
      place.done = true;
      this.#placeChanged();
    }
  }

  async #give(): Promise<WritePermit> {
    for (;;) {
      const now = this.#elapsedMilliseconds();
      const at = Math.max(this.#nextSlotMilliseconds, this.#roomAt(now));
      if (at <= now) {
        this.#nextSlotMilliseconds = now + this.#budget.spacingMilliseconds;
        return this.#hold();
      }
      if (Number.isFinite(at)) await this.#clock.sleep(at - now);
      else await this.#change();
    }
  }

  #hold(): WritePermit {
    const permit = {
      giveBack: () => {
        if (this.#places.get(permit)?.leftAt !== undefined || !this.#places.delete(permit)) return;
        this.#taken -= 1;
        this.#placeChanged();
      },
    };
    this.#places.set(permit, {});
    return permit;
  }

  /** When the next permit finds room; infinite while that hangs on those that hold one. */
  #roomAt(now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    for (const [permit, { leftAt, done }] of this.#places) {
      if (leftAt === undefined || !done) continue;
      if (leftAt + windowMilliseconds <= now) this.#places.delete(permit);
      else earliest = Math.min(earliest, leftAt + windowMilliseconds);
    }
    return this.#places.size < this.#budget.writes ? now : earliest;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#placeChanged = resolve;
    });
  }
}

/** One vault with the pacer of its writes. Where both roles name one vault, both hold the same object. */
export interface PacedVault {
  readonly vault: SecretVault;
  readonly pacer: WritePacer;
  /** The app setting that names the vault, for messages. */
  readonly setting: 'CREDENTIALS_VAULT_URL' | 'TOKENS_VAULT_URL';
}

/**
 * Makes a new version of a secret and gives its id. Nothing else in the app calls a vault's `set`.
 *
 * @throws VaultError
 * @throws Error when the permit was used before or is another vault's: a bug
 */
export function setWithPermit(
  { vault, pacer }: PacedVault,
  permit: WritePermit,
  name: string,
  write: SecretWrite,
): Promise<string> {
  return pacer.send(permit, () => vault.set(name, write));
}
