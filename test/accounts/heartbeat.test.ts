import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  heartbeatTags,
  readLastDurationSeconds,
  readRunningSweep,
  runningSweepTags,
} from '../../src/accounts/heartbeat.ts';
import { fitsVault, forBrokenTags, foreignTags } from './tags.ts';

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
    ...[undefined, '-1', '1.5', 'long', 'Infinity'].map((text) => [text, undefined] as const),
  ];
  for (const [text, seconds] of durations) {
    test(`with a duration of ${text} counts as ${seconds ?? 'none'}`, () => {
      const tags: Record<string, string> = text === undefined ? {} : { 'last-sweep-duration-seconds': text };
      assert.equal(readLastDurationSeconds(tags), seconds);
    });
  }

  test('that a human broke never throws', () => {
    forBrokenTags(['last-sweep-duration-seconds'], (tags) =>
      assert.ok((readLastDurationSeconds(tags) ?? 0) >= 0),
    );
  });
});

describe('the mark of a sweep that runs', () => {
  const running = { since: 1_772_323_200, until: 1_772_325_000 };
  const marked = runningSweepTags(heartbeatTags({ theirs: '1' }, heartbeat), running);

  test('stands beside what the last sweep left, until this one is complete or aborted', () => {
    assert.equal(marked['running-sweep-since'], '2026-03-01T00:00:00Z');
    assert.equal(marked['running-sweep-until'], '2026-03-01T00:30:00Z');
    assert.equal(readLastDurationSeconds(marked), 42);
    assert.deepEqual(runningSweepTags(marked, undefined), heartbeatTags({ theirs: '1' }, heartbeat));
    assert.deepEqual(heartbeatTags(marked, heartbeat), heartbeatTags({ theirs: '1' }, heartbeat));
  });

  for (const [seconds, counts] of [
    [0, true],
    [1799, true],
    [1800, false],
    [1801, false],
  ] as const) {
    test(`${counts ? 'counts' : 'has ended'} ${seconds} s after the sweep began`, () => {
      assert.deepEqual(readRunningSweep(marked, running.since + seconds), counts ? running : undefined);
    });
  }

  for (const [what, tags] of [
    ['no end', { 'running-sweep-until': undefined }],
    ['no beginning', { 'running-sweep-since': undefined }],
    ['an end that is no time', { 'running-sweep-until': 'soon' }],
    ['an end beyond all dates', { 'running-sweep-until': '+275760-09-13T00:00:00Z' }],
  ] as const) {
    test(`counts for nothing with ${what}`, () => {
      const broken = Object.entries({ ...marked, ...tags }).filter(([, value]) => value !== undefined);
      assert.equal(readRunningSweep(Object.fromEntries(broken) as typeof marked, running.since), undefined);
    });
  }

  test('gives back what it was, and fits the vault', () => {
    fc.assert(
      fc.property(foreignTags(), (present) => {
        const tags = runningSweepTags(heartbeatTags(present, heartbeat), running);
        assert.ok(fitsVault(tags));
        assert.deepEqual(readRunningSweep(tags, running.since), running);
      }),
    );
  });
});
