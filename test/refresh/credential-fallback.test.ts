import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts } from '../../local/entra/entra-faults.ts';
import type { SampleClient } from '../../local/samples.ts';
import type { KeyAndCertificate } from '../../local/self-signed-certificate.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds } from '../../src/time.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';
import { assertHealthy, hourLong, intercept } from './harness.ts';

const certified: SampleClient = { ...crm, secretName: 'certificate-crm', method: 'certificate' };
const ids = Array.from({ length: 20 }, (_, index) => `crm-${index}`);

function createWorld(client: SampleClient): TestWorld {
  const world = new TestWorld({ entra: { ...hourLong, accessTokenLength: 0, refreshTokenLength: 0 } });
  for (const id of ids) world.addAccount({ id, client });
  world.minutes(1);
  return world;
}

const requests = (world: TestWorld) => world.entra.recentRequests().length;
const fallbacks = (world: TestWorld) =>
  world.telemetry.named('ClientCredential').map(({ properties }) => properties.fallback);
const storeSecret = (world: TestWorld, value: string) =>
  world.credentials.set(crm.secretName, { value: new Sensitive(value), contentType: 'text/plain' });
const markOf = (world: TestWorld, name = crm.secretName) =>
  world.credentials.get(name).tags['refresher-rejected'];

describe('a client secret of which the newest version is rejected', () => {
  test('lets the version before serve all accounts, with one wasted request', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    const report = await world.sweep();
    for (const id of ids) assertHealthy(world, report, id);
    assert.equal(requests(world), ids.length + 1);
    assert.deepEqual(fallbacks(world), ['true']);
    assert.match(markOf(world) ?? '', /AADSTS7000215.*"fallback":true/);
  });

  test('lets the one before serve, too, when both were stored within one second', async () => {
    const world = createWorld(crm);
    world.entra.registerClient({ clientId: crm.clientId, secrets: [{ value: 'second' }] });
    storeSecret(world, 'second');
    storeSecret(world, 'not the secret');
    assertHealthy(world, await world.sweep(), 'crm-0');
    assert.deepEqual(fallbacks(world), ['true']);
  });

  test('is an incident where the deadline leaves no time for the version before', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    const environment = intercept(world.environment, ({ moment, operation, name }) => {
      if (moment === 'after' && operation === 'list_versions' && name === crm.secretName) world.minutes(60);
    });
    const report = await world.sweep({}, environment);
    assert.equal(requests(world), 1);
    assert.deepEqual([accountOf(report, 'crm-0').state, fallbacks(world)], ['credential', ['false']]);
    assert.match(markOf(world) ?? '', /AADSTS7000215/);
  });

  test('is tried first in each sweep, until it is accepted', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'new secret');
    await world.sweep();
    const marked = markOf(world);
    assertHealthy(world, await world.nextSweep(), 'crm-0');
    assert.equal(markOf(world), marked);
    const secrets = [{ value: 'new secret' }, { value: `secret-of-${crm.clientId}` }];
    world.entra.registerClient({ clientId: crm.clientId, secrets });
    const before = requests(world);
    assertHealthy(world, await world.nextSweep(), 'crm-0');
    assert.equal(requests(world) - before, ids.length);
    assert.equal(markOf(world), undefined);
    assert.deepEqual(fallbacks(world), ['true', 'true', 'false']);
  });

  test('shows as a finding also in a sweep that asks nothing of the client', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    await world.sweep();
    const report = await world.sweep();
    assert.equal(report.due, 0);
    assert.deepEqual(
      report.clientCredentials.map(({ fallback }) => fallback),
      [true],
    );
    assert.equal(accountOf(report, 'crm-0').state, 'healthy');
  });

  test('is the incident when the one before is rejected as well, after two requests', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    world.entra.registerClient({ clientId: crm.clientId, secrets: [{ value: 'a third one' }] });
    const report = await world.sweep();
    assert.equal(requests(world), 2);
    for (const id of ids) assert.equal(accountOf(report, id).state, 'credential');
    assert.deepEqual(fallbacks(world), ['false']);
    assert.doesNotMatch(markOf(world) ?? '', /fallback/);
  });

  test('a fallback that ends becomes an incident that begins then', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    await world.sweep();
    world.entra.expireSecret(crm.clientId);
    const account = accountOf(await world.nextSweep(), 'crm-0');
    assert.deepEqual(
      [account.state, account.code, account.since],
      ['credential', 'AADSTS7000215', nowSeconds(world.clock)],
    );
  });

  const unfit: readonly (readonly [string, (world: TestWorld) => void])[] = [
    [
      'is disabled',
      (world) => {
        const [first] = world.credentials.versionsOf(crm.secretName);
        world.credentials.update(crm.secretName, first?.version ?? '', { enabled: false });
      },
    ],
    [
      'is past its noted end',
      (world) => {
        const [first] = world.credentials.versionsOf(crm.secretName);
        const expiresAt = nowSeconds(world.clock);
        world.credentials.update(crm.secretName, first?.version ?? '', { expiresAt });
      },
    ],
    [
      'cannot be listed',
      (world) => {
        const behaviour = { kind: 'status', status: 403, code: 'Forbidden' } as const;
        world.credentialsFaults.add({ operation: 'list_versions', behaviour });
      },
    ],
  ];
  for (const [sentence, prepare] of unfit) {
    test(`is not replaced by one before it that ${sentence}`, async () => {
      const world = createWorld(crm);
      storeSecret(world, 'not the secret');
      prepare(world);
      assert.equal(accountOf(await world.sweep(), 'crm-0').state, 'credential');
      assert.equal(requests(world), 1);
    });
  }

  test('is not replaced by one before it with the same value', async () => {
    const world = createWorld(crm);
    world.entra.expireSecret(crm.clientId);
    storeSecret(world, `secret-of-${crm.clientId}`);
    assert.equal(accountOf(await world.sweep(), 'crm-0').state, 'credential');
    assert.equal(requests(world), 1);
  });

  test('versions are listed only after a rejection, once a sweep', async () => {
    const world = createWorld(crm);
    const operations: string[] = [];
    const environment = intercept(world.environment, ({ operation, moment }) => {
      if (moment === 'before') operations.push(operation);
    });
    await world.sweep({}, environment);
    assert.equal(operations.includes('list_versions'), false);
    storeSecret(world, 'not the secret');
    world.minutes(30);
    await world.sweep({}, environment);
    assert.equal(operations.filter((operation) => operation === 'list_versions').length, 1);
  });

  test('throttling while the one before is tried is no verdict on it', async () => {
    const world = createWorld(crm);
    storeSecret(world, 'not the secret');
    let asked = 0;
    const { environment } = world;
    const endpoint = {
      send: (request: Parameters<typeof environment.endpoint.send>[0]) => {
        asked += 1;
        if (asked === 2) world.entraFaults.add({ times: 1, answer: aadsts(90033) });
        return environment.endpoint.send(request);
      },
    };
    const report = await world.sweep({}, { ...environment, endpoint });
    for (const id of ids) assertHealthy(world, report, id);
    // The rejected one, the disturbed one, and each account once.
    assert.equal(requests(world), ids.length + 2);
  });
});

