import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts, type EntraFault, tooManyRequests } from '../../local/entra/entra-faults.ts';
import type { SampleAccount } from '../../local/samples.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { assertHealthy, createRotatedWorld, intercept, startSweep } from '../refresh/harness.ts';
import { accountOf, ads, crm, TestWorld } from '../support/world.ts';

const good = ['good-1', 'good-2', 'good-3', 'good-4'];
const bad = { id: 'bad', client: ads } as const;

function createWorld(sample: Partial<SampleAccount> = {}, concurrency = 2): TestWorld {
  const world = new TestWorld({ policy: { concurrency } });
  world.addAccount({ ...bad, ...sample });
  for (const id of good) world.addAccount({ id, client: crm });
  return world;
}

async function sweepAndExpectOthersHealthy(world: TestWorld) {
  const report = await world.sweep();
  for (const id of good) assertHealthy(world, report, id);
  return accountOf(report, 'bad');
}

const correctRegistration = (extra: object): string =>
  JSON.stringify({
    tenant: '7fe81447-da57-4385-becb-6de57f21477e',
    clientId: ads.clientId,
    clientAuthentication: { method: 'client_secret', secretName: ads.secretName },
    scopes: ['https://graph.microsoft.com/User.Read'],
    ...extra,
  });

describe('one account never stops the others', () => {
  const registrations: [string, string, RegExp][] = [
    ['no JSON', 'not json', /not JSON/],
    ['an empty registration', '{}', /tenant/],
    ['both scopes and resource', correctRegistration({ resource: 'https://x.example' }), /scopes/],
    [
      'an authority that is not trusted',
      correctRegistration({ authority: 'https://evil.example' }),
      /authority/,
    ],
    [
      'an authority without TLS',
      correctRegistration({ authority: 'http://login.microsoftonline.com' }),
      /https/,
    ],
    ['an authority on loopback', correctRegistration({ authority: 'https://127.0.0.1:8443' }), /loopback/],
  ];
  for (const [name, registration, cause] of registrations) {
    test(`${name}: nothing is sent for it`, async () => {
      const world = createWorld({ registration });
      const account = await sweepAndExpectOthersHealthy(world);
      assert.deepEqual([account.state, account.code], ['configuration', 'registration_invalid']);
      assert.match(account.cause ?? '', cause);
      assert.ok(world.entra.recentRequests().every(({ clientId }) => clientId !== ads.clientId));
      // It is looked at in each sweep, its incident begins once, and it heals by itself.
      const again = accountOf(await world.nextSweep(), 'bad');
      assert.deepEqual([again.outcome, again.since, again.failures], ['unusable', account.since, 1]);
      world.credentials.set('account-bad', { value: new Sensitive(correctRegistration({})) });
      assertHealthy(world, await world.nextSweep(), 'bad');
    });
  }

  const faults: [string, EntraFault, state: string][] = [
    ['a hanging endpoint', { network: 'hang' }, 'retrying'],
    ['a tenant that throttles for long', tooManyRequests(900), 'retrying'],
    ['a tenant that throttles without Retry-After', tooManyRequests(), 'retrying'],
    [
      'a proxy that answers with nonsense',
      { answer: { status: 200, headers: {}, body: '<html>' } },
      'retrying',
    ],
    [
      'a redirect',
      { answer: { status: 302, headers: { location: 'https://evil.example' }, body: '' } },
      'configuration',
    ],
    ['a revoked grant', { answer: aadsts(50173) }, 'reconsent'],
    ['a rejected client', { answer: aadsts(7000222) }, 'credential'],
    ['a policy', { answer: aadsts(53003) }, 'policy'],
    ['an unknown scope', { answer: aadsts(70011) }, 'configuration'],
  ];
  for (const [name, fault, state] of faults) {
    test(`${name}: ${state}`, async () => {
      const world = createWorld();
      world.entraFaults.add({ ...fault, match: { clientId: ads.clientId } });
      assert.equal((await sweepAndExpectOthersHealthy(world)).state, state);
    });
  }

  for (const [name, token] of [
    ['a line end', 'token\n'],
    ['blanks around it', ' token '],
    ['no content', ''],
    ['a byte order mark', '\ufefftoken'],
    ['quotes around it', '"1.AXkAxb9"'],
    ['the whole answer around it', '{"refresh_token":"1.AXkAxb9"}'],
    ['percent signs of a form', 'M.C107_BAY.0.U.-CgZ%21wN%2Akq%24%24'],
    ['base64 around it', Buffer.from('M.C107_BAY.0.U.-CgZ!wN*kq$$DpYhfGTjWmQ').toString('base64')],
  ] as const) {
    test(`a refresh token with ${name}: nothing is sent for it`, async () => {
      const world = createWorld();
      world.storeRefreshToken('bad', token, { tenantId: 'any', objectId: 'any' }, 'manual');
      const account = await sweepAndExpectOthersHealthy(world);
      assert.deepEqual([account.state, account.code], ['configuration', 'refresh_token_malformed']);
      assert.ok(world.entra.recentRequests().every(({ clientId }) => clientId !== ads.clientId));
    });
  }

  test('a refresh token that came from the token endpoint is opaque, whatever it looks like', async () => {
    const world = createWorld();
    const odd = '"percent%2A"';
    world.storeRefreshToken('bad', odd, { tenantId: 'any', objectId: 'any' }, 'sweep', 'an-attempt');
    const account = await sweepAndExpectOthersHealthy(world);
    assert.notEqual(account.code, 'refresh_token_malformed');
  });

  test('a hanging endpoint does not hold up the others for long', async () => {
    const world = createWorld({}, 2);
    world.entraFaults.add({ network: 'hang', match: { clientId: ads.clientId } });
    const begin = world.clock.nowMilliseconds();
    const finished: number[] = [];
    world.tokensFaults.add({
      operation: 'set',
      name: /^access-token-good/,
      after: () => void finished.push(world.clock.nowMilliseconds() - begin),
    });
    await world.sweep();
    assert.equal(finished.length, good.length);
    assert.ok(
      finished.every((at) => at < 2000),
      `${finished}`,
    );
  });
});

