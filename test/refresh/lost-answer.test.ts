import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleTenant } from '../../local/local-world.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';
import { assertHealthy, createRotatedWorld } from './harness.ts';

const answers = [
  {
    title: 'with a refresh token that is none',
    body: { token_type: 'Bearer', expires_in: 3600, access_token: 'a', refresh_token: 'r\n' },
    told: 1,
  },
  {
    title: 'that also says error',
    body: { token_type: 'Bearer', access_token: 'a', refresh_token: 'rotated', error: 'invalid_grant' },
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

/** The first answer of Entra, altered on its way. */
function altering(environment: RefreshEnvironment, change: object): RefreshEnvironment {
  let answers = 0;
  return {
    ...environment,
    endpoint: {
      async send(request) {
        const exchange = await environment.endpoint.send(request);
        answers += 1;
        if (exchange.kind !== 'answered' || answers > 1) return exchange;
        const body = { ...JSON.parse(exchange.body.reveal()), ...change };
        return { ...exchange, body: new Sensitive(JSON.stringify(body)) };
      },
    },
  };
}

describe('a refresh token is stored whatever is wrong beside it', () => {
  const faults: readonly (readonly [string, object])[] = [
    ['no access token', { access_token: undefined }],
    ['an access token that is none', { access_token: 'a\n' }],
    ['no lifetime', { expires_in: undefined }],
    ['a lifetime that is none', { expires_in: 'soon' }],
    ['a lifetime that is over', { expires_in: undefined, expires_on: 1 }],
    ['another token type', { token_type: 'mac' }],
  ];
  for (const [what, change] of faults) {
    test(`${what}, from a server that rotates strictly`, async () => {
      const world = await createRotatedWorld({ rotation: 'strict' });
      const report = await world.sweep({}, altering(world.createEnvironment(), change));
      assertHealthy(world, report, 'a');
      const outcomes = world.telemetry.named('Redemption').slice(-2);
      assert.deepEqual(
        outcomes.map(({ properties }) => properties.outcome),
        ['malformed', 'refreshed'],
      );
      assert.deepEqual(world.telemetry.named('RotatedTokenNotStored'), []);
    });
  }

  test("but not another user's", async () => {
    const world = await createRotatedWorld({ rotation: 'strict' });
    const uid = '00000000-0000-4000-8000-0000000000ff';
    const client_info = Buffer.from(JSON.stringify({ uid, utid: sampleTenant })).toString('base64url');
    const environment = altering(world.createEnvironment(), { access_token: undefined, client_info });
    const { state, code } = accountOf(await world.sweep({}, environment), 'a');
    assert.deepEqual([state, code], ['configuration', 'user_mismatch']);
    assert.equal(world.telemetry.named('RotatedTokenNotStored').length, 1);
  });
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
