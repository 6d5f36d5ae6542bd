import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Account } from '../../src/accounts/account.ts';
import { decide, slackSeconds } from '../../src/planning/plan.ts';
import { parseSchedule } from '../../src/planning/schedule.ts';
import { secondsPerDay } from '../../src/time.ts';
import { account, minutes, now, publishedToken, storedRefreshToken } from './accounts.ts';

/** Refreshes a day that no policy can undercut on a 30-minute tick with a minimum validity of 10 minutes. */
const optimumPerDay = 28.8;
const minimumValidity = 10 * minutes;

interface Run {
  /** The least life that a reader ever found, in seconds. */
  readonly leastLife: number;
  readonly refreshesPerDay: number;
}

interface World {
  readonly ticks: readonly number[];
  /** How long the sweep takes to reach the account, in seconds. */
  readonly delay: () => number;
  readonly lifetime: () => number;
  readonly lastSweepSeconds?: number;
}

/** The ticks of a schedule over some days; worked out once, because the property looks at them often. */
function ticksOf(expression: string, days: number): readonly number[] {
  const parsed = parseSchedule(expression);
  assert.ok(parsed.ok);
  const { nextTickAfter } = parsed.schedule;
  const ticks: number[] = [];
  for (let tick = nextTickAfter(now); tick <= now + days * secondsPerDay; tick = nextTickAfter(tick)) {
    ticks.push(tick);
  }
  return ticks;
}

/** One account through many sweeps: planned at each tick, refreshed when the sweep gets to it. */
function simulate({ ticks, delay, lifetime, lastSweepSeconds }: World): Run {
  const refreshed = (requestedAt: number): Account =>
    account({
      accessToken: publishedToken({ requestedAt, expiresInSeconds: lifetime() }),
      refreshToken: storedRefreshToken(),
    });
  let current = refreshed(now);
  let leastLife = Number.POSITIVE_INFINITY;
  let refreshes = 0;
  ticks.slice(0, -1).forEach((tick, index) => {
    const decision = decide(current, {
      now: tick,
      nextSweepAt: ticks[index + 1] ?? assert.fail('no next tick'),
      slackSeconds: slackSeconds(lastSweepSeconds),
      defaultMinimumValiditySeconds: minimumValidity,
    });
    if (decision.kind === 'not_due') return;
    const reachedAt = tick + delay();
    leastLife = Math.min(leastLife, (current.accessTokens.get(undefined)?.expiresAt ?? 0) - reachedAt);
    current = refreshed(reachedAt);
    refreshes += 1;
  });
  const days = ((ticks.at(-1) ?? now) - now) / secondsPerDay;
  return { leastLife, refreshesPerDay: refreshes / days };
}

/** Draws whole numbers from a range, the same for the same seed (a linear congruence modulo 2^32). */
function drawer(seed: number): (least: number, most: number) => number {
  let state = seed >>> 0;
  return (least, most) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return least + Math.floor((state / 2 ** 32) * (most - least + 1));
  };
}

const halfHours = ticksOf('0 */30 * * * *', 3);
const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('a reader always finds 10 minutes of life', () => {
  const schedules: ReadonlyArray<readonly [what: string, schedule: string, shortestLifetime: number]> = [
    ['every 30 minutes', '0 */30 * * * *', 60 * minutes],
    ['every 10 minutes', '0 */10 * * * *', 60 * minutes],
    ['at uneven minutes', '0 0,10,45 * * * *', 60 * minutes],
    ['every hour, with tokens of 90 minutes', '0 0 * * * *', 90 * minutes],
  ];
  for (const [what, schedule, shortest] of schedules) {
    const ticks = ticksOf(schedule, 3);
    test(`swept ${what}, however long a sweep takes within the slack`, () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const draw = drawer(seed);
          const { leastLife } = simulate({
            ticks,
            delay: () => draw(0, 300),
            lifetime: () => draw(shortest, 90 * minutes),
          });
          assert.ok(leastLife >= minimumValidity, `${leastLife} s`);
        }),
      );
    });
  }

  // Issued at the end of the slack, a token of 70 minutes has exactly enough at the tick after next, and the sweep
  // that then refreshes it gets to it at the end of the slack too.
  const edges: ReadonlyArray<readonly [what: string, lifetime: number, leastLife: number]> = [
    ['the shortest life that can happen does happen', 70 * minutes, minimumValidity],
    ['with a second less the token is refreshed a sweep earlier', 70 * minutes - 1, 35 * minutes - 1],
  ];
  for (const [what, lifetime, expected] of edges) {
    test(`to the second: ${what}`, () => {
      const { leastLife } = simulate({ ticks: halfHours, delay: () => 300, lifetime: () => lifetime });
      assert.equal(leastLife, expected);
    });
  }

  test('and would not, were a sweep to take a second longer than the slack', () => {
    const { leastLife } = simulate({ ticks: halfHours, delay: () => 301, lifetime: () => 70 * minutes - 1 });
    assert.ok(leastLife < minimumValidity, `${leastLife} s`);
  });

  test('with slow sweeps too, because the slack grows with them', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const draw = drawer(seed);
        const { leastLife } = simulate({
          ticks: halfHours,
          delay: () => draw(0, 1200),
          lifetime: () => draw(60 * minutes, 90 * minutes),
          lastSweepSeconds: 1200,
        });
        assert.ok(leastLife >= minimumValidity, `${leastLife} s`);
      }),
    );
  });
});

describe('refreshes a day', () => {
  const delays: ReadonlyArray<readonly [what: string, longest: number]> = [
    ['reached at once', 0],
    ['reached within a minute', 60],
    ['reached anywhere in the slack', 300],
  ];
  for (const [what, longest] of delays) {
    test(`are at most 1.15 times the optimum, ${what}`, () => {
      const draw = drawer(longest + 1);
      const { refreshesPerDay } = simulate({
        ticks: Array(20_000)
          .fill(0)
          .map((_, index) => now + (index + 1) * 30 * minutes),
        delay: () => draw(0, longest),
        lifetime: () => draw(60 * minutes, 90 * minutes),
      });
      assert.ok(refreshesPerDay <= 1.15 * optimumPerDay, `${refreshesPerDay} a day`);
      assert.ok(refreshesPerDay >= optimumPerDay, `${refreshesPerDay} a day`);
    });
  }
});
