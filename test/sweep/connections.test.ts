import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type EntraFault,
  htmlBadGateway,
  serviceUnavailable,
  tooManyRequests,
} from '../../local/entra/entra-faults.ts';
import type { FaultBehaviour } from '../../local/key-vault/vault-faults.ts';
import { SeededRandom } from '../../local/seeded-random.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import {
  accessTokenVersions,
  assertAccepted,
  assertHealthy,
  assertOneVersionPerAttempt,
  type CallMoment,
  createRotatedWorld,
  describeMoment,
  enabledVersions,
  intercept,
  nextSweepOfNewProcess,
  startSweep,
} from '../refresh/harness.ts';
import { accountOf, type TestWorld } from '../support/world.ts';

/** The vault requests of a sweep that nothing disturbs. */
async function recordRequests(sweeps: number): Promise<CallMoment[]> {
  const world = await createRotatedWorld({ sweeps });
  const steps: CallMoment[] = [];
  await world.clock.run(startSweep(intercept(world.createEnvironment(), (step) => void steps.push(step))));
  return steps.filter(({ moment, place }) => moment === 'before' && place !== 'entra');
}

const same = (a: CallMoment, b: CallMoment): boolean =>
  a.place === b.place && a.operation === b.operation && a.name === b.name;

/** Lets the n-th request of a sweep fail, so many times as given. */
function strike(
  world: TestWorld,
  requests: readonly CallMoment[],
  index: number,
  behaviour: FaultBehaviour,
  times: number,
) {
  const target = requests[index];
  if (target === undefined) throw new RangeError(`no request ${index}`);
  let before = requests.slice(0, index).filter((request) => same(request, target)).length;
  const faults = target.place === 'credentials' ? world.credentialsFaults : world.tokensFaults;
  return faults.add({
    operation: target.operation as 'list' | 'get' | 'set' | 'update',
    ...(target.name === '' ? {} : { name: target.name }),
    times,
    behaviour: () => {
      before -= 1;
      return before < 0 ? behaviour : undefined;
    },
  });
}

const broken = { status: 503, code: 'ServiceUnavailable' } as const;
const behaviours: readonly FaultBehaviour[] = [
  { kind: 'reset' },
  { kind: 'commit_then_reset' },
  { kind: 'hang' },
  { kind: 'commit_then_hang' },
  { kind: 'status', ...broken },
  { kind: 'commit_then_status', ...broken },
  { kind: 'throttle' },
  { kind: 'throttle', retryAfterSeconds: 7 },
];

const describeBehaviour = (behaviour: FaultBehaviour): string =>
  'retryAfterSeconds' in behaviour ? `${behaviour.kind} with Retry-After` : behaviour.kind;

describe('the connection to a vault dies at any request of a sweep', () => {
  for (const behaviour of behaviours) {
    for (const times of [1, 2]) {
      test(`${describeBehaviour(behaviour)}, ${times} times`, async () => {
        // The first sweep of an account writes tags, the later ones disable versions.
        for (const sweeps of [0, 3]) {
          const requests = await recordRequests(sweeps);
          for (const [index, request] of requests.entries()) {
            const world = await createRotatedWorld({ sweeps });
            const fault = strike(world, requests, index, behaviour, times);
            const report = await world.clock.run(startSweep(world.createEnvironment()));
            const where = describeMoment(request);
            assert.ok(fault.hits >= 1, `never struck: ${where}`);
            assert.equal(accountOf(report, 'a').state, 'healthy', where);
            assertHealthy(world, report, 'a');
            assertOneVersionPerAttempt(world, 'a');
            assert.ok(enabledVersions(world, 'a').length <= 3, where);
            assert.deepEqual(world.telemetry.named('RotatedTokenNotStored'), []);
          }
        }
      });
    }
  }

  test('an access token is published twice at most when the first answer was lost', async () => {
    const world = await createRotatedWorld();
    const before = accessTokenVersions(world, 'a').length;
    world.tokensFaults.add({
      operation: 'set',
      name: 'access-token-a',
      behaviour: { kind: 'commit_then_reset' },
      times: 1,
    });
    assertHealthy(world, await world.sweep(), 'a');
    assert.equal(accessTokenVersions(world, 'a').length, before + 2);
  });
});

