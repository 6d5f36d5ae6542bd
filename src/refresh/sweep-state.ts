import { Clients } from '../client/clients.ts';
import { type EpochSeconds, nowSeconds } from '../time.ts';
import { concernsOneSecret, VaultError } from '../vault/secret-vault.ts';
import type { RefreshEnvironment } from './environment.ts';

/** Where a sweep was when its surroundings failed. */
export type SweepStage = 'list' | 'read' | 'probe' | 'refresh' | 'complete';

/** What one sweep shares between its accounts. */
export class SweepState {
  readonly environment: RefreshEnvironment;
  readonly sweepId: string;
  readonly startedAt: EpochSeconds;
  /** No redemption starts after this moment; a store in progress is finished. */
  readonly deadline: EpochSeconds;
  readonly clients: Clients;
  /** Which account publishes under which name; an account that was not read yet adds its own. */
  readonly publishers: Map<string, string>;
  /** By what the app's clock was found to lag behind the vaults'. */
  lagSeconds = 0;
  #broken: VaultError | undefined;
  /** Behind the deadline the vault did not answer: waiting for it for each account would outlast the function timeout. */
  #endsUnnoted = false;

  constructor(
    environment: RefreshEnvironment,
    sweepId: string,
    startedAt: EpochSeconds,
    deadline: EpochSeconds,
    publishers: Map<string, string> = new Map(),
  ) {
    this.environment = environment;
    this.clients = new Clients(environment);
    this.publishers = publishers;
    this.sweepId = sweepId;
    this.startedAt = startedAt;
    this.deadline = deadline;
  }

  /** The vault failure after which nothing more is redeemed. */
  get broken(): VaultError | undefined {
    return this.#broken;
  }

  /** True when no state of an account is noted any more; the next sweep finds the same again. */
  get endsUnnoted(): boolean {
    return this.#endsUnnoted;
  }

  /** Awaits a note that may be lost; behind the deadline the first one without an answer is the last. */
  async noting(note: Promise<void>): Promise<void> {
    try {
      await note;
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      const isLate = nowSeconds(this.environment.clock) >= this.deadline;
      if (isLate && error.code === 'unreachable') this.#endsUnnoted = true;
    }
  }

  /**
   * Tells of a vault that failed. One that refuses, or that stayed away for as long as a write is tried, would
   * lose every further token; a fault of one secret concerns its account only.
   */
  reportWriteFailure(error: VaultError): void {
    if (!concernsOneSecret(error)) this.#broken ??= error;
  }

  /** True when a redemption may still start. */
  mayRedeem(now: EpochSeconds): boolean {
    return this.#broken === undefined && now < this.deadline;
  }
}
