import type { Clock } from '../../src/time.ts';
import type { TimerSchedule } from './schedule.ts';
import {
  firstState,
  isMonitored,
  isPastDue,
  type ScheduleStatus,
  scheduleStatus,
  stateAfter,
  type TimerState,
} from './timer-status.ts';

/** What a timer is told about the occurrence it runs for. */
export interface TimerOccurrence {
  readonly isPastDue?: boolean;
  /** Absent when the schedule monitor is off. */
  readonly scheduleStatus?: ScheduleStatus;
}

interface ScheduledTimer {
  readonly schedule: TimerSchedule;
  /** The binding's own `useMonitor`. */
  readonly useMonitor: unknown;
  run(occurrence: TimerOccurrence): Promise<unknown>;
  /** An invocation failed. The schedule goes on: the next try is the next occurrence. */
  onFailure(error: unknown): void;
}

export interface RunningTimers {
  /** Starts nothing more and resolves when the invocations under way have ended. Idempotent. */
  stop(): Promise<void>;
}

// A clock's sleep cannot be cancelled: short ones let a stopped process end, and a suspended machine catch up.
const longestSleepMilliseconds = 1000;

/** Fires each timer on its schedule, never on start and never twice at a time, until stopped. */
export function runTimers(timers: readonly ScheduledTimer[], clock: Clock): RunningTimers {
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stopping.signal.addEventListener('abort', () => resolve());
  });
  const loops = Promise.all(timers.map((timer) => runTimer(timer, clock, stopping.signal, stopped)));
  return {
    stop: async () => {
      stopping.abort();
      await loops;
    },
  };
}

async function runTimer(
  timer: ScheduledTimer,
  clock: Clock,
  signal: AbortSignal,
  stopped: Promise<void>,
): Promise<void> {
  let state = firstState(timer.schedule, clock.nowMilliseconds());
  while (!signal.aborted) {
    const now = clock.nowMilliseconds();
    const wait = state.nextMilliseconds - now;
    if (wait > 0) {
      await Promise.race([clock.sleep(Math.min(wait, longestSleepMilliseconds)), stopped]);
    } else {
      await fire(timer, state, now);
      state = stateAfter(state, timer.schedule, now);
    }
  }
}

async function fire(timer: ScheduledTimer, state: TimerState, nowMilliseconds: number): Promise<void> {
  const monitored = isMonitored(timer.schedule, timer.useMonitor, state);
  try {
    await timer.run({
      isPastDue: isPastDue(state, nowMilliseconds),
      ...(monitored ? { scheduleStatus: scheduleStatus(state) } : {}),
    });
  } catch (error) {
    timer.onFailure(error);
  }
}
