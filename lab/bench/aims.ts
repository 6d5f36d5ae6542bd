import { defaultSweepConcurrency } from '../../src/config.ts';
import { defaultStatusAccounts } from './bench-options.ts';
import type { ClientFigures } from './client-section.ts';
import type { StatusFigures } from './status-section.ts';
import type { SweepResult } from './sweep-section.ts';

/** A figure that the project wants to reach. */
export interface Aim {
  readonly aim: string;
  readonly figure: string;
  readonly reached: boolean;
}

/** Of MSAL's CPU per redemption. */
const mostOfMsal = 0.25;
/** Accounts a second: two writes each, at 29 writes a second to each vault, less what start and end cost. */
const leastAccountsPerSecond = { 1: 14.4, 2: 28.8 } as const;

/** Seconds until somebody on call has the whole page, at 40 ms a page of the vaults. */
const longestStatusSeconds = { cold: 25, cached: 1 } as const;

/** This project's client against MSAL, at each measured concurrency. */
export function clientAims(figures: readonly ClientFigures[]): Aim[] {
  return figures
    .filter(({ client }) => client === 'this project')
    .map(({ concurrency, cpuRatioTo }) => ({
      aim: `CPU per redemption at most a quarter of MSAL's, ${concurrency} in flight`,
      figure: cpuRatioTo['@azure/msal-node'].toFixed(2),
      reached: cpuRatioTo['@azure/msal-node'] <= mostOfMsal,
    }));
}

function rateAim(result: SweepResult, phase: string, rate: number): Aim {
  const least = leastAccountsPerSecond[result.vaults];
  return {
    aim: `${result.vaults} vault(s), ${phase}: at least ${least} accounts/s`,
    figure: rate.toFixed(2),
    reached: rate >= least,
  };
}

function lossAim({ vaults, accounts, refreshed, lostRefreshTokens, refusedWrites }: SweepResult): Aim {
  return {
    aim: `${vaults} vault(s): every account refreshed, no refresh token lost, no 429`,
    figure: `${accounts - refreshed} not refreshed, ${lostRefreshTokens} lost, ${refusedWrites} × 429`,
    reached: refreshed === accounts && lostRefreshTokens === 0 && refusedWrites === 0,
  };
}

/** Sweeps at the default concurrency, which is the one that has to reach them. */
export function sweepAims(results: readonly SweepResult[]): Aim[] {
  return results
    .filter(({ concurrency }) => concurrency === defaultSweepConcurrency)
    .flatMap((result) => [
      rateAim(result, 'steady state', result.steadyAccountsPerSecond),
      rateAim(result, 'whole sweep', result.accountsPerSecond),
      lossAim(result),
    ]);
}

/** The status page with as many accounts as it has to carry, or more; a page without them all reaches nothing. */
export function statusAims(figures: StatusFigures | undefined): Aim[] {
  if (figures === undefined || figures.accounts < defaultStatusAccounts) return [];
  const { accounts, shown } = figures;
  return (['cold', 'cached'] as const).map((phase) => {
    const [most, seconds] = [longestStatusSeconds[phase], figures[`${phase}Seconds`]];
    return {
      aim: `status page of ${accounts} accounts, ${phase}: at most ${most} s`,
      figure: `${seconds.toFixed(2)} s, ${shown} shown`,
      reached: seconds <= most && shown === accounts,
    };
  });
}
