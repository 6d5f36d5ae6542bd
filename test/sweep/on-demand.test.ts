import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SeededRandom } from '../../local/seeded-random.ts';
import { runSweep } from '../../src/sweep/sweep.ts';
import type { SweepReport } from '../../src/sweep/sweep-report.ts';
import { isoTime, nowSeconds } from '../../src/time.ts';
import {
  accessTokenVersions,
  assertHealthy,
  assertOneGrant,
  assertOneVersionPerAttempt,
  createRotatedWorld,
  intercept,
  nextSweepOfNewProcess,
  refreshTokenVersions,
  startSweep,
  timerRequest,
  twoTokens,
  withLatency,
} from '../refresh/harness.ts';
import { accountOf, crm, TestWorld } from '../support/world.ts';

const onDemand = {
  trigger: 'on_demand',
  invocationId: 'http',
  pastDue: false,
  deadlineSeconds: 200,
} as const;

const heartbeatTags = (world: TestWorld) => world.credentials.versionsOf('refresher-heartbeat').at(-1)?.tags;

function askFor(world: TestWorld, account: string): Promise<SweepReport> {
  return world.sweep({ ...onDemand, account });
}

describe('a sweep on demand', () => {
  test('does what the timer does, and is the heartbeat just the same', async () => {
    const world = await createRotatedWorld();
    const report = await world.sweep(onDemand);
    assert.equal(accountOf(report, 'a').outcome, 'refreshed');
    assertHealthy(world, report, 'a');
    const completed = world.telemetry.named('SweepCompleted').at(-1);
    assert.deepEqual(
      [completed?.properties.sweepId, completed?.properties.trigger, completed?.properties.invocationId],
      [report.sweepId, 'on_demand', 'http'],
    );
    assert.equal(heartbeatTags(world)?.['last-sweep-completed-at'], isoTime(nowSeconds(world.clock)));
  });

  for (const [seconds, minutesToTick] of [
    [200, 1],
    [200, 30],
  ] as const) {
    test(`redeems for ${seconds} s, ${minutesToTick} min before the next tick`, async () => {
      const world = await createRotatedWorld();
      world.minutes(30 - minutesToTick);
      const start = world.clock.nowMilliseconds() / 1000;
      world.entraFaults.add({ network: 'hang' });
      const sent: number[] = [];
      const environment = intercept(world.environment, ({ moment, operation }) => {
        if (moment === 'before' && operation === 'redeem')
          sent.push(world.clock.nowMilliseconds() / 1000 - start);
      });
      await world.sweep(onDemand, environment);
      assert.ok(sent.length >= 3);
      assert.ok((sent.at(-1) ?? 0) > 30 && (sent.at(-1) ?? 0) < seconds, sent.join());
    });
  }

  test('says what its deadline left over', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }], sweeps: 1 });
    const report = await world.sweep({ ...onDemand, deadlineSeconds: 0 });
    assert.equal(report.remaining, 2);
  });

  test('waits behind its deadline for no vault that has fallen silent, account by account', async () => {
    const accounts = Array.from({ length: 200 }, (_, index) => ({ id: `account-${index}` }));
    const world = await createRotatedWorld({ accounts, sweeps: 1 });
    world.entraFaults.add({ network: 'refused' });
    world.credentialsFaults.add({ operation: 'update', name: /^account-/, behaviour: { kind: 'hang' } });
    const { durationSeconds, accounts: reported } = await world.sweep({ ...onDemand, deadlineSeconds: 30 });
    assert.ok(durationSeconds >= 30 && durationSeconds <= 60, String(durationSeconds));
    assert.ok(reported.every(({ state }) => state === 'retrying'));
    assert.equal(world.telemetry.named('AccountState').length >= 200, true);
  });
});

