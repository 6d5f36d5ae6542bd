/**
 * The room of sweeps: all accounts, or one as if it were all.
 *
 * In: what started it, and the surroundings. Out: a report, events, the heartbeat, and what each account remembers.
 * `listing` lists both vaults, `prepare-sweep` probes them, `run-round` refreshes what is due in rounds, `work-item` notes
 * what came of an account, `account-status` says how it is and `sweep-report` tells it.
 */

import { type Account, buildAccounts, publishedNames } from '../accounts/account.ts';
import { countStates } from '../accounts/account-state.ts';
import { heartbeatName, type RunningSweep, readLastDurationSeconds } from '../accounts/heartbeat.ts';
import { clientCredentials, emitClientCredentials } from '../client/credential-report.ts';
import { product } from '../http/product.ts';
import { type Plan, plan, planOne, slackSeconds } from '../planning/plan.ts';
import { nextSweepAfter, reserveSeconds, sweepDeadline } from '../planning/rounds.ts';
import { type RefreshEnvironment, type RefreshPolicy, SweepState } from '../refresh/environment.ts';
import type { Result } from '../refresh/results.ts';
import { Deadline, type EpochSeconds, nowSeconds } from '../time.ts';
import { ignoringVaultErrors, VaultError, type VaultListing } from '../vault/secret-vault.ts';
import type { PacedVault, WritePacer } from '../vault/write-pacer.ts';
import { type Listings, listAccount } from './listing.ts';
import { endHeartbeats, inRounds, prepareSweep, probeVaults, type SweepStart } from './prepare-sweep.ts';
import { renewRegistrations } from './renew-registrations.ts';
import { runRounds } from './run-round.ts';
import { SweepAbortedError, SweepRunningError } from './sweep-error.ts';
import {
  emitAccountStates,
  emitSweepAborted,
  emitSweepCompleted,
  reportAccount,
  type SweepReport,
  type SweepRequest,
  type VaultUsage,
} from './sweep-report.ts';
import { resultOf, type WorkItem, workItems } from './work-item.ts';

/** When a sweep stops redeeming. */
function deadlineOf(
  { schedule, functionTimeoutSeconds }: RefreshPolicy,
  { deadlineSeconds }: SweepRequest,
  startedAt: EpochSeconds,
): EpochSeconds {
  return deadlineSeconds === undefined
    ? sweepDeadline(startedAt, nextSweepAfter(schedule, startedAt), functionTimeoutSeconds)
    : startedAt + deadlineSeconds;
}

/** What a sweep is about to do. */
type Begun = Awaited<ReturnType<Sweep['begin']>>;

class Sweep {
  readonly #environment: RefreshEnvironment;
  readonly #request: SweepRequest;
  readonly #start: SweepStart;
  readonly #writesBefore: ReadonlyMap<WritePacer, number>;
  /** The work that was begun. */
  items: readonly WorkItem[] = [];
  /** What the app's clock lags behind the vaults', by which tokens end: a dead one must not seem to live. */
  #lagSeconds = 0;

  constructor(environment: RefreshEnvironment, request: SweepRequest) {
    const { clock, policy, createId, credentials, tokens } = environment;
    const { preparationSeconds, trigger, force } = request;
    const startedAt = nowSeconds(clock);
    const deadline = new Deadline(clock, deadlineOf(policy, request, startedAt));
    const giveUp =
      preparationSeconds === undefined ? deadline : new Deadline(clock, startedAt + preparationSeconds);
    const yields = trigger === 'on_demand' && force !== true;
    this.#environment = environment;
    this.#request = request;
    this.#start = { sweepId: createId(), startedAt, deadline, giveUp, yields, probed: new Map() };
    this.#writesBefore = new Map([credentials, tokens].map(({ pacer }) => [pacer, pacer.taken]));
  }

  get #now(): EpochSeconds {
    return nowSeconds(this.#environment.clock);
  }

