import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleTenant } from '../../local/local-world.ts';
import { accessTokenContentType } from '../../src/accounts/access-token-secret.ts';
import { homePin } from '../../src/accounts/entra-ids.ts';
import { readRefreshTokenTags, refreshTokenContentType } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { nowSeconds } from '../../src/time.ts';
import { accountOf, crm, startMilliseconds, TestWorld } from '../support/world.ts';
import {
  accessTokenVersions,
  assertHealthy,
  assertTokensAgree,
  consentAgain,
  createRotatedWorld,
  hourLong,
  refreshTokenVersions,
  registrationTagsOf,
} from './harness.ts';

const owner = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' };
const newestTags = (world: TestWorld) => refreshTokenVersions(world, 'a').at(-1)?.tags ?? {};

/** Answers without a refresh token, as v2 does when `offline_access` was not granted. */
function answerWithoutRotation(world: TestWorld, extra: object = {}) {
  const body = { token_type: 'Bearer', expires_in: 7200, access_token: 'opaque', ...extra };
  return world.entraFaults.add({ answer: { status: 200, headers: {}, body: JSON.stringify(body) } });
}

describe('what is stored of a grant', () => {
  for (const [endpoint, sample, path, audience] of [
    [
      'v2',
      { scopes: ['https://ads.microsoft.com/msads.manage'] },
      '/oauth2/v2.0/token',
      { scope: 'https://ads.microsoft.com/msads.manage' },
    ],
    ['v1', { resource: 'https://api.example.com' }, '/oauth2/token', { resource: 'https://api.example.com' }],
  ] as const) {
    test(`${endpoint}: both secrets, their tags, content types and expiries`, async () => {
      const world = new TestWorld({ entra: { ...hourLong, accessTokenLength: 0, refreshTokenLength: 0 } });
      world.addAccount({ id: 'a', client: crm, ...sample });
      assertHealthy(world, await world.sweep(), 'a');
      assert.ok(world.entra.recentRequests()[0]?.path.endsWith(path));
      assert.equal(world.telemetry.named('Redemption')[0]?.properties.endpoint, endpoint);
      const refreshToken = refreshTokenVersions(world, 'a').at(-1);
      const accessToken = accessTokenVersions(world, 'a').at(-1);
      const now = startMilliseconds / 1000;
      assert.deepEqual(
        [refreshToken?.contentType, accessToken?.contentType],
        [refreshTokenContentType, accessTokenContentType],
      );
      assert.deepEqual(
        [refreshToken?.expiresAt, accessToken?.expiresAt],
        [now + 90 * 86_400 - 3600, now + 3600],
      );
      const { attemptId, ...tags } = readRefreshTokenTags(newestTags(world));
      const previousVersion = refreshTokenVersions(world, 'a')[0]?.version;
      assert.deepEqual(tags, {
        generation: 1,
        source: 'sweep',
        grantId: 'seed-a',
        previousVersion,
        user: homePin(owner),
        clientId: crm.clientId,
      });
      assert.deepEqual(accessToken?.tags, {
        account: 'a',
        ...audience,
        'attempt-id': attemptId,
        'grant-id': 'seed-a',
        registration: world.credentials.get('account-a').version,
      });
      for (let sweep = 0; sweep < 3; sweep++) assertHealthy(world, await world.nextSweep(), 'a');
      assert.equal(readRefreshTokenTags(newestTags(world)).generation, 4);
    });
  }

  test('the life of the access token counts from when the request was sent', async () => {
    const world = await createRotatedWorld();
    const sentAt = nowSeconds(world.clock);
    world.entraFaults.add({ delayMilliseconds: 20_000, times: 1 });
    await world.sweep();
    assert.equal(accessTokenVersions(world, 'a').at(-1)?.expiresAt, sentAt + 3600);
  });

  test('refresh_token_expires_in is the expiry of the refresh token', async () => {
    const world = await createRotatedWorld();
    answerWithoutRotation(world, { refresh_token: 'rotated', refresh_token_expires_in: 86_400 });
    const report = await world.sweep();
    const expiresAt = refreshTokenVersions(world, 'a').at(-1)?.expiresAt;
    assert.equal(expiresAt, nowSeconds(world.clock) + 86_400);
    assert.equal(accountOf(report, 'a').refreshTokenExpiresAt, expiresAt);
  });

  test('refresh_in makes the account due before its token ends', async () => {
    const world = new TestWorld({ entra: { accessTokenLifetimeSeconds: () => 8 * 3600 } });
    world.addAccount({ id: 'a', client: crm });
    await world.sweep();
    const published = accessTokenVersions(world, 'a').at(-1);
    assert.equal(published?.tags['refresh-after'], String(startMilliseconds / 1000 + 4 * 3600));
    const reasons: string[] = [];
    for (let sweep = 0; sweep < 8; sweep++) reasons.push(accountOf(await world.nextSweep(), 'a').reason);
    assert.deepEqual(reasons, [...Array(7).fill('fresh'), 'refresh_after_passed']);
  });
});

