import { Cron } from 'croner';
import { type EpochSeconds, secondsPerDay } from '../time.ts';

/** A parsed schedule: NCRONTAB with six fields, in UTC (Azure Functions: Timer trigger). */
export interface Schedule {
  readonly expression: string;
  /** The first tick later than the given moment. */
  nextTickAfter(moment: EpochSeconds): EpochSeconds;
}

type ScheduleResult =
  | { readonly ok: true; readonly schedule: Schedule }
  | { readonly ok: false; readonly fault: string };

// NCRONTAB knows numbers, names, lists, ranges and steps; other cron dialects' L, W, #, ? and @daily it refuses.
const value = '(?:[0-9]+|[a-z]{3,})';
const item = `(?:\\*|${value}(?:-${value})?)(?:/[0-9]+)?`;
const field = `${item}(?:,${item})*`;
const sixFields = new RegExp(`^${field}(?: +${field}){5}$`, 'i');
const fullNames = [
  ...['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'],
  ...['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september'],
  ...['october', 'november', 'december'],
];
/** Sunday is 0 and nothing else in NCRONTAB; other dialects call it 7 too. */
const sundayAsSeven = /[ ,-]0*7(?=[,/-]|$)[^ ]*$/;

/** Names cut to the three letters that the cron library knows; undefined when one of them is no name. */
function shortenNames(text: string): string | undefined {
  const names = text.toLowerCase().match(/[a-z]+/g) ?? [];
  if (!names.every((name) => fullNames.some((full) => full.startsWith(name)))) return undefined;
  return text.replace(/[a-z]+/gi, (name) => name.slice(0, 3));
}

/**
 * Parses a schedule; the fault says what is wrong with it. Stricter than NCRONTAB where NCRONTAB guesses: a range
 * that runs backwards (it swaps the ends), a step of 0 (it takes 1) and names of one or two letters are refused.
 */
export function parseSchedule(expression: string): ScheduleResult {
  const text = expression.trim();
  const short = shortenNames(text);
  if (!sixFields.test(text) || short === undefined) {
    return {
      ok: false,
      fault: 'is not an NCRONTAB expression of six fields (second minute hour day month weekday)',
    };
  }
  const cron = sundayAsSeven.test(text) ? undefined : parseCron(short);
  if (cron === undefined) {
    return { ok: false, fault: 'has a value, range or step that its field does not allow' };
  }
  if (cron.nextRun(new Date(0)) === null) return { ok: false, fault: 'never comes due' };
  return { ok: true, schedule: { expression: text, nextTickAfter: (moment) => nextTick(cron, moment) } };
}

function parseCron(text: string): Cron | undefined {
  try {
    // Unlike Unix cron, NCRONTAB wants both day fields to match and reads 5/15 as "from 5 on, every 15".
    return new Cron(text, {
      utcOffset: 0,
      mode: '6-part',
      domAndDow: true,
      sloppyRanges: true,
      paused: true,
    });
  } catch {
    return undefined;
  }
}

function nextTick(cron: Cron, moment: EpochSeconds): EpochSeconds {
  const next = cron.nextRun(new Date(moment * 1000));
  // parseSchedule refused expressions without a tick; the cron library looks ahead some centuries only.
  if (next === null) throw new RangeError('schedule without a next tick');
  return next.getTime() / 1000;
}

/** The calendar is the same again after 28 years, so no shorter interval hides behind that. */
const calendarCycleSeconds = (28 * 365 + 7) * secondsPerDay;

/**
 * The shortest time between two ticks in seconds, among the first 500 after a moment and those that begin within 28
 * years; infinite when they hold no two ticks.
 */
export function shortestIntervalSeconds(schedule: Schedule, moment: EpochSeconds): number {
  const horizon = moment + calendarCycleSeconds;
  let shortest = Number.POSITIVE_INFINITY;
  let tick = schedule.nextTickAfter(moment);
  for (let ticks = 0; ticks < 500 && tick <= horizon; ticks++) {
    const next = schedule.nextTickAfter(tick);
    shortest = Math.min(shortest, next - tick);
    tick = next;
  }
  return shortest;
}
