import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { heartbeatTags, readLastDurationSeconds } from '../../src/accounts/heartbeat.ts';
import { brokenValue, fitsVault, foreignTags } from './tags.ts';

const heartbeat = {
  completedAt: 1_772_323_200,
  durationSeconds: 42,
  accounts: 7,
  refreshed: 5,
  failing: 1,
  build: '0.1.0',
};

describe('the heartbeat', () => {
  test('tells when the last sweep was complete, how long it took, and its counts', () => {
    assert.deepEqual(heartbeatTags({ theirs: '1' }, heartbeat), {
      theirs: '1',
      'last-sweep-completed-at': '2026-03-01T00:00:00Z',
      'last-sweep-duration-seconds': '42',
      'last-sweep-accounts': '7',
      'last-sweep-refreshed': '5',
      'last-sweep-failing': '1',
      'last-sweep-build': '0.1.0',
    });
  });

  test('gives back the duration, over an older one, and fits the vault', () => {
    fc.assert(
      fc.property(foreignTags(), fc.nat(), (present, durationSeconds) => {
        const tags = heartbeatTags(heartbeatTags(present, heartbeat), { ...heartbeat, durationSeconds });
        assert.ok(fitsVault(tags));
        assert.equal(readLastDurationSeconds(tags), durationSeconds);
      }),
    );
  });

  const durations: ReadonlyArray<readonly [text: string | undefined, seconds: number | undefined]> = [
    ['0', 0],
    ['300', 300],
    [undefined, undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['long', undefined],
    ['Infinity', undefined],
  ];
  for (const [text, seconds] of durations) {
    test(`with a duration of ${text} counts as ${seconds ?? 'none'}`, () => {
      const tags: Record<string, string> = text === undefined ? {} : { 'last-sweep-duration-seconds': text };
      assert.equal(readLastDurationSeconds(tags), seconds);
    });
  }

  test('that a human broke never throws', () => {
    fc.assert(
      fc.property(brokenValue, (value) => {
        assert.ok((readLastDurationSeconds({ 'last-sweep-duration-seconds': value }) ?? 0) >= 0);
      }),
      { numRuns: 300 },
    );
  });
});
