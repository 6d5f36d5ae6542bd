import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { type BenchReport, runBench } from '../../../lab/bench/bench.ts';
import { type BenchSection, parseBenchOptions } from '../../../lab/bench/bench-options.ts';
import { benchText } from '../../../lab/bench/bench-report.ts';
import { tokenClients } from '../../../lab/bench/token-clients.ts';

/** A package that loads quickly, and only behind a stand-in for the worker's module. */
async function makePackage(outDirectory: string): Promise<void> {
  await mkdir(outDirectory);
  const bundle = "if (!require('@azure/functions-core').registerFunction) throw new Error('no core');";
  await writeFile(join(outDirectory, 'functions.cjs'), bundle);
}

function run(section: BenchSection): Promise<BenchReport> {
  const options = parseBenchOptions(
    `--only ${section} --seconds 0.02 --rounds 1 --accounts 3 --status-accounts 30 --usage-accounts 3 --runs 1`.split(
      ' ',
    ),
  );
  const client = { ...options.client, concurrencies: [2], warmUpRedemptions: 1 };
  const sweep = { ...options.sweep, vaults: [1] as const };
  return runBench({ ...options, client, sweep }, { makePackage, note: () => {} });
}

suite('A tiny benchmark', { concurrency: true }, () => {
  test('measures every token client', async () => {
    const report = await run('client');
    assert.deepEqual(
      report.client?.map(({ client }) => client),
      [...tokenClients],
    );
    for (const { cpuMillisecondsPerRedemption } of report.client ?? []) {
      assert.ok(cpuMillisecondsPerRedemption > 0);
    }
    assert.match(benchText(report), /CPU per redemption/);
  });

  test('sweeps accounts, loses none', async () => {
    const report = await run('sweep');
    const [result] = report.sweep ?? [];
    assert.equal(result?.refreshed, 3);
    assert.equal(result.lostRefreshTokens, 0);
    assert.equal(result.refusedWrites, 0);
    assert.match(benchText(report), /Whole sweeps/);
  });

  test('shows every account on the status page', async () => {
    const report = await run('status');
    assert.equal(report.status?.shown, 30);
    assert.ok(report.status.coldSeconds > 0 && report.status.cachedSeconds > 0);
    assert.match(benchText(report), /Status page/);
    assert.deepEqual(report.aims, []);
  });

  test('counts a day of accounts', async () => {
    const report = await run('usage');
    const { refreshes = 0, vaultOperations = 0, events = 0, eventBytes = 0 } = report.usage ?? {};
    // Tokens of 60 to 90 minutes, refreshed by the sweep before the last one that would be in time.
    assert.ok(refreshes >= 3 * 24 && refreshes <= 3 * 48, String(refreshes));
    // Two writes a refresh at the least, and a heartbeat in each of 48 sweeps.
    assert.ok(vaultOperations > 2 * refreshes + 2 * 48);
    // For each sweep its own event, three states and one credential; for each refresh a redemption.
    assert.equal(events, 48 * 5 + refreshes);
    assert.ok(eventBytes > 100 * events);
    assert.match(benchText(report), /simulated day without faults/);
  });

  test('loads the bundle with and without compile cache', async () => {
    const report = await run('load');
    assert.ok((report.load?.bundleMilliseconds ?? 0) > 0);
    assert.ok((report.load?.cachedBundleMilliseconds ?? 0) > 0);
    assert.match(benchText(report), /Load time of the bundle/);
  });
});
