import { type AccountState, countStates } from '../accounts/account-state.ts';
import { defectReason } from '../reason.ts';
import { stateMeasurement, type Telemetry } from '../telemetry/events.ts';
import { type EpochSeconds, isoTime, secondsPerHour, secondsPerMinute } from '../time.ts';
import { SweepAbortedError } from './sweep-error.ts';
import { type SweepReport, withIsoTimes } from './sweep-report.ts';

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
export function emitSweepCompleted(
  telemetry: Telemetry,
  { invocationId, trigger, pastDue }: SweepRequest,
  report: SweepReport,
  writesPerSecond: number,
): void {
  const { sweepId, startedAt, nextSweepAt, durationSeconds, rounds, due, refreshed, remaining } = report;
  const { credentialsVault, tokensVault, accounts } = report;
  const counts = Object.entries(countStates(accounts)) as [AccountState, number][];
  // What the pacer could have given until the next sweep.
  const budget = writesPerSecond * Math.max(nextSweepAt - startedAt, 1);
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
      credentialsVaultWriteBudgetPercent: (100 * credentialsVault.writes) / budget,
      tokensVaultPages: tokensVault.pages,
      tokensVaultEmptyPages: tokensVault.emptyPages,
      tokensVaultListMilliseconds: Math.round(tokensVault.durationMilliseconds),
      tokensVaultWrites: tokensVault.writes,
      tokensVaultWriteBudgetPercent: (100 * tokensVault.writes) / budget,
      minimumMinutesLeft: minimumMinutesLeft(report),
    },
  });
}

/** Tells why a sweep could not be carried out; its accounts' states are left as the last sweep told them. */
export function emitSweepAborted(
  telemetry: Telemetry,
  { invocationId, trigger }: SweepRequest,
  sweepId: string,
  error: unknown,
  done: { durationSeconds: number; refreshed: number; remaining: number },
): void {
  const { tried } = error instanceof SweepAbortedError ? error : {};
  telemetry.emit({
    name: 'SweepAborted',
    properties: { sweepId, invocationId, trigger, ...abortReason(error) },
    measurements: { ...done, tries: tried?.tries, triedSeconds: tried?.seconds },
  });
}

function abortReason(error: unknown) {
  if (!(error instanceof SweepAbortedError)) return { stage: 'defect', ...defectReason(error) };
  const { vaultUrl: vault, operation, secretName: secret } = error.vaultError;
  return { stage: error.stage, ...error.reason, vault, operation, secret };
}

/** Tells that a sweep could not begin because the app settings cannot be used. */
export function emitUnstartedSweep(
  telemetry: Telemetry,
  { invocationId, trigger }: SweepRequest,
  { code, message: cause }: { readonly code: string; readonly message: string },
): void {
  const remedy = 'Correct the app settings named in the cause.';
  telemetry.emit({
    name: 'SweepAborted',
    properties: { invocationId, trigger, stage: 'configuration', code, cause, remedy },
    measurements: {},
  });
}

/** The sweep in one line, for the log. */
export function summaryLine(report: SweepReport): string {
  const counts = Object.entries(countStates(report.accounts)).filter(([, count]) => count > 0);
  const states = counts.map(([state, count]) => `${count} ${state}`).join(', ');
  const { due, refreshed, remaining, durationSeconds, rounds } = report;
  const left = remaining > 0 ? `, ${remaining} not reached` : '';
  return `Sweep ${report.sweepId}: ${refreshed} of ${due} due accounts refreshed${left}; ${states || 'no accounts'}; ${durationSeconds} s, ${rounds} rounds.`;
}
