import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseAccessToken } from '../../src/accounts/access-token-secret.ts';
import type { Account } from '../../src/accounts/account.ts';
import { decide, type PlanContext, planAccount } from '../../src/planning/plan.ts';
import {
  account,
  context,
  failure,
  listed,
  minutes,
  now,
  publishedToken,
  storedRefreshToken,
  summary,
} from './accounts.ts';

/** The usual value nine times of ten, so that the rules behind the one it belongs to are reached too. */
const mostly = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T | undefined> = fc.constant(undefined)) =>
  fc.oneof({ arbitrary: usual, weight: 9 }, { arbitrary: odd, weight: 1 });

const none = fc.constant(undefined);
const around = fc.integer({ min: now - 7200, max: now + 7200 });
const token = fc
  .record({
    requestedAt: fc.integer({ min: now - 3600, max: now }),
    expiresInSeconds: fc.integer({ min: 1, max: 5 * 3600 }),
    refreshInSeconds: fc.integer({ min: 1, max: 5 * 3600 }),
    refreshes: fc.boolean(),
  })
  .map(({ refreshInSeconds, refreshes, ...publication }) =>
    publishedToken({ ...publication, ...(refreshes ? { refreshInSeconds } : {}) }),
  );

/** Accounts of every kind, most of them healthy with a token that ends within some hours. */
const plainAccounts: fc.Arbitrary<Account> = fc
  .record({
    idFault: mostly(none, fc.constant('bad')),
    registration: mostly(
      fc.constant(listed({ createdAt: now - 7200 })),
      mostly(fc.record({ enabled: fc.boolean(), createdAt: around }).map(listed)),
    ),
    refreshToken: mostly(fc.constant(storedRefreshToken()), mostly(fc.constant(storedRefreshToken('other')))),
    accessToken: mostly(token),
    summary: mostly(
      fc.constantFrom(
        summary,
        { ...summary, minimumValidityMinutes: 1 },
        { ...summary, minimumValidityMinutes: 90 },
      ),
    ),
    failure: mostly(
      none,
      fc
        .record({
          state: fc.constantFrom('retrying', 'reconsent', 'configuration', 'policy'),
          nextAttemptAt: around,
        })
        .map(failure),
    ),
  })
  .map(account);

/** The same with two named access tokens, one of which may be failing. */
const namedAccounts: fc.Arbitrary<Account> = fc
  .record({
    plain: plainAccounts,
    other: mostly(token),
    failing: fc.constantFrom(undefined, ['a'], ['b'], ['a', 'b']),
  })
  .map(({ plain: { accessTokens, summary: one, failure: failed, ...rest }, other, failing }) => {
    const named = { a: accessTokens.get(undefined), b: other && parseAccessToken(other) };
    const published = Object.entries(named).flatMap(([name, secret]) =>
      secret === undefined ? [] : [[name, secret] as const],
    );
    const tokens = ['a', 'b'];
    return {
      ...rest,
      accessTokens: new Map(published),
      ...(one === undefined ? {} : { summary: { ...one, tokens } }),
      ...(failed === undefined ? {} : { failure: { ...failed, ...(failing && { tokens: failing }) } }),
    };
  });

const accounts = fc.oneof(plainAccounts, namedAccounts);

const contexts: fc.Arbitrary<PlanContext> = fc
  .record({ interval: fc.integer({ min: 1, max: 3600 }), slackSeconds: fc.integer({ min: 300, max: 1800 }) })
  .map(({ interval, slackSeconds }) => ({ ...context, slackSeconds, nextSweepAt: now + interval }));

/** The same context later: with the next sweep where it was, or as far away as it was. */
const later = (given: PlanContext, seconds: number): PlanContext => ({ ...given, now: given.now + seconds });
const moved = (given: PlanContext, seconds: number): PlanContext => ({
  ...later(given, seconds),
  nextSweepAt: given.nextSweepAt + seconds,
});

/** The next of the ticks that come at the same offsets in every hour. */
function nextTick(offsets: readonly number[], moment: number): number {
  const hour = moment - (moment % 3600);
  return Math.min(
    ...[hour, hour + 3600]
      .flatMap((start) => offsets.map((offset) => start + offset))
      .filter((tick) => tick > moment),
  );
}

describe('whatever the account', () => {
  test('once due it stays due as time passes, up to the next sweep and beyond', () => {
    fc.assert(
      fc.property(accounts, contexts, fc.nat(30_000), (candidate, given, seconds) => {
        if (decide(candidate, given).kind !== 'due') return;
        assert.equal(decide(candidate, later(given, seconds)).kind, 'due');
        assert.equal(decide(candidate, moved(given, seconds)).kind, 'due');
      }),
      { numRuns: 1000 },
    );
  });

  test('once due it stays due on any schedule, tick for tick', () => {
    const offsets = [[0, 1800], [0, 600, 2700], [420], [0, 60, 3540]] as const;
    fc.assert(
      fc.property(
        accounts,
        fc.constantFrom(...offsets),
        fc.nat(7200),
        fc.nat(7200),
        (candidate, ticks, a, b) => {
          const at = (moment: number): PlanContext => ({
            ...context,
            now: moment,
            nextSweepAt: nextTick(ticks, moment),
          });
          if (decide(candidate, at(now + a)).kind !== 'due') return;
          assert.equal(decide(candidate, at(now + a + b)).kind, 'due');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('it is not due one second before the moment to look again, and due at it', () => {
    let looked = 0;
    fc.assert(
      fc.property(accounts, contexts, (candidate, given) => {
        const decision = decide(candidate, given);
        if (decision.kind === 'due' || decision.lookAgainAt === undefined) return;
        looked += 1;
        const wait = decision.lookAgainAt - now;
        assert.ok(Number.isInteger(wait) && wait >= 1);
        assert.deepEqual(decide(candidate, moved(given, wait - 1)), decision);
        assert.equal(decide(candidate, moved(given, wait)).kind, 'due');
      }),
      { numRuns: 1000 },
    );
    assert.ok(looked > 100, `${looked} cases with a moment to look again`);
  });

  test('without a moment to look again time alone changes nothing', () => {
    fc.assert(
      fc.property(accounts, contexts, fc.nat(1_000_000), (candidate, given, seconds) => {
        const decision = decide(candidate, given);
        if (decision.kind === 'due' || decision.lookAgainAt !== undefined) return;
        assert.deepEqual(decide(candidate, moved(given, seconds)), decision);
        assert.deepEqual(decide(candidate, later(given, seconds)), decision);
      }),
      { numRuns: 1000 },
    );
  });

  test('a token that is not refreshed now still has the minimum validity when the next sweep has finished', () => {
    fc.assert(
      fc.property(accounts, contexts, (candidate, given) => {
        const minimum = (candidate.summary?.minimumValidityMinutes ?? 10) * minutes;
        const nextFinished = given.nextSweepAt + given.slackSeconds;
        for (const { name, decision } of planAccount(candidate, given).tokens) {
          if (decision.reason !== 'fresh') continue;
          const expiresAt = candidate.accessTokens.get(name)?.expiresAt ?? 0;
          assert.ok(expiresAt - nextFinished >= minimum);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
