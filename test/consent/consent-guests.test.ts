import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { personalTenantId } from '../../local/entra/grants.ts';
import { sampleTenant } from '../../local/local-world.ts';
import { timerFunction } from '../../local/run-app.ts';
import type { SampleAccount } from '../../local/samples.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { locationOf, textOf } from './consent-app.ts';
import { app, browser } from './consent-scene.ts';

let guests = 0;

const organisation = 'e09d9473-1a06-4717-98c1-528067eab3a4';

/** A guest of the account's tenant, at home in another one; his ids here are others. */
function registerGuest(home: string, changes: Partial<SampleAccount> = {}) {
  guests += 1;
  const number = String(guests).padStart(12, '0');
  const user: User = { tenantId: home, objectId: `aaaaaaaa-0000-4000-8000-${number}` };
  const here: User = { tenantId: sampleTenant, objectId: `bbbbbbbb-0000-4000-8000-${number}` };
  const userPrincipalName = `guest${guests}@${home === organisation ? 'fabrikam' : 'outlook'}.example`;
  const name = { displayName: 'A guest', userPrincipalName, guestIn: [here] };
  const account = app.register({ id: `guest-${guests}`, tenant: sampleTenant, user, name, ...changes });
  return { id: account.id, user, here };
}

async function consent(id: string, user: User) {
  const begun = await browser.press(await app.linkFor(id));
  assert.equal(begun.status, 303, textOf(begun));
  return browser.send(await browser.accept(locationOf(begun), user));
}

/** The sweep that finds every access token of an hour due. */
async function sweepLater(): Promise<void> {
  app.clock.moveTo(app.clock.nowMilliseconds() + 95 * 60_000);
  await app.host.runTimer(timerFunction);
}

const tagsOf = (id: string) =>
  app.local.world.credentials.versionsOf(`refresh-token-${id}`).at(-1)?.tags ?? {};
const pinOf = (id: string) => [tagsOf(id)['user-tenant'], tagsOf(id)['user-object-id']];

const homes = [
  ['of another organisation', organisation],
  ['with a personal account', personalTenantId],
] as const;
const audiences: readonly (readonly [string, Partial<SampleAccount>])[] = [
  ['on v2', {}],
  ['on v1', { resource: 'https://service.contoso.com/' }],
  [
    'with several access tokens',
    {
      tokens: {
        graph: { scopes: ['https://graph.microsoft.com/User.Read'] },
        ads: { scopes: ['https://ads.microsoft.com/msads.manage'] },
      },
    },
  ],
];

describe('a guest', () => {
  for (const [who, home] of homes) {
    for (const [how, changes] of audiences) {
      test(`${who} ${how} consents, is refreshed, consents again and is refreshed`, async () => {
        const { id, user } = registerGuest(home, changes);
        for (const generations of [1, 2]) {
          const answer = await consent(id, user);
          assert.equal(answer.status, 303, textOf(answer));
          for (let generation = 1; generation <= generations; generation++) {
            await sweepLater();
            assert.equal(tagsOf(id)['source'], 'sweep', app.lines.at(-1));
          }
          assert.deepEqual(pinOf(id), [user.tenantId, user.objectId]);
        }
      });
    }
  }
});

const [firstHome] = homes;
const home = firstHome[1];
const consentFault = { grantType: 'authorization_code' } as const;
const refreshFault = { grantType: 'refresh_token' } as const;

describe('an answer whose client_info cannot be read', () => {
  for (const clientInfo of ['missing', 'no_base64', 'no_json', 'no_ids', 'no_guid'] as const) {
    test(`${clientInfo}, at a consent: a provisional pin, which the next one that can be read replaces`, async () => {
      const { id, user, here } = registerGuest(home);
      const { entraFaults } = app.local.world;
      entraFaults.add({ match: consentFault, clientInfo });
      assert.equal((await consent(id, user)).status, 303);
      assert.deepEqual([...pinOf(id), tagsOf(id)['user-ids']], [here.tenantId, here.objectId, 'provisional']);
      entraFaults.clear();
      const take = entraFaults.add({ match: { ...refreshFault, user }, clientInfo });
      await sweepLater();
      assert.deepEqual([tagsOf(id)['generation'], tagsOf(id)['user-ids']], ['1', 'provisional']);
      take();
      await sweepLater();
      assert.deepEqual([...pinOf(id), tagsOf(id)['user-ids']], [user.tenantId, user.objectId, 'home']);
      assert.equal(tagsOf(id)['signed-in-as'], `${here.objectId}@${here.tenantId}`);
    });

    test(`${clientInfo}, at a refresh and at the next consent: the pin stays, nobody is another user`, async () => {
      const { id, user } = registerGuest(home, { tokens: audiences[2]?.[1].tokens ?? {} });
      assert.equal((await consent(id, user)).status, 303);
      app.local.world.entraFaults.add({ clientInfo });
      await sweepLater();
      assert.deepEqual([tagsOf(id)['source'], ...pinOf(id)], ['sweep', user.tenantId, user.objectId]);
      const again = await consent(id, user);
      assert.equal(again.status, 303, textOf(again));
      assert.deepEqual([tagsOf(id)['user-ids'], ...pinOf(id)], ['home', user.tenantId, user.objectId]);
    });
  }
});

describe('a guest whose pin an older version of the app has written', () => {
  test('by the ids of his id token: is refreshed, and pinned to his home', async () => {
    const { id, user, here } = registerGuest(home);
    assert.equal((await consent(id, user)).status, 303);
    const newest = app.local.world.credentials.get(`refresh-token-${id}`);
    const { 'user-ids': _, 'signed-in-as': __, ...tags } = newest.tags;
    const old = { ...tags, 'user-tenant': here.tenantId, 'user-object-id': here.objectId };
    app.local.world.credentials.update(`refresh-token-${id}`, newest.version, { tags: old });
    await sweepLater();
    assert.deepEqual([...pinOf(id), tagsOf(id)['user-ids']], [user.tenantId, user.objectId, 'home']);
  });
});

describe('another guest', () => {
  test('is refused, by name at first, by his home afterwards', async () => {
    const { id, user } = registerGuest(home);
    const { user: other } = registerGuest(personalTenantId);
    const refused = async () => {
      const answer = await consent(id, other);
      assert.equal(answer.status, 403);
      assert.match(textOf(answer), /Another user signed in/);
    };
    await refused();
    assert.equal((await consent(id, user)).status, 303);
    await refused();
    assert.deepEqual(pinOf(id), [user.tenantId, user.objectId]);
  });
});

describe('a guest whose registration names the ids that he has here', () => {
  test('is refused, and told that the ids are those of his home', async () => {
    const { id, user, here } = registerGuest(organisation);
    const { credentials } = app.local.world;
    const { value, contentType = '' } = credentials.get(`account-${id}`);
    const { loginHint: _, ...registration } = JSON.parse(value.reveal());
    const wrong = new Sensitive(JSON.stringify({ ...registration, user: here }));
    credentials.set(`account-${id}`, { value: wrong, contentType });
    const answer = await consent(id, user);
    assert.equal(answer.status, 403);
    assert.match(
      textOf(answer),
      new RegExp(`object id ${here.objectId} in his home tenant, ${here.tenantId}\\.`),
    );
  });
});
