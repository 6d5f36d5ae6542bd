import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleTenant } from '../../local/local-world.ts';
import { readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, ads, crm, type TestWorld } from '../support/world.ts';
import { assertHealthy, createRotatedWorld, refreshTokenVersions } from './harness.ts';

const other = { ...crm, clientId: ads.clientId };

function register(world: TestWorld, clientId: string): void {
  const registration = {
    tenant: sampleTenant,
    clientId,
    clientAuthentication: { method: 'client_secret', secretName: crm.secretName },
    scopes: ['https://graph.microsoft.com/User.Read'],
  };
  world.credentials.set('account-a', { value: new Sensitive(JSON.stringify(registration)) });
}

const requests = (world: TestWorld): number => world.entra.recentRequests().length;
const newest = (world: TestWorld) => refreshTokenVersions(world, 'a').at(-1);

describe('a refresh token of the client before', () => {
  test('is not sent: the account waits for a consent, and says why, in this sweep and in the next', async () => {
    const world = await createRotatedWorld();
    world.addClient(other);
    register(world, other.clientId);
    const before = requests(world);
    for (const sweep of [() => world.sweep(), () => world.nextSweep()]) {
      const { state, code, cause = '' } = accountOf(await sweep(), 'a');
      assert.deepEqual([state, code], ['pending_consent', 'client_changed']);
      assert.ok(cause.includes(crm.clientId) && cause.includes(other.clientId));
    }
    assert.equal(requests(world), before);
  });

  test('serves again when the client is set back', async () => {
    const world = await createRotatedWorld();
    register(world, other.clientId);
    await world.sweep();
    register(world, crm.clientId.toUpperCase());
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('gives way to a consent for the new one', async () => {
    const world = await createRotatedWorld();
    world.addClient(other);
    register(world, other.clientId);
    await world.sweep();
    const user = readRefreshTokenTags(newest(world)?.tags ?? {}).user;
    assert.ok(user);
    world.storeRefreshToken(
      'a',
      world.consent({ id: 'a', client: other }, user),
      user,
      'consent',
      'of-consent',
    );
    world.renewClientSecret(other);
    assertHealthy(world, await world.nextSweep(), 'a');
    assert.equal(newest(world)?.tags['client-id'], other.clientId);
  });

  test('is not told from others where no client was noted: it is sent, and noted when Entra takes it', async () => {
    const world = await createRotatedWorld();
    const { 'client-id': noted, ...tags } = newest(world)?.tags ?? {};
    assert.equal(noted, crm.clientId);
    world.credentials.update('refresh-token-a', newest(world)?.version ?? '', { tags });
    assertHealthy(world, await world.nextSweep(), 'a');
    assert.equal(newest(world)?.tags['client-id'], crm.clientId);
  });
});
