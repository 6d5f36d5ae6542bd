import type { SeededRandom } from '../../local/seeded-random.ts';
import type { Clock } from '../../src/time.ts';
import { GivenUpError } from '../../src/vault/vault-errors.ts';
import type { FaultLog } from './fault-log.ts';
import { rates } from './rates.ts';

/** Lets the identity endpoints of processes that start fail for a while. */
export class IdentityFaultInjector {
  /** Processes that start while this is set may be struck. */
  active = false;
  readonly #clock: Clock;
  readonly #random: SeededRandom;
  readonly #log: FaultLog;

  constructor(clock: Clock, random: SeededRandom, log: FaultLog) {
    this.#clock = clock;
    this.#random = random;
    this.#log = log;
  }

  /** The sign-in of a process that starts now; once it has a token it keeps it, as the SDK does. */
  startProcess(): () => Promise<void> {
    const isStruck = this.active && this.#random.chance(rates.coldIdentityShare);
    const hangs = this.#random.chance(0.3);
    const seconds = isStruck ? this.#random.between(...rates.coldIdentitySeconds) : 0;
    let failsUntil: number | undefined;
    return async () => {
      failsUntil ??= this.#clock.nowMilliseconds() + seconds * 1000;
      if (this.#clock.nowMilliseconds() >= failsUntil) return;
      this.#log.count(hangs ? 'identity hang' : 'identity refused', 'app');
      if (hangs) await this.#clock.sleep(rates.identityLimitSeconds * 1000);
      throw new GivenUpError('unauthenticated', hangs ? 'no token in time' : 'CredentialUnavailableError');
    };
  }
}
