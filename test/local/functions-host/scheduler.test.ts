import assert from 'node:assert/strict';
import { beforeEach, suite, test } from 'node:test';
import { parseSchedule } from '../../../local/functions-host/schedule.ts';
import {
  type RunningTimers,
  runTimers,
  type TimerOccurrence,
} from '../../../local/functions-host/scheduler.ts';
import { VirtualClock } from '../../../local/virtual-clock.ts';

const today = (time: string) => `2026-03-01T${time}.000Z`;
const at = (time: string): number => Date.parse(today(time));

suite('the scheduler', () => {
  let clock: VirtualClock;
  let runs: { at: string; occurrence: TimerOccurrence }[];
  let failures: unknown[];
  let duration: (run: number) => Promise<void>;

  beforeEach(() => {
    clock = new VirtualClock(at('00:12:00'));
    runs = [];
    failures = [];
    duration = async () => {};
  });

  function start(expression = '0 */30 * * * *', useMonitor?: boolean): RunningTimers {
    const timer = {
      schedule: parseSchedule(expression, 'tick'),
      useMonitor,
      run: (occurrence: TimerOccurrence) => {
        runs.push({ at: new Date(clock.nowMilliseconds()).toISOString(), occurrence });
        return duration(runs.length);
      },
      onFailure: (error: unknown) => failures.push(error),
    };
    return runTimers([timer], clock);
  }

  const startTimes = () => runs.map(({ at }) => at.slice(11, 19));
  const pastDue = () => runs.map(({ occurrence }) => occurrence.isPastDue);

  test('does not run on start, nor one second before the first occurrence', async () => {
    start();
    await clock.moveTo(at('00:29:59'));
    assert.deepEqual(startTimes(), []);
  });

  test('never sleeps longer than a second, so that a stopped process can end', async ({ mock }) => {
    const sleep = mock.method(clock, 'sleep');
    start();
    await clock.moveTo(at('00:30:00'));
    assert.equal(Math.max(...sleep.mock.calls.map(({ arguments: [milliseconds] }) => milliseconds)), 1000);
  });

  test('runs at each occurrence, punctually', async () => {
    start();
    await clock.moveTo(at('01:30:00'));
    assert.deepEqual(startTimes(), ['00:30:00', '01:00:00', '01:30:00']);
    assert.deepEqual(pastDue(), [false, false, false]);
  });

  test('tells each run its schedule status', async () => {
    start();
    await clock.moveTo(at('01:00:00'));
    assert.deepEqual(
      runs.map(({ occurrence }) => occurrence.scheduleStatus),
      [
        { last: '0001-01-01T00:00:00', next: today('00:30:00'), lastUpdated: '0001-01-01T00:00:00' },
        { last: today('00:30:00'), next: today('01:00:00'), lastUpdated: today('00:30:00') },
      ],
    );
  });

  test('tells no schedule status without the monitor', async () => {
    start('0 */30 * * * *', false);
    await clock.moveTo(at('00:30:00'));
    assert.deepEqual(runs[0]?.occurrence, { isPastDue: false });
  });

  test('never overlaps a timer with itself, and makes up for missed occurrences once', async () => {
    duration = (run) => (run === 1 ? clock.sleep(95 * 60_000) : Promise.resolve());
    start();
    await clock.moveTo(at('02:04:59'));
    assert.deepEqual(startTimes(), ['00:30:00'], 'still under way');
    await clock.moveTo(at('02:30:00'));
    assert.deepEqual(startTimes(), ['00:30:00', '02:05:00', '02:30:00']);
    assert.deepEqual(pastDue(), [false, true, false]);
  });

  test('lets a long run of one timer delay no other', async () => {
    const other: number[] = [];
    const timer = (run: () => Promise<unknown>) => ({
      schedule: parseSchedule('0 */30 * * * *', 'tick'),
      useMonitor: undefined,
      run,
      onFailure: () => {},
    });
    runTimers(
      [timer(() => clock.sleep(24 * 3_600_000)), timer(async () => other.push(clock.nowMilliseconds()))],
      clock,
    );
    await clock.moveTo(at('01:00:00'));
    assert.deepEqual(other, [at('00:30:00'), Date.parse(today('01:00:00'))]);
  });

  test('runs past due, once, after the machine was suspended', async () => {
    start();
    await clock.moveTo(at('00:20:00'));
    clock.advanceTo(at('03:10:00'));
    await clock.moveTo(at('03:10:00'));
    assert.deepEqual(startTimes(), ['03:10:00']);
    assert.deepEqual(pastDue(), [true]);
    await clock.moveTo(at('03:30:00'));
    assert.deepEqual(pastDue(), [true, false]);
  });

  test('reports a failed run and waits for the next occurrence', async () => {
    duration = (run) => (run === 1 ? Promise.reject(new Error('vault unreachable')) : Promise.resolve());
    start();
    await clock.moveTo(at('01:00:00'));
    assert.deepEqual(startTimes(), ['00:30:00', '01:00:00']);
    assert.deepEqual(failures, [new Error('vault unreachable')]);
  });

  test('starts nothing after it was stopped', async () => {
    const timers = start();
    await clock.moveTo(at('00:30:00'));
    await timers.stop();
    await timers.stop();
    await clock.moveTo(at('01:30:00'));
    assert.deepEqual(startTimes(), ['00:30:00']);
  });

  test('awaits the run under way when it is stopped', async () => {
    duration = () => clock.sleep(60_000);
    const timers = start();
    await clock.moveTo(at('00:30:00'));
    let stopped = false;
    const stopping = timers.stop().then(() => {
      stopped = true;
    });
    await clock.moveTo(at('00:30:59'));
    assert.equal(stopped, false);
    await clock.moveTo(at('00:31:00'));
    await stopping;
    assert.equal(stopped, true);
  });
});
