import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts } from '../../local/entra/entra-faults.ts';
import { personalTenantId } from '../../local/entra/grants.ts';
import { accountOf, ads, crm, TestWorld } from '../support/world.ts';
import { assertHealthy, registrationTagsOf } from './harness.ts';

const ten = Array.from({ length: 10 }, (_, index) => `crm-${index}`);

/** Answers that a proxy or a captive portal could have written: without a number of Entra's. */
const foreign = {
  refused: {
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: '{"error":"invalid_client"}',
  },
  redirect: { status: 302, headers: { location: 'https://portal.example' }, body: '' },
  page: { status: 403, headers: { 'content-type': 'text/html' }, body: '<html>Forbidden</html>' },
} as const;

function createWorld(): TestWorld {
  const world = new TestWorld();
  for (const id of ten) world.addAccount({ id, client: crm });
  world.addAccount({ id: 'ads', client: ads });
  return world;
}

const redemptions = (world: TestWorld): number =>
  world.telemetry.named('Redemption').filter(({ properties }) => properties.client === crm.clientId).length;

describe('an answer that need not be Entra’s is looked at a second time', () => {
  for (const [name, answer] of Object.entries(foreign)) {
    test(`once (${name}): everybody is refreshed in the same sweep, and nothing is noted`, async () => {
      const world = createWorld();
      world.entraFaults.add({ match: { clientId: crm.clientId }, answer, times: 1 });
      const report = await world.sweep();
      for (const id of [...ten, 'ads']) assertHealthy(world, report, id);
      assert.equal(redemptions(world), ten.length + 1);
      assert.equal(world.credentials.get(crm.secretName).tags['rejected-code'], undefined);
    });
  }

  test('a refused client, twice: two requests, one incident, no failure of an account', async () => {
    const world = createWorld();
    world.entraFaults.add({ match: { clientId: crm.clientId }, answer: foreign.refused });
    const report = await world.sweep();
    assert.equal(redemptions(world), 2);
    for (const id of ten) {
      const { state, code, failures } = accountOf(report, id);
      assert.deepEqual([state, code, failures], ['credential', 'invalid_client', 0]);
      assert.equal(registrationTagsOf(world, id)['state'], undefined);
    }
    assertHealthy(world, report, 'ads');
  });

  test('a redirect, twice: configuration, after two requests for each account', async () => {
    const world = createWorld();
    world.entraFaults.add({ match: { clientId: crm.clientId }, answer: foreign.redirect });
    const report = await world.sweep();
    assert.equal(redemptions(world), 2 * ten.length);
    for (const id of ten) {
      const { state, code, failures } = accountOf(report, id);
      assert.deepEqual([state, code, failures], ['configuration', 'http_302', 1]);
    }
  });

  test('a number of Entra’s is believed at once', async () => {
    const world = createWorld();
    world.entraFaults.add({ match: { clientId: crm.clientId }, answer: aadsts(7000215), times: 1 });
    const report = await world.sweep();
    assert.deepEqual([redemptions(world), accountOf(report, 'crm-0').state], [1, 'credential']);
  });

  for (const [name, answer, code] of [
    ['a refused client', foreign.refused, 'invalid_client'],
    ['a redirect', foreign.redirect, 'http_302'],
  ] as const) {
    test(`${name}, and the time is up before the second look: nobody is held back`, async () => {
      const world = createWorld();
      world.entraFaults.add({ match: { clientId: crm.clientId }, answer });
      const report = await world.sweep({ deadlineSeconds: 3 });
      const account = accountOf(report, 'crm-0');
      assert.deepEqual([account.state, account.code], ['retrying', code]);
      world.entraFaults.clear();
      assertHealthy(world, await world.nextSweep(), 'crm-0');
    });
  }
});

describe('a personal account whose grant ended for good', () => {
  for (const [tenant, expected] of [
    ['common', /^Register the account with the tenant consumers/],
    ['consumers', /^Have the user consent again|consent/],
  ] as const) {
    test(`registered with ${tenant}`, async () => {
      const world = new TestWorld();
      const user = { tenantId: personalTenantId, objectId: '00000000-0000-0000-66f3-3332eca7ea81' };
      world.addAccount({ id: 'ads', client: ads, tenant, user });
      world.entraFaults.add({ answer: aadsts(70000, { suberror: 'bad_token' }) });
      const { state, code, remedy } = accountOf(await world.sweep(), 'ads');
      assert.deepEqual([state, code], ['reconsent', 'AADSTS70000']);
      assert.match(remedy ?? '', expected);
      assert.equal(/consumers/.test(remedy ?? ''), tenant === 'common');
    });
  }

  test('nothing of the kind is advised to a work account on common', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'ads', client: ads, tenant: 'common' });
    world.entraFaults.add({ answer: aadsts(70000, { suberror: 'bad_token' }) });
    assert.doesNotMatch(accountOf(await world.sweep(), 'ads').remedy ?? '', /consumers/);
  });
});
