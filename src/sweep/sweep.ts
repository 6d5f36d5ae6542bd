import { type Account, buildAccounts, publishedNames } from '../accounts/account.ts';
import { countStates } from '../accounts/account-state.ts';
import { heartbeatName, probeName, readLastDurationSeconds } from '../accounts/heartbeat.ts';
import { clientCredentials, emitClientCredentials } from '../client/client-credentials.ts';
import { product } from '../http/product.ts';
import { type Plan, type PlanContext, plan, planOne, slackSeconds } from '../planning/plan.ts';
import { nextSweepAfter, reserveSeconds, sweepDeadline } from '../planning/rounds.ts';
import { distinctVaults, type RefreshEnvironment, type RefreshPolicy } from '../refresh/environment.ts';
import type { Result } from '../refresh/results.ts';
import { SweepState } from '../refresh/sweep-state.ts';
import { Deadline, type EpochSeconds, nowSeconds } from '../time.ts';
import { type SecretVault, VaultError } from '../vault/secret-vault.ts';
import { ignoringVaultErrors } from '../vault/stored-value.ts';
import { endHeartbeats, type ProbedVault } from './heartbeat.ts';
import { type Listings, secretsOf } from './listing.ts';
import { type Patience, prepareOne, prepareSweep, probeVaults } from './prepare-sweep.ts';
import { renewRegistrations } from './renew-registrations.ts';
import { runRounds } from './run-round.ts';
import { SweepAbortedError, SweepRunningError } from './sweep-error.ts';
import {
  emitAccountStates,
  emitSweepAborted,
  emitSweepCompleted,
  type SweepRequest,
} from './sweep-events.ts';
import { reportAccount, type SweepReport, type VaultUsage } from './sweep-report.ts';
import { resultOf, type WorkItem, workItems } from './work-item.ts';

function planSweep(
  environment: RefreshEnvironment,
  { account }: SweepRequest,
  accounts: readonly Account[],
  listings: Listings,
  times: Pick<PlanContext, 'now' | 'nextSweepAt'>,
): Plan {
  const { credentials, policy } = environment;
  const secrets = secretsOf(listings, credentials.vault);
  const heartbeat = secrets.find(({ name }) => name.toLowerCase() === heartbeatName);
  const context = {
    ...times,
    slackSeconds: slackSeconds(readLastDurationSeconds(heartbeat?.tags ?? {})),
    defaultMinimumValiditySeconds: policy.minimumValiditySeconds,
  };
  return account === undefined ? plan(accounts, context) : planOne(accounts, account, context);
}

/** When a sweep stops redeeming. */
export function deadlineOf(
  { schedule, functionTimeoutSeconds }: RefreshPolicy,
  { deadlineSeconds }: SweepRequest,
  startedAt: EpochSeconds,
): EpochSeconds {
  return deadlineSeconds === undefined
    ? sweepDeadline(startedAt, nextSweepAfter(schedule, startedAt), functionTimeoutSeconds)
    : startedAt + deadlineSeconds;
}

/** When a sweep with the given deadline has ended in any case. */
export const markedUntil = (deadline: EpochSeconds): EpochSeconds => deadline + reserveSeconds;

const mayBeRedeemed = ({ planned }: WorkItem): boolean => planned.account.refreshToken !== undefined;

class Sweep {
  readonly #environment: RefreshEnvironment;
  readonly #request: SweepRequest;
  readonly #startedAt: EpochSeconds;
  readonly #writesBefore: ReadonlyMap<SecretVault, number>;
  readonly sweepId: string;
  readonly #probed = new Map<SecretVault, ProbedVault>();
  #items: readonly WorkItem[] = [];
  /** What the app's clock lags behind the vaults', by which tokens end: a dead one must not seem to live. */
  #lagSeconds = 0;

  constructor(environment: RefreshEnvironment, request: SweepRequest) {
    this.#environment = environment;
    this.#request = request;
    this.#startedAt = nowSeconds(environment.clock);
    this.#writesBefore = new Map(distinctVaults(environment).map(({ vault, pacer }) => [vault, pacer.taken]));
    this.sweepId = environment.createId();
  }

