import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FaultLog } from '../../../lab/simulation/fault-log.ts';
import {
  formatReport,
  type SimulationReport,
  violations,
} from '../../../lab/simulation/simulation-report.ts';
import { noFates } from '../../../lab/simulation/token-ledger.ts';

const good: SimulationReport = {
  seed: 7,
  redemptions: 1234,
  accounts: 8,
  accessTokens: 10,
  simulatedDays: 2,
  sweeps: { completed: 90, aborted: 4, crashed: 2 },
  faults: new FaultLog(),
  verdicts: { lostRefreshTokens: 0, falseReconsents: 0, shadowedRefreshTokens: 0, trueReconsents: 3 },
  staleAccounts: 0,
  fates: noFates(),
  notStoredEvents: 0,
  outageDays: 0.5,
  belowMinimum: { faultlessMinutes: 0, betweenOutagesMinutes: 2, outageMinutes: 288 },
  refreshesPerTokenDay: { faultless: 31.68, overall: undefined },
  realSeconds: 1,
};

describe('the report of a simulation', () => {
  it('has no violations when all is well, though outages and single faults have cost validity', () => {
    assert.deepEqual(violations(good), []);
  });

  const cases: [change: Partial<SimulationReport>, words: string][] = [
    [{ verdicts: { ...good.verdicts, lostRefreshTokens: 1 } }, '1 refresh tokens lost'],
    [{ verdicts: { ...good.verdicts, falseReconsents: 2 } }, '2 false re-consents'],
    [{ fates: { ...noFates(), notStoredUntold: 3 } }, '3 refresh tokens dropped without a word'],
    [{ staleAccounts: 4 }, '4 accounts not refreshed after everything was well again'],
    [
      { belowMinimum: { ...good.belowMinimum, faultlessMinutes: 0.2 } },
      '1 token-minutes below the minimum validity without any fault',
    ],
  ];
  for (const [change, words] of cases) {
    it(`names a violation: ${words}`, () => assert.deepEqual(violations({ ...good, ...change }), [words]));
  }

  it('gives each figure with its unit', () => {
    const faults = new FaultLog();
    faults.count('crash before', 'entra redeem');
    faults.count('tick missed', 'app');
    const text = formatReport({ ...good, faults });
    for (const line of [
      /^redemptions +1,234$/m,
      /^below minimum, outages +288\.0 of 28,800 token-minutes \(1\.0000 %\)$/m,
      /^refreshes a day, no fault +31\.68 \(1\.100 times the optimum of 28\.8\)$/m,
      /^refreshes a day, overall +not measured$/m,
      /^ {2}crash before +1 at 1 of 18 steps$/m,
      /^ {2}tick missed +1$/m,
      /^ {2}entra redeem +1 of them 1 crashes$/m,
    ])
      assert.match(text, line);
  });
});
