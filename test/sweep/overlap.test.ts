import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { runSweep, type SweepAnswer, WholeSweeps } from '../../src/sweep/sweep.ts';
import { SweepAbortedError, SweepRunningError } from '../../src/sweep/sweep-error.ts';
import type { SweepRequest } from '../../src/sweep/sweep-report.ts';
import { isoTime, nowSeconds } from '../../src/time.ts';
import {
  assertHealthy,
  createRotatedWorld,
  intercept,
  startSweep,
  timerRequest,
  toNextTick,
} from '../refresh/harness.ts';
import { crm, TestWorld } from '../support/world.ts';

const onDemand = {
  trigger: 'on_demand',
  invocationId: 'http',
  pastDue: false,
  deadlineSeconds: 200,
} as const;
const answerSeconds = 200;

/** A process whose redemptions take the given time. */
const slow = (environment: RefreshEnvironment, seconds: number): RefreshEnvironment =>
  intercept(environment, ({ moment, operation }) =>
    moment === 'before' && operation === 'redeem' ? environment.clock.sleep(seconds * 1000) : undefined,
  );

/** What a process does to the vaults from now on, in its order. */
function watched(environment: RefreshEnvironment): { process: RefreshEnvironment; steps: string[] } {
  const steps: string[] = [];
  const process = intercept(environment, ({ moment, place, operation, name }) => {
    if (moment === 'before' && place !== 'entra') steps.push(`${place} ${operation} ${name}`.trim());
  });
  return { process, steps };
}

