import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { personalTenantId } from '../../local/entra/grants.ts';
import type { SampleAccount, SampleClient } from '../../local/samples.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { readSummary } from '../../src/accounts/registration-summary.ts';
import { nowSeconds } from '../../src/time.ts';
import { assertHealthy, registrationTagsOf } from '../refresh/harness.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';

const native: SampleClient = { ...crm, method: 'none' };
const ids = ['a', 'b', 'c'];

function createWorld(client: SampleClient): TestWorld {
  const world = new TestWorld();
  for (const id of ids) world.addAccount({ id, client });
  return world;
}

const requests = (world: TestWorld) => world.entra.recentRequests().length;

/** The account with a grant that a redirect URI of the other kind brought. */
function addWithGrantOf(world: TestWorld, other: SampleClient, sample: SampleAccount): User {
  const { id, user } = world.addAccount(sample);
  world.storeRefreshToken(id, world.consent({ ...sample, client: other }, user), user, 'consent', `of-${id}`);
  return user;
}

describe('a public client', () => {
  test('is refreshed, and rotated, without any secret', async () => {
    const world = createWorld(native);
    for (const report of [await world.sweep(), await world.nextSweep()]) {
      for (const id of ids) assertHealthy(world, report, id);
    }
    assert.equal(world.credentials.versionsOf(native.secretName).length, 0);
  });

  test('is told as one of which nothing ends, also by accounts that are fresh', async () => {
    const world = createWorld(native);
    await world.sweep();
    assert.equal(readSummary(registrationTagsOf(world, 'a'))?.method, 'none');
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').outcome, 'not_due');
    const [, event] = world.telemetry.named('ClientCredential');
    const { method, credentialSecret, expiry, expiresAt } = event?.properties ?? {};
    assert.deepEqual(
      [method, credentialSecret, expiry, expiresAt, event?.measurements.accounts],
      ['none', undefined, 'none', undefined, 3],
    );
  });

  test('that Entra takes for a confidential one is one incident, noted on the registrations until it ends', async () => {
    const world = new TestWorld();
    for (const id of ids) addWithGrantOf(world, crm, { id, client: native });
    const report = await world.sweep();
    assert.equal(requests(world), 1);
    const since = nowSeconds(world.clock);
    for (const id of ids) {
      const { state, code, remedy, failures } = accountOf(report, id);
      assert.deepEqual([state, code, failures], ['credential', 'AADSTS7000218', 0]);
      assert.match(remedy ?? '', /only a native redirect URI goes with "none"/);
    }
    assert.equal(accountOf(await world.nextSweep(), 'b').since, since);
    for (const id of ids) addWithGrantOf(world, native, { id, client: native });
    assertHealthy(world, await world.nextSweep(), 'a');
    const noted = Object.keys(registrationTagsOf(world, 'a')).filter((name) => name.includes('rejected'));
    assert.deepEqual(noted, []);
  });
});

describe('a secret that is sent for a grant of a public client', () => {
  const personal = { tenantId: personalTenantId, objectId: '68389ae2-62fa-4b18-91fe-53dd109d74f5' };
  const advertising = {
    status: 400,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_request","error_description":"Public clients can\'t send a client secret."}',
  };
  for (const [sentence, sample, answer, code] of [
    ['of a work account', {}, undefined, 'AADSTS700025'],
    ['of a personal account', { user: personal, tenant: 'common' }, undefined, 'AADSTS90023'],
    ['in the words of the Microsoft Advertising guide', {}, advertising, 'invalid_request'],
  ] as const) {
    test(`${sentence}: the account alone is told to register without one`, async () => {
      const world = new TestWorld();
      const user = addWithGrantOf(world, native, { id: 'a', client: crm, ...sample });
      world.addAccount({ id: 'b', client: crm });
      if (answer !== undefined) world.entraFaults.add({ match: { user }, answer });
      const report = await world.sweep();
      const { state, code: told, remedy } = accountOf(report, 'a');
      assert.deepEqual([state, told], ['configuration', code]);
      assert.match(remedy ?? '', /\{"method": "none"\}/);
      assertHealthy(world, report, 'b');
    });
  }
});
