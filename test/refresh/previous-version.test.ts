import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aadsts, type EntraFault } from '../../local/entra/entra-faults.ts';
import { type RefreshTokenSource, readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { Sensitive } from '../../src/sensitive.ts';
import { accountOf, type TestWorld } from '../support/world.ts';
import {
  assertHealthy,
  createRotatedWorld,
  enabledVersions,
  nextSweepOfNewProcess,
  refreshTokenVersions,
} from './harness.ts';

/** Damages the newest refresh token: a version of the same tags with a value that Entra refuses. */
function damageNewest(world: TestWorld, source: RefreshTokenSource = 'sweep', value = 'damaged'): void {
  const newest = refreshTokenVersions(world, 'a').at(-1);
  assert.ok(newest);
  const tags = { ...newest.tags, source, 'previous-version': newest.version, 'attempt-id': 'of-damage' };
  world.credentials.set('refresh-token-a', { value: new Sensitive(value), tags });
}

const refusals = (world: TestWorld): number =>
  world.entra.recentRequests().filter(({ status }) => status !== 200).length;

describe('the version before is tried when the newest is refused without a reason', () => {
  test('it works: a new version is stored, the broken one is disabled', async () => {
    const world = await createRotatedWorld();
    damageNewest(world);
    const [previous, broken] = refreshTokenVersions(world, 'a').slice(-2);
    const report = await world.sweep();
    assertHealthy(world, report, 'a');
    const newest = refreshTokenVersions(world, 'a').at(-1);
    assert.equal(readRefreshTokenTags(newest?.tags ?? {}).previousVersion, previous?.version);
    assert.equal(readRefreshTokenTags(newest?.tags ?? {}).source, 'sweep');
    assert.ok(!enabledVersions(world, 'a').includes(broken?.version ?? ''));
    assert.ok(enabledVersions(world, 'a').includes(previous?.version ?? ''));
    // Two refusals of the broken one came first.
    assert.equal(refusals(world), 2);
    assertHealthy(world, await world.nextSweep(), 'a');
  });

  test('it works, and Entra sends no new token: the old one is the newest again', async () => {
    const world = await createRotatedWorld();
    const value = world.refreshTokenOf('a');
    damageNewest(world);
    world.entraFaults.add({
      match: { refreshToken: value ?? '' },
      answer: {
        status: 200,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token_type: 'Bearer', expires_in: 3600, access_token: 'opaque' }),
      },
    });
    const report = await world.sweep();
    assert.equal(accountOf(report, 'a').outcome, 'refreshed');
    assertHealthy(world, report, 'a');
    assert.equal(world.refreshTokenOf('a'), value);
  });

  test('it is refused too: reconsent, and asked no more than once a verdict', async () => {
    const world = await createRotatedWorld();
    const previous = world.refreshTokenOf('a') ?? '';
    damageNewest(world);
    let asked = 0;
    world.entraFaults.add({
      match: { refreshToken: previous },
      before: () => {
        asked += 1;
      },
      answer: aadsts(70000),
    });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
    assert.equal(asked, 1);
  });

  const inconclusive: [string, EntraFault][] = [
    ['throttling', { answer: aadsts(90055) }],
    ['an outage', { network: 'hang' }],
    ['HTTP 503', { answer: aadsts(90033) }],
    ['a rejected credential', { answer: aadsts(7000222) }],
  ];
  for (const [name, fault] of inconclusive) {
    test(`${name} at the last try proves nothing`, async () => {
      const world = await createRotatedWorld();
      const previous = world.refreshTokenOf('a') ?? '';
      damageNewest(world);
      const recover = world.entraFaults.add({ ...fault, match: { refreshToken: previous } });
      const { state } = accountOf(await world.sweep(), 'a');
      assert.equal(state, 'retrying');
      recover();
      assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
    });
  }

  for (const source of ['consent', 'manual'] as const) {
    test(`never across a ${source} source`, async () => {
      const world = await createRotatedWorld();
      damageNewest(world, source);
      const succeeded = world.entra.recentRequests().length;
      assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
      const sent = world.entra.recentRequests().slice(succeeded);
      assert.deepEqual(
        sent.map(({ grantId }) => grantId),
        [undefined, undefined],
      );
    });
  }

  for (const code of [65001, 50076, 70043]) {
    test(`not for AADSTS${code}, which says why`, async () => {
      const world = await createRotatedWorld();
      const before = world.entra.recentRequests().length;
      const newest = world.refreshTokenOf('a') ?? '';
      world.entraFaults.add({ match: { refreshToken: newest }, answer: aadsts(code) });
      assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
      assert.equal(world.entra.recentRequests().length - before, 2);
    });
  }

  test('not when it was disabled by a human', async () => {
    const world = await createRotatedWorld();
    damageNewest(world);
    const previous = refreshTokenVersions(world, 'a').at(-2)?.version ?? '';
    world.credentials.update('refresh-token-a', previous, { enabled: false });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
  });
});

test('the rotation after a consent disables what the chain before it left enabled', async () => {
  const world = await createRotatedWorld();
  await world.nextSweep();
  const before = enabledVersions(world, 'a');
  assert.equal(before.length, 2);
  const newest = refreshTokenVersions(world, 'a').at(-1);
  const published = world.tokens.get('access-token-a');
  const attempt = { 'attempt-id': 'of-consent' };
  const tags = { ...newest?.tags, ...attempt, source: 'consent', 'previous-version': before[1] ?? '' };
  const value = new Sensitive(world.refreshTokenOf('a') ?? '');
  const consented = world.credentials.set('refresh-token-a', { value, tags }).version;
  world.tokens.update('access-token-a', published.version, { tags: { ...published.tags, ...attempt } });
  assertHealthy(world, await world.nextSweep(), 'a');
  const rotated = refreshTokenVersions(world, 'a').at(-1)?.version;
  assert.deepEqual(enabledVersions(world, 'a'), [consented, rotated]);
});
