import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../src/local/virtual-clock.ts';
import { maximumWritesPerSecond, WritePacer } from '../../src/vault/write-pacer.ts';

/** When who asked at these moments was let through, in milliseconds. */
async function answered(
  askedAt: readonly number[],
  ask: (pacer: WritePacer) => Promise<unknown>,
  writesPerSecond?: number,
): Promise<number[]> {
  const clock = new VirtualClock(0);
  const pacer = new WritePacer(clock, writesPerSecond);
  const given: number[] = [];
  const asker = async (moment: number): Promise<void> => {
    await clock.sleep(moment);
    await ask(pacer);
    given.push(clock.nowMilliseconds());
  };
  await clock.run(Promise.all(askedAt.map(asker)));
  return given;
}

const permits = (askedAt: readonly number[], rate?: number) =>
  answered(askedAt, (pacer) => pacer.take(), rate);
const departures = (askedAt: readonly number[], rate?: number) =>
  answered(askedAt, (pacer) => pacer.pass(), rate);

describe('the write pacer', () => {
  test('gives the first permit at once', async () => assert.deepEqual(await permits([7000], 10), [7000]));

  test('gives a permit at once after a pause, and saves none up in it', async () => {
    assert.deepEqual(await permits([0, 5000, 5000, 5000], 10), [0, 5000, 5100, 5200]);
  });

  const spacings: ReadonlyArray<
    readonly [what: string, askedAt: readonly number[], given: readonly number[]]
  > = [
    ['one millisecond too early', [0, 99], [0, 100]],
    ['just in time', [0, 100], [0, 100]],
    ['one millisecond late', [0, 101, 102], [0, 101, 201]],
  ];
  for (const [what, askedAt, given] of spacings) {
    test(`spaces ten a second by 100 ms, asked ${what}`, async () => {
      assert.deepEqual(await permits(askedAt, 10), given);
    });
  }

  for (const [method, expected] of [
    ['take', [100, 100]],
    ['pass', [1000]],
  ] as const) {
    test(`waits no longer because the clock was set back: ${method}`, async () => {
      const sleeps: number[] = [];
      let now = 3_600_000;
      const clock = {
        nowMilliseconds: () => now,
        sleep: async (milliseconds: number) => {
          sleeps.push(milliseconds);
          now += milliseconds;
        },
      };
      const pacer = new WritePacer(clock, method === 'take' ? 10 : 1);
      await pacer[method]();
      now = 0;
      await pacer[method]();
      if (method === 'take') await pacer.take();
      assert.deepEqual(sleeps, expected);
    });
  }

  test('serves first come, first served', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock, 10);
    const served: string[] = [];
    const names = ['a', 'b', 'c'];
    await clock.run(Promise.all(names.map((name) => pacer.take().then(() => served.push(name)))));
    assert.deepEqual(served, names);
  });

  test('counts a permit when it is asked for', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock);
    assert.equal(pacer.taken, 0);
    const both = Promise.all([pacer.take(), pacer.take()]);
    assert.equal(pacer.taken, 2);
    await clock.run(both);
  });

  test('gives 29 in a second when nobody says otherwise', async () => {
    const given = await permits(Array(60).fill(0));
    assert.equal(given.filter((moment) => moment < 999.999).length, 29);
  });

  test('never gives more than the rate in any second, nor fewer than it can, whenever asked', async () => {
    const rates = fc.integer({ min: 1, max: maximumWritesPerSecond });
    const moments = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(rates, moments, async (rate, askedAt) => {
        const given = await permits(askedAt, rate);
        const spacing = 1000 / rate;
        const asked = [...askedAt].sort((a, b) => a - b);
        let earliest = 0;
        given.forEach((moment, index) => {
          const expected = Math.max(earliest, asked[index] ?? 0);
          assert.ok(Math.abs(moment - expected) < 1e-6, `${moment} instead of ${expected}`);
          earliest = expected + spacing;
        });
        given.slice(rate).forEach((moment, index) => {
          assert.ok(moment - (given[index] ?? 0) > 1000 - 1e-6);
        });
      }),
      { numRuns: 50 },
    );
  });
});

describe('writes that have their permit', () => {
  const cases: ReadonlyArray<readonly [what: string, askedAt: readonly number[], left: readonly number[]]> = [
    ['leave at once, as many as a second holds', [0, 0, 0], [0, 0, 0]],
    ['wait for the second after the first of these', [0, 0, 0, 0], [0, 0, 0, 1000]],
    ['wait one millisecond, asked one too early', [0, 500, 500, 999], [0, 500, 500, 1000]],
    ['do not wait, asked just in time', [0, 500, 500, 1000], [0, 500, 500, 1000]],
    ['wait behind those that wait', [0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 1000, 1000, 1000, 2000]],
    ['leave at once after a pause', [0, 0, 0, 5000, 5000, 5000], [0, 0, 0, 5000, 5000, 5000]],
  ];
  for (const [what, askedAt, left] of cases) {
    test(`${what}, at three a second`, async () => assert.deepEqual(await departures(askedAt, 3), left));
  }

  test('never exceed the rate in any second, and wait only for that', async () => {
    const rates = fc.integer({ min: 1, max: maximumWritesPerSecond });
    const moments = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 100 });
    await fc.assert(
      fc.asyncProperty(rates, moments, async (rate, askedAt) => {
        const left = await departures(askedAt, rate);
        const asked = [...askedAt].sort((a, b) => a - b);
        left.forEach((moment, index) => {
          const secondAfter = (left[index - rate] ?? Number.NEGATIVE_INFINITY) + 1000;
          assert.equal(moment, Math.max(asked[index] ?? 0, secondAfter));
        });
      }),
      { numRuns: 50 },
    );
  });
});