  async run(): Promise<SweepReport> {
    const environment = this.#environment;
    const nextSweepAt = nextSweepAfter(environment.policy.schedule, this.#startedAt);
    const deadline = new Deadline(
      environment.clock,
      deadlineOf(environment.policy, this.#request, this.#startedAt),
    );
    const patience = this.#patience(deadline);
    const listings = await this.#prepare(patience);
    const { credentials, tokens } = environment;
    const accounts = buildAccounts(secretsOf(listings, credentials.vault), secretsOf(listings, tokens.vault));
    this.#lagSeconds = this.#lag();
    const planned = planSweep(environment, this.#request, accounts, listings, {
      now: nowSeconds(environment.clock) + this.#lagSeconds,
      nextSweepAt: nextSweepAfter(environment.policy.schedule, this.#startedAt + this.#lagSeconds),
    });
    const names = publishedNames(accounts);
    const sweep = new SweepState(environment, { sweepId: this.sweepId, deadline, publishers: names });
    this.#items = workItems(planned.due);
    if (this.#request.account !== undefined && this.#items.some(mayBeRedeemed))
      await probeVaults(environment, patience, { sweepId: this.sweepId, name: probeName, tags: {} });
    const rounds = await runRounds(sweep, this.#items);
    if (this.#request.account === undefined) await this.#renewRegistrations(sweep, listings);
    const report = this.#report(sweep, planned, listings, rounds, nextSweepAt);
    // Told even when the sweep breaks off below: what was found out about accounts is true all the same.
    emitAccountStates(environment.telemetry, report);
    if (this.#request.account === undefined) this.#tellCredentials(report);
    if (sweep.broken !== undefined) {
      throw new SweepAbortedError('refresh', sweep.broken, distinctVaults(environment));
    }
    // One account says nothing about the others: heartbeat and SweepCompleted stay what the last whole sweep left.
    if (this.#request.account !== undefined) return report;
    await this.#complete(report);
    emitSweepCompleted(environment.telemetry, this.#request, report, environment.policy.writesPerSecond);
    return report;
  }

  #lag(): number {
    const now = nowSeconds(this.#environment.clock);
    return Math.max(0, ...[...this.#probed.values()].map(({ writtenAt = now }) => writtenAt - now));
  }

  #renewRegistrations(sweep: SweepState, listings: Listings): Promise<void> {
    const environment = this.#environment;
    const secrets = secretsOf(listings, environment.credentials.vault);
    return renewRegistrations(environment, secrets, () => sweep.mayRedeem());
  }

  #tellCredentials({ sweepId, clientCredentials }: SweepReport): void {
    const { telemetry, clock } = this.#environment;
    emitClientCredentials(telemetry, sweepId, clientCredentials, nowSeconds(clock));
  }

  /** The abort's event; counts what was done before it. */
  async abort(error: unknown): Promise<void> {
    if (error instanceof SweepRunningError) return;
    const refreshed = this.#count('refreshed');
    emitSweepAborted(this.#environment.telemetry, this.#request, this.sweepId, error, {
      durationSeconds: nowSeconds(this.#environment.clock) - this.#startedAt,
      refreshed,
      remaining: this.#items.length - refreshed,
    });
    await ignoringVaultErrors(endHeartbeats(this.#environment.clock, this.#probed, undefined));
  }

  #count(kind: Result['kind']): number {
    return this.#items.filter((item) => resultOf(item).kind === kind).length;
  }

  #patience(deadline: Deadline): Patience {
    const { clock } = this.#environment;
    const { preparationSeconds } = this.#request;
    return {
      deadline,
      ...(preparationSeconds === undefined
        ? {}
        : { giveUp: new Deadline(clock, this.#startedAt + preparationSeconds) }),
    };
  }

  #prepare(patience: Patience): Promise<Listings> {
    const { account, trigger, force } = this.#request;
    if (account !== undefined) return prepareOne(this.#environment, patience, account);
    return prepareSweep(this.#environment, patience, {
      sweepId: this.sweepId,
      running: { since: this.#startedAt, until: markedUntil(patience.deadline.at) },
      yields: trigger === 'on_demand' && force !== true,
      probed: this.#probed,
    });
  }

  #report(
    sweep: SweepState,
    planned: Plan,
    listings: Listings,
    rounds: number,
    nextSweepAt: EpochSeconds,
  ): SweepReport {
    const known = {
      now: nowSeconds(this.#environment.clock) + this.#lagSeconds,
      startedAt: this.#startedAt,
      findings: sweep.clients.findings,
    };
    const itemOf = new Map(this.#items.map((item) => [item.planned.account.id, item]));
    const accounts = [...planned.due, ...planned.notDue]
      .map((entry) => reportAccount(known, entry, itemOf.get(entry.account.id)))
      .sort((a, b) => (a.account < b.account ? -1 : 1));
    return {
      sweepId: this.sweepId,
      startedAt: this.#startedAt,
      durationSeconds: nowSeconds(this.#environment.clock) - this.#startedAt,
      nextSweepAt,
      rounds,
      due: planned.due.length,
      refreshed: this.#count('refreshed'),
      remaining: this.#count('not_started'),
      accounts,
      clientCredentials: clientCredentials(
        accounts,
        secretsOf(listings, this.#environment.credentials.vault),
        sweep.clients.findings,
      ),
      credentialsVault: this.#usage(listings, this.#environment.credentials.vault),
      tokensVault: this.#usage(listings, this.#environment.tokens.vault),
    };
  }

  #usage(listings: Listings, vault: SecretVault): VaultUsage {
    const paced = distinctVaults(this.#environment).find((candidate) => candidate.vault === vault);
    return {
      url: vault.url,
      listing: listings.get(vault) ?? { secrets: [], pages: 0, emptyPages: 0, durationMilliseconds: 0 },
      writes: (paced?.pacer.taken ?? 0) - (this.#writesBefore.get(vault) ?? 0),
    };
  }

  async #complete(report: SweepReport): Promise<void> {
    const environment = this.#environment;
    const { healthy, paused, pending_consent: pending } = countStates(report.accounts);
    const heartbeat = {
      completedAt: nowSeconds(environment.clock),
      durationSeconds: report.durationSeconds,
      accounts: report.accounts.length,
      refreshed: report.refreshed,
      failing: report.accounts.length - healthy - paused - pending,
      build: product.version,
    };
    try {
      await endHeartbeats(environment.clock, this.#probed, heartbeat);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      throw new SweepAbortedError('complete', error, distinctVaults(environment));
    }
  }
}

/**
 * One sweep: list both vaults, prove that they take writes, plan, refresh what is due in rounds, report. Failures of
 * single accounts are in the report. A request for one account reads and refreshes it alone, due or not, and writes
 * nothing when nothing can be refreshed; the report is without accounts when the vaults know no such one.
 *
 * @throws SweepAbortedError when a vault failed the sweep as a whole
 * @throws SweepRunningError when another process sweeps all accounts, and this sweep was asked for without force
 */
export async function runSweep(environment: RefreshEnvironment, request: SweepRequest): Promise<SweepReport> {
  const sweep = new Sweep(environment, request);
  try {
    return await sweep.run();
  } catch (error) {
    await sweep.abort(error);
    throw error;
  }
}
