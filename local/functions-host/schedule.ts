import { parseSchedule as parseNcrontab } from '../../src/planning/schedule.ts';
import { FunctionsHostError } from './error.ts';

export type HostedSettings = Readonly<Record<string, string | undefined>>;

/**
 * Replaces every `%SETTING%` of a binding's text, as the host does with the raw text the library registers.
 * assumed: an empty setting counts as missing, and names are looked up as they are written.
 *
 * Throws `unresolved-setting`, naming setting and function.
 */
export function resolveSettings(text: string, settings: HostedSettings, functionName: string): string {
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
export interface TimerSchedule {
  readonly expression: string;
  /** The first occurrence after the given moment. */
  nextAfter(milliseconds: number): number;
}

/**
 * Reads a timer's NCRONTAB expression of six fields, in UTC. Throws `invalid-schedule` for anything else: five fields
 * and TimeSpans too, which the real host takes and this project does not use.
 */
export function parseSchedule(expression: string, functionName: string): TimerSchedule {
  const parsed = parseNcrontab(expression);
  if (!parsed.ok) {
    const text = `function "${functionName}": schedule "${expression}" ${parsed.fault}`;
    throw new FunctionsHostError('invalid-schedule', text);
  }
  const { schedule } = parsed;
  return {
    expression,
    nextAfter: (milliseconds) => schedule.nextTickAfter(Math.floor(milliseconds / 1000)) * 1000,
  };
}
