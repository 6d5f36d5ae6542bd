import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  endClientSecret,
  failOverVault,
  failProvider,
  forbidVault,
  loseGrant,
  type Mend,
  refuseRefreshToken,
  slowProvider,
} from '../../../lab/alerts/mishaps.ts';
import { accountsOf, crm, day, hour, MonitoredWorld, minute, startSeconds } from './monitored-world.ts';

const secondsPerDay = 86_400;

/** What was told of a world in which something lasts. */
async function toldOf(begin: (world: MonitoredWorld) => Mend, lasts: number, world?: MonitoredWorld) {
  const lived = world ?? (await MonitoredWorld.start());
  begin(lived);
  await lived.pass(lasts);
  return lived.told.filter((one) => one.endsWith('fired')).sort();
}

const running = 'access-token-running-out fired';

describe('an incident that explains others is the only one told', () => {
  test('three accounts without an answer are a provider in trouble, although their tokens run out', async () => {
    const told = await toldOf((world) => failing(world, 3), 6 * hour);
    assert.deepEqual(told, ['provider-degraded fired']);
  });

  test('two are not: each is told', async () => {
    const told = await toldOf((world) => failing(world, 2), 6 * hour);
    assert.deepEqual(told, [running, running]);
  });

  test('a forbidden vault explains tokens that run out', async () => {
    const told = await toldOf((world) => forbidVault(world.credentialsFaults), 6 * hour);
    assert.deepEqual(told, ['sweep-aborted fired']);
  });

  test('a vault that refuses rotated tokens in the middle of a sweep explains what is lost in it and not reached', async () => {
    const world = await MonitoredWorld.start();
    world.app.configure({ concurrency: 1 });
    const told = await toldOf(() => refuseAfterRedemption(world), 6 * hour, world);
    assert.deepEqual(told, ['sweep-aborted fired']);
  });

  test('a vault in trouble is one incident, although its cause changes', async () => {
    const world = await MonitoredWorld.start();
    const allow = forbidVault(world.credentialsFaults);
    await world.pass(2 * hour);
    allow();
    failOverVault(world.tokensFaults);
    await world.pass(4 * hour);
    assert.deepEqual(world.told, ['sweep-aborted fired']);
  });

  test('a silent timer explains tokens that run out', async () => {
    const told = await toldOf((world) => {
      world.app.isTimerOn = false;
      return () => {};
    }, 6 * hour);
    assert.deepEqual(told, ['refresher-silent fired']);
  });

  test('a rejected client explains the lost consent of its account, until it is mended', async () => {
    const world = await MonitoredWorld.start();
    const renew = endClientSecret(world, crm);
    await world.pass(hour);
    loseGrant(world, world.a);
    await world.pass(6 * hour);
    assert.deepEqual(world.told, ['client-credential-rejected fired']);
    renew();
    await world.pass(2 * hour);
    assert.deepEqual(world.told.slice(1).sort(), [
      'client-credential-rejected resolved',
      'consent-lost fired',
    ]);
  });

  test('a rejected secret explains the warning of its end', async () => {
    const ends = startSeconds + 6 * secondsPerDay;
    const accounts = accountsOf({ ...crm, secretExpiresAt: ends });
    const world = await MonitoredWorld.start({ accounts });
    assert.deepEqual(world.told, ['credential-expiring-soon fired']);
    endClientSecret(world, crm);
    await world.pass(5 * hour);
    assert.deepEqual(world.told.slice(1), [
      'client-credential-rejected fired',
      'credential-expiring-soon resolved',
    ]);
  });

  test('an Entra that answers nobody and late explains that accounts are left behind', async () => {
    const world = await MonitoredWorld.start({ accounts: accountsOf(crm, 8), accessTokenMinutes: 70 });
    world.app.configure({ concurrency: 1, functionTimeoutSeconds: 300 });
    failProvider(world, 'timeouts');
    await world.pass(6 * hour);
    assert.ok(!world.told.includes('over-capacity fired'), world.told.join(', '));
    assert.ok(world.told.includes('provider-degraded fired'));
  });
});

