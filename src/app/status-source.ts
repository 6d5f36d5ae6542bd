import { readSnapshot, type StatusSnapshot } from '../status/snapshot.ts';
import { listVaults } from '../sweep/listing.ts';
import type { Clock } from '../time.ts';
import { answerLimitSeconds, environmentFor, requestEnvironment } from './environment.ts';

interface CachedValue<T> {
  readonly made: Promise<T>;
  /** When the value was there, in milliseconds; absent while it is being made. */
  at?: number;
}

/** Keeps a value for a while. Whoever asks while it is being made waits for the same making; a failure is not kept. */
export class Cached<T> {
  readonly #make: () => Promise<T>;
  readonly #clock: Clock;
  readonly #lifetimeMilliseconds: number;
  #entry: CachedValue<T> | undefined;

  constructor(make: () => Promise<T>, clock: Clock, lifetimeSeconds: number) {
    this.#make = make;
    this.#clock = clock;
    this.#lifetimeMilliseconds = lifetimeSeconds * 1000;
  }

  get(): Promise<T> {
    const known = this.#entry;
    if (known !== undefined && (known.at === undefined || this.#isFresh(known.at))) return known.made;
    const entry: CachedValue<T> = { made: this.#make() };
    this.#entry = entry;
    entry.made.then(
      () => {
        entry.at = this.#clock.nowMilliseconds();
      },
      () => {
        if (this.#entry === entry) this.#entry = undefined;
      },
    );
    return entry.made;
  }

  /** False for what was made later than now, too: the clock was set back, and nobody knows how old it is. */
  #isFresh(at: number): boolean {
    const age = this.#clock.nowMilliseconds() - at;
    return age >= 0 && age < this.#lifetimeMilliseconds;
  }

  /** The next one who asks gets a value made from now on. */
  forget(): void {
    this.#entry = undefined;
  }
}

const lifetimeSeconds = 60;
/** What this instance has listed last. */
let current: Cached<StatusSnapshot> | undefined;

function createSource(settings: NodeJS.ProcessEnv, write: (line: string) => void): Cached<StatusSnapshot> {
  const { clock } = environmentFor(settings, write);
  const take = async (): Promise<StatusSnapshot> => {
    const environment = requestEnvironment(settings, write);
    return readSnapshot(environment, await listVaults(environment, answerLimitSeconds));
  };
  return new Cached(take, clock, lifetimeSeconds);
}

/**
 * The state of all accounts, listed at most once a minute by each instance.
 *
 * @throws ConfigurationError when settings are wrong
 * @throws VaultError of a vault that could not be listed
 */
export async function statusSnapshot(
  settings: NodeJS.ProcessEnv,
  write: (line: string) => void,
): Promise<StatusSnapshot> {
  current ??= createSource(settings, write);
  return current.get();
}

/** Something has changed accounts: the next status lists the vaults anew. */
export function forgetStatus(): void {
  current?.forget();
}
