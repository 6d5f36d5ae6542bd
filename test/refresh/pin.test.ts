import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleTenant } from '../../local/local-world.ts';
import { homePin, type User } from '../../src/accounts/entra-ids.ts';
import { readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';
import {
  accessTokenVersions,
  assertHealthy,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  refreshTokenVersions,
  startSweep,
} from './harness.ts';

const owner: User = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' };
const stranger: User = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-0000000000ff' };

const pinOf = (world: TestWorld): User | undefined =>
  readRefreshTokenTags(refreshTokenVersions(world, 'a').at(-1)?.tags ?? {}).user;

/** A registration that names its user. */
function registrationFor(user: User): string {
  return JSON.stringify({
    tenant: sampleTenant,
    clientId: crm.clientId,
    clientAuthentication: { method: 'client_secret', secretName: crm.secretName },
    scopes: ['https://graph.microsoft.com/User.Read'],
    user,
  });
}

/** Puts a stranger's token under the owner's tags, as a mistaken copy between accounts would. */
function swapToken(world: TestWorld): void {
  const newest = refreshTokenVersions(world, 'a').at(-1);
  const token = world.consent({ id: 'a', client: crm }, stranger);
  world.credentials.set('refresh-token-a', { value: new Sensitive(token), tags: newest?.tags ?? {} });
}

describe('the pin', () => {
  test('is set by the first answer for a token stored by hand, and kept at each rotation', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, user: owner, source: 'manual' });
    assert.equal(pinOf(world), undefined);
    for (let sweep = 0; sweep < 4; sweep++) {
      assertHealthy(world, await world.nextSweep(), 'a');
      assert.deepEqual(pinOf(world), homePin(owner));
    }
  });

  test('is not set by an answer that names nobody', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, user: owner, source: 'manual' });
    const body = { token_type: 'Bearer', expires_in: 3600, access_token: 'opaque', refresh_token: 'rotated' };
    world.entraFaults.add({ answer: { status: 200, headers: {}, body: JSON.stringify(body) } });
    await world.sweep();
    assert.equal(world.refreshTokenOf('a'), 'rotated');
    assert.equal(pinOf(world), undefined);
  });

  test('of a consent by another user replaces the old one', async () => {
    const world = await createRotatedWorld();
    const token = world.consent({ id: 'a', client: crm }, stranger);
    world.storeRefreshToken('a', token, stranger, 'consent', 'of-consent');
    assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
    assert.deepEqual(pinOf(world), homePin(stranger));
  });
});

describe('an answer for another user', () => {
  for (const [name, prepare] of [
    ['than the tags say', swapToken],
    [
      'than the registration says',
      (world: TestWorld) => {
        world.credentials.set('account-a', { value: new Sensitive(registrationFor(owner)) });
        const token = world.consent({ id: 'a', client: crm }, stranger);
        world.storeRefreshToken('a', token, stranger, 'manual');
      },
    ],
  ] as const) {
    test(`${name}: nothing is stored, and it is told loudly`, async () => {
      const world = await createRotatedWorld();
      prepare(world);
      const before = [refreshTokenVersions(world, 'a').length, accessTokenVersions(world, 'a').length];
      const account = accountOf(await world.sweep(), 'a');
      assert.deepEqual(
        [account.state, account.code, account.outcome],
        ['configuration', 'user_mismatch', 'other_user'],
      );
      assert.deepEqual(
        [refreshTokenVersions(world, 'a').length, accessTokenVersions(world, 'a').length],
        before,
      );
      const [told, ...more] = world.telemetry.named('RotatedTokenNotStored');
      assert.equal(more.length, 0);
      assert.deepEqual([told?.properties.account, told?.properties.reason], ['a', 'other_user']);
    });
  }
});

describe('a refresh token that belongs to another user than the registered one is not sent', () => {
  test('by its tags', async () => {
    const world = await createRotatedWorld();
    world.credentials.set('account-a', { value: new Sensitive(registrationFor(stranger)) });
    const before = world.entra.recentRequests().length;
    const account = accountOf(await world.sweep(), 'a');
    assert.deepEqual([account.state, account.code], ['configuration', 'user_mismatch']);
    assert.equal(world.entra.recentRequests().length, before);
  });

  test('not even when it was stored while an older one was being refused', async () => {
    const world = await createRotatedWorld();
    world.credentials.set('account-a', { value: new Sensitive(registrationFor(owner)) });
    world.entra.revoke({ user: owner });
    let redemptions = 0;
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment !== 'after' || operation !== 'redeem') return;
      redemptions += 1;
      const token = world.consent({ id: 'a', client: crm }, stranger);
      world.storeRefreshToken('a', token, stranger, 'consent', 'of-stranger');
    });
    const report = await world.clock.run(startSweep(environment));
    assert.deepEqual([redemptions, accountOf(report, 'a').code], [1, 'user_mismatch']);
  });

  test('ids are compared without regard to letter case', async () => {
    const world = await createRotatedWorld();
    const capitals = { tenantId: owner.tenantId.toUpperCase(), objectId: owner.objectId.toUpperCase() };
    world.credentials.set('account-a', { value: new Sensitive(registrationFor(capitals)) });
    assertHealthy(world, await world.sweep(), 'a');
  });
});
