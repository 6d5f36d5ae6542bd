import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountOf, type TestWorld } from '../support/world.ts';
import {
  assertAccepted,
  assertHealthy,
  assertOneVersionPerAttempt,
  assertOnlyPredecessorLives,
  type CallMoment,
  consentAgain,
  createRotatedWorld,
  describeMoment,
  intercept,
  nextSweepOfNewProcess,
  type RotatedWorldOptions,
  startSweep,
  twoTokens,
} from './harness.ts';

type Setting = Pick<RotatedWorldOptions, 'rotation' | 'oneVault' | 'accounts'>;

/** The steps of one sweep that nothing disturbs. */
async function recordSteps(setting: Setting): Promise<CallMoment[]> {
  const world = await createRotatedWorld(setting);
  const steps: CallMoment[] = [];
  await world.clock.run(startSweep(intercept(world.createEnvironment(), (step) => void steps.push(step))));
  return steps;
}

/** Sweeps with a process that dies at its n-th step: neither this step nor any later one is ever left. */
async function crashAt(world: TestWorld, stepNumber: number): Promise<void> {
  let steps = 0;
  const died = Promise.withResolvers<void>();
  const environment = intercept(world.createEnvironment(), () => {
    steps += 1;
    if (steps < stepNumber) return undefined;
    died.resolve();
    return new Promise<void>(() => {});
  });
  await world.clock.run(Promise.race([startSweep(environment), died.promise]));
}

/** Strict rotation: the redeemed token is spent and the new one exists in the memory of the process only. */
function inTheWindow(steps: readonly CallMoment[], index: number): boolean {
  const isAnswer = ({ moment, operation }: CallMoment): boolean =>
    moment === 'after' && operation === 'redeem';
  const isStored = ({ moment, operation, name }: CallMoment): boolean =>
    moment === 'after' && operation === 'set' && name.startsWith('refresh-token-');
  const before = steps.slice(0, index + 1);
  return before.findLastIndex(isAnswer) > before.findLastIndex(isStored);
}

const lenient: Setting = { rotation: 'lenient' };
const strict: Setting = { rotation: 'strict' };

describe('a process dies at any step of a sweep', () => {
  const settings: [string, Setting][] = [
    ['lenient rotation', lenient],
    ['lenient rotation, one vault', { ...lenient, oneVault: true }],
    ['lenient rotation, v1 endpoint', { ...lenient, accounts: [{ resource: 'https://ads.example.com' }] }],
    ['strict rotation', strict],
    ['lenient rotation, two access tokens', { ...lenient, accounts: [{ tokens: twoTokens }] }],
    ['strict rotation, two access tokens', { ...strict, accounts: [{ tokens: twoTokens }] }],
  ];
  for (const [name, setting] of settings) {
    test(`${name}: nothing is lost and the next process mends it`, async () => {
      const steps = await recordSteps(setting);
      for (const [index, step] of steps.entries()) {
        if (setting.rotation === 'strict' && inTheWindow(steps, index)) continue;
        const world = await createRotatedWorld(setting);
        await crashAt(world, index + 1);
        assertAccepted(world, 'a', `lost ${describeMoment(step)}`);
        const report = await nextSweepOfNewProcess(world);
        try {
          assertHealthy(world, report, 'a');
          assertOnlyPredecessorLives(world, 'a');
          assertOneVersionPerAttempt(world, 'a');
        } catch (error) {
          throw new Error(`the process died ${describeMoment(step)}`, { cause: error });
        }
      }
    });
  }

  test('the steps are those of the rotation', async () => {
    const steps = await recordSteps(lenient);
    const writes = steps
      .filter(({ moment, operation }) => moment === 'before' && operation !== 'get' && operation !== 'list')
      .map(({ operation, name }) => `${operation} ${name}`.trim());
    assert.deepEqual(writes, [
      'set refresher-heartbeat',
      'set refresher-heartbeat',
      'redeem',
      'set refresh-token-a',
      'update refresh-token-a',
      'set access-token-a',
      'update refresher-heartbeat',
      'update refresher-heartbeat',
    ]);
  });

  test('with two access tokens the second redemption begins when the first is stored and published', async () => {
    const steps = await recordSteps({ ...lenient, accounts: [{ tokens: twoTokens }] });
    const writes = steps
      .filter(({ moment, operation }) => moment === 'before' && operation !== 'get' && operation !== 'list')
      .map(({ operation, name }) => `${operation} ${name}`.trim())
      .filter((step) => !step.endsWith('heartbeat'));
    const rotation = ['redeem', 'set refresh-token-a', 'update refresh-token-a'];
    assert.deepEqual(writes, [
      ...rotation,
      'set access-token-a-graph',
      // The second token was rotated from a young version, on which it leaves a mark.
      ...rotation,
      'update refresh-token-a',
      'set access-token-a-ads',
    ]);
    // Each looks before the redemption and before the write; no older version is asked for what nobody left open.
    const reads = steps.filter(
      ({ moment, operation, name }) =>
        moment === 'before' && operation === 'get' && name === 'refresh-token-a',
    );
    assert.equal(reads.length, 4);
  });
});

describe('a process dies between the answer of a strictly rotating server and the write', () => {
  test('the loss is told as reconsent by the next sweep, and a consent heals it', async () => {
    const steps = await recordSteps(strict);
    const lost = steps.filter((_, index) => inTheWindow(steps, index)).map(describeMoment);
    assert.deepEqual(lost, [
      'after redeem  at entra',
      'before get refresh-token-a at credentials',
      'after get refresh-token-a at credentials',
      'before set refresh-token-a at credentials',
    ]);
    for (const index of steps.keys()) {
      if (!inTheWindow(steps, index)) continue;
      const world = await createRotatedWorld(strict);
      await crashAt(world, index + 1);
      assert.equal(world.entra.accepts(world.refreshTokenOf('a') ?? ''), false);
      const report = await nextSweepOfNewProcess(world);
      const { state, code, remedy } = accountOf(report, 'a');
      assert.deepEqual([state, code], ['reconsent', 'AADSTS70000']);
      assert.ok(remedy);
      const told = world.telemetry.named('AccountState').at(-1);
      assert.equal(told?.properties.state, 'reconsent');
      consentAgain(world, 'a');
      assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
    }
  });
});
