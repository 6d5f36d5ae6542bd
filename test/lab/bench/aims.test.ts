import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { clientAims, statusAims, sweepAims } from '../../../lab/bench/aims.ts';
import type { ClientFigures } from '../../../lab/bench/client-section.ts';
import type { StatusFigures } from '../../../lab/bench/status-section.ts';
import type { SweepResult } from '../../../lab/bench/sweep-section.ts';
import { defaultSweepConcurrency } from '../../../src/config.ts';

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

  const status = (changes: Partial<StatusFigures>): boolean[] =>
    statusAims({
      ...{ accounts: 5000, shown: 5000, pageKilobytes: 4000 },
      ...{ coldSeconds: 25, cachedSeconds: 1, ...changes },
    }).map((aim) => aim.reached);

  test('is a status page within 25 s, and within 1 s from the cache', () => {
    assert.deepEqual(status({}), [true, true]);
    assert.deepEqual(status({ coldSeconds: 25.01 }), [false, true]);
    assert.deepEqual(status({ cachedSeconds: 1.01 }), [true, false]);
  });

  test('is missed by a status page without one of its accounts', () =>
    assert.deepEqual(status({ shown: 4999 }), [false, false]));

  test('is none for a status page of fewer accounts, and without one', () => {
    assert.deepEqual(status({ accounts: 4999, shown: 4999 }), []);
    assert.deepEqual(statusAims(undefined), []);
  });

  test('holds for the default concurrency only', () => {
    assert.deepEqual(sweepAims([sweep({ concurrency: defaultSweepConcurrency + 1 })]), []);
  });
});
