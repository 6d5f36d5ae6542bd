import type { SeededRandom } from '../../local/seeded-random.ts';
import type { Clock } from '../../src/time.ts';
import type { FaultLog } from './fault-log.ts';
import type { Population, SimulatedAccount, SimulatedClient } from './population.ts';
import { rates } from './rates.ts';

/** 50173: revoked, Entra's final word. 65001: consent withdrawn. 70000: dead without a stated reason. */
const revocationCodes = [50173, 65001, 70000] as const;

interface PeopleOptions {
  readonly clock: Clock;
  readonly population: Population;
  readonly random: SeededRandom;
  readonly log: FaultLog;
  /** Nothing new is begun when this says no; what was begun is brought to its end. */
  readonly mayBegin: () => boolean;
}

/** What people do while the refresher runs: revoke, consent, store tokens by hand, let secrets end, renew them. */
export class People {
  readonly #options: PeopleOptions;

  constructor(options: PeopleOptions) {
    this.#options = options;
  }

  /** Lets them begin. */
  start(): void {
    const { population } = this.#options;
    for (const account of population.accounts) {
      void this.#repeat(rates.meanSecondsBetweenRevocations, (random) => this.#revoke(account, random));
      void this.#repeat(rates.meanSecondsBetweenReseedings, () => this.#reseed(account));
    }
    for (const client of population.clients.filter(({ secret }) => secret !== undefined)) {
      void this.#repeat(rates.meanSecondsBetweenSecretEnds, (random) => this.#endSecret(client, random));
    }
  }

  async #repeat(meanSeconds: number, act: (random: SeededRandom) => Promise<void>): Promise<void> {
    const { clock, mayBegin } = this.#options;
    const random = this.#options.random.fork();
    for (;;) {
      await clock.sleep(random.exponential(meanSeconds) * 1000);
      if (!mayBegin()) return;
      await act(random);
    }
  }

  async #revoke(account: SimulatedAccount, random: SeededRandom): Promise<void> {
    const { clock, population, log } = this.#options;
    log.count('grant revoked', 'app');
    population.revoke(account, random.pick(revocationCodes));
    await clock.sleep(random.between(...rates.consentSeconds) * 1000);
    population.consent(account, random.chance(0.7) ? 'consent' : 'manual');
  }

  #reseed(account: SimulatedAccount): Promise<void> {
    const { population, log } = this.#options;
    if (account.revokedAt === undefined) {
      log.count('refresh token stored by hand', 'app');
      population.consent(account, 'manual');
    }
    return Promise.resolve();
  }

  async #endSecret(client: SimulatedClient, random: SeededRandom): Promise<void> {
    const { clock, population, log } = this.#options;
    const tooLate = random.chance(rates.renewedTooLateShare);
    if (tooLate) {
      log.count('client secret expired', 'app');
      population.endSecret(client);
      await clock.sleep(random.between(...rates.renewalSeconds) * 1000);
    } else {
      log.count('client secret renewed in time', 'app');
    }
    population.renewSecret(client, tooLate);
  }
}
