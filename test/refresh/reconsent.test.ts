import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts, transientInvalidGrant } from '../../local/entra/entra-faults.ts';
import { sampleTenant } from '../../local/local-world.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';
import {
  assertHealthy,
  consentAgain,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  registrationTagsOf,
  startSweep,
} from './harness.ts';

const owner = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' };

/** When requests came to Entra, in seconds. */
function redemptionTimes(world: TestWorld): number[] {
  return world.entra.recentRequests().map(({ atMilliseconds }) => atMilliseconds / 1000);
}

const outcomesOf = (world: TestWorld): (string | undefined)[] =>
  world.telemetry.named('Redemption').map(({ properties }) => properties.outcome);

async function refusedBy(
  code: number,
  options: { times?: number; suberror?: string; oauthError?: string } = {},
) {
  const world = await createRotatedWorld();
  world.telemetry.events.length = 0;
  const { times: refusals = Number.POSITIVE_INFINITY, ...rest } = options;
  world.entraFaults.add({ answer: aadsts(code, rest), times: refusals });
  const before = redemptionTimes(world).length;
  const report = await world.sweep();
  return { world, account: accountOf(report, 'a'), times: redemptionTimes(world).slice(before) };
}

describe('a final word of Entra is believed after one look at the newest version', () => {
  for (const code of [50173, 50089, 70008, 700082, 700084]) {
    test(`AADSTS${code}: one redemption`, async () => {
      const { world, account, times } = await refusedBy(code);
      assert.deepEqual([account.state, account.code, times.length], ['reconsent', `AADSTS${code}`, 1]);
      assert.equal(registrationTagsOf(world, 'a')['refresher-failure']?.includes('"reconsent"'), true);
    });
  }

  test('suberror bad_token: one redemption', async () => {
    const { account, times } = await refusedBy(70000, { suberror: 'bad_token' });
    assert.deepEqual([account.state, times.length], ['reconsent', 1]);
  });

  test('a newer version found by the look counts instead', async () => {
    const world = await createRotatedWorld();
    world.entra.revoke({ user: owner });
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment === 'after' && operation === 'redeem' && stored === 0) {
        stored += 1;
        consentAgain(world, 'a');
      }
    });
    let stored = 0;
    const report = await world.clock.run(startSweep(environment));
    assertHealthy(world, report, 'a');
    assert.deepEqual(outcomesOf(world).slice(-2), ['reconsent', 'refreshed']);
  });

  test('a newer version is redeemed once, not again and again', async () => {
    const world = await createRotatedWorld();
    world.entraFaults.add({ answer: aadsts(50173) });
    let redemptions = 0;
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment !== 'after' || operation !== 'redeem') return;
      redemptions += 1;
      consentAgain(world, 'a');
    });
    const report = await world.clock.run(startSweep(environment));
    assert.deepEqual([redemptions, accountOf(report, 'a').outcome], [2, 'superseded']);
    assert.equal(accountOf(report, 'a').state, 'healthy');
  });
});

describe('everything else needs a second failure in a later round', () => {
  for (const [name, code, oauthError] of [
    ['70000', 70000, 'invalid_grant'],
    ['65001', 65001, 'invalid_grant'],
    ['an unknown code', 799999, 'invalid_grant'],
    ['a damaged token', 9002313, 'invalid_grant'],
  ] as const) {
    test(`${name}: reconsent by two refusals at least 120 s apart`, async () => {
      const { account, times } = await refusedBy(code, { oauthError });
      const [first = 0, second = 0] = times;
      assert.equal(account.state, 'reconsent');
      assert.ok(second - first >= 120, `${second - first} s apart`);
    });

    test(`${name} once: never reconsent`, async () => {
      const { world, account, times } = await refusedBy(code, { oauthError, times: 1 });
      assert.deepEqual([account.state, times.length], ['healthy', 2]);
      assert.equal(registrationTagsOf(world, 'a')['refresher-failure'], undefined);
    });
  }

  test('70000 once and then an outage is retrying, not reconsent', async () => {
    const world = await createRotatedWorld();
    world.entraFaults.add(transientInvalidGrant());
    world.entraFaults.add({ network: 'hang' });
    const { state, code } = accountOf(await world.sweep(), 'a');
    assert.deepEqual([state, code], ['retrying', 'response_timeout']);
    world.entraFaults.clear();
    assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
  });

  test('an outage between two refusals does not clear the doubt', async () => {
    const world = await createRotatedWorld();
    const invalid = { answer: aadsts(70000) };
    world.entraFaults.add({ ...invalid, times: 1 });
    world.entraFaults.add({ network: 'reset_before', times: 1 });
    world.entraFaults.add(invalid);
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
  });
});

