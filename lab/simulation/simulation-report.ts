import type { FaultLog } from './fault-log.ts';
import type { Verdicts } from './oracle.ts';
import type { SweepEnd } from './simulated-process.ts';
import { steps } from './steps.ts';
import type { TokenFates } from './token-ledger.ts';
import type { BelowMinimum } from './validity-meter.ts';

/** What a simulation has found. */
export interface SimulationReport {
  readonly seed: number;
  /** Token requests sent. */
  readonly redemptions: number;
  readonly accounts: number;
  /** Of all accounts: some have two from one refresh token. */
  readonly accessTokens: number;
  readonly simulatedDays: number;
  readonly sweeps: Readonly<Record<SweepEnd, number>>;
  readonly faults: FaultLog;
  readonly verdicts: Verdicts;
  /** Accounts whose grant lives and whose access token is not fresh, after the last sweeps without faults. */
  readonly staleAccounts: number;
  readonly fates: TokenFates;
  readonly notStoredEvents: number;
  /** Time in which an outage of a vault, of Entra or of the app was in force. */
  readonly outageDays: number;
  readonly belowMinimum: BelowMinimum;
  /** Of one access token. */
  readonly refreshesPerTokenDay: {
    readonly faultless: number | undefined;
    readonly overall: number | undefined;
  };
  readonly realSeconds: number;
}

/** The fewest refreshes that a tick every 30 minutes allows for lives of 60 to 90 minutes, 10 always left. */
export const optimalRefreshesPerTokenDay = 28.8;

/** What must not have happened, in words; empty when all is well. */
export function violations({ verdicts, fates, staleAccounts, belowMinimum }: SimulationReport): string[] {
  const counts: [count: number, words: string][] = [
    [verdicts.lostRefreshTokens, 'refresh tokens lost'],
    [verdicts.falseReconsents, 'false re-consents'],
    [fates.notStoredUntold, 'refresh tokens dropped without a word'],
    [staleAccounts, 'accounts not refreshed after everything was well again'],
    [Math.ceil(belowMinimum.faultlessMinutes), 'token-minutes below the minimum validity without any fault'],
  ];
  return counts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
}

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function rate(value: number | undefined): string {
  if (value === undefined) return 'not measured';
  return `${number(value, 2)} (${number(value / optimalRefreshesPerTokenDay, 3)} times the optimum of ${optimalRefreshesPerTokenDay})`;
}

function share(minutes: number, report: SimulationReport): string {
  const total = report.accessTokens * report.simulatedDays * 1440;
  return `${number(minutes, 1)} of ${number(total)} token-minutes (${number((100 * minutes) / total, 4)} %)`;
}

function figures(report: SimulationReport): [label: string, value: string][] {
  const { verdicts, fates, sweeps, belowMinimum, refreshesPerTokenDay: refreshes } = report;
  const notStored = fates.notStoredAndTold + fates.notStoredUntold;
  return [
    ['seed', String(report.seed)],
    ['redemptions', number(report.redemptions)],
    ['simulated time', `${number(report.simulatedDays, 1)} days`],
    ['accounts', `${number(report.accounts)} with ${number(report.accessTokens)} access tokens`],
    ['sweeps', `${sweeps.completed} completed, ${sweeps.aborted} aborted, ${sweeps.crashed} crashed`],
    ['faults injected', number(report.faults.total)],
    ['refresh tokens lost', String(verdicts.lostRefreshTokens)],
    ['false re-consents', `${verdicts.falseReconsents} (${verdicts.trueReconsents} true ones)`],
    ['consents behind a dead token', String(verdicts.shadowedRefreshTokens)],
    ['not fresh at the end', `${report.staleAccounts} accounts`],
    ['outages in force', `${number(report.outageDays, 1)} of ${number(report.simulatedDays, 1)} days`],
    ['below minimum, no fault', share(belowMinimum.faultlessMinutes, report)],
    ['below minimum, no outage', share(belowMinimum.betweenOutagesMinutes, report)],
    ['below minimum, outages', share(belowMinimum.outageMinutes, report)],
    ['refreshes a day, no fault', rate(refreshes.faultless)],
    ['refreshes a day, overall', rate(refreshes.overall)],
    ['RotatedTokenNotStored', `${report.notStoredEvents} events for ${notStored} tokens not stored`],
    ['  stored although told lost', String(fates.storedButTold)],
    ['  lost without a word', String(fates.notStoredUntold)],
    ['  gone with a crash', String(fates.lostInCrash)],
    ['  dropped for a newer one', String(fates.superseded)],
    ['real time', `${number(report.realSeconds, 1)} s`],
  ];
}

function faultLines({ faults }: SimulationReport): string[] {
  return faults.kinds.map((kind) => {
    const places = steps.filter((step) => faults.of(kind, step) > 0).length;
    const where = places === 0 ? '' : ` at ${places} of ${steps.length} steps`;
    return `  ${kind.padEnd(38)} ${number(faults.of(kind)).padStart(8)}${where}`;
  });
}

function stepLines({ faults }: SimulationReport): string[] {
  return steps.map((step) => {
    const crashes = faults.of('crash before', step) + faults.of('crash after', step);
    return `  ${step.padEnd(38)} ${number(faults.at(step)).padStart(8)} of them ${number(crashes)} crashes`;
  });
}

/** The report for people. */
export function formatReport(report: SimulationReport): string {
  return [
    ...figures(report).map(([label, value]) => `${label.padEnd(30)} ${value}`),
    '',
    'Faults by kind:',
    ...faultLines(report),
    '',
    'Faults by step:',
    ...stepLines(report),
  ].join('\n');
}
