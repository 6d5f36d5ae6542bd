import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { besideSweepBudget, sweepBudget, WritePacer, type WritePermit } from '../../src/vault/write-pacer.ts';

/** When who asked at these moments got a permit, in milliseconds; each is used so much later, or given back. */
async function permits(
  askedAt: readonly number[],
  budget = sweepBudget(10),
  use: (index: number) => number | 'give_back' = () => 0,
): Promise<{ given: number[]; left: number[] }> {
  const clock = new VirtualClock(0);
  const pacer = new WritePacer(clock, budget);
  const given: number[] = [];
  const left: number[] = [];
  const asker = async (moment: number, index: number): Promise<void> => {
    await clock.sleep(moment);
    const permit = await pacer.take();
    given.push(clock.nowMilliseconds());
    const held = use(index);
    if (held === 'give_back') return permit.giveBack();
    await clock.sleep(held);
    await pacer.send(permit, async () => void left.push(clock.nowMilliseconds()));
  };
  await clock.run(Promise.all(askedAt.map(asker)));
  return { given, left: left.sort((a, b) => a - b) };
}

const givenAt = async (...asked: Parameters<typeof permits>) => (await permits(...asked)).given;
const noSpacing = (writes: number) => ({ writes, spacingMilliseconds: 0 });

describe('permits are spaced', () => {
  const rows: [what: string, askedAt: number[], given: number[]][] = [
    ['the first one comes at once', [7000], [7000]],
    ['after a pause one comes at once, and none were saved up', [0, 5000, 5000, 5000], [0, 5000, 5100, 5200]],
    ['one millisecond too early', [0, 99], [0, 100]],
    ['just in time', [0, 100], [0, 100]],
    ['one millisecond late', [0, 101, 102], [0, 101, 201]],
  ];
  for (const [what, askedAt, given] of rows) {
    test(`by 100 ms at ten a second: ${what}`, async () => assert.deepEqual(await givenAt(askedAt), given));
  }

  test('of 29 a second when nobody says otherwise', async () => {
    const given = await givenAt(Array(60).fill(0), sweepBudget());
    assert.equal(given.filter((moment) => moment < 999.999).length, 29);
  });

  test('by nothing beside a sweep, where eight may leave in ten seconds', async () => {
    const given = await givenAt(Array(17).fill(0), besideSweepBudget);
    assert.deepEqual(given, [...Array(8).fill(0), ...Array(8).fill(10_000), 20_000]);
  });

  test('first come, first served', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock, sweepBudget(10));
    const served: string[] = [];
    const names = ['a', 'b', 'c'];
    await clock.run(Promise.all(names.map((name) => pacer.take().then(() => served.push(name)))));
    assert.deepEqual(served, names);
  });

  test('no longer because the clock was set back', async () => {
    const sleeps: number[] = [];
    let now = 3_600_000;
    const clock = {
      nowMilliseconds: () => now,
      sleep: async (milliseconds: number) => {
        sleeps.push(milliseconds);
        now += milliseconds;
      },
    };
    const pacer = new WritePacer(clock, sweepBudget(10));
    await pacer.take();
    now = 0;
    await pacer.take();
    await pacer.take();
    assert.deepEqual(sleeps, [100, 100]);
  });
});

describe('a permit counts', () => {
  test('until ten seconds after its write left, however long it was held', async () => {
    const held = [0, 4000];
    assert.deepEqual(
      await givenAt([0, 0, 1, 2], noSpacing(2), (index) => held[index] ?? 0),
      [0, 0, 10_000, 14_000],
    );
  });

  test('until it is given back', async () => {
    const uses: ('give_back' | number)[] = ['give_back', 0];
    assert.deepEqual(await givenAt([0, 5, 6], noSpacing(1), (index) => uses[index] ?? 0), [0, 5, 10_005]);
  });

  test('in `taken` from when it was asked for, unless it is given back', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock);
    const both = Promise.all([pacer.take(), pacer.take()]);
    assert.equal(pacer.taken, 2);
    const [first, second] = await clock.run(both);
    first.giveBack();
    first.giveBack();
    await pacer.send(second, async () => undefined);
    second.giveBack();
    assert.equal(pacer.taken, 1);
  });

  test('whatever happens, no more writes leave in any ten seconds than the budget has, and all of them do', async () => {
    const askers = fc.array(fc.record({ at: fc.nat(8000), held: fc.nat(6000) }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 9 }), askers, async (writes, asked) => {
        const { left } = await permits(
          asked.map(({ at }) => at),
          noSpacing(writes),
          (index) => asked[index]?.held ?? 0,
        );
        assert.equal(left.length, asked.length);
        left.slice(writes).forEach((moment, index) => {
          assert.ok(moment - (left[index] ?? 0) >= 10_000, `${left}`);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('a permit is spent once', () => {
  const used = { message: /write permit that was used/ };
  const send = (pacer: WritePacer, permit: WritePermit) => pacer.send(permit, async () => 'sent');

  test('a second use throws, also when the first write failed', async () => {
    const pacer = new WritePacer(new VirtualClock(0));
    const permit = await pacer.take();
    await assert.rejects(
      pacer.send(permit, () => Promise.reject(new RangeError('refused'))),
      RangeError,
    );
    await assert.rejects(send(pacer, permit), used);
  });

  test('one that was given back, or is of another vault, throws', async () => {
    const [pacer, other] = [new WritePacer(new VirtualClock(0)), new WritePacer(new VirtualClock(0))];
    const permit = await pacer.take();
    await assert.rejects(send(other, permit), used);
    permit.giveBack();
    await assert.rejects(send(pacer, permit), used);
  });
});

describe('a permit for trying again', () => {
  const failOnce = async (pacer: WritePacer) => {
    const permit = await pacer.take();
    await pacer.send(permit, async () => undefined);
    return permit;
  };

  test('comes at once while there is room', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock, noSpacing(2));
    await pacer.takeAgain(await failOnce(pacer));
    assert.equal(clock.nowMilliseconds(), 0);
  });

  test('is the same one when nothing was sent with it', async () => {
    const pacer = new WritePacer(new VirtualClock(0), noSpacing(1));
    const permit = await pacer.take();
    assert.equal(await pacer.takeAgain(permit), permit);
  });

  test('waits for nobody: without room it has the place of the write that failed', async () => {
    const clock = new VirtualClock(0);
    const pacer = new WritePacer(clock, noSpacing(1));
    const failed = await failOnce(pacer);
    const waiting = pacer.take();
    const again = await clock.run(pacer.takeAgain(failed));
    assert.equal(clock.nowMilliseconds(), 10_000);
    await pacer.send(again, async () => undefined);
    await clock.run(waiting);
    assert.equal(clock.nowMilliseconds(), 20_000);
  });
});
