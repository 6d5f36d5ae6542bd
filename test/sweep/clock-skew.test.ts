import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeAccessToken } from '../../local/entra/issued-tokens.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { SweepAbortedError } from '../../src/sweep/sweep-error.ts';
import type { SweepReport } from '../../src/sweep/sweep-report.ts';
import { secondsPerHour } from '../../src/time.ts';
import {
  type CallMoment,
  createRotatedWorld,
  describeMoment,
  intercept,
  nextSweepOfNewProcess,
  publishedTokens,
  startSweep,
  toNextTick,
} from '../refresh/harness.ts';
import { accountOf, type TestWorld } from '../support/world.ts';

const offsets = { ahead: 2 * secondsPerHour * 1000, right: 0, behind: -2 * secondsPerHour * 1000 };
type Setting = keyof typeof offsets;

/** A process whose clock goes wrong, or right again, at its n-th step. */
function misled(world: TestWorld, before: Setting, after: Setting, index: number): RefreshEnvironment {
  let count = -1;
  const { clock } = world;
  const offset = () => offsets[count < index ? before : after];
  const environment = {
    ...world.createEnvironment(),
    clock: {
      nowMilliseconds: () => clock.nowMilliseconds() + offset(),
      sleep: (milliseconds: number) => clock.sleep(milliseconds),
    },
  };
  return intercept(environment, () => {
    count += 1;
  });
}

/** Whatever it says, a healthy account's access token lives, by the clock of the server that made it. */
function assertTrue(world: TestWorld, report: SweepReport | undefined, what: string): void {
  const now = world.clock.nowMilliseconds();
  for (const { value, expiresAt } of publishedTokens(world, 'a')) {
    const end = decodeAccessToken(value.reveal())?.expiresAtMilliseconds ?? 0;
    assert.ok(
      (expiresAt ?? 0) * 1000 <= end + 1000,
      `${what}: expires ${(expiresAt ?? 0) * 1000 - end} ms late`,
    );
    if (report !== undefined && accountOf(report, 'a').state === 'healthy')
      assert.ok(end > now, `${what}: healthy, and dead`);
  }
}

/** Due at this tick; or dead, after sweeps that never came. */
async function createDueWorld(missedSweeps: number): Promise<TestWorld> {
  const world = await createRotatedWorld();
  for (let missed = 0; missed < missedSweeps; missed++) toNextTick(world);
  return world;
}

async function stepsOfASweep(): Promise<CallMoment[]> {
  const world = await createDueWorld(0);
  const steps: CallMoment[] = [];
  await world.clock.run(startSweep(intercept(world.createEnvironment(), (step) => void steps.push(step))));
  return steps;
}

const steps = await stepsOfASweep();

describe('a clock two hours off never makes a dead token healthy', () => {
  for (const [before, after] of [
    ['ahead', 'right'],
    ['right', 'ahead'],
    ['behind', 'right'],
    ['right', 'behind'],
    ['ahead', 'behind'],
    ['behind', 'ahead'],
  ] as const) {
    for (const [what, missed] of [
      ['due', 0],
      ['dead', 3],
    ] as const) {
      test(`${before}, then ${after}, at any step of a sweep, the token ${what}`, async () => {
        for (const [index, step] of steps.entries()) {
          const world = await createDueWorld(missed);
          const environment = misled(world, before, after, index);
          // A clock that leaps past the sweep's deadline may end it, loudly.
          const report = await world.clock.run(startSweep(environment)).catch((error: unknown) => {
            assert.ok(error instanceof SweepAbortedError);
          });
          assertTrue(world, report ?? undefined, describeMoment(step));
          assertTrue(world, await nextSweepOfNewProcess(world), `${describeMoment(step)}, a sweep later`);
        }
      });
    }
  }
});
