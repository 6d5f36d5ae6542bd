import { type AccountState, countStates } from '../accounts/account-state.ts';
import type { ClientCredential } from '../client/credential-report.ts';
import type { PlannedAccount } from '../planning/plan.ts';
import { defectReason } from '../reason.ts';
import { stateMeasurement, type Telemetry } from '../telemetry/events.ts';
import { type EpochSeconds, isoTime, secondsPerHour, secondsPerMinute } from '../time.ts';
import type { VaultListing } from '../vault/secret-vault.ts';
import { type AccountStatus, type Knowledge, statusOf } from './account-status.ts';
import { SweepAbortedError } from './sweep-error.ts';
import { resultOf, type WorkItem } from './work-item.ts';

/** What started a sweep. */
export interface SweepRequest {
  readonly trigger: 'timer' | 'on_demand';
  readonly invocationId: string;
  /** The timer fired late. */
  readonly pastDue: boolean;
  /** The id of the only account to refresh, due or not. Default: all accounts that are due. */
  readonly account?: string;
  /** Begin a sweep of all accounts although one runs in another process. The timer always does. */
  readonly force?: boolean;
  /** How long redemptions may start, in seconds. Default: until shortly before the next tick or the timeout. */
  readonly deadlineSeconds?: number;
  /** How long listing and probing the vaults is tried again, in seconds. Default: until the deadline. */
  readonly preparationSeconds?: number;
}

/** One account at the end of a sweep. */
export interface AccountReport extends AccountStatus {
  /** What this sweep did with it: the attempt's result, or `not_due`. */
  readonly outcome: string;
  /** Why it was due, or why not. */
  readonly reason: string;
}

/** How the listing of a vault went, and what the sweep wrote to it. */
export interface VaultUsage extends Omit<VaultListing, 'secrets'> {
  /** Secret writes of this sweep. */
  readonly writes: number;
  /** Of what the pacer could give until the next sweep. */
  readonly writeBudgetPercent: number;
}

/** What a completed sweep did. */
export interface SweepReport {
  readonly sweepId: string;
  readonly startedAt: EpochSeconds;
  readonly durationSeconds: number;
  readonly nextSweepAt: EpochSeconds;
  readonly rounds: number;
  readonly due: number;
  readonly refreshed: number;
  /** Due accounts that the deadline left without an attempt. */
  readonly remaining: number;
  readonly accounts: readonly AccountReport[];
  readonly clientCredentials: readonly ClientCredential[];
  readonly credentialsVault: VaultUsage;
  readonly tokensVault: VaultUsage;
}

/** Reports one account; `item` is its work in this sweep, absent when it was not due. */
export function reportAccount(known: Knowledge, planned: PlannedAccount, item?: WorkItem): AccountReport {
  const outcome = item === undefined ? 'not_due' : resultOf(item).kind;
  return { ...statusOf(known, planned, item), outcome, reason: planned.decision.reason };
}

type IsoTimes<T> = {
  [K in keyof T]: K extends 'since' | `${string}At` ? string | Extract<T[K], undefined> : T[K];
};

/** The same as tools read it, its moments in ISO 8601: `since`, and what is called `…At`. */
export function withIsoTimes<T extends object>(fields: T): IsoTimes<T> {
  const told = Object.entries(fields).map(([name, value]) => {
    const isMoment = typeof value === 'number' && (name === 'since' || name.endsWith('At'));
    return [name, isMoment ? isoTime(value) : value];
  });
  return Object.fromEntries(told) as IsoTimes<T>;
}

/** One account as tools read it: times in ISO 8601, nothing secret, absent fields left out. */
export function accountJson<A extends AccountStatus>(account: A) {
  const { tokens } = account;
  return { ...withIsoTimes(account), ...(tokens && { tokens: tokens.map(withIsoTimes) }) };
}

/** What a sweep did, as tools read it. */
export function reportJson({ credentialsVault: _, tokensVault: __, ...report }: SweepReport) {
  const { accounts, clientCredentials, ...fields } = report;
  return {
    ...withIsoTimes(fields),
    counts: countStates(accounts),
    accounts: accounts.map((account) => accountJson(account)),
    clientCredentials: clientCredentials.map(withIsoTimes),
  };
}

/** The sweep in one line, for the log. */
export function summaryLine(report: SweepReport): string {
  const counts = Object.entries(countStates(report.accounts)).filter(([, count]) => count > 0);
  const states = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  const { due, refreshed, remaining, durationSeconds, rounds } = report;
  const left = remaining > 0 ? `, ${remaining} not reached` : '';
  return `Sweep ${report.sweepId}: ${refreshed} of ${due} due accounts refreshed${left}; ${states || 'no accounts'}; ${durationSeconds} s, ${rounds} rounds.`;
}

