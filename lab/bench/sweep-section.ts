import type { AppProcedures, SweepFigures } from './app-process.ts';
import { Child } from './child-process.ts';
import type { EmulatorsProcedures, ProbeFindings } from './emulators-process.ts';
import { steadyRatePerSecond } from './statistics.ts';

export interface SweepBenchOptions {
  /** All due; two vaults get twice as many, so that both sweeps take as long. */
  readonly accountsPerVault: number;
  readonly vaults: readonly (1 | 2)[];
  readonly concurrencies: readonly number[];
}

/** One sweep over accounts that are all due. */
export interface SweepResult {
  readonly vaults: 1 | 2;
  readonly concurrency: number;
  readonly accounts: number;
  readonly refreshed: number;
  readonly lostRefreshTokens: number;
  /** Answers 429 of the vaults. */
  readonly refusedWrites: number;
  /** From the call of the sweep to its report. */
  readonly elapsedSeconds: number;
  readonly accountsPerSecond: number;
  /** Of access tokens published, without start-up and tail: {@link steadyRatePerSecond}. */
  readonly steadyAccountsPerSecond: number;
  readonly listingSeconds: number;
  /** From the sweep's start to the first access token published: listing, write probe, first redemption. */
  readonly firstPublishedSeconds: number;
  readonly cpuMillisecondsPerAccount: number;
}

/** A daily tick half a day away: the sweep's deadline is the function timeout, and no tick comes near. */
function distantSchedule(now: Date): string {
  return `0 0 ${(now.getUTCHours() + 12) % 24} * * *`;
}

function resultOf(
  subject: Pick<SweepResult, 'vaults' | 'concurrency' | 'accounts'>,
  figures: SweepFigures,
  { publishedAt, lostRefreshTokens, refusedWrites }: ProbeFindings,
): SweepResult {
  const first = publishedAt[0] ?? Number.NaN;
  const { startedAt, elapsedMilliseconds, cpuMilliseconds, refreshed, listingMilliseconds } = figures;
  return {
    ...subject,
    refreshed,
    lostRefreshTokens,
    refusedWrites,
    elapsedSeconds: elapsedMilliseconds / 1000,
    accountsPerSecond: (refreshed / elapsedMilliseconds) * 1000,
    steadyAccountsPerSecond: steadyRatePerSecond(publishedAt),
    listingSeconds: listingMilliseconds / 1000,
    firstPublishedSeconds: (first - startedAt) / 1000,
    cpuMillisecondsPerAccount: cpuMilliseconds / refreshed,
  };
}

async function measureSweep(vaults: 1 | 2, concurrency: number, accounts: number): Promise<SweepResult> {
  using emulators = new Child<EmulatorsProcedures>(new URL('emulators-process.ts', import.meta.url));
  using app = new Child<AppProcedures>(new URL('app-process.ts', import.meta.url));
  const { appSettings, certificate } = await emulators.call('start', { oneVault: vaults === 1, accounts });
  const settings = {
    ...appSettings,
    SWEEP_CONCURRENCY: String(concurrency),
    REFRESH_SCHEDULE: distantSchedule(new Date()),
  };
  const figures = await app.call('runSweep', { appSettings: settings, certificate });
  return resultOf({ vaults, concurrency, accounts }, figures, await emulators.call('findings', undefined));
}

/**
 * Whole sweeps of the app over the real SDK against the emulators, on the real clock: app and emulators each in a
 * process of its own, new for each sweep.
 *
 * @param note told what begins
 */
export async function runSweepSection(
  options: SweepBenchOptions,
  note: (text: string) => void = () => {},
): Promise<SweepResult[]> {
  const results: SweepResult[] = [];
  for (const concurrency of options.concurrencies) {
    for (const vaults of options.vaults) {
      const accounts = vaults * options.accountsPerVault;
      note(`sweep of ${accounts} accounts, ${vaults} vault(s), ${concurrency} in flight`);
      results.push(await measureSweep(vaults, concurrency, accounts));
    }
  }
  return results;
}
