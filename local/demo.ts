import { ManagedIdentityCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import { useClock } from '../src/app/environment.ts';
import { parseSchedule } from '../src/planning/schedule.ts';
import { isoTime, nowSeconds } from '../src/time.ts';
import { alertsOf } from './alerts.ts';
import { accountSnapshots, type EventLine, eventRow, parseEventLine } from './event-lines.ts';
import type { FunctionsHost } from './functions-host/functions-host.ts';
import { type LocalEnvironment, startLocalEnvironment } from './local-environment.ts';
import { loadCompiledRules } from './monitor/compiled-rules.ts';
import type { TableRow } from './monitor/kusto/values.ts';
import { liveOn } from './own-process.ts';
import { accountsTable, alertsTable } from './report-table.ts';
import { startApp, timerFunction } from './run-app.ts';
import { mendSampleAccounts, seedSampleAccounts } from './sample-accounts.ts';
import { SkippingClock } from './skipping-clock.ts';

const clock = new SkippingClock();
const rules = loadCompiledRules('https://refresher.example/api/status');
const print = (text = ''): void => console.log(text);

/** Runs the timer function and gives the events that it logged. */
async function runTimer(host: FunctionsHost, lines: string[]): Promise<EventLine[]> {
  lines.length = 0;
  await host.runTimer(timerFunction);
  return lines.flatMap((line) => parseEventLine(line) ?? []);
}

/** What the rules' workspace would hold. */
const rows: TableRow[] = [];

function printSweep(title: string, events: readonly EventLine[]): void {
  rows.push(...events.map(eventRow));
  const snapshots = accountSnapshots(events);
  const completed = events.find(({ event }) => event === 'SweepCompleted');
  if (completed === undefined) throw new Error('the sweep was not completed');
  print(
    `\n${title}: ${completed['refreshed']} of ${completed['due']} due accounts refreshed in ${completed['durationSeconds']} s of moved time\n`,
  );
  print(accountsTable(snapshots));
  print('\nAlerts that this would raise:\n');
  print(alertsTable(alertsOf(rules, { AppEvents: rows }, clock.nowMilliseconds(), snapshots)));
}

/** What a downstream job does: one secret, and a look at its expiry. */
async function readToken(local: LocalEnvironment, account: string): Promise<void> {
  const client = new SecretClient(local.urls.tokensVault, new ManagedIdentityCredential(), {
    disableChallengeResourceVerification: true,
  });
  const { value = '', properties } = await client.getSecret(`access-token-${account}`);
  const expiresOn = properties.expiresOn ?? new Date(0);
  const minutesLeft = (expiresOn.getTime() - clock.nowMilliseconds()) / 60_000;
  if (minutesLeft <= 0) throw new Error(`the token of ${account} has expired`);
  print(
    `\nA downstream job reads access-token-${account}: ${value.length} characters, valid for ${Math.floor(minutesLeft)} more minutes.`,
  );
}

function moveToNextTick(): void {
  const parsed = parseSchedule('0 */30 * * * *');
  if (!parsed.ok) throw new Error(parsed.fault);
  clock.moveTo(parsed.schedule.nextTickAfter(nowSeconds(clock)) * 1000);
}

async function demo(local: LocalEnvironment): Promise<void> {
  const lines: string[] = [];
  useClock(clock);
  moveToNextTick();
  const seeded = seedSampleAccounts(local.world);
  liveOn(local.appSettings);
  const host = await startApp(local.appSettings, (line) => lines.push(line));
  print(`Key Vault, Entra and the managed identity stand in on loopback; ${seeded.size} sample accounts.`);
  printSweep(`Sweep at ${isoTime(nowSeconds(clock))}`, await runTimer(host, lines));
  print(`\nMeanwhile ${mendSampleAccounts(local.world, seeded).join(', and ')}.`);
  moveToNextTick();
  printSweep(`Sweep at ${isoTime(nowSeconds(clock))}`, await runTimer(host, lines));
  await readToken(local, 'ads-emea');
  await host.stop();
}

const local = await startLocalEnvironment({ clock });
try {
  await demo(local);
} finally {
  await local.close();
}