describe('an answer without a refresh token', () => {
  test('keeps the present one, and both secrets agree', async () => {
    const world = await createRotatedWorld();
    const [token, versions] = [world.refreshTokenOf('a'), refreshTokenVersions(world, 'a').length];
    const before = newestTags(world);
    answerWithoutRotation(world);
    const report = await world.sweep();
    assertHealthy(world, report, 'a');
    assert.deepEqual([world.refreshTokenOf('a'), refreshTokenVersions(world, 'a').length], [token, versions]);
    assert.deepEqual(newestTags(world), before);
    const { outcome, refreshTokenExpiresAt, generation } = accountOf(report, 'a');
    assert.deepEqual([outcome, generation], ['refreshed', 3]);
    assert.equal(refreshTokenExpiresAt, refreshTokenVersions(world, 'a').at(-1)?.expiresAt);
    assert.equal(accountOf(await world.nextSweep(), 'a').outcome, 'not_due');
  });

  test('gives a token stored by hand its attempt id and its user, beside foreign tags', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, source: 'manual' });
    const { version } = world.credentials.get('refresh-token-a');
    world.credentials.update('refresh-token-a', version, { tags: { team: 'ads' } });
    const info = Buffer.from(JSON.stringify({ uid: owner.objectId, utid: owner.tenantId }));
    answerWithoutRotation(world, { client_info: info.toString('base64url') });
    assertHealthy(world, await world.sweep(), 'a');
    assert.equal(newestTags(world)['team'], 'ads');
    assert.deepEqual(readRefreshTokenTags(newestTags(world)).user, homePin(owner));
    assert.equal(refreshTokenVersions(world, 'a').length, 1);
    assert.equal(accountOf(await world.nextSweep(), 'a').outcome, 'not_due');
  });

  test('a label that could not be written is written at the next sweep', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm, source: 'manual' });
    answerWithoutRotation(world);
    world.credentialsFaults.add({
      operation: 'update',
      name: 'refresh-token-a',
      behaviour: { kind: 'reset' },
      times: 2,
    });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'healthy');
    assert.equal(accountOf(await world.nextSweep(), 'a').reason, 'access_token_of_other_grant');
    assertTokensAgree(world, 'a');
    assert.equal(accountOf(await world.nextSweep(), 'a').reason, 'fresh');
  });
});

describe('foreign tags are kept', () => {
  test('on all secrets of an account, at each rotation', async () => {
    const world = await createRotatedWorld();
    for (const [vault, name] of [
      [world.credentials, 'refresh-token-a'],
      [world.tokens, 'access-token-a'],
      [world.credentials, 'account-a'],
    ] as const) {
      const { version, tags } = vault.get(name);
      vault.update(name, version, { tags: { ...tags, team: 'ads', 'cost-centre': '4711' } });
    }
    world.entra.revoke({ user: owner });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
    consentAgain(world, 'a');
    assertHealthy(world, await world.nextSweep(), 'a');
    for (const tags of [world.tokens.get('access-token-a').tags, registrationTagsOf(world, 'a')]) {
      assert.deepEqual([tags['team'], tags['cost-centre']], ['ads', '4711']);
    }
    assert.equal(registrationTagsOf(world, 'a')['refresher-failure'], undefined);
  });

  test('from one refresh-token version to the next', async () => {
    const world = await createRotatedWorld();
    const { version, tags } = world.credentials.get('refresh-token-a');
    world.credentials.update('refresh-token-a', version, { tags: { ...tags, team: 'ads' } });
    await world.sweep();
    await world.nextSweep();
    assert.equal(newestTags(world)['team'], 'ads');
  });
});

describe('accounts in parts', () => {
  test('pending consent: the registration is read once, and healthy after the consent', async () => {
    const world = new TestWorld();
    const { user } = world.addAccount({ id: 'a', client: crm, consented: false });
    const first = accountOf(await world.sweep(), 'a');
    assert.deepEqual(
      [first.state, first.reason, first.client],
      ['pending_consent', 'registration_unread', crm.clientId],
    );
    const second = accountOf(await world.nextSweep(), 'a');
    assert.deepEqual(
      [second.state, second.outcome, second.reason],
      ['pending_consent', 'not_due', 'pending_consent'],
    );
    world.storeRefreshToken(
      'a',
      world.consent({ id: 'a', client: crm }, user),
      user,
      'consent',
      'of-consent',
    );
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('orphans are told and left alone', async () => {
    const world = new TestWorld();
    world.storeRefreshToken('orphan', 'token', owner, 'manual');
    world.tokens.set('access-token-other', { value: new Sensitive('token') });
    const report = await world.sweep();
    for (const id of ['orphan', 'other']) {
      assert.deepEqual([accountOf(report, id).state, accountOf(report, id).outcome], ['orphaned', 'not_due']);
    }
    assert.equal(world.entra.recentRequests().length, 0);
  });

  test('a changed registration is refreshed at the next sweep with what it now says', async () => {
    const world = new TestWorld({ entra: { accessTokenLifetimeSeconds: () => 7 * 3600 } });
    const { user } = world.addAccount({
      id: 'a',
      client: crm,
      scopes: ['https://a.example/x', 'https://a.example/y'],
    });
    await world.sweep();
    const changed = JSON.parse(world.credentials.get('account-a').value.reveal());
    world.minutes(1);
    world.credentials.set('account-a', {
      value: new Sensitive(JSON.stringify({ ...changed, scopes: ['https://a.example/y'], owner: 'team-b' })),
    });
    const report = await world.nextSweep();
    assertHealthy(world, report, 'a');
    assert.equal(accountOf(report, 'a').owner, 'team-b');
    assert.equal(world.tokens.get('access-token-a').tags['scope'], 'https://a.example/y');
    assert.deepEqual(readRefreshTokenTags(newestTags(world)).user, homePin(user));
  });

  test('a minimum validity of its own makes an account due earlier', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'usual', client: crm, accessTokenMinutesLeft: 50 });
    world.addAccount({ id: 'longer', client: crm, accessTokenMinutesLeft: 50, minimumValidityMinutes: 16 });
    const report = await world.sweep();
    assert.deepEqual(
      [accountOf(report, 'usual').outcome, accountOf(report, 'longer').outcome],
      ['not_due', 'refreshed'],
    );
  });
});
