import { secondsPerDay, secondsPerHour } from '../../src/time.ts';
import type { SimulatedAccount } from './population.ts';

/** The first hours count for nothing: the seeded tokens' lives say nothing about the planning. */
const warmUpMilliseconds = 3 * secondsPerHour * 1000;

interface Sum {
  refreshes: number;
  tokenDays: number;
}

const perTokenDay = ({ refreshes, tokenDays }: Sum): number | undefined =>
  tokenDays === 0 ? undefined : refreshes / tokenDays;

/** How often an access token is refreshed; time in which its account's grant is dead does not count. */
export class RefreshRate {
  readonly #accounts: readonly SimulatedAccount[];
  readonly #faultless: Sum = { refreshes: 0, tokenDays: 0 };
  readonly #overall: Sum = { refreshes: 0, tokenDays: 0 };
  #beganAt: number | undefined;
  #last: { at: number; refreshes: number } | undefined;

  constructor(accounts: readonly SimulatedAccount[]) {
    this.#accounts = accounts;
  }

  /** Refreshes a day while nothing went wrong; undefined when that time was too short. */
  get faultless(): number | undefined {
    return perTokenDay(this.#faultless);
  }

  /** Refreshes a day over the whole time. */
  get overall(): number | undefined {
    return perTokenDay(this.#overall);
  }

  /** @param refreshes since the beginning; called at each tick */
  observe(at: number, refreshes: number, isFaultless: boolean): void {
    this.#beganAt ??= at;
    const last = this.#last;
    if (at - this.#beganAt >= warmUpMilliseconds) this.#last = { at, refreshes };
    if (last === undefined) return;
    const alive = this.#accounts.filter(({ revokedAt }) => revokedAt === undefined);
    const tokens = alive.reduce((sum, { accessTokenNames }) => sum + accessTokenNames.length, 0);
    const tokenDays = (tokens * (at - last.at)) / 1000 / secondsPerDay;
    for (const sum of isFaultless ? [this.#faultless, this.#overall] : [this.#overall]) {
      sum.refreshes += refreshes - last.refreshes;
      sum.tokenDays += tokenDays;
    }
  }
}
