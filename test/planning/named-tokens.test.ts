import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Account } from '../../src/accounts/account.ts';
import { refreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import type { ListedSecret } from '../../src/accounts/secret.ts';
import { plan, planAccount, planOne } from '../../src/planning/plan.ts';
import { account, context, failure, listed, minutes, now, publishedToken, summary } from './accounts.ts';

const token = (attemptId: string, grantId: string, expiresAt = now + 3600): ListedSecret => ({
  ...publishedToken({ attemptId, grantId }),
  expiresAt,
});
const refreshToken = (attemptId: string, grantId?: string): ListedSecret =>
  listed({
    tags: refreshTokenTags(
      {},
      { generation: 2, source: 'sweep', attemptId, ...(grantId ? { grantId } : {}) },
    ),
  });

/** `a` was redeemed first, `b` brought the present refresh token; both come from the grant `g`. */
function two(
  changes: Parameters<typeof account>[0] = {},
  tokens: Record<string, ListedSecret> = {},
): Account {
  return account({
    summary: { ...summary, tokens: ['a', 'b'] },
    accessToken: undefined,
    refreshToken: refreshToken('2', 'g'),
    namedAccessTokens: new Map(Object.entries({ a: token('1', 'g'), b: token('2', 'g'), ...tokens })),
    ...changes,
  });
}

const withoutB = two({ namedAccessTokens: new Map([['a', token('2', 'g')]]) });
const failing = (changes: Parameters<typeof failure>[0]) =>
  failure({ tokens: ['b'], grantId: 'g', ...changes });

describe('each of several access tokens', () => {
  const other = 'access_token_of_other_grant';
  const endsSoon = two({}, { a: token('1', 'g', now + 44 * minutes) });
  const reread = two(
    { registration: listed({ createdAt: now - 1000 }) },
    { b: { ...token('2', 'g'), createdAt: now } },
  );
  const backingOff = two({ failure: failing({ nextAttemptAt: now + 1 }) }, { a: token('1', 'g', now) });
  const retried = two({ failure: failing({ state: 'retrying', nextAttemptAt: now + 1 }) });
  const ended = two({ failure: failing({ nextAttemptAt: now }) });
  /** What is decided for `a`, for `b`, and for the account: not due when nobody is, else the reason of one. */
  const cases: ReadonlyArray<
    readonly [what: string, account: Account, a: string, b: string, whole?: string]
  > = [
    ['fresh both', two(), 'fresh', 'fresh'],
    ['one that ends soon', endsSoon, 'expires_before_next_sweep', 'fresh', 'expires_before_next_sweep'],
    ['one not published yet', withoutB, 'fresh', 'no_access_token', 'no_access_token'],
    ['one of another grant', two({}, { a: token('0', 'old') }), other, 'fresh', other],
    ['a refresh token that a consent brought', two({ refreshToken: refreshToken('c') }), other, other, other],
    ['a refresh token stored by hand', two({ refreshToken: listed() }), other, other, other],
    ['a redemption not published', two({ refreshToken: refreshToken('3', 'g') }), other, other, other],
    ['one of an older registration', reread, 'registration_changed', 'fresh', 'registration_changed'],
    ['one that backs off', backingOff, 'access_token_expired', 'backing_off', 'access_token_expired'],
    ['one whose backoff has ended', ended, 'fresh', 'backoff_ended', 'backoff_ended'],
    ['one that is being retried', retried, 'fresh', 'fresh'],
  ];
  for (const [what, candidate, a, b, whole] of cases) {
    test(`is decided for itself: ${what}`, () => {
      const { decision, tokens } = planAccount(candidate, context);
      assert.deepEqual(
        tokens.map(({ name, decision: { reason } }) => [name, reason]),
        [
          ['a', a],
          ['b', b],
        ],
      );
      const expected = whole === undefined ? ['not_due', 'fresh'] : ['due', whole];
      assert.deepEqual([decision.kind, decision.reason], expected);
    });
  }

  test('is looked at again when the first of them is to be', () => {
    const { decision } = planAccount(two({}, { b: token('2', 'g', now + 50 * minutes) }), context);
    assert.equal(decision.kind === 'not_due' && decision.lookAgainAt, now + 5 * minutes + 1);
    const backing = planAccount(two({ failure: failing({ nextAttemptAt: now + 60 }) }), context).decision;
    assert.deepEqual(backing, { kind: 'not_due', reason: 'backing_off', lookAgainAt: now + 60 });
  });

  test('waits while the account as a whole backs off', () => {
    const { decision, tokens } = planAccount(
      two({ failure: failure() }, { a: token('1', 'g', now) }),
      context,
    );
    assert.deepEqual([decision.reason, tokens], ['backing_off', []]);
  });

  test('is due when somebody asked for the account', () => {
    const [planned] = planOne([two({ failure: failing({}) })], 'a', context).due;
    assert.deepEqual(
      planned?.tokens.map(({ decision: { reason } }) => reason),
      ['on_demand', 'on_demand'],
    );
  });

  test('counts for the order of refreshing, if it is due', () => {
    const early = { ...two({}, { b: token('2', 'g', now + 60) }), id: 'early' };
    const late = { ...two({}, { a: token('1', 'g', now + 120) }), id: 'late' };
    const backing = {
      ...two({ failure: failing({}) }, { a: token('1', 'g', now + 90), b: token('2', 'g', now) }),
      id: 'backing',
    };
    const { due } = plan([late, backing, early], context);
    assert.deepEqual(
      due.map(({ account: { id } }) => id),
      ['early', 'backing', 'late'],
    );
  });
});

describe('a vault from before grants were noted', () => {
  test('is judged by the attempt ids, as then', () => {
    const agreeing = account({
      refreshToken: refreshToken('1'),
      accessToken: publishedToken({ attemptId: '1' }),
    });
    assert.equal(planAccount(agreeing, context).decision.reason, 'fresh');
    const differing = account({
      refreshToken: refreshToken('2'),
      accessToken: publishedToken({ attemptId: '1' }),
    });
    assert.equal(planAccount(differing, context).decision.reason, 'access_token_of_other_grant');
  });
});
