import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { VirtualClock } from '../../local/virtual-clock.ts';
import { Cached } from '../../src/app/status-source.ts';

/** Makes 1, 2, 3 …, five seconds each. */
function createCached() {
  const clock = new VirtualClock(1_000_000);
  const made = { count: 0, fails: false };
  const cached = new Cached(
    async () => {
      made.count += 1;
      const { count } = made;
      await clock.sleep(5000);
      if (made.fails) throw new Error('no');
      return count;
    },
    clock,
    60,
  );
  return { clock, made, cached };
}

describe('a cached value', () => {
  test('is made once for all who ask while it is made', async () => {
    const { clock, made, cached } = createCached();
    const asked = clock.run(Promise.all([cached.get(), cached.get(), cached.get()]));
    assert.deepEqual([await asked, made.count], [[1, 1, 1], 1]);
  });

  for (const [milliseconds, expected] of [
    [59_999, 1],
    [60_000, 2],
  ] as const) {
    test(`is ${expected === 1 ? 'kept' : 'made anew'} ${milliseconds} ms after it was made`, async () => {
      const { clock, cached } = createCached();
      await clock.run(cached.get());
      clock.advanceTo(clock.nowMilliseconds() + milliseconds);
      assert.equal(await clock.run(cached.get()), expected);
    });
  }

  test('is made anew when the clock was set back: nobody knows how old it is', async () => {
    let now = 1_000_000;
    let made = 0;
    const clock = { nowMilliseconds: () => now, sleep: async () => {} };
    const cached = new Cached(async () => ++made, clock, 60);
    await cached.get();
    now -= 1;
    assert.equal(await cached.get(), 2);
  });

  test('is not kept when its making fails; all who wait are told', async () => {
    const { clock, made, cached } = createCached();
    made.fails = true;
    const asked = await clock.run(Promise.allSettled([cached.get(), cached.get()]));
    assert.deepEqual([asked.map(({ status }) => status), made.count], [['rejected', 'rejected'], 1]);
    made.fails = false;
    assert.equal(await clock.run(cached.get()), 2);
  });

  test('is made anew once it was forgotten', async () => {
    const { clock, cached } = createCached();
    await clock.run(cached.get());
    cached.forget();
    assert.equal(await clock.run(cached.get()), 2);
  });

  test('that was forgotten while it was made is not kept', async () => {
    const { clock, cached } = createCached();
    const early = cached.get();
    cached.forget();
    const late = cached.get();
    assert.deepEqual(await clock.run(Promise.all([early, late])), [1, 2]);
    assert.equal(await clock.run(cached.get()), 2);
  });

  test('whose forgotten making fails late does not take the new one along', async () => {
    const { clock, made, cached } = createCached();
    made.fails = true;
    const early = cached.get().catch(() => 'failed');
    cached.forget();
    clock.advanceTo(clock.nowMilliseconds() + 1000);
    const late = cached.get();
    assert.equal(await clock.run(early), 'failed');
    made.fails = false;
    assert.equal(await clock.run(late), 2);
    assert.deepEqual([await clock.run(cached.get()), made.count], [2, 2]);
  });
});
