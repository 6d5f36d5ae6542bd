import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { personalTenantId } from '../../local/entra/grants.ts';
import { userKey } from '../../local/entra/users.ts';
import { LocalWorld, sampleTenant } from '../../local/local-world.ts';
import { seedSampleAccounts } from '../../local/sample-accounts.ts';
import type { SampleClient } from '../../local/samples.ts';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { parseRegistration } from '../../src/accounts/registration.ts';

const client: SampleClient = {
  clientId: '6731de76-14a6-49ae-97bc-6eba6914391e',
  secretName: 'client-secret-crm',
};
const newWorld = () => new LocalWorld({ clock: new VirtualClock(Date.UTC(2026, 10, 22, 10)) });
const adele = { displayName: 'Adele Vance', userPrincipalName: 'adele.vance@contoso.example' };

/** The status of an authorize request of the client: 200 shows the page. */
function authorizeStatus(world: LocalWorld, redirectUri: string): number {
  const query = new URLSearchParams({
    client_id: client.clientId,
    response_type: 'code',
    scope: 'User.Read',
    redirect_uri: redirectUri,
  });
  const path = `/common/oauth2/v2.0/authorize?${query}`;
  return world.entra.serve({ method: 'GET', path, headers: {}, form: '' }).status;
}

const loginHintOf = (world: LocalWorld, id: string): string | undefined => {
  const value = world.credentials.versionsOf(`account-${id}`).at(-1)?.value;
  assert.ok(value);
  const parsed = parseRegistration(value);
  assert.ok(parsed.ok);
  return parsed.registration.loginHint;
};

suite('a sample user', () => {
  test('can sign in; ids that are not given are made up', () => {
    const world = newWorld();
    const first = world.addUser(adele);
    const second = world.addUser({ ...adele, displayName: 'Another', tenantId: personalTenantId });
    assert.deepEqual([first.tenantId, second.tenantId], [sampleTenant, personalTenantId]);
    assert.notEqual(userKey(first), userKey(second));
    assert.deepEqual(world.entra.registeredUser(first), first);
    assert.equal(world.entra.registeredUser({ ...first, tenantId: personalTenantId }), undefined);
  });

  test('of an account is named after it, without a hint in the registration', () => {
    const world = newWorld();
    const { user } = world.addAccount({ id: 'crm-1', client });
    assert.equal(world.entra.registeredUser(user)?.displayName, 'User of crm-1');
    assert.equal(world.entra.registeredUser(user)?.userPrincipalName, 'crm-1@contoso.example');
    assert.equal(loginHintOf(world, 'crm-1'), undefined);
  });

  test('of an account can be given a name, at which the registration hints', () => {
    const world = newWorld();
    const { user } = world.addAccount({ id: 'crm-1', client, name: adele, consented: false });
    assert.equal(world.entra.registeredUser(user)?.displayName, adele.displayName);
    assert.equal(loginHintOf(world, 'crm-1'), adele.userPrincipalName);
  });

  test('keeps his name when an account is added for him', () => {
    const world = newWorld();
    const user = world.addUser(adele);
    world.addAccount({ id: 'crm-1', client, user });
    assert.equal(world.entra.registeredUser(user)?.displayName, adele.displayName);
  });

  test('of another tenant has a domain of its own', () => {
    const world = newWorld();
    const tenant = '295e01fc-0c56-4ac3-ac57-5d0ed568f872';
    const { user } = world.addAccount({ id: 'far', client, tenant });
    assert.equal(world.entra.registeredUser(user)?.userPrincipalName, 'far@tenant-295e01fc.example');
  });
});

suite('a sample client', () => {
  test('takes the consent callback of this machine, also with a renewed secret', () => {
    const world = newWorld();
    world.addClient(client);
    for (const renew of [false, true]) {
      if (renew) world.renewClientSecret(client);
      assert.equal(authorizeStatus(world, 'http://localhost:7071/api/consent/callback'), 200);
      assert.equal(authorizeStatus(world, 'http://127.0.0.1:50123/api/consent/callback'), 200);
      assert.equal(authorizeStatus(world, 'http://127.0.0.1:50123/api/other'), 400);
    }
  });

  test('can have other redirect URIs', () => {
    const world = newWorld();
    world.addClient({ ...client, redirectUris: ['https://refresher.example/callback'] });
    assert.equal(authorizeStatus(world, 'https://refresher.example/callback'), 200);
    assert.equal(authorizeStatus(world, 'http://localhost:7071/api/consent/callback'), 400);
  });
});

suite('the sample accounts', () => {
  test('have a pending one with a hint, and a user who is the wrong one', () => {
    const world = newWorld();
    seedSampleAccounts(world);
    assert.equal(loginHintOf(world, 'crm-new'), adele.userPrincipalName);
    assert.equal(world.refreshTokenOf('crm-new'), undefined);
    const path = `/common/oauth2/v2.0/authorize?${new URLSearchParams({
      client_id: client.clientId,
      response_type: 'code',
      scope: 'User.Read',
      redirect_uri: 'http://localhost/api/consent/callback',
      login_hint: adele.userPrincipalName,
    })}`;
    const { body } = world.entra.serve({ method: 'GET', path, headers: {}, form: '' });
    assert.match(body, / checked> Adele Vance </);
    assert.match(body, / required> Jordan Miller </);
  });
});

test('the end of a client secret is noted in the vault, and Entra refuses it from then on', () => {
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 10));
  const world = new LocalWorld({ clock });
  const secretExpiresAt = Date.UTC(2026, 10, 22, 11) / 1000;
  const { refreshToken = '' } = world.addAccount({ id: 'crm-1', client: { ...client, secretExpiresAt } });
  assert.equal(world.credentials.find(client.secretName)?.expiresAt, secretExpiresAt);
  const redeem = () =>
    world.entra.serve({
      path: '/common/oauth2/v2.0/token',
      headers: {},
      form: new URLSearchParams({
        client_id: client.clientId,
        client_secret: `secret-of-${client.clientId}`,
        grant_type: 'refresh_token',
        refresh_token: refreshToken,
      }),
    }).status;
  assert.equal(redeem(), 200);
  clock.advanceTo(secretExpiresAt * 1000);
  assert.equal(redeem(), 401);
});
