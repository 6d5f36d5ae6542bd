import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { buildAccounts } from '../../src/accounts/account.ts';
import { secretName } from '../../src/accounts/account-id.ts';
import { createLink, openLink } from '../../src/consent/consent-account.ts';
import { beginConsent } from '../../src/consent/consent-attempt.ts';
import type { LinkEnvironment } from '../../src/consent/signing-key.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import type { SweepRequest } from '../../src/sweep/sweep-report.ts';
import {
  assertAccepted,
  assertHealthy,
  assertOneGrant,
  assertOnlyPredecessorLives,
  type CallMoment,
  consentAgain,
  describeMoment,
  intercept,
  nextSweepOfNewProcess,
  registrationTagsOf,
  timerRequest,
} from '../refresh/harness.ts';
import type { TestWorld } from '../support/world.ts';
import {
  type Callback,
  createScene,
  oneToken,
  redirectUri,
  type Scene,
  type Server,
  signIn,
  twoTokens,
} from './scene.ts';

const newestOf = (world: TestWorld) => world.credentials.get(secretName('refreshToken', 'a'));
const grantOf = (world: TestWorld) => world.entra.grantOf(newestOf(world).value.reveal());

/** Every step of a run in which nobody interferes: a new call makes a new gap. */
async function stepsOf(
  scene: Scene,
  run: (environment: LinkEnvironment) => Promise<unknown>,
): Promise<CallMoment[]> {
  const steps: CallMoment[] = [];
  const environment = intercept(scene.world.createEnvironment(), (step) => {
    steps.push(step);
  });
  await scene.world.clock.run(run(environment));
  return steps;
}

/** The process in which, at its n-th step, somebody else does something. */
function interruptedAt(world: TestWorld, index: number, action: () => Promise<unknown>): LinkEnvironment {
  let count = -1;
  return intercept(world.createEnvironment(), async () => {
    count += 1;
    if (count === index) await action();
  });
}

/** After both ended: whatever the order, the consent's grant is the account's, at the latest after the next sweep. */
async function assertConsentWon({ world }: Scene, grants: readonly (string | undefined)[]): Promise<void> {
  assertAccepted(world, 'a');
  const [listed] = buildAccounts(world.credentials.list().items, world.tokens.list().items);
  assert.equal(listed?.failure, undefined, 'the failure of the old grant counts');
  const report = await nextSweepOfNewProcess(world);
  assert.ok(grants.includes(grantOf(world)), 'the newest refresh token is not of the consent’s grant');
  assertHealthy(world, report, 'a');
  assertOneGrant(world, 'a');
  assert.equal(registrationTagsOf(world, 'a')['refresher-failure'], undefined);
  // And it stays so.
  assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
  assert.ok(grants.includes(grantOf(world)));
}

/** The grants that consents made: all that are not the old one. */
function newGrants(world: TestWorld, old: string | undefined): string[] {
  const versions = world.credentials.versionsOf(secretName('refreshToken', 'a'));
  const grants = versions.map(({ value }) => world.entra.grantOf(value.reveal()));
  return [...new Set(grants)].filter((grant): grant is string => grant !== undefined && grant !== old);
}

/** The consent was stored, or it was refused before its code was spent and has changed nothing. */
async function assertConsentWonOrWasRefused(
  scene: Scene,
  old: string | undefined,
  result: Awaited<Callback>,
) {
  if (result.kind === 'refused') {
    assert.equal(result.reason, 'link_void');
    assertHealthy(scene.world, await nextSweepOfNewProcess(scene.world), 'a');
    return;
  }
  assert.equal(result.kind, 'completed');
  await assertConsentWon(scene, newGrants(scene.world, old));
}

const requests: Record<string, SweepRequest> = {
  'a timer sweep': timerRequest,
  'POST /api/refresh': { ...timerRequest, trigger: 'on_demand', account: 'a', deadlineSeconds: 200 },
};
const rotations: readonly Server[] = ['lenient', 'strict'];