describe('a sweep of one account', () => {
  test('refreshes that account although it is fresh, and no other', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    await world.sweep();
    const before = refreshTokenVersions(world, 'b').length;
    const report = await askFor(world, 'a');
    assert.deepEqual(
      report.accounts.map(({ account, outcome, reason }) => [account, outcome, reason]),
      [['a', 'refreshed', 'on_demand']],
    );
    assertHealthy(world, report, 'a');
    assert.equal(refreshTokenVersions(world, 'b').length, before);
    assert.equal(world.telemetry.named('Redemption').at(-1)?.properties.dueReason, 'on_demand');
  });

  test('tells the account’s state and neither a completed sweep nor a heartbeat', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }] });
    await world.sweep();
    const [tags, versions] = [
      heartbeatTags(world),
      world.credentials.versionsOf('refresher-heartbeat').length,
    ];
    world.telemetry.events.length = 0;
    world.minutes(5);
    const { sweepId } = await askFor(world, 'a');
    const names = world.telemetry.events.map(({ name }) => name);
    assert.deepEqual(names, ['Redemption', 'AccountState']);
    assert.equal(world.telemetry.named('AccountState')[0]?.properties.sweepId, sweepId);
    assert.deepEqual(heartbeatTags(world), tags);
    assert.equal(world.credentials.versionsOf('refresher-heartbeat').length, versions);
    assert.equal(world.credentials.versionsOf('refresher-probe').length, 1);
    assert.equal(world.tokens.versionsOf('refresher-probe').length, 1);
  });

  test('asks a dead grant again before its daily probe', async () => {
    const world = await createRotatedWorld();
    world.entra.revoke({ grantId: world.entra.grantOf(world.refreshTokenOf('a') ?? '') ?? '' });
    assert.equal(accountOf(await world.sweep(), 'a').state, 'reconsent');
    const waiting = await world.nextSweep();
    assert.deepEqual(
      [accountOf(waiting, 'a').outcome, accountOf(waiting, 'a').reason],
      ['not_due', 'backing_off'],
    );
    const asked = accountOf(await askFor(world, 'a'), 'a');
    assert.deepEqual([asked.outcome, asked.reason, asked.state], ['reconsent', 'on_demand', 'reconsent']);
  });

  for (const [what, sample, state] of [
    ['paused', { paused: true }, 'paused'],
    ['pending', { consented: false }, 'pending_consent'],
    ['malformed', { registration: '{}' }, 'configuration'],
  ] as const) {
    test(`sends nothing for one that is ${what}, and says so`, async () => {
      const world = new TestWorld();
      world.addAccount({ id: 'a', client: crm, ...sample });
      await world.sweep();
      const report = await askFor(world, 'a');
      assert.equal(accountOf(report, 'a').state, state);
      assert.equal(world.entra.recentRequests().length, 0);
    });
  }

  test('reads each secret once; of the refresh token the newest again, just before it is stored', async () => {
    const world = await createRotatedWorld({ accounts: [{ id: 'a', tokens: twoTokens }, { id: 'b' }] });
    const reads: Record<string, number> = {};
    const environment = intercept(world.createEnvironment(), ({ moment, operation, name }) => {
      if (moment === 'before' && operation !== 'set' && operation !== 'update' && operation !== 'redeem')
        reads[`${operation} ${name}`] = (reads[`${operation} ${name}`] ?? 0) + 1;
    });
    const report = await world.sweep({ ...onDemand, account: 'a' }, environment);
    assertHealthy(world, report, 'a');
    assert.deepEqual(reads, {
      'get account-a': 1,
      'get access-token-a': 1,
      'get access-token-a-ads': 1,
      'get access-token-a-graph': 1,
      [`get ${crm.secretName}`]: 1,
      // Once for each of its two access tokens, and before each is stored.
      'get refresh-token-a': 4,
      // In both vaults, what was written to prove that they take writes.
      'get refresher-probe': 2,
    });
  });

  test('reports no account when the vaults know no such one', async () => {
    const world = await createRotatedWorld();
    assert.deepEqual((await askFor(world, 'b')).accounts, []);
  });

  test('is aborted by a vault that takes no writes, with nothing redeemed', async () => {
    const world = await createRotatedWorld();
    const before = world.entra.recentRequests().length;
    const behaviour = {
      kind: 'status',
      status: 403,
      code: 'Forbidden',
      innerCode: 'ForbiddenByRbac',
    } as const;
    world.credentialsFaults.add({ operation: 'set', behaviour });
    await assert.rejects(askFor(world, 'a'), { code: 'sweep_aborted', stage: 'probe' });
    assert.equal(world.entra.recentRequests().length, before);
    assert.equal(world.telemetry.named('SweepAborted').at(-1)?.properties.trigger, 'on_demand');
  });
});

describe('a sweep on demand that overlaps a timer’s', () => {
  for (const [what, target] of [
    ['all accounts with force', { force: true }],
    ['one account', { account: 'a' }],
  ] as const) {
    test(`for ${what} loses nothing: 60 seeds`, async () => {
      for (let seed = 1; seed <= 60; seed++) {
        const world = await createRotatedWorld({ accounts: [{ id: 'a' }, { id: 'b' }], sweeps: 1 });
        const random = new SeededRandom(seed).next;
        const process = () => withLatency(world.createEnvironment(), random, { vault: 300, entra: 3000 });
        const http = world.clock
          .sleep(random() * 4000)
          .then(() => runSweep(process(), { ...onDemand, ...target }));
        const [timer, asked] = await world.clock.run(Promise.all([startSweep(process()), http]));
        assert.equal(accountOf(timer, 'a').state, 'healthy', `seed ${seed}`);
        assert.equal(accountOf(asked, 'a').state, 'healthy', `seed ${seed}`);
        const completedAt = heartbeatTags(world)?.['last-sweep-completed-at'] ?? '';
        assert.ok(completedAt >= isoTime(timer.startedAt), `seed ${seed}: heartbeat hidden`);
        assert.equal(heartbeatTags(world)?.['last-sweep-accounts'], '2');
        assertHealthy(world, await nextSweepOfNewProcess(world), 'a');
        assertOneVersionPerAttempt(world, 'a');
        assertOneGrant(world, 'a');
      }
    });
  }

  test('within one process shares the pace of its writes', async () => {
    const world = await createRotatedWorld();
    const both = [startSweep(world.environment), runSweep(world.environment, { ...onDemand, account: 'a' })];
    await world.clock.run(Promise.all(both));
    assert.ok(accessTokenVersions(world, 'a').length > 1);
    assertHealthy(world, await world.sweep(timerRequest), 'a');
  });
});
