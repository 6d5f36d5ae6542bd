import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EntraFaultInjector } from '../../../lab/simulation/entra-fault-injector.ts';
import { FaultLog } from '../../../lab/simulation/fault-log.ts';
import { SimulatedApp } from '../../../lab/simulation/simulated-app.ts';
import { SimulatedProcess } from '../../../lab/simulation/simulated-process.ts';
import { type Step, steps } from '../../../lab/simulation/steps.ts';
import { VaultFaultInjector } from '../../../lab/simulation/vault-fault-injector.ts';
import { LocalWorld } from '../../../local/local-world.ts';
import { SeededRandom } from '../../../local/seeded-random.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';
import type { TelemetryEvent } from '../../../src/telemetry/events.ts';

function setUp() {
  const clock = new VirtualClock(Date.UTC(2026, 10, 22, 10));
  const random = new SeededRandom(1);
  const world = new LocalWorld({ clock, entra: { random: random.fork().next } });
  const client = { clientId: '11111111-1111-4111-8111-111111111111', secretName: 'client-secret' };
  for (const id of ['a', 'b']) world.addAccount({ id, client });
  const log = new FaultLog();
  const faults = {
    credentials: new VaultFaultInjector('credentials', random.fork(), log),
    tokens: new VaultFaultInjector('tokens', random.fork(), log),
    entra: new EntraFaultInjector(clock, random.fork(), log),
  };
  const events: TelemetryEvent[] = [];
  const app = new SimulatedApp(world, faults, random.fork());
  const environment = app.createEnvironment({
    emit: (event) => events.push(event),
    flush: () => Promise.resolve(),
  });
  return { clock, world, app, events, process: new SimulatedProcess(environment, (own) => own) };
}

/** What can be seen from outside. */
const state = ({ world, app, events }: ReturnType<typeof setUp>) =>
  JSON.stringify([
    [...world.credentials.snapshot().active],
    [...world.tokens.snapshot().active],
    app.counts,
    events.length,
  ]);

/** Steps of a sweep in which two new accounts are refreshed. */
const taken = steps.filter(
  (step) =>
    ![
      'credentials update client secret',
      'credentials list_versions client secret',
      'credentials update refresh token',
    ].includes(step),
);

describe('a process', () => {
  it('completes its sweep when it is not to crash', async () => {
    const all = setUp();
    assert.equal(await all.clock.run(all.process.sweep('tick', false)), 'completed');
    assert.equal(all.app.counts.granted, 2);
    assert.ok(all.events.some(({ name }) => name === 'SweepCompleted'));
  });

  for (const step of taken) {
    for (const moment of ['before', 'after'] as const) {
      it(`that crashes ${moment} "${step}" does nothing any more`, async () => {
        const all = setUp();
        all.process.crashAt({ step, moment, passes: 0 });
        assert.equal(await all.clock.run(all.process.sweep('tick', false)), 'crashed');
        // What was on its way arrives: two steps may have been under way at the same time.
        await all.clock.run(all.clock.sleep(1000));
        const then = state(all);
        await all.clock.run(all.clock.sleep(3_600_000));
        assert.equal(state(all), then);
        assert.ok(all.process.isDead);
      });
    }
  }

  it('crashes before or after the effect of a step', async () => {
    const redemptions = async (moment: 'before' | 'after') => {
      const all = setUp();
      const step: Step = 'entra redeem';
      all.process.crashAt({ step, moment, passes: 0 });
      await all.clock.run(all.process.sweep('tick', false));
      return all.app.counts.sent;
    };
    assert.deepEqual([await redemptions('before'), await redemptions('after')], [0, 1]);
  });

  it('crashes only after the passes it was given', async () => {
    const all = setUp();
    all.process.crashAt({ step: 'entra redeem', moment: 'before', passes: 1 });
    await all.clock.run(all.process.sweep('tick', false));
    assert.equal(all.app.counts.granted, 1);
  });
});