for (const [howMany, audience] of Object.entries({ '': oneToken, ', two access tokens': twoTokens })) {
  const consentScene = await createScene('alive', 'lenient', audience);
  const consentSteps = await stepsOf(consentScene, await signIn(consentScene));

  describe(`a sweep’s write into each gap of a consent${howMany}`, () => {
    for (const rotation of rotations) {
      for (const [index, step] of consentSteps.entries()) {
        test(`${index}: ${describeMoment(step)}, ${rotation} rotation`, async () => {
          const scene = await createScene('alive', rotation, audience);
          const { world } = scene;
          const old = grantOf(world);
          const finish = await signIn(scene);
          // The sweep has looked for the last time and is about to write, until the consent comes to the gap.
          const gap = Promise.withResolvers<void>();
          const ready = Promise.withResolvers<void>();
          const sweeping = intercept(world.createEnvironment(), async ({ moment, operation, name }) => {
            if (moment === 'after' || operation !== 'set' || name !== 'refresh-token-a') return;
            ready.resolve();
            await gap.promise;
          });
          const sweep = runSweep(sweeping, timerRequest);
          const race = ready.promise.then(() =>
            finish(
              interruptedAt(world, index, () => {
                gap.resolve();
                return sweep;
              }),
            ),
          );
          await assertConsentWonOrWasRefused(scene, old, await world.clock.run(race));
        });
      }
    }
  });

  for (const [name, request] of Object.entries(requests)) {
    for (const grant of ['alive', 'revoked'] as const) {
      const sweepSteps = await stepsOf(await createScene(grant, 'lenient', audience), (environment) =>
        runSweep(environment, request),
      );
      describe(`a consent in each gap of ${name}, the old grant ${grant}${howMany}`, () => {
        for (const rotation of rotations) {
          for (const [index, step] of sweepSteps.entries()) {
            test(`${index}: ${describeMoment(step)}, ${rotation} rotation`, async () => {
              const scene = await createScene(grant, rotation, audience);
              const { world } = scene;
              const old = grantOf(world);
              const finish = await signIn(scene);
              let result: Awaited<Callback> | undefined;
              const sweeping = interruptedAt(world, index, async () => {
                result = await finish(world.createEnvironment());
              });
              await world.clock.run(runSweep(sweeping, request));
              assert.ok(result, 'the sweep never came to the gap');
              await assertConsentWonOrWasRefused(scene, old, result);
            });
          }
        }
      });
    }
  }

  describe(`a second consent in each gap of the first${howMany}`, () => {
    for (const rotation of rotations) {
      for (const [index, step] of consentSteps.entries()) {
        test(`${index}: ${describeMoment(step)}, ${rotation} rotation`, async () => {
          const scene = await createScene('revoked', rotation, audience);
          const { world } = scene;
          const old = grantOf(world);
          const [first, second] = [await signIn(scene), await signIn(scene)];
          let inner: Awaited<Callback> | undefined;
          const outer = await world.clock.run(
            first(
              interruptedAt(world, index, async () => {
                inner = await second(world.createEnvironment());
              }),
            ),
          );
          for (const result of [outer, inner]) {
            assert.ok(
              result?.kind === 'completed' || (result?.kind === 'refused' && result.reason === 'link_void'),
            );
          }
          assert.ok(outer.kind === 'completed' || inner?.kind === 'completed');
          await assertConsentWon(scene, newGrants(world, old));
        });
      }
    }
  });
}

describe('a consent', () => {
  test('mends an account whose refresh token somebody disabled', async () => {
    const scene = await createScene('alive', 'lenient');
    const { world } = scene;
    const old = grantOf(world);
    const finish = await signIn(scene);
    const { name, version } = newestOf(world);
    const disabling = intercept(world.createEnvironment(), ({ moment, operation }) => {
      if (moment === 'after' && operation === 'redeem')
        world.credentials.update(name, version, { enabled: false });
    });
    assert.equal((await world.clock.run(finish(disabling))).kind, 'completed');
    await assertConsentWon(scene, newGrants(world, old));
  });

  test('leaves no version behind that can be read, whatever it has redeemed', async () => {
    for (const audience of [oneToken, twoTokens]) {
      const scene = await createScene('alive', 'lenient', audience);
      const { world } = scene;
      const finish = await signIn(scene);
      assert.equal((await world.clock.run(finish(world.createEnvironment()))).kind, 'completed');
      assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
      assertOnlyPredecessorLives(world, 'a');
    }
  });

  test('is completed also when the vault does not answer its second look', async () => {
    const scene = await createScene('revoked', 'lenient');
    const { world } = scene;
    const old = grantOf(world);
    const finish = await signIn(scene);
    const breaking = intercept(world.createEnvironment(), ({ moment, operation, name }) => {
      if (moment === 'before' || operation !== 'set' || name !== 'refresh-token-a') return;
      world.credentialsFaults.add({ operation: 'get', behaviour: { kind: 'hang' }, times: 1 });
    });
    assert.equal((await world.clock.run(finish(breaking))).kind, 'completed');
    await assertConsentWon(scene, newGrants(world, old));
  });

  test('is asked for without the demands of a grant that another one has replaced', async () => {
    const { world, account } = await createScene('revoked', 'lenient');
    const ask = async () => {
      const environment = world.createEnvironment();
      const minted = await createLink(environment, 'a');
      const link = 'link' in minted ? minted.link : '';
      const opened = await openLink(environment, 'a', link);
      assert.ok(!('kind' in opened));
      const { authorizeUrl } = await beginConsent(environment, opened, link, redirectUri);
      return new URL(authorizeUrl).searchParams.get('prompt');
    };
    world.entra.revoke({ user: account.user }, 65001);
    await world.sweep();
    await world.nextSweep();
    assert.equal(await ask(), 'consent');
    world.minutes(1);
    consentAgain(world, 'a', { resource: 'https://service.contoso.com/' });
    assert.equal(await ask(), null);
  });
});