/** A sweep whose deadline leaves no room for a second round two minutes later. */
const short = { policy: { functionTimeoutSeconds: 300 } };

describe('a doubt that the deadline leaves open', () => {
  test('is carried over: one refusal in the next sweep proves it', async () => {
    const world = await createRotatedWorld(short);
    world.entraFaults.add({ answer: aadsts(70000) });
    const first = accountOf(await world.sweep(), 'a');
    assert.deepEqual([first.state, first.code], ['retrying', 'AADSTS70000']);
    const before = redemptionTimes(world).length;
    assert.equal(accountOf(await world.nextSweep(), 'a').state, 'reconsent');
    // The second one is the last try with the previous version.
    assert.equal(redemptionTimes(world).length - before, 2);
  });

  test('is forgotten when the next sweep succeeds', async () => {
    const world = await createRotatedWorld(short);
    world.entraFaults.add(transientInvalidGrant());
    assert.equal(accountOf(await world.sweep(), 'a').state, 'retrying');
    assertHealthy(world, await world.nextSweep(), 'a');
    world.entraFaults.add(transientInvalidGrant());
    assert.equal(accountOf(await world.nextSweep(), 'a').state, 'retrying');
  });

  test('does not count for another version of the token', async () => {
    const world = await createRotatedWorld(short);
    world.entraFaults.add({ answer: aadsts(70000) });
    await world.sweep();
    world.minutes(1);
    consentAgain(world, 'a');
    assert.equal(accountOf(await world.nextSweep(), 'a').state, 'retrying');
  });

  test('is no proof for a sweep that overlaps: less than two minutes have passed', async () => {
    for (const [minutes, state] of [
      [1, 'retrying'],
      [2, 'reconsent'],
    ] as const) {
      const world = await createRotatedWorld(short);
      world.entraFaults.add({ answer: aadsts(70000) });
      await world.sweep();
      world.minutes(minutes);
      assert.equal(accountOf(await world.sweep(), 'a').state, state, `after ${minutes} min`);
    }
  });

  test('does not count for a token that was stored since the listing', async () => {
    const world = await createRotatedWorld(short);
    world.entraFaults.add({ answer: aadsts(70000) });
    await world.sweep();
    world.minutes(30);
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment === 'after' && operation === 'list') consentAgain(world, 'a');
    });
    const report = await world.clock.run(startSweep(environment));
    assert.equal(accountOf(report, 'a').state, 'retrying');
  });

  test('survives a deadline that falls into the second round', async () => {
    const accounts = [{ id: 'hanging' }, { id: 'refused' }];
    const policy = { concurrency: 1, functionTimeoutSeconds: 440 };
    const world = await createRotatedWorld({ accounts, policy });
    const match = (id: string) => ({ grantId: world.entra.grantOf(world.refreshTokenOf(id) ?? '') ?? '' });
    // 30 s of silence at 0, 35, 95 and 245 s; the deadline is at 260 s.
    world.entraFaults.add({ match: match('hanging'), network: 'hang' });
    world.entraFaults.add({ match: match('refused'), answer: aadsts(70000) });
    const account = accountOf(await world.sweep(), 'refused');
    assert.deepEqual(
      [account.state, account.code, account.outcome],
      ['retrying', 'AADSTS70000', 'reconsent'],
    );
    assert.match(registrationTagsOf(world, 'refused')['refresher-failure'] ?? '', /"suspected":true/);
    assert.equal(accountOf(await world.nextSweep(), 'refused').state, 'reconsent');
  });

  test('survives a vault that is broken before the second round', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    const grantId = world.entra.grantOf(world.refreshTokenOf('a') ?? '') ?? '';
    world.entraFaults.add({ match: { grantId }, answer: aadsts(70000) });
    world.credentialsFaults.add({
      operation: 'set',
      name: 'refresh-token-b',
      behaviour: { kind: 'reset' },
    });
    await assert.rejects(world.sweep());
    const told = world.telemetry
      .named('AccountState')
      .findLast(({ properties }) => properties.account === 'a');
    assert.deepEqual([told?.properties.state, told?.properties.code], ['retrying', 'AADSTS70000']);
    assert.match(registrationTagsOf(world, 'a')['refresher-failure'] ?? '', /"suspected":true/);
  });
});

