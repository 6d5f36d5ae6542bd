import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountOf, crm, TestWorld } from '../support/world.ts';

const answers = [
  {
    title: 'without an access token',
    body: { token_type: 'Bearer', expires_in: 3600, refresh_token: 'rotated' },
    told: 1,
  },
  {
    title: 'without a lifetime',
    body: { token_type: 'Bearer', access_token: 'a', refresh_token: 'rotated' },
    told: 1,
  },
  { title: 'without any token', body: { token_type: 'Bearer', expires_in: 3600 }, told: 0 },
];

describe('an answer that cannot be used', () => {
  for (const { title, body, told } of answers) {
    test(`${title} ${told === 0 ? 'loses nothing' : 'loses a refresh token, which is told loudly'}`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm });
      world.entraFaults.add({ times: 1, answer: { status: 200, headers: {}, body: JSON.stringify(body) } });
      const report = await world.sweep();
      const events = world.telemetry.named('RotatedTokenNotStored');
      assert.deepEqual(
        events.map(({ properties }) => [properties.account, properties.reason]),
        Array.from({ length: told }, () => ['a', 'malformed_answer']),
      );
      assert.equal(
        accountOf(report, 'a').state,
        'healthy',
        'the present token is redeemed again in a later round',
      );
    });
  }
});

describe('a timer that fires early', () => {
  for (const [seconds, outcome] of [
    [0, 'refreshed'],
    [1, 'refreshed'],
    [60, 'refreshed'],
  ] as const) {
    test(`by ${seconds} s plans for the tick after the one it is early for`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, accessTokenMinutesLeft: 60 + 44 });
      world.clock.advanceTo(world.clock.nowMilliseconds() + (3600 - seconds) * 1000);
      const report = await world.sweep();
      assert.equal(accountOf(report, 'a').outcome, outcome);
      assert.equal(report.nextSweepAt - report.startedAt, 1800 + seconds);
    });
  }

  test('by more than a minute was meant for the tick before', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, accessTokenMinutesLeft: 60 + 44 });
    world.clock.advanceTo(world.clock.nowMilliseconds() + (3600 - 61) * 1000);
    const report = await world.sweep();
    assert.equal(report.nextSweepAt - report.startedAt, 61);
    assert.equal(accountOf(report, 'a').outcome, 'not_due');
  });
});
