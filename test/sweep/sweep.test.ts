import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { tooManyRequests } from '../../local/entra/entra-faults.ts';
import { summaryLine } from '../../src/sweep/sweep-report.ts';
import { assertHealthy, createRotatedWorld, intercept, startSweep } from '../refresh/harness.ts';
import { accountOf, crm, startMilliseconds, TestWorld, type TestWorldOptions } from '../support/world.ts';

const ids = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `account-${String(index).padStart(3, '0')}`);

function createWorld(count: number, options: TestWorldOptions = {}, minutesLeft?: number): TestWorld {
  const world = new TestWorld(options);
  for (const id of ids(count)) {
    const swept = minutesLeft === undefined ? {} : { accessTokenMinutesLeft: minutesLeft };
    world.addAccount({ id, client: crm, ...swept });
  }
  return world;
}

/** Lets each redemption take so many seconds. */
function slowEntra(world: TestWorld, seconds: number): void {
  world.entraFaults.add({ delayMilliseconds: seconds * 1000 });
}

const heartbeatTags = (world: TestWorld, role: 'credentials' | 'tokens') =>
  world[role].get('refresher-heartbeat').tags;

describe('the heartbeat', () => {
  test('tells the last completed sweep, in both vaults', async () => {
    const world = createWorld(3);
    world.addAccount({ id: 'waiting', client: crm, consented: false });
    world.addAccount({ id: 'broken', client: crm, registration: '{}' });
    slowEntra(world, 20);
    await world.sweep();
    for (const role of ['credentials', 'tokens'] as const) {
      const { 'last-sweep-build': build, ...tags } = heartbeatTags(world, role);
      assert.ok(build);
      assert.deepEqual(tags, {
        // The probe of the client first, then the others together.
        'last-sweep-completed-at': '2026-11-22T10:00:40Z',
        'last-sweep-duration-seconds': '40',
        'last-sweep-accounts': '5',
        'last-sweep-refreshed': '3',
        'last-sweep-failing': '1',
      });
    }
  });

  test('a sweep that was aborted leaves what the last completed one told, and foreign tags stay', async () => {
    const world = createWorld(1);
    await world.sweep();
    const { version, tags } = world.credentials.get('refresher-heartbeat');
    world.credentials.update('refresher-heartbeat', version, { tags: { ...tags, team: 'ads' } });
    world.tokensFaults.readOnly = true;
    await assert.rejects(world.nextSweep());
    assert.deepEqual(heartbeatTags(world, 'credentials'), { ...tags, team: 'ads' });
  });

  test('its duration is the slack of the next plan', async () => {
    // 30 min to the next tick and 10 min minimum validity: with the least slack of 5 min, 45 min are enough.
    for (const [duration, reason] of [
      [300, 'fresh'],
      [301, 'expires_before_next_sweep'],
    ] as const) {
      const world = createWorld(1, {}, 45);
      world.credentials.set('refresher-heartbeat', {
        value: world.credentials.get(crm.secretName).value,
        tags: { 'last-sweep-duration-seconds': String(duration) },
      });
      assert.equal(accountOf(await world.sweep(), 'account-000').reason, reason);
    }
  });
});

describe('the deadline', () => {
  test('stops new redemptions, never a store in progress, and tells what is left', async () => {
    // 30 min less 3 min of reserve; one account at a time, two minutes each.
    const world = createWorld(20, { policy: { concurrency: 1 } });
    slowEntra(world, 120);
    const report = await world.sweep();
    const refreshed = report.accounts.filter(({ outcome }) => outcome === 'refreshed');
    assert.equal(refreshed.length, 14);
    for (const { account } of refreshed) assertHealthy(world, report, account);
    assert.deepEqual([report.due, report.remaining], [20, 6]);
    const [told] = world.telemetry.named('SweepCompleted');
    assert.deepEqual([told?.properties.overCapacity, told?.measurements.remaining], ['true', 6]);
    const last = world.entra.recentRequests().at(-1)?.atMilliseconds ?? 0;
    assert.ok(last - startMilliseconds < 27 * 60_000);
    assert.match(summaryLine(report), /14 of 20 due accounts refreshed, 6 not reached; .*6 retrying/);
  });

  test('an account that was not reached is healthy only while its access token lives', async () => {
    for (const [minutesLeft, state, code] of [
      [40, 'healthy', undefined],
      [20, 'retrying', 'not_reached'],
      [undefined, 'retrying', 'not_reached'],
    ] as const) {
      const world = createWorld(20, { policy: { concurrency: 1 } }, minutesLeft);
      slowEntra(world, 120);
      const account = accountOf(await world.sweep(), 'account-019');
      assert.deepEqual([account.outcome, account.state, account.code], ['not_started', state, code]);
    }
  });

  test('nothing is over capacity when all were reached', async () => {
    const world = createWorld(3);
    const report = await world.sweep();
    assert.equal(report.remaining, 0);
    assert.equal(world.telemetry.named('SweepCompleted')[0]?.properties.overCapacity, 'false');
    assert.match(summaryLine(report), /3 of 3 due accounts refreshed; 3 healthy; \d+ s, 1 rounds/);
  });

  test('a sweep that starts late still gets two minutes', async () => {
    const world = createWorld(10, { policy: { concurrency: 1 } });
    world.minutes(28);
    slowEntra(world, 30);
    const report = await world.sweep({ pastDue: true });
    assert.equal(report.accounts.filter(({ outcome }) => outcome === 'refreshed').length, 4);
    assert.equal(world.telemetry.named('SweepCompleted')[0]?.properties.pastDue, 'true');
  });

  test('the function timeout counts when it is shorter than the interval', async () => {
    const world = createWorld(10, { policy: { concurrency: 1, functionTimeoutSeconds: 300 } });
    slowEntra(world, 30);
    const report = await world.sweep();
    assert.equal(report.accounts.filter(({ outcome }) => outcome === 'refreshed').length, 4);
  });

  test('a rotated token that waits for its write at the deadline is stored', async () => {
    const world = createWorld(1, { policy: { functionTimeoutSeconds: 300 } });
    world.entraFaults.add({ delayMilliseconds: 119_000 });
    world.credentialsFaults.add({
      operation: 'set',
      name: 'refresh-token-account-000',
      behaviour: { kind: 'throttle', retryAfterSeconds: 50 },
      times: 2,
    });
    assertHealthy(world, await world.sweep(), 'account-000');
  });
});