  /** Lists, proves that the vaults take writes, and plans. */
  async begin() {
    const { account } = this.#request;
    const { probed, sweepId, deadline } = this.#start;
    const { listings, environment } =
      account === undefined
        ? { listings: await prepareSweep(this.#environment, this.#start), environment: this.#environment }
        : await inRounds(this.#environment, this.#start, () => listAccount(this.#environment, account));
    const lags = [...probed.values()].map(({ writtenAt = this.#now }) => writtenAt - this.#now);
    this.#lagSeconds = Math.max(0, ...lags);
    const accounts = buildAccounts(listings.credentials.secrets, listings.tokens.secrets);
    const publishers = publishedNames(accounts);
    const planned = this.#plan(accounts, listings);
    this.items = workItems(planned.due);
    const mayWrite = planned.due.some(({ account: { refreshToken } }) => refreshToken !== undefined);
    if (account !== undefined && mayWrite) await probeVaults(environment, this.#start);
    return { listings, planned, state: new SweepState(environment, sweepId, deadline, publishers) };
  }

  #plan(accounts: readonly Account[], { credentials }: Listings): Plan {
    const { policy } = this.#environment;
    const { account } = this.#request;
    const heartbeat = credentials.secrets.find(({ name }) => name.toLowerCase() === heartbeatName);
    const context = {
      now: this.#now + this.#lagSeconds,
      nextSweepAt: nextSweepAfter(policy.schedule, this.#start.startedAt + this.#lagSeconds),
      slackSeconds: slackSeconds(readLastDurationSeconds(heartbeat?.tags ?? {})),
      defaultMinimumValiditySeconds: policy.minimumValiditySeconds,
    };
    return account === undefined ? plan(accounts, context) : planOne(accounts, account, context);
  }

  /** Tells what came of it. One account says nothing about the others: the heartbeat stays what a whole sweep left. */
  async end(begun: Begun, rounds: number): Promise<SweepReport> {
    const { telemetry } = this.#environment;
    const { state, listings } = begun;
    const isOfAll = this.#request.account === undefined;
    if (isOfAll)
      await renewRegistrations(this.#environment, listings.credentials.secrets, () => state.mayRedeem());
    const report = this.#report(begun, rounds);
    // Told even when the sweep breaks off below: what was found out about accounts is true all the same.
    emitAccountStates(telemetry, report);
    if (isOfAll) emitClientCredentials(telemetry, report.sweepId, report.clientCredentials, this.#now);
    if (state.broken !== undefined) throw new SweepAbortedError('refresh', state.broken, this.#environment);
    if (!isOfAll) return report;
    await this.#complete(report);
    emitSweepCompleted(telemetry, this.#request, report);
    return report;
  }

  /** The abort's event; counts what was done before it. */
  async abort(error: unknown): Promise<void> {
    if (error instanceof SweepRunningError) return;
    const refreshed = this.#count('refreshed');
    const { sweepId, startedAt, probed } = this.#start;
    const remaining = this.items.length - refreshed;
    const done = { sweepId, durationSeconds: this.#now - startedAt, refreshed, remaining };
    emitSweepAborted(this.#environment.telemetry, this.#request, error, done);
    await ignoringVaultErrors(endHeartbeats(this.#environment.clock, probed, undefined));
  }

  #count(kind: Result['kind']): number {
    return this.items.filter((item) => resultOf(item).kind === kind).length;
  }

  #report({ planned, listings, state }: Begun, rounds: number): SweepReport {
    const { credentials, tokens, policy } = this.#environment;
    const { sweepId, startedAt } = this.#start;
    const nextSweepAt = nextSweepAfter(policy.schedule, startedAt);
    const { findings } = state.clients;
    const known = { now: this.#now + this.#lagSeconds, startedAt, findings };
    const due = this.items.map((item) => reportAccount(known, item.planned, item));
    const notDue = planned.notDue.map((entry) => reportAccount(known, entry));
    const accounts = [...due, ...notDue].sort((a, b) => (a.account < b.account ? -1 : 1));
    return {
      sweepId,
      startedAt,
      durationSeconds: this.#now - startedAt,
      nextSweepAt,
      rounds,
      due: due.length,
      refreshed: this.#count('refreshed'),
      remaining: this.#count('not_started'),
      accounts,
      clientCredentials: clientCredentials(accounts, listings.credentials.secrets, findings),
      credentialsVault: this.#usage(credentials, listings.credentials, nextSweepAt - startedAt),
      tokensVault: this.#usage(tokens, listings.tokens, nextSweepAt - startedAt),
    };
  }

  /** @param untilSeconds the time until the next sweep */
  #usage({ pacer }: PacedVault, listing: VaultListing, untilSeconds: number): VaultUsage {
    const writes = pacer.taken - (this.#writesBefore.get(pacer) ?? 0);
    const budget = this.#environment.policy.writesPerSecond * Math.max(untilSeconds, 1);
    return { ...listing, writes, writeBudgetPercent: (100 * writes) / budget };
  }

  async #complete({ accounts, durationSeconds, refreshed }: SweepReport): Promise<void> {
    const { healthy, paused, pending_consent: pending } = countStates(accounts);
    const failing = accounts.length - healthy - paused - pending;
    const done = { completedAt: this.#now, durationSeconds, accounts: accounts.length, refreshed, failing };
    const heartbeat = { ...done, build: product.version };
    try {
      await endHeartbeats(this.#environment.clock, this.#start.probed, heartbeat);
    } catch (error) {
      if (!(error instanceof VaultError)) throw error;
      throw new SweepAbortedError('complete', error, this.#environment);
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
    const begun = await sweep.begin();
    return await sweep.end(begun, await runRounds(begun.state, sweep.items));
  } catch (error) {
    await sweep.abort(error);
    throw error;
  }
}

/** What came of a request for a sweep. */
export type SweepAnswer =
  | { readonly kind: 'ended'; readonly report: SweepReport }
  /** It has joined a sweep that runs on. */
  | ({ readonly kind: 'running' } & RunningSweep);

interface WholeSweep {
  readonly span: RunningSweep;
  readonly report: Promise<SweepReport>;
}

/** At most one whole sweep runs in a process: who asks for another meanwhile gets the report of that one. */
export class WholeSweeps {
  #running: WholeSweep | undefined;

  /**
   * Begins a sweep of all accounts, or joins the one that runs. The timer joins none that stops redeeming before its own
   * would, because what that one leaves over would wait for the next tick; it begins its own beside it.
   *
   * @param limitSeconds in which a request on demand that has joined a sweep is answered. One that began it waits for
   * the end: its invocation keeps the process alive until all is stored.
   * @throws SweepAbortedError when a vault failed the sweep as a whole
   * @throws SweepRunningError as {@link runSweep}
   */
  async ask(
    environment: RefreshEnvironment,
    request: SweepRequest,
    limitSeconds: number,
  ): Promise<SweepAnswer> {
    const { clock, policy } = environment;
    const since = nowSeconds(clock);
    const span = { since, until: deadlineOf(policy, request, since) + reserveSeconds };
    const running = this.#running;
    const joins = running && (request.trigger === 'on_demand' || running.span.until >= span.until);
    const sweep = joins ? running : { span, report: runSweep(environment, request) };
    if (!joins) this.#keep(sweep);
    const end = sweep.report.then((report): SweepAnswer => ({ kind: 'ended', report }));
    if (!joins || request.trigger === 'timer') return end;
    const tooLate = { kind: 'running', ...sweep.span } as const;
    return Promise.race([end, clock.sleep(limitSeconds * 1000).then(() => tooLate)]);
  }

  /** Until its end; a later one may run beside it. */
  #keep(sweep: WholeSweep): void {
    this.#running = sweep;
    const forget = (): void => {
      if (this.#running === sweep) this.#running = undefined;
    };
    sweep.report.then(forget, forget);
  }
}