describe('a defect of ours on one account leaves the others alone', () => {
  const places = [
    ['get', 'account-bad'],
    ['get', 'refresh-token-bad'],
    ['set', 'refresh-token-bad'],
    ['update', 'refresh-token-bad'],
    ['set', 'access-token-bad'],
    ['update', 'account-bad'],
    ['redeem', ''],
  ] as const;
  for (const [operation, name] of places) {
    test(`thrown by ${operation} ${name}`, async () => {
      const world = await createRotatedWorld({
        accounts: [bad, ...good.map((id) => ({ id }))],
        sweeps: 2,
      });
      // Its tags are written anew, so that every place is come by.
      world.credentials.set('account-bad', { value: world.credentials.get('account-bad').value });
      let redemptions = 0;
      const environment = intercept(world.environment, (step) => {
        if (step.moment === 'after' || step.operation !== operation || step.name !== name) return;
        redemptions += 1;
        if (operation !== 'redeem' || redemptions === 1) throw new TypeError('a defect of canary-text');
      });
      const report = await world.clock.run(startSweep(environment));
      const failed = report.accounts.filter(({ state }) => state !== 'healthy');
      assert.deepEqual(
        failed.map(({ state, code, cause }) => [state, code, cause?.includes('canary')]),
        [['retrying', 'internal_error', false]],
      );
      const lost = operation === 'set' && name === 'refresh-token-bad';
      const told = world.telemetry.named('RotatedTokenNotStored');
      assert.deepEqual(
        told.map(({ properties }) => properties.reason),
        lost ? ['internal_error'] : [],
      );
    });
  }
});

describe('throttling is obeyed', () => {
  const fifteen = Array.from({ length: 15 }, (_, index) => `ads-${index}`);

  test('Retry-After parks all requests of the client in that tenant, and no others', async () => {
    const world = new TestWorld({ policy: { concurrency: 1 } });
    for (const id of fifteen) world.addAccount({ id, client: ads });
    for (const id of good) world.addAccount({ id, client: crm });
    world.entraFaults.add({ ...tooManyRequests(100), match: { clientId: ads.clientId }, times: 1 });
    const begin = world.clock.nowMilliseconds();
    const report = await world.sweep();
    for (const id of [...fifteen, ...good]) assertHealthy(world, report, id);
    const times = world.entra
      .recentRequests()
      .filter(({ clientId }) => clientId === ads.clientId)
      .map(({ atMilliseconds }) => (atMilliseconds - begin) / 1000);
    assert.equal(times.length, fifteen.length + 1);
    assert.ok(
      times.slice(1).every((at) => at >= 100),
      `${times}`,
    );
  });

  test('the loop limit (50196) rests one account for five minutes, not the client', async () => {
    const world = new TestWorld({ policy: { concurrency: 1 } });
    for (const id of ['bad', ...good]) world.addAccount({ id, client: crm });
    const grantId = world.entra.grantOf(world.refreshTokenOf('bad') ?? '') ?? '';
    world.entraFaults.add({ match: { grantId }, answer: aadsts(50196), times: 1 });
    const begin = world.clock.nowMilliseconds();
    const report = await world.sweep();
    for (const id of ['bad', ...good]) assertHealthy(world, report, id);
    const requests = world.entra.recentRequests();
    const again = requests.filter((request) => request.grantId === grantId)[1]?.atMilliseconds ?? 0;
    assert.ok(again - begin >= 300_000);
    const others = requests.filter((request) => request.grantId !== grantId);
    assert.ok(others.every(({ atMilliseconds }) => atMilliseconds - begin < 5000));
  });

  test('no account is asked more often than the loop limit allows', async () => {
    const world = createWorld();
    world.entraFaults.add({ answer: aadsts(90033) });
    const report = await world.sweep();
    assert.equal(accountOf(report, 'bad').code, 'AADSTS90033');
    assert.equal(
      world.telemetry.named('Redemption').filter(({ properties }) => properties.account === 'bad').length,
      6,
    );
  });
});
