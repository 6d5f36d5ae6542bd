import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../src/accounts/account.ts';
import {
  type Decision,
  type DueReason,
  decide,
  type NotDueReason,
  type PlanContext,
  plan,
  slackSeconds,
} from '../../src/planning/plan.ts';
import {
  account,
  context,
  expiring,
  failure,
  healthy,
  healthyParts,
  listed,
  minutes,
  now,
  publishedToken,
  storedRefreshToken,
  summary,
} from './accounts.ts';

/** What a token must have left in the context of these tests: interval, slack and minimum validity. */
const required = 45 * minutes;

function words(decision: Decision): readonly [reason: string, lookAgainIn?: number] {
  if (decision.kind === 'due') return [`due: ${decision.reason}`];
  const { reason, lookAgainAt } = decision;
  return lookAgainAt === undefined ? [reason] : [reason, lookAgainAt - now];
}

/** An account whose token Entra wants to be refreshed after so many seconds. */
const refreshedIn = (refreshInSeconds: number, expiresInSeconds = 86_400) =>
  account({ accessToken: publishedToken({ expiresInSeconds, refreshInSeconds }) });
/** An account whose registration is so many seconds younger than its access token. */
const registered = (seconds: number, tags = {}, publication: Parameters<typeof publishedToken>[0] = {}) =>
  account({
    registration: listed({ createdAt: publishedToken().createdAt + seconds, tags }),
    accessToken: publishedToken(publication),
  });
const failing = (changes: Parameters<typeof failure>[0]) => account({ failure: failure(changes) });

describe('an account is due', () => {
  const cases: ReadonlyArray<readonly [what: string, account: Account, reason: DueReason]> = [
    ['when its registration was never read', account({ summary: undefined }), 'registration_unread'],
    [
      'the same, even before consent',
      account({ summary: undefined, refreshToken: undefined }),
      'registration_unread',
    ],
    ['without an access token', account({ accessToken: undefined }), 'no_access_token'],
    [
      'with an access token without an expiry',
      account({ accessToken: listed({ tags: publishedToken().tags }) }),
      'no_access_token',
    ],
    [
      'with a disabled access token',
      account({ accessToken: { ...publishedToken(), enabled: false } }),
      'no_access_token',
    ],
    ['when its access token ends now', expiring(now), 'access_token_expired'],
    [
      'when its access token is of another grant',
      account({ refreshToken: storedRefreshToken('attempt-2') }),
      'access_token_of_other_grant',
    ],
    [
      'when its refresh token was seeded by hand',
      account({ refreshToken: listed() }),
      'access_token_of_other_grant',
    ],
    ['when its registration is a second newer', registered(1), 'registration_changed'],
    [
      'when its registration was written anew, within the second of its access token',
      registered(0, {}, { registrationVersion: 'a1' }),
      'registration_changed',
    ],
    [
      'when another version of its registration was read since, however old',
      account({
        registration: listed({ tags: { 'refresher-registered': '1 b2' } }),
        accessToken: publishedToken({ registrationVersion: 'a1' }),
      }),
      'registration_changed',
    ],
    ['when Entra asked for one by now', refreshedIn(1800), 'refresh_after_passed'],
    ['a second before it has just enough', expiring(now + required - 1), 'expires_before_next_sweep'],
    ['when its backoff ends now', failing({ nextAttemptAt: now }), 'backoff_ended'],
  ];
  for (const [what, candidate, reason] of cases) {
    test(`${what}: ${reason}`, () => assert.deepEqual(decide(candidate, context), { kind: 'due', reason }));
  }
});

describe('an account is not due', () => {
  const later = 5400 - 1800 - required + 1;
  const cases: ReadonlyArray<
    readonly [what: string, account: Account, reason: NotDueReason, lookAgainIn?: number]
  > = [
    ['when its id breaks the rules', account({ idFault: 'bad' }), 'account_id_invalid'],
    ['without a registration', account({ registration: undefined }), 'orphaned'],
    ['when its registration is disabled', account({ registration: listed({ enabled: false }) }), 'paused'],
    [
      'when its refresh token is disabled',
      account({ refreshToken: storedRefreshToken('attempt-1', { enabled: false }) }),
      'refresh_token_disabled',
    ],
    ['without a refresh token', account({ refreshToken: undefined }), 'pending_consent'],
    ['one second before its backoff ends', failing({ nextAttemptAt: now + 1 }), 'backing_off', 1],
    ['when its token has just enough', expiring(now + required), 'fresh', 1],
    ['when its token has a second more', expiring(now + required + 1), 'fresh', 2],
    ['a second before Entra asks for one', refreshedIn(1801), 'fresh', 1],
    ['when Entra asks for one too late', refreshedIn(9000, 1800 + required), 'fresh', 1],
    ['when its registration is as old', registered(0), 'fresh', later],
    [
      'when its registration was only written again, later than its access token',
      registered(1, { 'refresher-registered': '1 a1' }, { registrationVersion: 'a1' }),
      'fresh',
      later,
    ],
    ['while it retries', failing({ state: 'retrying' }), 'fresh', 901],
    [
      'when both tokens were stored by hand',
      account({ refreshToken: listed(), accessToken: listed({ expiresAt: now + required }) }),
      'fresh',
      1,
    ],
  ];
  for (const [what, candidate, reason, lookAgainIn] of cases) {
    test(`${what}: ${reason}`, () => {
      assert.deepEqual(
        words(decide(candidate, context)),
        lookAgainIn === undefined ? [reason] : [reason, lookAgainIn],
      );
    });
  }

  for (const [what, changes] of [
    ['paused', { registration: listed({ enabled: false }) }],
    ['orphaned', { registration: undefined }],
    ['account_id_invalid', { idFault: 'bad' }],
  ] as const) {
    test(`whatever else is true, once it is ${what}`, () => {
      const parts = fc.record({
        refreshToken: fc.constantFrom(undefined, healthyParts.refreshToken, storedRefreshToken('other')),
        accessToken: fc.constantFrom(
          undefined,
          healthyParts.accessToken,
          listed(),
          listed({ expiresAt: now - 1 }),
        ),
        summary: fc.constantFrom(undefined, summary),
        failure: fc.constantFrom(undefined, failure(), failure({ nextAttemptAt: now })),
      });
      fc.assert(
        fc.property(parts, (others) => {
          assert.deepEqual(words(decide(account({ ...others, ...changes }), context)), [what]);
        }),
      );
    });
  }
});

