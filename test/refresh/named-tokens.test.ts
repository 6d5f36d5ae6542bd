import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { refusal } from '../../local/entra/refusal.ts';
import { sampleTenant } from '../../local/local-world.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, ads, crm, TestWorld } from '../support/world.ts';
import {
  assertAccepted,
  assertHealthy,
  assertOneGrant,
  createRotatedWorld,
  hourLong,
  nextSweepOfNewProcess,
  publishedTokens,
  refreshTokenVersions,
  registrationTagsOf,
  toNextTick,
  twoTokens,
} from './harness.ts';

const owner = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' };
const graphScope = 'https://graph.microsoft.com/User.Read';
/** Of another API, named by its id: only Entra sees that it does not go with Graph's. */
const foreignScope = 'api://c1d2e3f4-0000-4000-8000-000000000001/read';
/** The user never consented to the second one. */
const oneRefused: NonNullable<SampleAccount['tokens']> = {
  ...twoTokens,
  mail: { scopes: ['https://outlook.office.com/Mail.Send'] },
};

function worldOf(account: Partial<SampleAccount> = { tokens: twoTokens }): TestWorld {
  const world = new TestWorld({ entra: { ...hourLong, accessTokenLength: 0, refreshTokenLength: 0 } });
  world.addAccount({ id: 'a', client: crm, ...account });
  return world;
}

/** An account registered for more than its user has consented to. */
function partlyConsented(): TestWorld {
  const world = worldOf({ consented: false, tokens: oneRefused });
  world.storeRefreshToken(
    'a',
    world.consent({ id: 'a', client: crm, tokens: twoTokens }, owner),
    owner,
    'consent',
    'c-1',
  );
  return world;
}

const redeemed = (world: TestWorld): (string | undefined)[] =>
  world.telemetry.named('Redemption').map(({ properties }) => properties.token);

describe('an account with two access tokens', () => {
  test('gets both from one refresh token, under their names', async () => {
    const world = worldOf();
    const report = await world.sweep();
    assertHealthy(world, report, 'a');
    assertOneGrant(world, 'a');
    assert.deepEqual(redeemed(world), ['graph', 'ads']);
    assert.equal(world.tokens.find('access-token-a'), undefined);
    const tags = publishedTokens(world, 'a').map(({ tags: { account, scope } }) => [account, scope]);
    assert.deepEqual(tags, [
      ['a', graphScope],
      ['a', 'https://ads.microsoft.com/msads.manage'],
    ]);
    assert.equal(accountOf(report, 'a').generation, 2);
    const told = world.telemetry.named('AccountState');
    assert.deepEqual(
      told.map(({ measurements: { tokens, generation } }) => [tokens, generation]),
      [[2, 2]],
    );
  });

  test('has only the one redeemed that is due', async () => {
    const world = worldOf();
    await world.sweep();
    const name = 'access-token-a-ads';
    const { version } = world.tokens.get(name);
    world.tokens.update(name, version, { expiresAt: 0 });
    world.telemetry.events.length = 0;
    await world.sweep();
    assert.deepEqual(redeemed(world), ['ads']);
  });

  test('shows the life of the one that ends first', async () => {
    const world = worldOf();
    await world.sweep();
    const name = 'access-token-a-graph';
    const soon = Math.floor(world.clock.nowMilliseconds() / 1000) + 3000;
    world.tokens.update(name, world.tokens.get(name).version, { expiresAt: soon });
    const account = accountOf(await world.sweep(), 'a');
    assert.equal(account.outcome, 'not_due');
    assert.equal(account.accessTokenExpiresAt, soon);
    assert.deepEqual(
      account.tokens?.map(({ name: token, failing, accessTokenExpiresAt }) => [
        token,
        failing,
        accessTokenExpiresAt === soon,
      ]),
      [
        ['graph', false, true],
        ['ads', false, false],
      ],
    );
  });

  test('takes write permits for each redemption', async () => {
    const world = worldOf();
    const { credentials, tokens } = world.environment;
    await world.sweep();
    // One more in each vault for the heartbeat.
    assert.deepEqual([credentials.pacer.taken, tokens.pacer.taken], [3, 3]);
  });

  test('comes to both when its tokens are given names', async () => {
    const world = await createRotatedWorld({ accounts: [{ scopes: [graphScope] }] });
    const { value } = world.credentials.get('account-a');
    const { scopes: _, ...registration } = JSON.parse(value.reveal()) as { scopes: unknown };
    const text = JSON.stringify({ ...registration, tokens: { graph: twoTokens['graph'] } });
    world.minutes(1);
    world.credentials.set('account-a', { value: new Sensitive(text) });
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').reason, 'registration_unread');
    assertHealthy(world, report, 'a');
    assertOneGrant(world, 'a');
  });

  test('has both redeemed anew after a refresh token was stored by hand', async () => {
    const world = worldOf();
    await world.sweep();
    world.storeRefreshToken(
      'a',
      world.consent({ id: 'a', client: crm, tokens: twoTokens }, owner),
      owner,
      'manual',
    );
    world.telemetry.events.length = 0;
    const report = await world.sweep();
    assert.deepEqual(redeemed(world), ['graph', 'ads']);
    assertHealthy(world, report, 'a');
    assertOneGrant(world, 'a');
  });
});

