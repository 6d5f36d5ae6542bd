import type { SecretVersion } from '../../local/key-vault/secret-history.ts';
import type { LocalWorld } from '../../local/local-world.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { parseRefreshToken } from '../../src/accounts/refresh-token-secret.ts';
import { readCountingFailure } from '../../src/accounts/registration-tags.ts';
import type { Population, SimulatedAccount } from './population.ts';
import type { ValidityMeter } from './validity-meter.ts';

/** What the oracle found; the first two must stay 0. */
export interface Verdicts {
  /** The grant lives, and no enabled refresh token in the vault is accepted. */
  lostRefreshTokens: number;
  /** `reconsent` was reported or remembered although the stored refresh token's grant lives. */
  falseReconsents: number;
  /** The grant lives, and its refresh token lies behind a newer version that is refused. */
  shadowedRefreshTokens: number;
  /** Dead grants of which `reconsent` was reported. */
  trueReconsents: number;
}

/** Compares what the vaults hold and what the refresher says with what is true. */
export class Oracle {
  readonly verdicts: Verdicts = {
    lostRefreshTokens: 0,
    falseReconsents: 0,
    shadowedRefreshTokens: 0,
    trueReconsents: 0,
  };
  readonly #world: LocalWorld;
  readonly #population: Population;
  readonly #meter: ValidityMeter;
  readonly #found = { lost: new Set<string>(), shadowed: new Set<string>(), wronged: new Set<string>() };
  readonly #lastPublished = new Map<string, string>();

  constructor(world: LocalWorld, population: Population, meter: ValidityMeter) {
    this.#world = world;
    this.#population = population;
    this.#meter = meter;
  }

  /** Looks at everything; after each sweep, however it ended. */
  inspect(): void {
    for (const account of this.#population.accounts) {
      this.#inspectRefreshToken(account);
      this.#inspectMemory(account);
      for (const name of account.accessTokenNames) this.#inspectAccessToken(account, name);
    }
  }

  /** A sweep that began at the given second said that a human must consent. */
  hearReconsent(id: string, sweepStartedAt: number): void {
    const account = this.#population.find(id);
    if (account === undefined) return;
    const versions = this.#world.credentials.versionsOf(account.refreshTokenName);
    // A consent within the second in which the sweep began may have come after its listing.
    const judged = versions.findLast(({ createdAt }) => createdAt < sweepStartedAt);
    if (judged !== undefined && this.#isAccepted(judged)) this.#accuse(account);
    else if (account.revokedAt !== undefined && !account.isReconsentReported) {
      account.isReconsentReported = true;
      this.verdicts.trueReconsents += 1;
    }
  }

  /** Accounts whose grant lives and whose readers see less than the given time. */
  staleAccounts(minimumMilliseconds: number): number {
    const now = this.#world.clock.nowMilliseconds();
    const isStale = (name: string): boolean =>
      (this.#world.tokens.find(name)?.expiresAt ?? 0) * 1000 - now < minimumMilliseconds;
    return this.#population.accounts.filter(
      ({ revokedAt, accessTokenNames }) => revokedAt === undefined && accessTokenNames.some(isStale),
    ).length;
  }

  #isAccepted(version: SecretVersion): boolean {
    return this.#world.entra.accepts(version.value.reveal());
  }

  #inspectRefreshToken(account: SimulatedAccount): void {
    const newest = this.#world.credentials.find(account.refreshTokenName);
    const isGood = account.revokedAt !== undefined || (newest?.enabled === true && this.#isAccepted(newest));
    const others = isGood ? [] : this.#world.credentials.versionsOf(account.refreshTokenName);
    const isShadowed = others.some((version) => version.enabled && this.#isAccepted(version));
    const { lost, shadowed } = this.#found;
    if (isNew(lost, account.id, !isGood && !isShadowed)) this.verdicts.lostRefreshTokens += 1;
    if (isNew(shadowed, account.id, isShadowed)) this.verdicts.shadowedRefreshTokens += 1;
  }

  #inspectMemory(account: SimulatedAccount): void {
    const registration = this.#world.credentials.find(secretName('registration', account.id));
    const newest = this.#world.credentials.find(account.refreshTokenName);
    if (registration?.tags['refresher-failure'] === undefined || newest === undefined) {
      this.#found.wronged.delete(account.id);
      return;
    }
    const failure = readCountingFailure(registration.tags, parseRefreshToken(newest));
    if (failure?.state === 'reconsent' && this.#isAccepted(newest)) this.#accuse(account);
    else this.#found.wronged.delete(account.id);
  }

  #accuse({ id }: SimulatedAccount): void {
    if (isNew(this.#found.wronged, id, true)) this.verdicts.falseReconsents += 1;
  }

  #inspectAccessToken(account: SimulatedAccount, name: string): void {
    const newest = this.#world.tokens.find(name);
    const last = this.#lastPublished.get(name);
    if (newest === undefined || newest.version === last) return;
    this.#lastPublished.set(name, newest.version);
    const versions = this.#world.tokens.versionsOf(name);
    for (const version of versions.slice(versions.findIndex((known) => known.version === last) + 1)) {
      const { createdAt, expiresAt = 0 } = version;
      const published = { from: createdAt * 1000, expiresAt: expiresAt * 1000 };
      this.#meter.publish(name, account.outages, published);
    }
  }
}

/** Keeps a set up to date; true when the id has just come into it. */
function isNew(set: Set<string>, id: string, belongs: boolean): boolean {
  if (!belongs) set.delete(id);
  if (!belongs || set.has(id)) return false;
  set.add(id);
  return true;
}
