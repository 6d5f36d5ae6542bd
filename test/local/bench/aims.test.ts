import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { defaultSweepConcurrency } from '../../../src/config.ts';
import { clientAims, sweepAims } from '../../../src/local/bench/aims.ts';
import type { ClientFigures } from '../../../src/local/bench/client-section.ts';
import type { SweepResult } from '../../../src/local/bench/sweep-section.ts';

const ownClient = (ratioToMsal: number): ClientFigures => ({
  client: 'this project',
  concurrency: 16,
  cpuMillisecondsPerRedemption: 1,
  redemptionsPerSecond: 1,
  cpuRatioTo: { 'undici.request': 1, 'this project': 1, '@azure/msal-node': ratioToMsal },
});

const sweep = (changes: Partial<SweepResult>): SweepResult => ({
  vaults: 1,
  concurrency: defaultSweepConcurrency,
  accounts: 100,
  refreshed: 100,
  lostRefreshTokens: 0,
  refusedWrites: 0,
  elapsedSeconds: 7,
  accountsPerSecond: 14.4,
  steadyAccountsPerSecond: 14.4,
  listingSeconds: 0,
  firstPublishedSeconds: 1,
  cpuMillisecondsPerAccount: 5,
  ...changes,
});

const reached = (result: SweepResult): boolean[] => sweepAims([result]).map((aim) => aim.reached);

suite('An aim', () => {
  test("is a quarter of MSAL's CPU for this project's client", () => {
    assert.deepEqual(
      [0.25, 0.251].map((ratio) => clientAims([ownClient(ratio)])[0]?.reached),
      [true, false],
    );
    assert.deepEqual(clientAims([{ ...ownClient(1), client: '@azure/msal-node' }]), []);
  });

  test('is 14.4 accounts a second with one vault, in the steady state and over the whole sweep', () => {
    assert.deepEqual(reached(sweep({})), [true, true, true]);
    assert.deepEqual(reached(sweep({ accountsPerSecond: 14.39 })), [true, false, true]);
    assert.deepEqual(reached(sweep({ steadyAccountsPerSecond: 14.39 })), [false, true, true]);
  });

  test('is 28.8 with two', () => {
    const rates = (rate: number) => ({ accountsPerSecond: rate, steadyAccountsPerSecond: rate });
    assert.deepEqual(reached(sweep({ vaults: 2, ...rates(28.8) })), [true, true, true]);
    assert.deepEqual(reached(sweep({ vaults: 2, ...rates(28.7) })), [false, false, true]);
  });

  for (const changes of [{ refreshed: 99 }, { lostRefreshTokens: 1 }, { refusedWrites: 1 }]) {
    test(`is missed with ${JSON.stringify(changes)}`, () => {
      assert.deepEqual(reached(sweep(changes)), [true, true, false]);
    });
  }

  test('holds for the default concurrency only', () => {
    assert.deepEqual(sweepAims([sweep({ concurrency: defaultSweepConcurrency + 1 })]), []);
  });
});