const isWrite = (step: string): boolean => / (set|update) /.test(step);
const settled = <T>(promise: Promise<T>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const tick = (world: TestWorld) => nowSeconds(world.clock);

describe('a sweep of all accounts on demand, while another process sweeps', () => {
  /** Asks ten seconds after the timer of another process began, which works for a minute. */
  async function ask(request: Partial<SweepRequest>) {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    const startedAt = tick(world);
    world.telemetry.events.length = 0;
    const timer = startSweep(slow(world.createEnvironment(), 60));
    const { process, steps } = watched(world.createEnvironment());
    const asked = settled(
      world.clock.sleep(10_000).then(() => runSweep(process, { ...onDemand, ...request })),
    );
    const [report, error] = await world.clock.run(Promise.all([timer, asked]));
    for (const id of ['a', 'b']) assertHealthy(world, report, id);
    return { world, error, steps, startedAt };
  }

  test('is not begun, and is told since when and until when at the latest', async () => {
    const { world, error, steps, startedAt } = await ask({});
    assert.ok(error instanceof SweepRunningError, String(error));
    assert.deepEqual([error.since, error.until], [startedAt, startedAt + 1800]);
    assert.deepEqual(steps, ['credentials get refresher-heartbeat']);
    assert.deepEqual(world.telemetry.named('SweepAborted'), []);
    assert.equal(world.telemetry.named('SweepCompleted').length, 1);
  });

  test('is begun with force', async () => {
    const { world, error, steps } = await ask({ force: true });
    assert.equal(error, undefined);
    assert.ok(steps.includes('credentials list'));
    assert.equal(world.telemetry.named('SweepCompleted').length, 2);
  });

  test('of one account is begun', async () => assert.equal((await ask({ account: 'a' })).error, undefined));

  test('by the timer is begun: it waits for nobody', async () => {
    const { error } = await ask({ trigger: 'timer' });
    assert.equal(error, undefined);
  });
});

describe('the mark of a whole sweep', () => {
  test('is gone when the sweep is complete', async () => {
    const world = await createRotatedWorld();
    await world.sweep();
    assert.equal((await world.sweep(onDemand, world.createEnvironment())).due, 0);
  });

  test('is gone when the sweep was aborted', async () => {
    const world = await createRotatedWorld();
    world.tokensFaults.denied.add('set');
    await assert.rejects(world.sweep(), SweepAbortedError);
    world.tokensFaults.denied.clear();
    assert.equal((await world.sweep(onDemand, world.createEnvironment())).due, 1);
  });

  for (const [what, request, seconds] of [
    ['a timer’s sweep until the next tick', timerRequest, 1800],
    ['a sweep on demand three minutes behind its deadline', onDemand, 380],
  ] as const) {
    test(`of a process that died ends by itself, of ${what}`, async () => {
      const world = await createRotatedWorld();
      const startedAt = world.clock.nowMilliseconds();
      const died = new Promise<void>((resolve) => {
        const process = intercept(world.createEnvironment(), ({ operation }) => {
          if (operation !== 'redeem') return undefined;
          resolve();
          return new Promise<void>(() => {});
        });
        void runSweep(process, request);
      });
      await world.clock.run(died);
      for (const [after, begun] of [
        [seconds - 1, false],
        [seconds, true],
      ] as const) {
        world.clock.advanceTo(startedAt + after * 1000);
        const error = await settled(world.sweep(onDemand, world.createEnvironment()));
        assert.equal(error instanceof SweepRunningError, !begun, `after ${after} s`);
      }
    });
  }

  test('of its own does not stop a sweep on demand whose first round failed', async () => {
    const world = await createRotatedWorld();
    world.tokensFaults.add({ operation: 'set', times: 1, behaviour: { kind: 'throttle' } });
    assertHealthy(world, await world.sweep(onDemand), 'a');
  });

  test('that somebody wrote for all times stops no timer, and is gone with its sweep', async () => {
    const world = await createRotatedWorld();
    const { version, tags } = world.credentials.get('refresher-heartbeat');
    const forever = { 'running-sweep-since': isoTime(0), 'running-sweep-until': isoTime(4_000_000_000) };
    world.credentials.update('refresher-heartbeat', version, { tags: { ...tags, ...forever } });
    await assert.rejects(world.sweep(onDemand), SweepRunningError);
    assertHealthy(world, await world.sweep(), 'a');
    await world.sweep(onDemand);
  });
});

describe('who asks for a sweep of all accounts in a process that sweeps', () => {
  const timer: Partial<SweepRequest> = { trigger: 'timer' };
  const rows: readonly (readonly [
    what: string,
    first: Partial<SweepRequest>,
    second: Partial<SweepRequest>,
    joins: boolean,
  ])[] = [
    ['on demand, on demand: joins', onDemand, onDemand, true],
    [
      'on demand with force, on demand: joins, because it does run',
      onDemand,
      { ...onDemand, force: true },
      true,
    ],
    ['on demand, the timer’s: joins', timer, onDemand, true],
    ['the timer, one on demand: begins its own', onDemand, timer, false],
    ['the timer, the timer’s: joins', timer, timer, true],
    ['the timer, one that stops a second before its own', { ...timer, deadlineSeconds: 1619 }, timer, false],
    ['the timer, one that stops with its own', { ...timer, deadlineSeconds: 1620 }, timer, true],
  ];
  for (const [what, first, second, joins] of rows) {
    test(what, async () => {
      const world = await createRotatedWorld();
      const { process, steps } = watched(slow(world.createEnvironment(), 30));
      const sweeps = new WholeSweeps();
      const ask = (request: Partial<SweepRequest>): Promise<SweepAnswer> =>
        sweeps.ask(process, { ...timerRequest, ...request }, answerSeconds);
      const later = world.clock.sleep(10_000).then(() => ask(second));
      const [a, b] = await world.clock.run(Promise.all([ask(first), later]));
      assert.ok(a.kind === 'ended' && b.kind === 'ended');
      assert.equal(a.report.sweepId === b.report.sweepId, joins);
      assert.equal(steps.filter((step) => step === 'credentials list').length, joins ? 1 : 2);
      assertHealthy(world, b.report, 'a');
      const next = await world.clock.run(ask(onDemand));
      assert.ok(next.kind === 'ended' && next.report.sweepId !== b.report.sweepId, 'the next one is its own');
    });
  }

  for (const [seconds, kind] of [
    [209, 'ended'],
    [211, 'running'],
  ] as const) {
    test(`on demand is answered within ${answerSeconds} s, though the joined sweep takes ${seconds} s: ${kind}`, async () => {
      const world = await createRotatedWorld();
      const startedAt = tick(world);
      const process = slow(world.createEnvironment(), seconds);
      const sweeps = new WholeSweeps();
      const first = sweeps.ask(process, timerRequest, answerSeconds);
      const joined = world.clock
        .sleep(10_000)
        .then(() => sweeps.ask(process, onDemand, answerSeconds))
        .then((answer) => ({ answer, at: tick(world) - startedAt }));
      const [own, { answer, at }] = await world.clock.run(Promise.all([first, joined]));
      assert.equal(own.kind, 'ended');
      assert.equal(answer.kind, kind);
      assert.ok(at <= 10 + answerSeconds);
      if (answer.kind !== 'running') return;
      assert.deepEqual([answer.since, answer.until], [startedAt, startedAt + 1800]);
    });
  }

  test('shares its failure, too', async () => {
    const world = await createRotatedWorld();
    world.credentialsFaults.denied.add('list');
    const sweeps = new WholeSweeps();
    const both = [1, 2].map(() => settled(sweeps.ask(world.environment, timerRequest, answerSeconds)));
    const [a, b] = await world.clock.run(Promise.all(both));
    assert.ok(a instanceof SweepAbortedError && a === b);
    world.credentialsFaults.denied.clear();
    toNextTick(world);
    const next = await world.clock.run(sweeps.ask(world.environment, timerRequest, answerSeconds));
    assert.equal(next.kind, 'ended');
  });
});

describe('what a refresh of one account asks of the vaults', () => {
  async function stepsOf(world: TestWorld, account: string) {
    const { process, steps } = watched(world.createEnvironment());
    const report = await world.sweep({ ...onDemand, account }, process);
    return { steps, report };
  }

  test('is told here in full: no listing, whatever else the vaults hold', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    const { steps, report } = await stepsOf(world, 'a');
    assertHealthy(world, report, 'a');
    assert.deepEqual(steps, [
      'credentials get account-a',
      'credentials get refresh-token-a',
      'tokens get access-token-a',
      'credentials get client-secret-crm',
      'credentials set refresher-probe',
      'tokens set refresher-probe',
      'credentials get refresher-probe',
      'tokens get refresher-probe',
      'credentials get refresh-token-a',
      'credentials set refresh-token-a',
      'credentials update refresh-token-a',
      'tokens set access-token-a',
    ]);
  });

  for (const [what, id] of [
    ['that nobody knows', 'nobody'],
    ['with an id that none can have', 'Not Valid'],
  ] as const) {
    test(`for an account ${what}: it reads at most, and no account is reported`, async () => {
      const world = await createRotatedWorld();
      const { steps, report } = await stepsOf(world, id);
      assert.deepEqual([report.accounts, steps.filter(isWrite)], [[], []]);
      assert.ok(steps.length <= 3 && steps.every((step) => / get /.test(step)), steps.join());
    });
  }

  for (const [what, sample, state] of [
    ['paused', { paused: true, accessTokenMinutesLeft: 20, owner: 'team-crm' }, 'paused'],
    ['pending', { consented: false, accessTokenMinutesLeft: 20, owner: 'team-crm' }, 'pending_consent'],
  ] as const) {
    test(`for one that is ${what}: nothing is written, and its owner is told`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, ...sample });
      const { steps, report } = await stepsOf(world, 'a');
      const [account] = report.accounts;
      assert.deepEqual([account?.state, account?.owner], [state, 'team-crm']);
      assert.deepEqual(steps.filter(isWrite), []);
    });
  }

  test('for one whose registration is gone: it is an orphan', async () => {
    const world = await createRotatedWorld();
    world.credentials.delete('account-a');
    const { steps, report } = await stepsOf(world, 'a');
    assert.deepEqual([report.accounts[0]?.state, steps.filter(isWrite)], ['orphaned', []]);
  });

  test('for one whose refresh token is disabled: nothing is written', async () => {
    const world = await createRotatedWorld();
    const { version } = world.credentials.get('refresh-token-a');
    world.credentials.update('refresh-token-a', version, { enabled: false });
    const { steps, report } = await stepsOf(world, 'a');
    assert.deepEqual([report.accounts[0]?.code, steps.filter(isWrite)], ['refresh_token_disabled', []]);
  });

  test('a vault that does not answer is told as such', async () => {
    const world = await createRotatedWorld();
    world.tokensFaults.add({ operation: 'get', behaviour: { kind: 'hang' } });
    await assert.rejects(stepsOf(world, 'a'), { code: 'sweep_aborted', stage: 'read' });
  });
});
