import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { SampleClient } from '../../local/samples.ts';
import type { KeyAndCertificate } from '../../local/self-signed-certificate.ts';
import { parseClientCertificate } from '../../src/oauth/client-certificate.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { Sensitive } from '../../src/sensitive.ts';
import type { Clock } from '../../src/time.ts';
import { accountOf, crm as crmSecret, TestWorld } from '../support/world.ts';
import { assertHealthy, hourLong, registrationTagsOf } from './harness.ts';

const crm: SampleClient = { ...crmSecret, secretName: 'certificate-crm', method: 'certificate' };
const ids = ['a', 'b', 'c'];

function createWorld(client = crm): TestWorld {
  const world = new TestWorld({ entra: { ...hourLong, accessTokenLength: 0, refreshTokenLength: 0 } });
  for (const id of ids) world.addAccount({ id, client });
  return world;
}

/** A certificate of which Entra knows the certificate only, under another key. */
function withForeignKey(world: TestWorld): KeyAndCertificate {
  const [own, foreign] = [world.createCertificate(), world.createCertificate()];
  world.registerCertificates(crm, [own]);
  return { certificate: own.certificate, privateKey: foreign.privateKey };
}

/** The refresher's clock beside Entra's. */
function skewed(world: TestWorld, minutes: number): RefreshEnvironment {
  const { clock } = world;
  const late: Clock = {
    nowMilliseconds: () => clock.nowMilliseconds() + minutes * 60_000,
    sleep: (milliseconds) => clock.sleep(milliseconds),
  };
  return { ...world.environment, clock: late };
}

const requests = (world: TestWorld) => world.entra.recentRequests().length;

describe('a client with a certificate', () => {
  for (const algorithm of ['PS256', 'RS256'] as const) {
    test(`is refreshed by assertions of ${algorithm}`, async () => {
      const world = createWorld({ ...crm, algorithm });
      for (const report of [await world.sweep(), await world.nextSweep()]) {
        for (const id of ids) assertHealthy(world, report, id);
      }
    });
  }

  test('is refreshed at the v1 endpoint, which is another audience', async () => {
    const world = createWorld();
    world.addAccount({ id: 'v1', client: crm, resource: 'https://service.contoso.com/' });
    const report = await world.sweep();
    for (const id of [...ids, 'v1']) assertHealthy(world, report, id);
  });

  test('signs anew for each request, with an id of its own', async () => {
    const world = createWorld();
    const ids: unknown[] = [];
    const environment: RefreshEnvironment = {
      ...world.environment,
      endpoint: {
        send: (request) => {
          const [, assertion] = request.form.find(([name]) => name === 'client_assertion') ?? [];
          assert.ok(assertion instanceof Sensitive);
          ids.push(decodeJwt(assertion.reveal()).jti);
          return world.environment.endpoint.send(request);
        },
      },
    };
    await world.sweep({}, environment);
    assert.deepEqual([ids.length, new Set(ids).size], [3, 3]);
  });

  test('notes when its certificate ends, where nobody noted an expiry', async () => {
    const world = createWorld();
    await world.sweep();
    await world.nextSweep();
    const [, event] = world.telemetry.named('ClientCredential');
    assert.deepEqual(
      [event?.properties.method, event?.properties.expiry, event?.properties.expiresAt],
      ['certificate', 'known', '2027-05-20T10:00:00Z'],
    );
    const versions = world.credentials.versionsOf(crm.secretName);
    assert.deepEqual([versions.length, versions[0]?.expiresAt], [1, undefined]);
  });

  test('believes the noted expiry before the certificate', async () => {
    const world = createWorld();
    const made = world.createCertificate();
    world.storeCertificate(crm, made, Date.UTC(2027, 0, 1) / 1000);
    world.registerCertificates(crm, [made]);
    await world.sweep();
    const [event] = world.telemetry.named('ClientCredential');
    assert.equal(event?.properties.expiresAt, '2027-01-01T00:00:00Z');
    assert.deepEqual(world.credentials.get(crm.secretName).tags, {});
  });
});

