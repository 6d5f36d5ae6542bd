import { Cron } from 'croner';
import { FunctionsHostError } from './error.ts';

export type AppSettings = Readonly<Record<string, string | undefined>>;

/**
 * Replaces every `%SETTING%` of a binding's text, as the host does with the raw text the library registers.
 * assumed: an empty setting counts as missing, and names are looked up as they are written.
 *
 * Throws `unresolved-setting`, naming setting and function. assumed: one such function fails the start; the
 * real host leaves that function out and starts the others.
 */
export function resolveSettings(text: string, settings: AppSettings, functionName: string): string {
  return text.replace(/%([^%]+)%/g, (_, name: string) => {
    const value = settings[name];
    if (value) return value;
    throw new FunctionsHostError(
      'unresolved-setting',
      `function "${functionName}": %${name}% does not resolve to a value; set the app setting ${name}`,
    );
  });
}

/** When a timer fires. Moments are milliseconds since 1970-01-01T00:00:00Z. */
export interface Schedule {
  readonly expression: string;
  /** The first occurrence after the given moment. */
  nextAfter(milliseconds: number): number;
}

/**
 * Reads an NCRONTAB expression, `{second} {minute} {hour} {day} {month} {day-of-week}` or five fields without the
 * seconds, in UTC. assumed: unlike cron, NCRONTAB demands that day and day of week both match and reads `5/15` as
 * "from 5 on, every 15". Throws `invalid-schedule` for anything else, TimeSpan schedules among it: those make sense only
 * on Dedicated plans (AZFD0015).
 */
export function parseSchedule(expression: string, functionName: string): Schedule {
  const invalid = (why: string, cause?: unknown) =>
    new FunctionsHostError(
      'invalid-schedule',
      `function "${functionName}": schedule "${expression}" ${why}`,
      { cause },
    );
  const cron = parseCron(expression, invalid);
  const nextAfter = (milliseconds: number): number => {
    const next = cron.nextRun(new Date(milliseconds));
    if (next === null) throw invalid('never comes round');
    return next.getTime();
  };
  nextAfter(0);
  return { expression, nextAfter };
}

function parseCron(expression: string, invalid: (why: string, cause: unknown) => Error): Cron {
  try {
    return new Cron(expression, {
      timezone: 'UTC',
      mode: '5-or-6-parts',
      domAndDow: true,
      sloppyRanges: true,
    });
  } catch (error) {
    throw invalid('is no NCRONTAB expression', error);
  }
}