/** One snapshot of each account's state: alert rules read the newest one, so a silent sweep resolves nothing. */
export function emitAccountStates(telemetry: Telemetry, report: SweepReport): void {
  const { sweepId, startedAt, durationSeconds, accounts } = report;
  const now = startedAt + durationSeconds;
  const since = (moment: EpochSeconds | undefined, unitSeconds: number) =>
    moment === undefined ? undefined : (now - moment) / unitSeconds;
  for (const account of accounts) {
    const { method: _, tokens, failures, generation, refreshTokenCreatedAt, ...told } = account;
    const { accessTokenExpiresAt: end } = account;
    telemetry.emit({
      name: 'AccountState',
      properties: { sweepId, ...withIsoTimes(told) },
      measurements: {
        minutesLeft: end && (end - now) / secondsPerMinute,
        tokens: tokens?.length ?? 1,
        consecutiveFailures: failures,
        generation,
        refreshTokenAgeHours: since(refreshTokenCreatedAt, secondsPerHour),
        hoursInState: since(account.since, secondsPerHour),
      },
    });
  }
}

/** Of the healthy account whose access token ends first. */
function minimumMinutesLeft({ accounts, startedAt, durationSeconds }: SweepReport): number | undefined {
  const ends = accounts.flatMap(({ state, accessTokenExpiresAt }) =>
    state === 'healthy' && accessTokenExpiresAt !== undefined ? [accessTokenExpiresAt] : [],
  );
  if (ends.length === 0) return undefined;
  const first = ends.reduce((least, end) => Math.min(least, end));
  return (first - startedAt - durationSeconds) / secondsPerMinute;
}

/** The heartbeat event of the app. */
export function emitSweepCompleted(telemetry: Telemetry, request: SweepRequest, report: SweepReport): void {
  const { invocationId, trigger, pastDue } = request;
  const { sweepId, nextSweepAt, durationSeconds, rounds, due, refreshed, remaining } = report;
  const { credentialsVault, tokensVault, accounts } = report;
  const counts = Object.entries(countStates(accounts)) as [AccountState, number][];
  telemetry.emit({
    name: 'SweepCompleted',
    properties: {
      sweepId,
      invocationId,
      trigger,
      pastDue: String(pastDue),
      overCapacity: String(remaining > 0),
      nextSweepAt: isoTime(nextSweepAt),
    },
    measurements: {
      durationSeconds,
      rounds,
      accounts: accounts.length,
      due,
      refreshed,
      notDue: accounts.length - due,
      remaining,
      ...Object.fromEntries(counts.map(([state, count]) => [stateMeasurement(state), count])),
      credentialsVaultPages: credentialsVault.pages,
      credentialsVaultEmptyPages: credentialsVault.emptyPages,
      credentialsVaultListMilliseconds: Math.round(credentialsVault.durationMilliseconds),
      credentialsVaultWrites: credentialsVault.writes,
      credentialsVaultWriteBudgetPercent: credentialsVault.writeBudgetPercent,
      tokensVaultPages: tokensVault.pages,
      tokensVaultEmptyPages: tokensVault.emptyPages,
      tokensVaultListMilliseconds: Math.round(tokensVault.durationMilliseconds),
      tokensVaultWrites: tokensVault.writes,
      tokensVaultWriteBudgetPercent: tokensVault.writeBudgetPercent,
      minimumMinutesLeft: minimumMinutesLeft(report),
    },
  });
}

/** Why a sweep could not be carried out, in the event's words. */
function abortOf(error: unknown) {
  if (!(error instanceof SweepAbortedError)) return { stage: 'defect', ...defectReason(error) };
  const { vaultUrl: vault, operation, secretName: secret } = error.vaultError;
  return { stage: error.stage, ...error.reason, vault, operation, secret };
}

/** Tells why a sweep could not be carried out; its accounts' states are left as the last sweep told them. */
export function emitSweepAborted(
  telemetry: Telemetry,
  { invocationId, trigger }: SweepRequest,
  error: unknown,
  { sweepId, ...done }: Pick<SweepReport, 'sweepId' | 'durationSeconds' | 'refreshed' | 'remaining'>,
): void {
  const { tried } = error instanceof SweepAbortedError ? error : {};
  telemetry.emit({
    name: 'SweepAborted',
    properties: { sweepId, invocationId, trigger, ...abortOf(error) },
    measurements: { ...done, tries: tried?.tries, triedSeconds: tried?.seconds },
  });
}

/** Tells that a sweep could not begin because the app settings cannot be used. */
export function emitUnstartedSweep(
  telemetry: Telemetry,
  { invocationId, trigger }: SweepRequest,
  { code, message: cause }: { readonly code: string; readonly message: string },
): void {
  const remedy = 'Correct the app settings named in the cause.';
  const properties = { invocationId, trigger, stage: 'configuration', code, cause, remedy };
  telemetry.emit({ name: 'SweepAborted', properties, measurements: {} });
}
