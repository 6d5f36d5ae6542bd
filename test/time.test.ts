import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isoTime, latestEpochSeconds, nowSeconds, systemClock } from '../src/time.ts';

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
