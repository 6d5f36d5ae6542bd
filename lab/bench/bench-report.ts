import Table from 'cli-table3';
import type { Aim } from './aims.ts';
import type { BenchReport } from './bench.ts';
import type { ClientFigures } from './client-section.ts';
import type { LoadFigures } from './load-section.ts';
import type { StatusFigures } from './status-section.ts';
import type { SweepResult } from './sweep-section.ts';
import type { UsageFigures } from './usage-section.ts';

type ReportCell = string | number;

function table(head: readonly string[], rows: readonly (readonly ReportCell[])[]): string {
  const numeric = (column: number): boolean => typeof rows[0]?.[column] === 'number';
  const made = new Table({
    head: [...head],
    colAligns: head.map((_, column) => (numeric(column) ? 'right' : 'left')),
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function clientText(figures: readonly ClientFigures[], { options }: BenchReport): string {
  const { rounds, seconds } = options.client;
  const rows = figures.map(
    ({ client, concurrency, cpuMillisecondsPerRedemption, redemptionsPerSecond, cpuRatioTo }) => [
      client,
      concurrency,
      rounded(cpuMillisecondsPerRedemption, 3),
      Math.round(redemptionsPerSecond),
      rounded(cpuRatioTo['undici.request'], 2),
      rounded(cpuRatioTo['@azure/msal-node'], 2),
    ],
  );
  const head = ['client', 'in flight', 'CPU ms', 'redemptions/s', 'CPU / undici', 'CPU / MSAL'];
  return `CPU per redemption: medians of ${rounds} interleaved rounds of ${seconds} s, ratios within a round\n${table(head, rows)}`;
}

function sweepText(results: readonly SweepResult[]): string {
  const rows = results.map((result) => [
    result.vaults,
    result.concurrency,
    result.accounts,
    result.refreshed,
    result.lostRefreshTokens,
    result.refusedWrites,
    rounded(result.elapsedSeconds, 1),
    rounded(result.accountsPerSecond, 2),
    rounded(result.steadyAccountsPerSecond, 2),
    rounded(result.listingSeconds, 1),
    rounded(result.firstPublishedSeconds, 1),
    rounded(result.cpuMillisecondsPerAccount, 1),
  ]);
  const head = ['vaults', 'in flight', 'accounts', 'refreshed', 'lost', '429', 'seconds'];
  const rates = ['accounts/s', 'steady/s', 'listing s', 'first token s', 'CPU ms'];
  return [
    'Whole sweeps: 400 ± 200 ms at the token endpoint, 40 ± 20 ms at the vaults, 300 writes per 10 s and vault',
    table([...head, ...rates], rows),
    'accounts/s: the whole sweep; the vaults are listed first, 25 secrets a page, so it stays below the steady rate',
    'steady/s: the middle 80 % of the access tokens published; CPU ms: an account, in a process just started',
  ].join('\n');
}

function statusText({ accounts, shown, coldSeconds, cachedSeconds, pageKilobytes }: StatusFigures): string {
  const figures = [rounded(coldSeconds, 1), rounded(cachedSeconds, 2), Math.round(pageKilobytes)];
  return [
    'Status page, from request to last byte: 40 ± 20 ms a page of the vaults; cached: the slowest of five',
    table(['accounts', 'shown', 'cold s', 'cached s', 'page KB'], [[accounts, shown, ...figures]]),
  ].join('\n');
}

function usageText({ accounts, refreshes, vaultOperations, events, eventBytes }: UsageFigures): string {
  const head = ['accounts', 'refreshes', 'vault operations', 'a refresh', 'event records', 'event MB'];
  const perRefresh = rounded(vaultOperations / Math.max(refreshes, 1), 1);
  const row = [accounts, refreshes, vaultOperations, perRefresh, events, rounded(eventBytes / 1e6, 1)];
  return `A simulated day without faults: what Azure counts and bills\n${table(head, [row])}`;
}

function loadText(figures: LoadFigures, { options }: BenchReport): string {
  const { nothingMilliseconds, bundleMilliseconds, cachedBundleMilliseconds } = figures;
  const { addedMilliseconds, cachedAddedMilliseconds, bundleKilobytes } = figures;
  const ratio = (added: number): ReportCell => rounded(added / addedMilliseconds, 2);
  const rows: ReportCell[][] = [
    ['nothing', Math.round(nothingMilliseconds), 0, 0],
    ['bundle', Math.round(bundleMilliseconds), Math.round(addedMilliseconds), 1],
    [
      'bundle, compile cache',
      Math.round(cachedBundleMilliseconds),
      Math.round(cachedAddedMilliseconds),
      ratio(cachedAddedMilliseconds),
    ],
  ];
  return [
    `Load time of the bundle (${Math.round(bundleKilobytes)} KB): whole processes, medians of ${options.load.runs}`,
    table(['loads', 'ms', 'over nothing', 'ratio'], rows),
  ].join('\n');
}

function aimsText(aims: readonly Aim[]): string {
  const rows = aims.map(({ aim, figure, reached }) => [reached ? 'reached' : 'MISSED', aim, figure]);
  return `Aims\n${table(['', 'aim', 'figure'], rows)}`;
}

/** The report for a terminal. */
export function benchText(report: BenchReport): string {
  const { machine, client, sweep, status, usage, load, aims } = report;
  const { node, platform, processor, cores } = machine;
  const parts = [
    `Node ${node}, ${platform}, ${cores} × ${processor}; loopback: ratios carry over to other machines, milliseconds do not.`,
  ];
  if (client !== undefined) parts.push(clientText(client, report));
  if (sweep !== undefined) parts.push(sweepText(sweep));
  if (status !== undefined) parts.push(statusText(status));
  if (usage !== undefined) parts.push(usageText(usage));
  if (load !== undefined) parts.push(loadText(load, report));
  if (aims.length > 0) parts.push(aimsText(aims));
  return parts.join('\n\n');
}