describe('a certificate of which Entra does not know the newest version', () => {
  function renew(world: TestWorld): KeyAndCertificate {
    const renewed = world.createCertificate();
    world.storeCertificate(certified, renewed);
    return renewed;
  }

  test('lets the version before serve until it is uploaded', async () => {
    const world = createWorld(certified);
    const renewed = renew(world);
    const report = await world.sweep();
    for (const id of ids) assertHealthy(world, report, id);
    assert.equal(requests(world), ids.length + 1);
    assert.match(markOf(world, certified.secretName) ?? '', /AADSTS700027.*"fallback":true/);
    world.registerCertificates(certified, [renewed]);
    assertHealthy(world, await world.nextSweep(), 'crm-0');
    assert.equal(markOf(world, certified.secretName), undefined);
    assert.deepEqual(fallbacks(world), ['true', 'false']);
  });

  test('a refusal that another certificate cannot mend tries none', async () => {
    const world = createWorld(certified);
    renew(world);
    world.entraFaults.add({ answer: aadsts(700024) });
    assert.equal(accountOf(await world.sweep(), 'crm-0').code, 'AADSTS700024');
    assert.equal(requests(world), 1);
  });

  test('one that is not valid yet is passed over without a request', async () => {
    const world = createWorld(certified);
    world.storeCertificate(certified, world.createCertificate({ from: 1, to: 90 }));
    const report = await world.sweep();
    for (const id of ids) assertHealthy(world, report, id);
    assert.equal(requests(world), ids.length);
    assert.deepEqual(fallbacks(world), ['true']);
    assert.match(markOf(world, certified.secretName) ?? '', /client_certificate_not_yet_valid/);
  });

  test('one that cannot be read is passed over as well', async () => {
    const world = createWorld(certified);
    world.credentials.set(certified.secretName, { value: new Sensitive('no PEM') });
    assertHealthy(world, await world.sweep(), 'crm-0');
    assert.match(markOf(world, certified.secretName) ?? '', /client_certificate_malformed/);
  });
});
