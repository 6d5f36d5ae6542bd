import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  nextSweepAfter,
  type Retry,
  retryAt,
  roundPauseSeconds,
  roundPausesSeconds,
  sweepDeadline,
} from '../../src/planning/rounds.ts';
import { parseSchedule } from '../../src/planning/schedule.ts';
import { minutes, now } from './accounts.ts';

describe('the deadline of a sweep', () => {
  const cases: ReadonlyArray<
    readonly [what: string, interval: number, functionTimeout: number, available: number]
  > = [
    ['is 3 minutes before the next tick', 30 * minutes, 60 * minutes, 27 * minutes],
    ['is 3 minutes before the function timeout', 30 * minutes, 10 * minutes, 7 * minutes],
    ['is the same where both are equal', 30 * minutes, 30 * minutes, 27 * minutes],
    ['is bound by the tick alone without a timeout', 30 * minutes, Number.POSITIVE_INFINITY, 27 * minutes],
    ['leaves just 2 minutes of 5', 5 * minutes, 60 * minutes, 2 * minutes],
    ['leaves a second more of a second more', 5 * minutes + 1, 60 * minutes, 2 * minutes + 1],
    ['never leaves less than 2 minutes', 5 * minutes - 1, 60 * minutes, 2 * minutes],
    ['leaves 2 minutes to a sweep that began a second before the next tick', 1, 60 * minutes, 2 * minutes],
  ];
  for (const [what, interval, functionTimeout, available] of cases) {
    test(what, () => assert.equal(sweepDeadline(now, now + interval, functionTimeout) - now, available));
  }
});

describe('the next sweep', () => {
  const parsed = parseSchedule('0 */30 * * * *');
  assert.ok(parsed.ok);
  const { schedule } = parsed;
  const starts: ReadonlyArray<readonly [what: string, startedAt: number, next: number]> = [
    ['of one on time is at the next tick', now, now + 30 * minutes],
    ['of a late one is at the next tick', now + 20 * minutes, now + 30 * minutes],
    ['of a timer that fired a second early is not the tick it is early for', now - 1, now + 30 * minutes],
    ['of a timer that fired a minute early is not the tick it is early for', now - 60, now + 30 * minutes],
    ['of one that began more than a minute before a tick is that tick', now - 61, now],
  ];
  for (const [what, startedAt, next] of starts) {
    test(what, () => assert.equal(nextSweepAfter(schedule, startedAt), next));
  }
});

describe('the pauses between rounds', () => {
  test('are 5 s, 30 s, 2, 5 and 10 minutes', () => {
    const pauses = [1, 2, 3, 4, 5].map((round) => roundPauseSeconds(round, 0.5));
    assert.deepEqual(pauses, [5, 30, 2 * minutes, 5 * minutes, 10 * minutes]);
  });

  for (const round of [0, 6, 7]) {
    test(`do not exist before round ${round}`, () => assert.equal(roundPauseSeconds(round, 0.5), undefined));
  }

  test('vary by a fifth to each side', () => {
    assert.equal(roundPauseSeconds(5, 0), 8 * minutes);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (round, random) => {
          const pause = roundPausesSeconds[round - 1] ?? assert.fail();
          const spread = roundPauseSeconds(round, random) ?? assert.fail();
          assert.ok(spread >= pause * 0.8 && spread <= pause * 1.2, `${spread} of ${pause}`);
        },
      ),
    );
  });

  test("stay below Entra's loop limit of 15 requests in 5 minutes, at their shortest", () => {
    const starts = [0];
    for (const pause of roundPausesSeconds) starts.push((starts.at(-1) ?? 0) + pause * 0.8);
    for (const start of starts) {
      assert.ok(starts.filter((other) => other >= start && other < start + 5 * minutes).length < 15);
    }
  });
});

describe('the same sweep tries again', () => {
  const cases: ReadonlyArray<
    readonly [what: string, retry: Retry, asked: number | undefined, seconds: number | undefined]
  > = [
    ['in the next round', 'next_round', undefined, 0],
    ['when Entra said so', 'next_round', 17, 17],
    ['in 2 minutes for a confirmation', 'confirmation', undefined, 120],
    ['never', 'never', undefined, undefined],
    ['never, also when Entra said when', 'never', 17, undefined],
  ];
  for (const [what, retry, asked, seconds] of cases) {
    test(what, () => {
      assert.equal(retryAt(retry, now, asked), seconds === undefined ? undefined : now + seconds);
    });
  }
});
