import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SeededRandom } from '../../local/seeded-random.ts';
import type { RefreshEnvironment } from '../../src/refresh/environment.ts';
import { crm, TestWorld, type TestWorldOptions } from '../support/world.ts';
import { assertHealthy, intercept, startSweep, withLatency } from './harness.ts';

const accounts = 200;

function createWorld(options: TestWorldOptions = {}): TestWorld {
  const world = new TestWorld(options);
  for (let index = 0; index < accounts; index++) world.addAccount({ id: `account-${index}`, client: crm });
  return world;
}

/** The times of all secret writes of a sweep, by vault. */
async function recordWrites(world: TestWorld, environment: RefreshEnvironment) {
  const writes: Record<'credentials' | 'tokens', number[]> = { credentials: [], tokens: [] };
  for (const place of ['credentials', 'tokens'] as const) {
    world[`${place}Faults`].add({
      operation: 'set',
      before: () => void writes[place].push(world.clock.nowMilliseconds()),
    });
  }
  const report = await world.clock.run(startSweep(environment));
  for (let index = 0; index < accounts; index++) assertHealthy(world, report, `account-${index}`);
  return writes;
}

/** The most writes in any window of so many milliseconds; a thousandth of one is left to rounding. */
function busiest(times: readonly number[], windowMilliseconds: number): number {
  const last = windowMilliseconds - 0.001;
  const counts = times.map((begin) => times.filter((at) => at >= begin && at < begin + last));
  return Math.max(...counts.map(({ length }) => length));
}

describe('writes are paced', () => {
  test('two vaults: at most 290 in 10 seconds each, and the budget is used', async () => {
    const world = createWorld({ policy: { concurrency: 32 } });
    const writes = await recordWrites(world, world.environment);
    for (const times of [writes.credentials, writes.tokens]) {
      assert.equal(times.length, accounts + 1);
      assert.ok(busiest(times, 10_000) <= 290, `${busiest(times, 10_000)} writes in 10 seconds`);
      assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) < (accounts / 29) * 1000 + 1000);
    }
  });

  test('one vault: both roles share the budget', async () => {
    const world = createWorld({ oneVault: true, policy: { concurrency: 32 } });
    const writes = await recordWrites(world, world.environment);
    const times = writes.credentials;
    assert.equal(times.length, 2 * accounts + 1);
    assert.ok(busiest(times, 10_000) <= 290, `${busiest(times, 10_000)} writes in 10 seconds`);
  });

  test('answers that come sooner and later than others make no burst', async () => {
    const world = createWorld({ oneVault: true, policy: { concurrency: 32 } });
    const slow = withLatency(world.environment, new SeededRandom(3).next, { vault: 0, entra: 600 });
    const { credentials: times } = await recordWrites(world, slow);
    assert.ok(busiest(times, 10_000) <= 290, `${busiest(times, 10_000)} writes in 10 seconds`);
    // Nor do they cost throughput.
    assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) < ((2 * accounts) / 29) * 1000 + 3000);
  });

  test('the vault sees no more, whatever its own latency', async () => {
    const world = createWorld({ oneVault: true, policy: { concurrency: 128 } });
    const slow = withLatency(world.environment, new SeededRandom(3).next, { vault: 200, entra: 5000 });
    const { credentials: times } = await recordWrites(world, slow);
    assert.ok(busiest(times, 10_000) <= 290, `${busiest(times, 10_000)} writes in 10 seconds`);
  });

  test('a 429 loses nothing', async () => {
    // A vault that somebody else uses as much as we do.
    const writeLimit = { count: 150, windowMilliseconds: 10_000 };
    const world = createWorld({ vaults: { writeLimit }, policy: { concurrency: 32 } });
    const { credentials } = await recordWrites(world, world.environment);
    assert.ok(credentials.length > accounts + 1, 'nothing was refused');
  });
});

describe('permits are taken before the redemption', () => {
  test('no redemption starts before both of its permits were given', async () => {
    const world = createWorld({ policy: { concurrency: 32 } });
    const { credentials, tokens } = world.environment;
    let redemptions = 0;
    const environment = intercept(world.environment, ({ moment, operation }) => {
      if (moment !== 'before' || operation !== 'redeem') return;
      redemptions += 1;
      // One permit of each vault went to its heartbeat.
      assert.ok(credentials.pacer.taken - 1 >= redemptions && tokens.pacer.taken - 1 >= redemptions);
    });
    await recordWrites(world, environment);
    assert.equal(redemptions, accounts);
  });

  test('a redemption waits for the slower vault', async () => {
    const world = new TestWorld();
    world.addAccount({ id: 'a', client: crm });
    for (const { pacer } of [world.environment.tokens, world.environment.credentials]) {
      const sentAt: number[] = [];
      for (let taken = 0; taken < 290; taken++) void pacer.take().then((permit) => permit.giveBack());
      const begin = world.clock.nowMilliseconds();
      const environment = intercept(world.environment, ({ moment, operation }) => {
        if (moment === 'before' && operation === 'redeem') sentAt.push(world.clock.nowMilliseconds() - begin);
      });
      await world.clock.run(startSweep(environment));
      assert.ok(
        sentAt.every((at) => at >= 10_000),
        `sent after ${sentAt} ms`,
      );
      assert.equal(sentAt.length, 1);
      world.minutes(60);
    }
  });
});
