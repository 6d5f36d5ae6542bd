import type { TypedData } from './core-types.ts';
import type { TimerSchedule } from './schedule.ts';

/** What the schedule monitor knows of a timer; ISO 8601 texts, as the handler sees them. */
export interface ScheduleStatus {
  /** When the timer was last invoked. */
  readonly last: string;
  /** The occurrence that the present invocation is for; not the one after it (TimerListener). */
  readonly next: string;
  readonly lastUpdated: string;
}

/** A timer between two invocations. */
export interface TimerState {
  readonly last: string;
  readonly nextMilliseconds: number;
}

// .NET's default DateTime, which the listener writes for a timer that never ran.
const never = '0001-01-01T00:00:00';
const millisecondsPerMinute = 60_000;

/** assumed: how late a timer may be and still be on time. */
const punctualWithinMilliseconds = 1000;

/** A timer that never ran: it waits for its next occurrence and is not past due (TimerListener). */
export function firstState(schedule: TimerSchedule, nowMilliseconds: number): TimerState {
  return { last: never, nextMilliseconds: schedule.nextAfter(nowMilliseconds) };
}

/**
 * The state after an invocation that started at the given moment, successful or not. Occurrences that passed since
 * the start come to one immediate invocation, not to one each (TimerListener.InvokeJobFunction).
 */
export function stateAfter(
  state: TimerState,
  schedule: TimerSchedule,
  startedAtMilliseconds: number,
): TimerState {
  const invokedAt = Math.max(startedAtMilliseconds, state.nextMilliseconds);
  return { last: new Date(invokedAt).toISOString(), nextMilliseconds: schedule.nextAfter(invokedAt) };
}

/**
 * assumed: a late invocation is past due whatever made it late. The real listener says so only of the first
 * invocation after a start that missed an occurrence, which this host cannot know: it keeps no status on disk.
 */
export function isPastDue(state: TimerState, nowMilliseconds: number): boolean {
  return nowMilliseconds - state.nextMilliseconds > punctualWithinMilliseconds;
}

export function scheduleStatus(state: TimerState): ScheduleStatus {
  const next = new Date(state.nextMilliseconds).toISOString();
  return { last: state.last, next, lastUpdated: state.last };
}

/** The schedule monitor is on by default and forced off for intervals below one minute. */
export function isMonitored(
  schedule: TimerSchedule,
  useMonitor: unknown,
  state: Pick<TimerState, 'nextMilliseconds'>,
): boolean {
  const interval = schedule.nextAfter(state.nextMilliseconds) - state.nextMilliseconds;
  return useMonitor !== false && interval >= millisecondsPerMinute;
}

/** A timer trigger's data on the wire: JSON in Pascal case, which the library turns into camel case. */
export function timerData(isPastDue: boolean, status: ScheduleStatus | undefined): TypedData {
  const timer = {
    Schedule: { AdjustForDST: true },
    ScheduleStatus:
      status === undefined ? null : { Last: status.last, Next: status.next, LastUpdated: status.lastUpdated },
    IsPastDue: isPastDue,
  };
  return { json: JSON.stringify(timer) };
}
