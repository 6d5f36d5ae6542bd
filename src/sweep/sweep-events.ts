import { type AccountState, countStates } from '../accounts/account-state.ts';
import { defectReason } from '../reason.ts';
import { stateMeasurement, type Telemetry } from '../telemetry/events.ts';
import { type EpochSeconds, isoTime, secondsPerHour, secondsPerMinute } from '../time.ts';
import { accountJson } from './report-json.ts';
import { SweepAbortedError } from './sweep-error.ts';
import type { AccountReport, SweepReport, VaultUsage } from './sweep-report.ts';

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

function since(moment: EpochSeconds | undefined, now: EpochSeconds, unitSeconds: number): number | undefined {
  return moment === undefined ? undefined : (now - moment) / unitSeconds;
}

/** One snapshot of each account's state: alert rules read the newest one, so a silent sweep resolves nothing. */
export function emitAccountStates(telemetry: Telemetry, report: SweepReport): void {
  const now = report.startedAt + report.durationSeconds;
  for (const account of report.accounts) emitAccountState(telemetry, report.sweepId, account, now);
}

function emitAccountState(
  telemetry: Telemetry,
  sweepId: string,
  account: AccountReport,
  now: EpochSeconds,
): void {
  const { accessTokenExpiresAt: end, refreshTokenCreatedAt: begin } = account;
  const {
    tokens,
    failures,
    generation,
    method: _,
    refreshTokenCreatedAt: __,
    ...properties
  } = accountJson(account);
  telemetry.emit({
    name: 'AccountState',
    properties: { sweepId, ...properties },
    measurements: {
      minutesLeft: end && (end - now) / secondsPerMinute,
      tokens: tokens?.length ?? 1,
      consecutiveFailures: failures,
      generation,
      refreshTokenAgeHours: since(begin, now, secondsPerHour),
      hoursInState: since(account.since, now, secondsPerHour),
    },
  });
}

/** Share of the writes that the pacer could have given until the next sweep, in percent. */
function budgetPercent(usage: VaultUsage, report: SweepReport, writesPerSecond: number): number {
  const budget = writesPerSecond * Math.max(report.nextSweepAt - report.startedAt, 1);
  return (100 * usage.writes) / budget;
}

function minimumMinutesLeft(report: SweepReport): number | undefined {
  const now = report.startedAt + report.durationSeconds;
  const left = report.accounts.flatMap(({ state, accessTokenExpiresAt }) =>
    state === 'healthy' && accessTokenExpiresAt !== undefined
      ? [(accessTokenExpiresAt - now) / secondsPerMinute]
      : [],
  );
  return left.length === 0 ? undefined : left.reduce((least, minutes) => Math.min(least, minutes));
}

function vaultMeasurements<Role extends 'credentials' | 'tokens'>(
  role: Role,
  usage: VaultUsage,
  percent: number,
) {
  const { pages, emptyPages, durationMilliseconds } = usage;
  return {
    [`${role}VaultPages`]: pages,
    [`${role}VaultEmptyPages`]: emptyPages,
    [`${role}VaultListMilliseconds`]: Math.round(durationMilliseconds),
    [`${role}VaultWrites`]: usage.writes,
    [`${role}VaultWriteBudgetPercent`]: percent,
  } as Record<
    `${Role}Vault${'Pages' | 'EmptyPages' | 'ListMilliseconds' | 'Writes' | 'WriteBudgetPercent'}`,
    number
  >;
}

/** The heartbeat event of the app. */
export function emitSweepCompleted(
  telemetry: Telemetry,
  request: SweepRequest,
  report: SweepReport,
  writesPerSecond: number,
): void {
  const { credentialsVault, tokensVault, accounts } = report;
  const counts = Object.entries(countStates(accounts)) as [AccountState, number][];
  telemetry.emit({
    name: 'SweepCompleted',
    properties: {
      sweepId: report.sweepId,
      invocationId: request.invocationId,
      trigger: request.trigger,
      pastDue: String(request.pastDue),
      overCapacity: String(report.remaining > 0),
      nextSweepAt: isoTime(report.nextSweepAt),
    },
    measurements: {
      durationSeconds: report.durationSeconds,
      rounds: report.rounds,
      accounts: accounts.length,
      due: report.due,
      refreshed: report.refreshed,
      notDue: accounts.length - report.due,
      remaining: report.remaining,
      ...Object.fromEntries(counts.map(([state, count]) => [stateMeasurement(state), count])),
      ...vaultMeasurements(
        'credentials',
        credentialsVault,
        budgetPercent(credentialsVault, report, writesPerSecond),
      ),
      ...vaultMeasurements('tokens', tokensVault, budgetPercent(tokensVault, report, writesPerSecond)),
      minimumMinutesLeft: minimumMinutesLeft(report),
    },
  });
}

/** Tells why a sweep could not be carried out; its accounts' states are left as the last sweep told them. */
export function emitSweepAborted(
  telemetry: Telemetry,
  request: SweepRequest,
  sweepId: string,
  error: unknown,
  measurements: { durationSeconds: number; refreshed?: number; remaining?: number },
): void {
  const { invocationId, trigger } = request;
  const tried = error instanceof SweepAbortedError ? error.tried : undefined;
  telemetry.emit({
    name: 'SweepAborted',
    properties: { sweepId, invocationId, trigger, ...abortReason(error) },
    measurements: { ...measurements, tries: tried?.tries, triedSeconds: tried?.seconds },
  });
}

function abortReason(error: unknown) {
  if (!(error instanceof SweepAbortedError)) return { stage: 'defect', ...defectReason(error) };
  const { vaultError, stage, reason } = error;
  return {
    stage,
    ...reason,
    vault: vaultError.vaultUrl,
    operation: vaultError.operation,
    secret: vaultError.secretName,
  };
}

/** Tells that a sweep could not begin because the app settings cannot be used. */
export function emitUnstartedSweep(
  telemetry: Telemetry,
  request: SweepRequest,
  error: { readonly code: string; readonly message: string },
): void {
  telemetry.emit({
    name: 'SweepAborted',
    properties: {
      invocationId: request.invocationId,
      trigger: request.trigger,
      stage: 'configuration',
      code: error.code,
      cause: error.message,
      remedy: 'Correct the app settings named in the cause.',
    },
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
