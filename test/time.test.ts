import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Deadline, isoTime, latestEpochSeconds, nowSeconds, systemClock } from '../src/time.ts';

const clockAt = (milliseconds: number) => ({ ...systemClock, nowMilliseconds: () => milliseconds });

describe('now in seconds', () => {
  const moments: ReadonlyArray<readonly [milliseconds: number, seconds: number]> = [
    [0, 0],
    [999, 0],
    [1000, 1],
    [1_772_323_199_999, 1_772_323_199],
  ];
  for (const [milliseconds, seconds] of moments) {
    test(`at ${milliseconds} ms is ${seconds}`, () =>
      assert.equal(nowSeconds(clockAt(milliseconds)), seconds));
  }
});

describe('what is left until a deadline at 100 s', () => {
  const tables: ReadonlyArray<readonly [what: string, looks: readonly number[], left: number]> = [
    ['at its making', [], 90],
    ['a moment before a second is over', [10_999], 90],
    ['when the second is over', [11_000], 89],
    ['at the deadline', [100_000], 0],
    ['behind it', [101_000], -1],
    ['after the clock was set back by a minute', [70_000, 10_000], 30],
    ['a second after that', [70_000, 10_000, 11_000], 29],
    ['after it was set back twice', [70_000, 10_000, 20_000, 0], 20],
  ];
  for (const [what, looks, left] of tables) {
    test(`${what} is ${left} s`, () => {
      let now = 10_000;
      const deadline = new Deadline({ ...systemClock, nowMilliseconds: () => now }, 100);
      let seconds = deadline.leftSeconds;
      for (now of looks) seconds = deadline.leftSeconds;
      assert.equal(seconds, left);
    });
  }
});

describe('a moment in ISO 8601', () => {
  const moments: ReadonlyArray<readonly [seconds: number, text: string]> = [
    [0, '1970-01-01T00:00:00Z'],
    [2 ** 31 - 1, '2038-01-19T03:14:07Z'],
    [latestEpochSeconds, '9999-12-31T23:59:59Z'],
  ];
  for (const [seconds, text] of moments) {
    test(`${seconds} is ${text}`, () => assert.equal(isoTime(seconds), text));
  }
});

describe("the machine's clock", () => {
  test('tells the time of the machine', () => {
    const before = Date.now();
    const now = systemClock.nowMilliseconds();
    assert.ok(before <= now && now <= Date.now());
  });

  test('never wakes before a fraction of a millisecond is over', (context) => {
    const setTimeout = context.mock.method(globalThis, 'setTimeout', (wake: () => void) => wake());
    return systemClock.sleep(34.48).then(() => assert.equal(setTimeout.mock.calls[0]?.arguments[1], 35));
  });
});
