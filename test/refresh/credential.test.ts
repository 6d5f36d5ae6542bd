import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts } from '../../local/entra/entra-faults.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, ads, crm, TestWorld, type TestWorldOptions } from '../support/world.ts';
import { assertHealthy, createRotatedWorld, registrationTagsOf } from './harness.ts';

const fifty = Array.from({ length: 50 }, (_, index) => `crm-${index}`);
const secretTags = (world: TestWorld) => world.credentials.get(crm.secretName).tags;

/** Fifty accounts of one client and one of another; never swept before unless asked for. */
function createWorld(options: TestWorldOptions & { accessTokenMinutesLeft?: number } = {}): TestWorld {
  const world = new TestWorld(options);
  const { accessTokenMinutesLeft } = options;
  const swept = accessTokenMinutesLeft === undefined ? {} : { accessTokenMinutesLeft };
  for (const id of fifty) world.addAccount({ id, client: crm, ...swept });
  world.addAccount({ id: 'ads', client: ads, ...swept });
  return world;
}

const requestsOf = (world: TestWorld, clientId: string): number =>
  world.entra.recentRequests().filter((request) => request.clientId === clientId).length;

function renewSecret(world: TestWorld, value = 'renewed'): void {
  world.entra.registerClient({ clientId: crm.clientId, secrets: [{ value }] });
  world.credentials.set(crm.secretName, { value: new Sensitive(value), contentType: 'text/plain' });
}

describe('a rejected client secret is one incident of the client', () => {
  for (const [name, accessTokenMinutesLeft] of [
    ['on the very first sweep, with registrations unread', undefined],
    ['later', 20],
  ] as const) {
    for (const concurrency of [1, 8, 64]) {
      test(`one account probes, ${name}, concurrency ${concurrency}`, async () => {
        const swept = accessTokenMinutesLeft === undefined ? {} : { accessTokenMinutesLeft };
        const world = createWorld({ ...swept, policy: { concurrency } });
        world.entra.expireSecret(crm.clientId);
        const report = await world.sweep();
        assert.equal(requestsOf(world, crm.clientId), 1);
        for (const id of fifty) {
          const { state, code, credentialSecret, failures } = accountOf(report, id);
          assert.deepEqual(
            [state, code, credentialSecret, failures],
            ['credential', 'AADSTS7000222', crm.secretName, 0],
          );
        }
        assertHealthy(world, report, 'ads');
      });
    }
  }

  test('the other accounts of a client follow when its probe is through', async () => {
    const world = createWorld();
    const report = await world.sweep();
    for (const id of [...fifty, 'ads']) assertHealthy(world, report, id);
  });

  test('the next sweeps probe once each and keep the beginning of the incident', async () => {
    const world = createWorld({ accessTokenMinutesLeft: 20 });
    world.entra.expireSecret(crm.clientId);
    const { since } = accountOf(await world.sweep(), 'crm-0');
    assert.equal(since, Math.floor(world.clock.nowMilliseconds() / 1000));
    for (let sweep = 2; sweep <= 4; sweep++) {
      const report = await world.nextSweep();
      assert.equal(requestsOf(world, crm.clientId), sweep);
      for (const id of fifty) assert.equal(accountOf(report, id).since, since);
    }
  });

  test('another code begins another incident', async () => {
    const world = createWorld({ accessTokenMinutesLeft: 20 });
    world.entra.expireSecret(crm.clientId);
    const first = accountOf(await world.sweep(), 'crm-0');
    world.entra.registerClient({ clientId: crm.clientId, secrets: [{ value: 'another one' }] });
    const second = accountOf(await world.nextSweep(), 'crm-0');
    assert.deepEqual([first.code, second.code], ['AADSTS7000222', 'AADSTS7000215']);
    assert.ok((second.since ?? 0) > (first.since ?? 0));
  });

  test('it is marked on the rejected version, beside the tags of others', async () => {
    const world = createWorld();
    const { version } = world.credentials.get(crm.secretName);
    world.credentials.update(crm.secretName, version, { tags: { team: 'ads' } });
    world.entra.expireSecret(crm.clientId);
    await world.sweep();
    const { team, 'refresher-rejected': rejected = '' } = secretTags(world);
    assert.equal(team, 'ads');
    assert.match(rejected, new RegExp(`${crm.clientId}.*AADSTS7000222`));
    assert.equal(world.credentials.versionsOf(crm.secretName).length, 1);
  });
});

