import { Cron } from 'croner';
import type { EpochSeconds } from '../time.ts';

/** A parsed schedule: NCRONTAB with six fields, in UTC (Azure Functions: Timer trigger). */
export interface Schedule {
  readonly expression: string;
  /** The first tick later than the given moment. */
  nextTickAfter(moment: EpochSeconds): EpochSeconds;
}

export type ScheduleResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly fault: string };

// NCRONTAB knows numbers, names, lists, ranges and steps; other cron dialects' L, W, #, ? and @daily it refuses.
const field = '(\\*|[0-9a-z]+)(-[0-9a-z]+)?(\\/[0-9]+)?(,(\\*|[0-9a-z]+)(-[0-9a-z]+)?(\\/[0-9]+)?)*';
const sixFields = new RegExp(`^${field}( +${field}){5}$`, 'i');
const names = /[a-z]+/gi;
const knownName = /^(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)$/i;

/** Parses a schedule; the fault says what is wrong with it. */
export function parseSchedule(expression: string): ScheduleResult {
  const text = expression.trim();
  const unknown = (text.match(names) ?? []).find((name) => !knownName.test(name));
  if (!sixFields.test(text) || unknown !== undefined) {
    return {
      ok: false,
      fault: 'is not an NCRONTAB expression of six fields (second minute hour day month weekday)',
    };
  }
  let cron: Cron;
  try {
    // Both day fields must match in NCRONTAB, unlike in Unix cron.
    cron = new Cron(text, { timezone: 'UTC', mode: '6-part', domAndDow: true, paused: true });
  } catch {
    return { ok: false, fault: 'has a field out of its range' };
  }
  if (cron.nextRun(new Date(0)) === null) return { ok: false, fault: 'never comes due' };
  return { ok: true, schedule: { expression: text, nextTickAfter: (moment) => nextTick(cron, moment) } };
}

function nextTick(cron: Cron, moment: EpochSeconds): EpochSeconds {
  const next = cron.nextRun(new Date(moment * 1000));
  // parseSchedule refused expressions without a tick, and none ends: a schedule has no year.
  if (next === null) throw new RangeError('schedule without a next tick');
  return next.getTime() / 1000;
}

/** The shortest time between two ticks among the given number of ticks after a moment, in seconds. */
export function shortestIntervalSeconds(schedule: Schedule, moment: EpochSeconds, ticks = 500): number {
  let shortest = Number.POSITIVE_INFINITY;
  let tick = schedule.nextTickAfter(moment);
  for (let i = 0; i < ticks; i++) {
    const next = schedule.nextTickAfter(tick);
    shortest = Math.min(shortest, next - tick);
    tick = next;
  }
  return shortest;
}