describe('later rounds', () => {
  test('a throttled account waits as long as it was told, then succeeds in the same sweep', async () => {
    const world = createWorld(1);
    world.entraFaults.add({ ...tooManyRequests(200), times: 1 });
    const report = await world.sweep();
    assertHealthy(world, report, 'account-000');
    const [, second] = world.entra.recentRequests();
    assert.ok((second?.atMilliseconds ?? 0) - startMilliseconds >= 200_000);
    assert.ok((second?.atMilliseconds ?? 0) - startMilliseconds <= 460_000);
  });

  test('a Retry-After beyond the sweep leaves it to the next one', async () => {
    const world = createWorld(1);
    world.entraFaults.add({ ...tooManyRequests(7200), times: 1 });
    const account = accountOf(await world.sweep(), 'account-000');
    assert.deepEqual([account.state, account.code], ['retrying', 'http_429']);
    assert.equal(world.entra.recentRequests().length, 1);
  });

  test('a round is not begun when the deadline would fall into its pause', async () => {
    const world = createWorld(1, { policy: { functionTimeoutSeconds: 300 } });
    world.entraFaults.add({ network: 'reset_before' });
    const report = await world.sweep();
    // 0 s, 5 s, 35 s; the next would be at 155 s, behind 120 s.
    assert.equal(report.rounds, 3);
    assert.equal(report.durationSeconds, 35);
  });
});

describe('while the sweep runs', () => {
  /** Sweeps three accounts one by one; something happens to the last one when the first is redeemed. */
  async function sweepWith(change: (world: TestWorld) => void) {
    const world = createWorld(3, { policy: { concurrency: 1 } });
    let changed = false;
    const environment = intercept(world.environment, ({ operation }) => {
      if (operation !== 'redeem' || changed) return;
      changed = true;
      change(world);
    });
    const report = await world.clock.run(startSweep(environment));
    for (const id of ['account-000', 'account-001']) assertHealthy(world, report, id);
    return { world, account: accountOf(report, 'account-002') };
  }
  const name = 'account-account-002';

  test('an account is paused: it is left alone', async () => {
    const { world, account } = await sweepWith((w) => {
      w.credentials.update(name, w.credentials.get(name).version, { enabled: false });
    });
    assert.deepEqual([account.state, account.outcome], ['paused', 'gone']);
    assert.equal(world.entra.recentRequests().length, 2);
  });

  test('a registration is removed: it is left alone', async () => {
    const { account } = await sweepWith((w) => w.credentials.delete(name));
    assert.deepEqual([account.state, account.outcome], ['paused', 'gone']);
  });

  test('a refresh token is disabled or removed: nothing is sent', async () => {
    for (const change of [
      (w: TestWorld) => void w.credentials.delete('refresh-token-account-002'),
      (w: TestWorld) => {
        const { version } = w.credentials.get('refresh-token-account-002');
        w.credentials.update('refresh-token-account-002', version, { enabled: false });
      },
    ]) {
      const { world, account } = await sweepWith(change);
      assert.deepEqual([account.state, account.outcome], ['pending_consent', 'pending_consent']);
      assert.equal(world.entra.recentRequests().length, 2);
    }
  });

  test('a refresh token is removed just when it was refused', async () => {
    const world = await createRotatedWorld();
    world.entra.revoke({ grantId: world.entra.grantOf(world.refreshTokenOf('a') ?? '') ?? '' });
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment === 'after' && operation === 'redeem') world.credentials.delete('refresh-token-a');
    });
    const report = await world.clock.run(startSweep(environment));
    assert.equal(accountOf(report, 'a').state, 'pending_consent');
  });
});

test('names that were first written with capitals are those of the same account', async () => {
  const world = new TestWorld();
  world.addAccount({ id: 'Contoso', client: crm, accessTokenMinutesLeft: 5 });
  const { accounts } = await world.sweep();
  assert.deepEqual(
    accounts.map(({ account, outcome }) => [account, outcome]),
    [['contoso', 'refreshed']],
  );
  assert.equal(world.tokens.versionsOf('access-token-contoso').length, 2);
  const again = await world.nextSweep();
  assert.equal(again.accounts[0]?.state, 'healthy');
});