const losingAnswers = new Set(['reset_after', 'close_mid_body']);
const entraFaults: readonly [name: string, fault: EntraFault][] = [
  ...(['refused', 'reset_before', 'reset_after', 'hang', 'close_mid_body'] as const).map(
    (network): [string, EntraFault] => [network, { network }],
  ),
  ['HTTP 502 with HTML', htmlBadGateway()],
  ['HTTP 503', serviceUnavailable()],
  ['HTTP 503 with Retry-After', serviceUnavailable(20)],
  ['HTTP 429', tooManyRequests()],
  ['HTTP 429 with Retry-After', tooManyRequests(20)],
];

describe('the connection to Entra dies', () => {
  for (const [name, fault] of entraFaults) {
    test(`${name}: the account is healthy after the rounds of the same sweep`, async () => {
      for (const times of [1, 3]) {
        const world = await createRotatedWorld();
        world.entraFaults.add({ ...fault, times });
        const report = await world.sweep();
        assertHealthy(world, report, 'a');
        assertOneVersionPerAttempt(world, 'a');
        assert.ok(report.rounds > times);
        const redemptions = world.telemetry.named('Redemption').slice(-times - 1);
        const { length } = redemptions.filter(({ properties }) => properties.outcome !== 'refreshed');
        assert.equal(length, times);
      }
    });

    const lost = losingAnswers.has(name);
    test(`${name} under strict rotation: ${lost ? 'told as reconsent' : 'nothing is lost'}`, async () => {
      const world = await createRotatedWorld({ rotation: 'strict' });
      world.entraFaults.add({ ...fault, times: 1 });
      const report = await world.sweep();
      if (!lost) return assertHealthy(world, report, 'a');
      assert.equal(world.entra.accepts(world.refreshTokenOf('a') ?? ''), false);
      const { state, code } = accountOf(report, 'a');
      assert.deepEqual([state, code], ['reconsent', 'AADSTS70000']);
    });
  }
});

describe('everything fails at random', () => {
  const anyBehaviour = fc.constantFrom(...behaviours);
  const anyEntraFault = fc.constantFrom(...entraFaults.map(([, fault]) => fault));

  /** Strikes each request with the given chance until cleared. */
  function strikeAtRandom(world: TestWorld, seed: number, chance: number, kinds: readonly FaultBehaviour[]) {
    const random = new SeededRandom(seed).next;
    const behaviour = () => (random() < chance ? kinds[Math.floor(random() * kinds.length)] : undefined);
    world.credentialsFaults.add({ behaviour });
    world.tokensFaults.add({ behaviour });
  }

  test('no refresh token is lost, and the first calm sweep makes all healthy', async () => {
    const plan = fc.record({
      seed: fc.integer(),
      chance: fc.double({ min: 0.05, max: 0.6, noNaN: true }),
      kinds: fc.array(anyBehaviour, { minLength: 1, maxLength: 4 }),
      entra: fc.array(anyEntraFault, { maxLength: 6 }),
      sweeps: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ seed, chance, kinds, entra, sweeps }) => {
        const world = await createRotatedWorld({ sweeps: 1, accounts: [{ id: 'a' }, { id: 'b' }] });
        strikeAtRandom(world, seed, chance, kinds);
        for (const fault of entra) world.entraFaults.add({ ...fault, times: 1 });
        for (let sweep = 0; sweep < sweeps; sweep++) {
          await nextSweepOfNewProcess(world).catch((error) =>
            assert.ok(error instanceof SweepAbortedError, error),
          );
          for (const id of ['a', 'b']) assertAccepted(world, id);
        }
        world.credentialsFaults.clear();
        world.tokensFaults.clear();
        world.entraFaults.clear();
        const report = await nextSweepOfNewProcess(world);
        for (const id of ['a', 'b']) {
          assertHealthy(world, report, id);
          assertOneVersionPerAttempt(world, id);
        }
      }),
      { numRuns: 150, seed: 7 },
    );
  });
});