describe('the minimum validity', () => {
  const cases: ReadonlyArray<readonly [minimum: number | undefined, expiresIn: number, due: boolean]> = [
    [undefined, 45 * minutes - 1, true],
    [undefined, 45 * minutes, false],
    [1, 36 * minutes - 1, true],
    [1, 36 * minutes, false],
    [20, 55 * minutes - 1, true],
    [20, 55 * minutes, false],
    [1440, 24 * 60 * minutes, true],
  ];
  for (const [minimum, expiresIn, due] of cases) {
    const whose =
      minimum === undefined ? 'of the settings' : `of ${minimum} min from the registration's tags`;
    test(`${whose} makes a token with ${expiresIn} s ${due ? '' : 'not '}due`, () => {
      const tags = minimum === undefined ? summary : { ...summary, minimumValidityMinutes: minimum };
      const decision = decide({ ...expiring(now + expiresIn), summary: tags }, context);
      assert.equal(decision.kind, due ? 'due' : 'not_due');
    });
  }
});

describe('the interval and the slack', () => {
  const cases: ReadonlyArray<readonly [what: string, changes: Partial<PlanContext>, needed: number]> = [
    ['of 10 minutes between ticks', { nextSweepAt: now + 10 * minutes }, 25 * minutes],
    ['of a tick 35 minutes away, of an uneven schedule', { nextSweepAt: now + 35 * minutes }, 50 * minutes],
    ['of a sweep that began 5 minutes late', { nextSweepAt: now + 25 * minutes }, 40 * minutes],
    ['of a last sweep of 20 minutes', { slackSeconds: slackSeconds(20 * minutes) }, 60 * minutes],
  ];
  for (const [what, changes, needed] of cases) {
    test(`${what} ask for ${needed / minutes} minutes, to the second`, () => {
      const changed = { ...context, ...changes };
      assert.equal(decide(expiring(now + needed - 1), changed).kind, 'due');
      assert.equal(decide(expiring(now + needed), changed).kind, 'not_due');
    });
  }

  const slacks: ReadonlyArray<readonly [last: number | undefined, slack: number]> = [
    [undefined, 300],
    [0, 300],
    [300, 300],
    [301, 301],
    [1500, 1500],
  ];
  for (const [last, slack] of slacks) {
    test(`after a sweep of ${last ?? 'unknown'} s the slack is ${slack} s`, () => {
      assert.equal(slackSeconds(last), slack);
    });
  }
});

describe('the plan', () => {
  test('puts whose token ends first before the others, none before all, then by id', () => {
    const none = account({ id: 'z', accessToken: undefined });
    const [soon, soonToo, later] = [expiring(now + 5, 'b'), expiring(now + 5, 'c'), expiring(now + 6, 'a')];
    const fresh = { ...healthy, id: 'fresh' };
    const made = plan([later, fresh, soonToo, none, soon], context);
    assert.deepEqual(
      made.due.map(({ account: { id } }) => id),
      ['z', 'b', 'c', 'a'],
    );
    assert.deepEqual(
      made.notDue.map(({ account: { id } }) => id),
      ['fresh'],
    );
  });

  test('holds every account once, in the same order whatever order they came in', () => {
    const expiries = fc.uniqueArray(
      fc.tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 99 })),
      { selector: ([, id]) => id },
    );
    fc.assert(
      fc.property(expiries, fc.func(fc.integer()), (pairs, shuffle) => {
        const accounts = pairs.map(([expiry, id]) => expiring(now + expiry * 900, `id-${id}`));
        const shuffled = [...accounts].sort((a, b) => shuffle(a.id) - shuffle(b.id));
        const made = plan(accounts, context);
        assert.equal(made.due.length + made.notDue.length, accounts.length);
        assert.deepEqual(plan(shuffled, context).due, made.due);
      }),
    );
  });
});
