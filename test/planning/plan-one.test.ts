import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Account } from '../../src/accounts/account.ts';
import { planOne } from '../../src/planning/plan.ts';
import { account, context, expiring, failure, healthy, listed, now } from './accounts.ts';

describe('the plan for an account that somebody asked for by name', () => {
  const cases: ReadonlyArray<readonly [what: string, account: Account, decision: string]> = [
    ['fresh', healthy, 'due on_demand'],
    ['backing off', account({ failure: failure({ nextAttemptAt: now + 1 }) }), 'due on_demand'],
    ['due anyway', expiring(now + 60), 'due expires_before_next_sweep'],
    ['unread', account({ summary: undefined }), 'due registration_unread'],
    ['paused', account({ registration: listed({ enabled: false }) }), 'not_due paused'],
    ['orphaned', account({ registration: undefined }), 'not_due orphaned'],
    ['without consent', account({ refreshToken: undefined }), 'not_due pending_consent'],
    [
      'with a disabled refresh token',
      account({ refreshToken: listed({ enabled: false }) }),
      'not_due refresh_token_disabled',
    ],
    ['with an invalid id', account({ idFault: 'no' }), 'not_due account_id_invalid'],
  ];
  for (const [what, asked, expected] of cases) {
    test(`${what}: ${expected}`, () => {
      const { due, notDue } = planOne([expiring(now, 'other'), asked], 'a', context);
      const told = [...due, ...notDue].map(({ account: { id }, decision: { kind, reason } }) => [
        id,
        `${kind} ${reason}`,
      ]);
      assert.deepEqual(told, [['a', expected]]);
    });
  }

  test('is empty when nobody has that name, in this spelling', () => {
    for (const id of ['b', 'A', ''])
      assert.deepEqual(planOne([healthy], id, context), { due: [], notDue: [] });
  });
});