describe('a failure of one access token', () => {
  test('stops neither the others nor the refresh token, and the state names it', async () => {
    const world = partlyConsented();
    const report = await world.sweep();
    const { state, code, cause, tokens, outcome } = accountOf(report, 'a');
    assert.deepEqual([state, code, outcome], ['reconsent', 'AADSTS65001', 'reconsent']);
    assert.match(cause ?? '', /^Access token "mail": /);
    assert.deepEqual(
      tokens?.map(({ name, failing, accessTokenExpiresAt: end }) => [name, failing, end !== undefined]),
      [
        ['graph', false, true],
        ['ads', false, true],
        ['mail', true, false],
      ],
    );
    assertAccepted(world, 'a');
    assert.equal(refreshTokenVersions(world, 'a').length, 3);
  });

  test('is remembered while the others rotate the refresh token, and is probed once a day', async () => {
    const world = partlyConsented();
    await world.sweep();
    const since = accountOf(await world.nextSweep(), 'a').since;
    world.telemetry.events.length = 0;
    for (let sweep = 0; sweep < 40; sweep++) {
      const account = accountOf(await world.nextSweep(), 'a');
      assert.equal(account.state, 'reconsent');
      assert.equal(account.since, since);
    }
    const asked = redeemed(world);
    assert.equal(asked.filter((token) => token === 'mail').length, 0);
    assert.ok(asked.filter((token) => token === 'graph').length >= 20);
  });

  test('stays told when another one fails less badly, and is joined by one that fails worse', async () => {
    const failWith = (world: TestWorld, code: number) =>
      world.entraFaults.add({ answer: refusal(code, 'refused'), times: 1 });
    const world = partlyConsented();
    await world.sweep();
    failWith(world, 650052);
    const { state, code } = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual([state, code], ['reconsent', 'AADSTS65001']);
    assert.equal(registrationTagsOf(world, 'a')['refresher-failed-tokens'], 'mail');

    const mixed = { scopes: [graphScope, foreignScope] };
    const other = worldOf({ tokens: { ...twoTokens, mixed } });
    await other.sweep();
    await other.nextSweep();
    failWith(other, 65001);
    const joined = accountOf(await other.nextSweep(), 'a');
    assert.equal(joined.state, 'configuration');
    failWith(other, 650052);
    await other.nextSweep();
    assert.equal(registrationTagsOf(other, 'a')['refresher-failed-tokens'], 'graph mixed');
  });

  test('ends with a consent that covers it', async () => {
    const world = partlyConsented();
    await world.sweep();
    await world.nextSweep();
    const token = world.consent({ id: 'a', client: crm, tokens: oneRefused }, owner);
    world.storeRefreshToken('a', token, owner, 'consent', 'c-2');
    const report = await nextSweepOfNewProcess(world);
    assertHealthy(world, report, 'a');
    assertOneGrant(world, 'a');
    assert.equal(registrationTagsOf(world, 'a')['refresher-failed-tokens'], undefined);
  });

  test('of its scopes is a configuration fault that backs off alone', async () => {
    const world = worldOf({
      tokens: { ...twoTokens, mixed: { scopes: [graphScope, foreignScope] } },
    });
    const first = accountOf(await world.sweep(), 'a');
    assert.deepEqual([first.state, first.code], ['configuration', 'AADSTS28000']);
    assert.match(first.cause ?? '', /^Access token "mixed": /);
    for (let sweep = 0; sweep < 6; sweep++) await world.nextSweep();
    const asked = redeemed(world);
    assert.equal(asked.filter((token) => token === 'graph').length, 7);
    assert.equal(asked.filter((token) => token === 'mixed').length, 4);
  });
});

