import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sampleTenant } from '../../local/local-world.ts';
import type { User } from '../../src/accounts/entra-ids.ts';
import { readRefreshTokenTags } from '../../src/accounts/refresh-token-secret.ts';
import { accountOf, crm, type TestWorld } from '../support/world.ts';
import {
  assertAccepted,
  assertHealthy,
  assertOneGrant,
  type CallMoment,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  refreshTokenVersions,
  startSweep,
  twoTokens,
} from './harness.ts';

const owner: User = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-000000000001' };
const successor: User = { tenantId: sampleTenant, objectId: '00000000-0000-4000-8000-0000000000ff' };

/** The moments of a rotation into which somebody else's write is forced. */
const gaps = {
  'before the re-read': ({ operation, name }: CallMoment) =>
    operation === 'get' && name === 'refresh-token-a',
  'between re-read and write': ({ operation, name }: CallMoment) =>
    operation === 'set' && name === 'refresh-token-a',
  'before the old version is disabled': ({ operation, name }: CallMoment) =>
    operation === 'update' && name === 'refresh-token-a',
  'before the access token is published': ({ operation, name }: CallMoment) =>
    operation === 'set' && name.startsWith('access-token-a'),
} as const;
type Gap = keyof typeof gaps;

/** Who writes there. */
const writers: Record<string, (world: TestWorld) => unknown> = {
  'a consent of the same user': (world) => consent(world, owner),
  'a consent of another user': (world) => consent(world, successor),
  'a token stored by hand': (world) =>
    world.storeRefreshToken('a', consentedToken(world, owner), owner, 'manual'),
  'another sweep': (world) => startSweep(world.createEnvironment()),
};

/** Of a consent that covers both access tokens. */
function consentedToken(world: TestWorld, user: User): string {
  return world.consent({ id: 'a', client: crm, tokens: twoTokens }, user);
}

function consent(world: TestWorld, user: User): void {
  world.storeRefreshToken('a', consentedToken(world, user), user, 'consent', 'of-consent');
}

/** Sweeps; in the first gap after the redemption the other one writes. Gives what he had stored. */
async function sweepWithGapWrite(
  world: TestWorld,
  gap: Gap,
  writer: (typeof writers)[string],
  redemption = 1,
) {
  let redeemed = 0;
  let written: { token: string | undefined } | undefined;
  const environment = intercept(world.createEnvironment(), async (step) => {
    if (step.moment === 'after' && step.operation === 'redeem') redeemed += 1;
    if (step.moment === 'after' || redeemed < redemption || written !== undefined || !gaps[gap](step)) return;
    written = { token: undefined };
    await writer(world);
    written.token = world.refreshTokenOf('a');
  });
  const report = await world.clock.run(startSweep(environment));
  assert.ok(written !== undefined, `nobody came through the gap ${gap}`);
  return { report, written: written.token };
}

/** The newest refresh token belongs to the user whom its tags name. */
function assertPinHolds(world: TestWorld, grants: ReadonlyMap<string, User>): void {
  const newest = refreshTokenVersions(world, 'a').at(-1);
  assert.ok(newest);
  const grantId = world.entra.grantOf(newest.value.reveal()) ?? '';
  const { user } = readRefreshTokenTags(newest.tags);
  if (user !== undefined) assert.deepEqual(user, { ...grants.get(grantId), ids: 'home' });
}

/** Every grant of the world with its user, by the tokens in the vault. */
function grantsOf(world: TestWorld): Map<string, User> {
  const grants = new Map<string, User>();
  for (const { value, tags } of refreshTokenVersions(world, 'a')) {
    const { user, source } = readRefreshTokenTags(tags);
    const grantId = world.entra.grantOf(value.reveal()) ?? '';
    if (source === 'consent' && user !== undefined) grants.set(grantId, user);
    if (source === 'manual') grants.set(grantId, owner);
  }
  return grants;
}

describe('somebody else writes into a gap of the rotation', () => {
  for (const gap of Object.keys(gaps) as Gap[]) {
    for (const [name, writer] of Object.entries(writers)) {
      for (const rotation of ['lenient', 'strict'] as const) {
        test(`${name}, ${gap}, ${rotation} rotation`, async () => {
          const world = await createRotatedWorld({ rotation });
          const { report, written } = await sweepWithGapWrite(world, gap, writer);
          assertAccepted(world, 'a');
          assertPinHolds(world, grantsOf(world));
          assert.equal(accountOf(report, 'a').state, 'healthy');
          // Under strict rotation the other sweep got nothing to write.
          const otherWrote = name !== 'another sweep' || rotation === 'lenient';
          if (gap === 'before the re-read' && otherWrote) {
            assert.equal(world.refreshTokenOf('a'), written, 'ours was not dropped');
            assert.equal(accountOf(report, 'a').outcome, 'superseded');
          }
          if (gap === 'between re-read and write') assert.notEqual(world.refreshTokenOf('a'), written);
          assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
          assertOneGrant(world, 'a');
          assertPinHolds(world, grantsOf(world));
        });
      }
    }
  }

  for (const redemption of [1, 2]) {
    for (const gap of Object.keys(gaps) as Gap[]) {
      for (const [name, writer] of Object.entries(writers)) {
        for (const rotation of ['lenient', 'strict'] as const) {
          test(`of two access tokens, redemption ${redemption}: ${name}, ${gap}, ${rotation} rotation`, async () => {
            const world = await createRotatedWorld({ rotation, accounts: [{ tokens: twoTokens }] });
            const { report } = await sweepWithGapWrite(world, gap, writer, redemption);
            assertAccepted(world, 'a');
            assertPinHolds(world, grantsOf(world));
            assert.equal(accountOf(report, 'a').state, 'healthy');
            assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
            assertOneGrant(world, 'a');
            assertPinHolds(world, grantsOf(world));
          });
        }
      }
    }
  }

  test('a registration that is rewritten during the sweep keeps its clean slate', async () => {
    const world = await createRotatedWorld({ sweeps: 1 });
    world.entra.revoke({ user: owner });
    const rewritten = intercept(world.createEnvironment(), ({ moment, operation }) => {
      if (moment === 'after' || operation !== 'redeem') return;
      const registration = world.credentials.get('account-a');
      world.credentials.set('account-a', { value: registration.value, contentType: 'application/json' });
    });
    const report = await world.clock.run(startSweep(rewritten));
    assert.equal(accountOf(report, 'a').state, 'reconsent');
    assert.deepEqual(world.credentials.get('account-a').tags, {});
    // The next sweep asks again although a dead grant is probed once a day only.
    const next = await nextSweepOfNewProcess(world);
    assert.equal(accountOf(next, 'a').outcome, 'reconsent');
  });
});
