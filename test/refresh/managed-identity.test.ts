import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { federatedCredentialOf } from '../../local/entra/managed-identities.ts';
import type { SampleClient } from '../../local/samples.ts';
import { readSummary } from '../../src/accounts/registration-summary.ts';
import { roundPausesSeconds } from '../../src/planning/rounds.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { takeSnapshot } from '../../src/status/snapshot.ts';
import { listVaults } from '../../src/sweep/listing.ts';
import { nowSeconds } from '../../src/time.ts';
import { accountOf, crm as crmSecret, TestWorld } from '../support/world.ts';
import { assertHealthy, hourLong, registrationTagsOf } from './harness.ts';

const crm: SampleClient = { ...crmSecret, method: 'managed_identity' };
const ids = ['a', 'b', 'c'];

function createWorld(authority?: string): TestWorld {
  const world = new TestWorld({
    entra: { ...hourLong, accessTokenLength: 0, refreshTokenLength: 0 },
    ...(authority === undefined ? {} : { authority }),
  });
  for (const id of ids) world.addAccount({ id, client: crm });
  return world;
}

function trust(world: TestWorld, change: Partial<ReturnType<typeof federatedCredentialOf>>): void {
  const federatedCredentials = [{ ...federatedCredentialOf(world.identity), ...change }];
  world.entra.registerClient({ clientId: crm.clientId, secrets: [], federatedCredentials });
}

const requests = (world: TestWorld) => world.entra.recentRequests().length;

async function statusOf(world: TestWorld, id: string) {
  const { environment } = world;
  const listed = await world.clock.run(listVaults(environment));
  return takeSnapshot(listed, environment.policy, nowSeconds(world.clock)).accounts.find(
    ({ account }) => account === id,
  );
}

describe('a client that trusts the app’s managed identity', () => {
  test('is refreshed without any secret', async () => {
    const world = createWorld();
    for (const report of [await world.sweep(), await world.nextSweep()]) {
      for (const id of ids) assertHealthy(world, report, id);
    }
    const names = [...world.credentials.snapshot().active.keys()];
    assert.deepEqual(
      names.filter((name) => !/^(account|refresh-token|refresher)-/.test(name)),
      [],
    );
  });

  test('tells that nothing of it ends', async () => {
    const world = createWorld();
    await world.sweep();
    const [event] = world.telemetry.named('ClientCredential');
    const { method, credentialSecret, expiry, expiresAt } = event?.properties ?? {};
    assert.deepEqual(
      [method, credentialSecret, expiry, expiresAt, event?.measurements.accounts],
      ['managed_identity', undefined, 'none', undefined, 3],
    );
  });

  test('is listed as such, so that a fresh account counts, too', async () => {
    const world = createWorld();
    await world.sweep();
    assert.equal(readSummary(registrationTagsOf(world, 'a'))?.method, 'managed_identity');
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').outcome, 'not_due');
    assert.equal(report.clientCredentials[0]?.accounts, 3);
  });

  const audiences: readonly (readonly [string, string])[] = [
    ['https://login.microsoftonline.com', 'api://AzureADTokenExchange'],
    ['https://login.microsoftonline.us', 'api://AzureADTokenExchangeUSGov'],
    ['https://login.partner.microsoftonline.cn', 'api://AzureADTokenExchangeChina'],
  ];
  for (const [authority, audience] of audiences) {
    test(`asks for ${audience} at ${authority}`, async () => {
      const world = createWorld(authority);
      trust(world, { audience });
      assertHealthy(world, await world.sweep(), 'a');
    });
  }
});