describe('a dead grant', () => {
  test('is asked for one access token only', async () => {
    const world = worldOf();
    await world.sweep();
    world.entra.revoke({ user: owner }, 50173);
    world.telemetry.events.length = 0;
    toNextTick(world);
    const { state, tokens } = accountOf(await world.sweep(), 'a');
    assert.equal(state, 'reconsent');
    assert.deepEqual(redeemed(world), ['graph']);
    assert.deepEqual(
      tokens?.map(({ failing }) => failing),
      [false, false],
    );
    await world.nextSweep();
    assert.deepEqual(redeemed(world), ['graph']);
  });

  test('of no stated reason is not proven by the other access token in the same round', async () => {
    const world = worldOf();
    await world.sweep();
    world.entra.revoke({ user: owner }, 70000);
    world.telemetry.events.length = 0;
    assert.equal(accountOf(await world.nextSweep(), 'a').state, 'reconsent');
    const rounds = world.telemetry
      .named('Redemption')
      .map(({ properties, measurements }) => [properties.token, measurements.round]);
    assert.equal(rounds.filter(([, round]) => round === 0).length, 1);
  });

  test('a rejected client secret ends the turn', async () => {
    const world = worldOf();
    await world.sweep();
    world.entra.expireSecret(crm.clientId);
    world.telemetry.events.length = 0;
    assert.equal(accountOf(await world.nextSweep(), 'a').state, 'credential');
    assert.deepEqual(redeemed(world), ['graph']);
  });
});

describe('a passing failure', () => {
  test('ends the turn, and the one that had none yet is first in the next round', async () => {
    const world = worldOf();
    await world.sweep();
    world.telemetry.events.length = 0;
    world.entraFaults.add({ answer: { status: 503, headers: {}, body: '' }, times: 1 });
    const report = await world.nextSweep();
    assertHealthy(world, report, 'a');
    assert.deepEqual(redeemed(world), ['graph', 'ads', 'graph']);
  });
});

describe('two accounts that come to one published name', () => {
  const emea = { tokens: { emea: twoTokens['ads'] ?? { scopes: [] } } };

  test('the first keeps it, the second is told both names, and no token is overwritten', async () => {
    const world = worldOf({ id: 'ads-emea' });
    await world.sweep();
    const before = world.tokens.get('access-token-ads-emea').version;
    world.addAccount({ id: 'ads', client: ads, ...emea });
    for (let sweep = 0; sweep < 2; sweep++) {
      const report = await world.sweep();
      const { state, code, cause } = accountOf(report, 'ads');
      assert.deepEqual([state, code], ['configuration', 'registration_invalid']);
      assert.match(cause ?? '', /"ads" would publish "access-token-ads-emea".*"ads-emea"/);
      assert.equal(accountOf(report, 'ads-emea').state, 'healthy');
      assert.equal(world.tokens.get('access-token-ads-emea').version, before);
    }
  });

  test('the other way round as well', async () => {
    const world = worldOf({ id: 'ads', ...emea });
    await world.sweep();
    world.addAccount({ id: 'ads-emea', client: crm });
    for (let sweep = 0; sweep < 2; sweep++) {
      const report = await world.nextSweep();
      assertHealthy(world, report, 'ads');
      assert.equal(accountOf(report, 'ads-emea').code, 'registration_invalid');
    }
  });
});
