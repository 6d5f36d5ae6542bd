import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { median, rotated, steadyRatePerSecond } from '../../../lab/bench/statistics.ts';

suite('The median', () => {
  for (const [name, values, expected] of [
    ['of one value is that value', [7], 7],
    ['of an odd number is the middle one, whatever the order', [9, 1, 5], 5],
    ['of an even number is the mean of the two in the middle', [10, 1, 2, 4], 3],
    ['orders numbers, not their texts', [10, 9, 100], 10],
  ] as const) {
    test(name, () => assert.equal(median(values), expected));
  }

  test('of nothing is refused', () => assert.throws(() => median([]), RangeError));
});

test('Rotation keeps the circle and begins later', () => {
  assert.deepEqual(rotated(['a', 'b', 'c'], 0), ['a', 'b', 'c']);
  assert.deepEqual(rotated(['a', 'b', 'c'], 1), ['b', 'c', 'a']);
  assert.deepEqual(rotated(['a', 'b', 'c'], 5), ['c', 'a', 'b']);
});

suite('The steady rate', () => {
  const every100Milliseconds = Array.from({ length: 40 }, (_, index) => 1_000_000 + index * 100);

  test('is the number of events a second', () => {
    assert.ok(Math.abs(steadyRatePerSecond(every100Milliseconds) - 10) < 1e-6);
  });

  test('does not count a slow start and a slow end', () => {
    const moments = [0, 500_000, 700_000, 900_000, ...every100Milliseconds.slice(4, -4), 2e6, 3e6, 4e6, 5e6];
    assert.ok(Math.abs(steadyRatePerSecond(moments) - 10) < 1e-6);
  });

  test('counts a stall in the middle', () => {
    const moments = every100Milliseconds.map((moment, index) => (index < 20 ? moment : moment + 4000));
    assert.ok(steadyRatePerSecond(moments) < 5);
  });
});
