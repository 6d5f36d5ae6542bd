import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseSchedule } from '../../../local/functions-host/schedule.ts';
import {
  firstState,
  isMonitored,
  isPastDue,
  scheduleStatus,
  stateAfter,
} from '../../../local/functions-host/timer-status.ts';

const halfHourly = parseSchedule('0 */30 * * * *', 'tick');
const at = (time: string) => Date.parse(`2026-03-01T${time}Z`);
const atHalfPast = { last: '2026-03-01T00:00:00.000Z', nextMilliseconds: at('00:30:00') };

suite('the status of a timer', () => {
  test('that never ran holds the default date and the occurrence it waits for', () => {
    assert.deepEqual(scheduleStatus(firstState(halfHourly, at('00:12:00'))), {
      last: '0001-01-01T00:00:00',
      next: '2026-03-01T00:30:00.000Z',
      lastUpdated: '0001-01-01T00:00:00',
    });
  });

  for (const [sentence, startedAt, last, next] of [
    ['punctual run', '00:30:00', '00:30:00', '01:00:00'],
    ['early run counts as punctual', '00:29:59.990', '00:30:00', '01:00:00'],
    ['run that missed one occurrence', '01:10:00', '01:10:00', '01:30:00'],
    ['run that missed three occurrences', '02:00:00', '02:00:00', '02:30:00'],
  ] as const) {
    test(`after a ${sentence}: last ${last}, next ${next}`, () => {
      const state = stateAfter(atHalfPast, halfHourly, at(startedAt));
      assert.deepEqual(scheduleStatus(state), {
        last: `2026-03-01T${last}.000Z`,
        next: `2026-03-01T${next}.000Z`,
        lastUpdated: `2026-03-01T${last}.000Z`,
      });
    });
  }

  for (const [time, expected] of [
    ['00:29:00', false],
    ['00:30:01', false],
    ['00:30:01.001', true],
  ] as const) {
    test(`is ${expected ? '' : 'not '}past due at ${time}`, () => {
      assert.equal(isPastDue(atHalfPast, at(time)), expected);
    });
  }

  for (const [expression, useMonitor, expected] of [
    ['0 * * * * *', undefined, true],
    ['0 * * * * *', true, true],
    ['0 * * * * *', false, false],
    ['*/59 * * * * *', true, false],
    ['*/30 * * * * *', undefined, false],
  ] as const) {
    test(`is ${expected ? '' : 'not '}monitored for "${expression}", useMonitor ${useMonitor}`, () => {
      const schedule = parseSchedule(expression, 'tick');
      assert.equal(isMonitored(schedule, useMonitor, firstState(schedule, 0)), expected);
    });
  }
});