describe('an overload', () => {
  test('explains the tokens of accounts that it leaves behind, once two sweeps have told of it', async () => {
    const world = await MonitoredWorld.start({ accounts: accountsOf(crm, 8) });
    world.app.configure({ concurrency: 1, functionTimeoutSeconds: 300 });
    slowProvider(world, 28_000);
    await world.pass(2 * hour);
    world.only('over-capacity', 'fired');
    const before = world.told.length;
    await world.pass(10 * hour);
    assert.deepEqual(
      world.told.slice(before).filter((one) => one.endsWith('fired')),
      [],
    );
  });
});

describe('an alert stays', () => {
  for (const [what, rule, begin] of [
    ['of a token that runs out', 'access-token-running-out', (world) => failing(world, 1)],
    [
      'of a token that was not stored',
      'rotated-token-not-stored',
      (world) => refuseRefreshToken(world, world.a),
    ],
  ] as readonly [string, string, (world: MonitoredWorld) => Mend][]) {
    test(`${what}, while sweeps abort`, async () => {
      const world = await MonitoredWorld.start();
      begin(world);
      await world.pass(2 * hour);
      assert.deepEqual(world.told, [`${rule} fired`]);
      forbidVault(world.tokensFaults);
      await world.pass(6 * hour);
      assert.deepEqual(world.told.slice(1), ['sweep-aborted fired']);
    });
  }

  test('while sweeps abort', async () => {
    const world = await withLostGrant();
    const mend = forbidVault(world.credentialsFaults);
    await world.pass(6 * hour);
    mend();
    await world.pass(3 * hour);
    assert.deepEqual(world.told.slice(1), ['sweep-aborted fired', 'sweep-aborted resolved']);
  });

  test('while no telemetry arrives, for a day', async () => {
    const world = await withLostGrant();
    world.app.ingestion.behaviour = 400;
    await world.app.runUntil(world.now + day);
    world.app.ingestion.behaviour = 200;
    world.app.warnings.length = 0;
    await world.pass(3 * hour);
    const others = world.told.slice(1).filter((one) => !one.includes('reminder'));
    assert.deepEqual(others, ['refresher-silent fired', 'refresher-silent resolved']);
  });

  test('while the timer is silent', async () => {
    const world = await withLostGrant();
    world.app.isTimerOn = false;
    await world.pass(8 * hour);
    assert.deepEqual(world.told.slice(1), ['refresher-silent fired']);
  });
});

describe('silence', () => {
  for (const [when, into] of [
    ['just after a sweep', 1],
    ['just before one', 29],
  ] as const) {
    test(`that begins ${when} is told within 100 minutes and ends with the next sweep`, async () => {
      const world = await MonitoredWorld.start();
      // 15 minutes after a tick.
      await world.pass((15 + into) * minute);
      const stoppedAt = world.now;
      world.app.isTimerOn = false;
      await world.pass(10 * hour);
      const fired = world.only('refresher-silent', 'fired');
      assert.equal(fired.metricValue, 0);
      assert.ok(fired.atMilliseconds - stoppedAt <= 100 * minute);
      assert.ok(fired.atMilliseconds - (world.app.sweeps.at(-1) ?? 0) > 70 * minute);
      world.app.isTimerOn = true;
      await world.pass(2 * hour);
      world.only('refresher-silent', 'resolved');
    });
  }

  test('of one tick is none', async () => {
    const world = await MonitoredWorld.start();
    world.app.isTimerOn = false;
    await world.pass(30 * minute);
    world.app.isTimerOn = true;
    await world.pass(4 * hour);
    assert.deepEqual(world.told, []);
  });
});

async function withLostGrant(): Promise<MonitoredWorld> {
  const world = await MonitoredWorld.start();
  loseGrant(world, world.a);
  await world.pass(2 * hour);
  assert.deepEqual(world.told, ['consent-lost fired']);
  return world;
}

function failing(world: MonitoredWorld, count: number): Mend {
  const mends = world.accounts.slice(0, count).map((account) => failProvider(world, '5xx', account));
  return () => {
    for (const mend of mends) mend();
  };
}

/** The probe of each sweep still gets through. */
function refuseAfterRedemption(world: MonitoredWorld): Mend {
  const fault = world.credentialsFaults.add({
    operation: 'set',
    name: /^refresh-token-/,
    behaviour: { kind: 'status', status: 403, code: 'Forbidden', innerCode: 'ForbiddenByRbac' },
  });
  return () => fault.remove();
}