describe('the end of the incident', () => {
  test('a new secret version ends it for all accounts at the next sweep', async () => {
    const world = createWorld();
    world.entra.expireSecret(crm.clientId);
    await world.sweep();
    renewSecret(world);
    const report = await world.nextSweep();
    for (const id of fifty) assertHealthy(world, report, id);
    assert.deepEqual(secretTags(world), {});
  });

  test('the same version being accepted again ends it and clears the mark', async () => {
    const world = createWorld();
    const recover = world.entraFaults.add({ match: { clientId: crm.clientId }, answer: aadsts(7000222) });
    await world.sweep();
    recover();
    const report = await world.nextSweep();
    for (const id of fifty) assertHealthy(world, report, id);
    assert.equal(secretTags(world)['refresher-rejected'], undefined);
  });

  test('accounts that are not due show the incident, and no longer once the secret is new', async () => {
    const world = createWorld({ accessTokenMinutesLeft: 20 });
    world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 300 });
    world.entra.expireSecret(crm.clientId);
    for (const report of [await world.sweep(), await world.nextSweep()]) {
      const { state, outcome, code } = accountOf(report, 'fresh');
      assert.deepEqual([state, outcome, code], ['credential', 'not_due', 'AADSTS7000222']);
    }
    renewSecret(world);
    assert.equal(accountOf(await world.nextSweep(), 'fresh').state, 'healthy');
  });

  test('a mark that cannot be written costs the beginning only', async () => {
    const world = createWorld();
    world.credentialsFaults.add({
      operation: 'update',
      name: crm.secretName,
      behaviour: { kind: 'reset' },
      times: 1,
    });
    world.entra.expireSecret(crm.clientId);
    assert.equal(accountOf(await world.sweep(), 'crm-1').state, 'credential');
    assert.deepEqual(secretTags(world), {});
    assert.equal(accountOf(await world.nextSweep(), 'crm-1').state, 'credential');
    assert.ok(secretTags(world)['refresher-rejected']);
  });
});

describe('what an account knew of itself stays', () => {
  test('its failure count, backoff and verdict', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'dead' }, { id: 'refused' }, { id: 'a' }] });
    const grantOf = (id: string) => world.entra.grantOf(world.refreshTokenOf(id) ?? '') ?? '';
    world.entra.revoke({ grantId: grantOf('dead') });
    world.entraFaults.add({ match: { grantId: grantOf('refused') }, answer: aadsts(53003) });
    await world.sweep();
    const before = ['dead', 'refused', 'a'].map((id) => registrationTagsOf(world, id));
    world.entra.expireSecret(crm.clientId);
    world.entraFaults.clear();
    world.minutes(25 * 60);
    const report = await world.nextSweep();
    assert.deepEqual(
      ['dead', 'refused', 'a'].map((id) => registrationTagsOf(world, id)),
      before,
    );
    // A verdict on the account outweighs its client's incident.
    const states = ['dead', 'refused', 'a'].map((id) => accountOf(report, id).state);
    assert.deepEqual(states, ['reconsent', 'policy', 'credential']);
  });

  test('invalid_client is never reconsent, whatever number comes with it', async () => {
    const world = await createRotatedWorld();
    world.entraFaults.add({ answer: aadsts(50173, { oauthError: 'invalid_client', status: 401 }) });
    for (const report of [await world.sweep(), await world.nextSweep()]) {
      assert.equal(accountOf(report, 'a').state, 'credential');
    }
  });
});

describe('a client secret that cannot be used is the same kind of incident', () => {
  const rows: [string, (world: TestWorld) => void, string][] = [
    [
      'a missing one',
      (world) => {
        world.credentials.delete(crm.secretName);
        world.minutes(1);
      },
      'client_secret_missing',
    ],
    [
      'a disabled one',
      (world) => {
        const { version } = world.credentials.get(crm.secretName);
        world.credentials.update(crm.secretName, version, { enabled: false });
      },
      'client_secret_missing',
    ],
    ['a trailing line end', (world) => renewSecret(world, 'secret\n'), 'client_secret_malformed'],
    ['an empty one', (world) => renewSecret(world, ''), 'client_secret_malformed'],
    ['a byte order mark', (world) => renewSecret(world, '\ufeffsecret'), 'client_secret_malformed'],
    [
      'the id of a client secret in place of its value',
      (world) => renewSecret(world, '1f6d7f4e-6f0b-4a39-9d6b-3a3f0c1b2a59'),
      'client_secret_malformed',
    ],
  ];
  for (const [name, prepare, code] of rows) {
    test(`${name}: nothing is sent, and all accounts of the client say so`, async () => {
      const world = createWorld({ accessTokenMinutesLeft: 20 });
      world.addAccount({ id: 'fresh', client: crm, accessTokenMinutesLeft: 300 });
      prepare(world);
      const report = await world.sweep();
      assert.equal(requestsOf(world, crm.clientId), 0);
      for (const id of [...fifty, 'fresh']) {
        const account = accountOf(report, id);
        assert.deepEqual([account.state, account.code], ['credential', code], id);
        assert.match(account.cause ?? '', new RegExp(crm.secretName));
      }
      assertHealthy(world, report, 'ads');
      if (world.credentials.find(crm.secretName) === undefined) {
        world.credentials.recover(crm.secretName);
        world.minutes(1);
      }
      renewSecret(world);
      assertHealthy(world, await world.nextSweep(), 'crm-0');
    });
  }
});