describe('a dead grant is left alone', () => {
  async function deadWorld(): Promise<TestWorld> {
    const world = await createRotatedWorld({ sweeps: 1 });
    world.entra.revoke({ user: owner });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
    return world;
  }

  test('it is asked once a day', async () => {
    const world = await deadWorld();
    const before = redemptionTimes(world).length;
    const since = accountOf(await world.nextSweep(), 'a').since;
    for (let sweep = 0; sweep < 3 * 48; sweep++) {
      const account = accountOf(await world.nextSweep(), 'a');
      assert.deepEqual([account.state, account.since], ['reconsent', since]);
    }
    const asked = redemptionTimes(world).slice(before);
    assert.equal(asked.length, 3);
    assert.ok((asked[1] ?? 0) - (asked[0] ?? 0) >= 86_400);
  });

  test('an outage at the daily probe leaves the verdict and asks again', async () => {
    const world = await deadWorld();
    world.minutes(24 * 60);
    world.entraFaults.add({ network: 'hang' });
    const account = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual([account.state, account.reason], ['reconsent', 'backoff_ended']);
    assert.equal(accountOf(await world.nextSweep(), 'a').reason, 'backoff_ended');
  });

  test('a token stored by hand wakes it at the next sweep', async () => {
    const world = await deadWorld();
    world.storeRefreshToken('a', world.consent({ id: 'a', client: crm }, owner), owner, 'manual');
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  for (const [what, attemptId] of [
    ['stored by hand', undefined],
    ['of a consent', 'another-attempt'],
  ] as const) {
    test(`a token ${what} within the second of the one that was judged wakes it, too`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, source: 'manual' });
      world.entra.revoke({ user: owner });
      const environment = intercept(world.environment, ({ moment, operation, name }) => {
        if (moment === 'after' || operation !== 'update' || name !== 'account-a') return;
        const token = world.consent({ id: 'a', client: crm }, owner);
        world.storeRefreshToken('a', token, owner, attemptId ? 'consent' : 'manual', attemptId);
      });
      const report = await world.clock.run(startSweep(environment));
      assert.equal(accountOf(report, 'a').state, 'reconsent');
      const [judged, newest, ...more] = world.credentials.versionsOf('refresh-token-a');
      assert.deepEqual([judged?.createdAt, more.length], [newest?.createdAt, 0]);
      assertHealthy(world, await world.nextSweep(), 'a');
    });
  }

  test('a verdict on a token that was stored by hand stands as long as this is the newest', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, source: 'manual' });
    world.entra.revoke({ user: owner });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
    const { state, outcome, reason } = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual([state, outcome, reason], ['reconsent', 'not_due', 'backing_off']);
  });

  test('a consent wakes it at the next sweep', async () => {
    const world = await deadWorld();
    consentAgain(world, 'a');
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('a registration that is written again wakes it at the next sweep', async () => {
    const world = await deadWorld();
    world.credentials.set('account-a', { value: world.credentials.get('account-a').value });
    const account = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual([account.state, account.outcome], ['reconsent', 'reconsent']);
  });

  test('a change of labels alone does not wake it', async () => {
    const world = await deadWorld();
    const { version, tags } = world.credentials.get('refresh-token-a');
    world.credentials.update('refresh-token-a', version, { tags: { ...tags, team: 'ads' } });
    const registration = world.credentials.get('account-a');
    world.credentials.update('account-a', registration.version, {
      tags: { ...registration.tags, team: 'ads' },
    });
    const account = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual(
      [account.state, account.outcome, account.reason],
      ['reconsent', 'not_due', 'backing_off'],
    );
  });
});