describe('a federated credential that does not fit is an incident of the client', () => {
  const rows: readonly (readonly [string, Parameters<typeof trust>[1], string, RegExp])[] = [
    ['a wrong subject', { subject: crm.clientId }, 'AADSTS700213', /assertion's subject/],
    ['a wrong issuer', { issuer: 'https://a.test' }, 'AADSTS700211', /assertion's issuer/],
    [
      'a wrong audience',
      { audience: 'api://AzureADTokenExchangeChina' },
      'AADSTS700212',
      /assertion's audience/,
    ],
  ];
  for (const [sentence, change, code, cause] of rows) {
    test(sentence, async () => {
      const world = createWorld();
      trust(world, change);
      const report = await world.sweep();
      assert.equal(requests(world), 1);
      for (const id of ids) {
        const account = accountOf(report, id);
        assert.deepEqual([account.state, account.code, account.failures], ['credential', code, 0]);
        assert.match(account.cause ?? '', cause);
      }
    });
  }

  test('it keeps its beginning and shows on the status page until it ends', async () => {
    const world = createWorld();
    trust(world, { subject: crm.clientId });
    const { since } = accountOf(await world.sweep(), 'a');
    assert.equal(since, nowSeconds(world.clock));
    assert.equal(accountOf(await world.nextSweep(), 'a').since, since);
    const status = await statusOf(world, 'a');
    assert.deepEqual([status?.state, status?.code, status?.since], ['credential', 'AADSTS700213', since]);
    assert.match(status?.remedy ?? '', /federated credential's subject/);
    trust(world, {});
    assertHealthy(world, await world.nextSweep(), 'a');
    assert.deepEqual(
      Object.keys(registrationTagsOf(world, 'a')).filter((name) => name.includes('rejected')),
      [],
    );
    assert.equal((await statusOf(world, 'a'))?.state, 'healthy');
  });
});

describe('an identity that gives no token', () => {
  const withoutIdentity = (world: TestWorld, asked: string[]): RefreshEnvironment => ({
    ...world.environment,
    identityToken: (audience) => {
      asked.push(audience);
      return Promise.reject(new Error('secret words of the SDK'));
    },
  });

  test('is asked once a round, nothing is sent, and after the last round it is an incident of the client', async () => {
    const world = createWorld();
    const asked: string[] = [];
    const report = await world.sweep({}, withoutIdentity(world, asked));
    assert.deepEqual([asked.length, requests(world)], [roundPausesSeconds.length + 1, 0]);
    for (const id of ids) {
      const { state, code, cause = '', failures } = accountOf(report, id);
      assert.deepEqual([state, code, failures], ['credential', 'managed_identity_unavailable', 0]);
      assert.doesNotMatch(cause, /secret words/);
    }
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('and whose federated credential does not fit, too, is the latter incident', async () => {
    const world = createWorld();
    trust(world, { subject: crm.clientId });
    let asked = 0;
    const environment: RefreshEnvironment = {
      ...world.environment,
      identityToken: async (audience) => {
        asked += 1;
        if (asked === 1) throw new Error('cold');
        return new Sensitive(world.entra.identityToken(world.identity, audience));
      },
    };
    const report = await world.sweep({}, environment);
    assert.deepEqual(
      ids.map((id) => accountOf(report, id).code),
      ids.map(() => 'AADSTS700213'),
    );
  });

  test('later in a sweep leaves the token that the sweep began with', async () => {
    const world = createWorld();
    let asked = 0;
    const environment: RefreshEnvironment = {
      ...world.environment,
      identityToken: async (audience) => {
        asked += 1;
        if (asked > 1) throw new Error('gone');
        return new Sensitive(world.entra.identityToken(world.identity, audience));
      },
    };
    const report = await world.sweep({}, environment);
    for (const id of ids) assertHealthy(world, report, id);
  });

  test('is not asked for in a cloud whose audience nobody documents', async () => {
    const world = createWorld('https://login.sovcloud-identity.fr');
    const asked: string[] = [];
    const report = await world.sweep({}, withoutIdentity(world, asked));
    assert.deepEqual(asked, []);
    assert.deepEqual(
      [accountOf(report, 'a').state, accountOf(report, 'a').code],
      ['credential', 'managed_identity_unsupported'],
    );
  });
});