describe('a certificate that is not accepted is an incident of the client', () => {
  // [sentence, what is wrong, minutes that the refresher's clock is ahead, code, cause, requests]
  const rows: readonly (readonly [string, (world: TestWorld) => void, number, string, RegExp, number])[] = [
    [
      'an unknown thumbprint',
      (world) => world.storeCertificate(crm, world.createCertificate()),
      0,
      'AADSTS700027',
      /does not know the certificate/,
      1,
    ],
    [
      'no certificate at all',
      (world) => world.registerCertificates(crm, []),
      0,
      'AADSTS700026',
      /no certificate/,
      1,
    ],
    [
      'an expired certificate',
      (world) => world.storeCertificate(crm, world.createCertificate({ from: -90, to: 0 })),
      0,
      'client_certificate_expired',
      /"certificate-crm" ended at 2026-11-22T10:00:00Z/,
      0,
    ],
    [
      'a certificate of tomorrow',
      (world) => world.storeCertificate(crm, world.createCertificate({ from: 1, to: 90 })),
      0,
      'client_certificate_not_yet_valid',
      /valid only from 2026-11-23T10:00:00Z/,
      0,
    ],
    ['a clock that is ten minutes fast', () => {}, 10, 'AADSTS700024', /outside its valid time/, 1],
    ['a clock that is a quarter of an hour slow', () => {}, -15, 'AADSTS700024', /outside its valid time/, 1],
    [
      'a key that is not the one of the certificate',
      (world) => world.storeCertificate(crm, withForeignKey(world)),
      0,
      'client_certificate_malformed',
      /holds no readable certificate of its private key/,
      0,
    ],
    [
      'a client secret in place of a certificate',
      (world) => world.credentials.set(crm.secretName, { value: new Sensitive('aB3~Qx.9ZkLm') }),
      0,
      'client_certificate_malformed',
      /holds no private key in PEM/,
      0,
    ],
    [
      'no secret',
      (world) => {
        const { version } = world.credentials.get(crm.secretName);
        world.credentials.update(crm.secretName, version, { enabled: false });
      },
      0,
      'client_secret_missing',
      /no enabled secret "certificate-crm"/,
      0,
    ],
  ];
  for (const [sentence, prepare, minutes, code, cause, sent] of rows) {
    test(sentence, async () => {
      const world = createWorld();
      // The one that was there must not come to the rescue.
      const { version } = world.credentials.get(crm.secretName);
      prepare(world);
      if (world.credentials.versionsOf(crm.secretName).length > 1) {
        world.credentials.update(crm.secretName, version, { enabled: false });
      }
      const report = await world.sweep({}, skewed(world, minutes));
      for (const id of ids) {
        const account = accountOf(report, id);
        assert.deepEqual([account.state, account.code, account.failures], ['credential', code, 0]);
        assert.match(account.cause ?? '', cause);
        assert.equal(registrationTagsOf(world, id)['refresher-failure'], undefined);
      }
      assert.equal(requests(world), sent);
    });
  }

  test('Entra finds a wrong signature, too', async () => {
    const world = createWorld();
    const [own, foreign] = [world.createCertificate(), world.createCertificate()];
    world.registerCertificates(crm, [own]);
    world.storeCertificate(crm, foreign);
    const { environment } = world;
    // What only a defect of the code that signs could bring about: the header names another certificate.
    const endpoint: RefreshEnvironment['endpoint'] = {
      send: (request) =>
        environment.endpoint.send({ ...request, form: request.form.map((entry) => renamed(entry, own)) }),
    };
    const report = await world.sweep({}, { ...environment, endpoint });
    assert.deepEqual(
      [accountOf(report, 'a').state, accountOf(report, 'a').code],
      ['credential', 'AADSTS7000274'],
    );
  });

  test('it ends when Entra knows the certificate, and the certificate’s end is noted by then', async () => {
    const world = createWorld();
    const renewed = world.createCertificate();
    const { version } = world.credentials.get(crm.secretName);
    world.credentials.update(crm.secretName, version, { enabled: false });
    world.storeCertificate(crm, renewed);
    assert.equal(accountOf(await world.sweep(), 'a').state, 'credential');
    world.registerCertificates(crm, [renewed]);
    assertHealthy(world, await world.nextSweep(), 'a');
    assert.deepEqual(Object.keys(world.credentials.get(crm.secretName).tags), [
      'refresher-certificate-expires',
    ]);
  });
});

type FormEntry = readonly [name: string, value: string | Sensitive];

function renamed([name, value]: FormEntry, { certificate, privateKey }: KeyAndCertificate): FormEntry {
  if (name !== 'client_assertion' || !(value instanceof Sensitive)) return [name, value];
  const parsed = parseClientCertificate(new Sensitive(privateKey + certificate));
  assert.ok(parsed.ok);
  const [, claims = '', signature = ''] = value.reveal().split('.');
  const header = { alg: 'PS256', typ: 'JWT', 'x5t#S256': parsed.certificate.sha256Thumbprint };
  const head = Buffer.from(JSON.stringify(header)).toString('base64url');
  return [name, new Sensitive(`${head}.${claims}.${signature}`)];
}
