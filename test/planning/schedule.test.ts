import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseSchedule, type Schedule, shortestIntervalSeconds } from '../../src/planning/schedule.ts';
import { isoTime } from '../../src/time.ts';

function schedule(expression: string): Schedule {
  const result = parseSchedule(expression);
  assert.ok(result.ok, expression);
  return result.schedule;
}

const seconds = (iso: string): number => Date.parse(iso) / 1000;

describe('a schedule', () => {
  const ticks: ReadonlyArray<readonly [what: string, expression: string, after: string, next: string]> = [
    ['comes every half hour', '0 */30 * * * *', '2026-03-01T00:00:01Z', '2026-03-01T00:30:00Z'],
    ['comes later than its own moment', '0 */30 * * * *', '2026-03-01T00:30:00Z', '2026-03-01T01:00:00Z'],
    ['comes in the next second', '0 */30 * * * *', '2026-03-01T00:29:59Z', '2026-03-01T00:30:00Z'],
    ['may be uneven', '0 0,10,45 * * * *', '2026-03-01T00:10:00Z', '2026-03-01T00:45:00Z'],
    ['steps through a range', '0 10-40/15 * * * *', '2026-03-01T00:10:00Z', '2026-03-01T00:25:00Z'],
    ['steps from a number on', '0 5/15 * * * *', '2026-03-01T00:06:00Z', '2026-03-01T00:20:00Z'],
    ['begins its steps anew each hour', '0 */25 * * * *', '2026-03-01T00:50:00Z', '2026-03-01T01:00:00Z'],
    ['counts Sunday as 0', '0 0 12 * * 0', '2026-03-02T00:00:00Z', '2026-03-08T12:00:00Z'],
    ['counts Saturday as 6', '0 0 12 * * 6', '2026-03-02T00:00:00Z', '2026-03-07T12:00:00Z'],
    ['knows short names', '0 0 12 * Jun MON-fri', '2026-03-01T00:00:00Z', '2026-06-01T12:00:00Z'],
    ['knows full names', '0 0 12 * september thursday', '2026-03-01T00:00:00Z', '2026-09-03T12:00:00Z'],
    ['knows names cut short', '0 0 12 * sept thurs', '2026-03-01T00:00:00Z', '2026-09-03T12:00:00Z'],
    ['wants both day fields to match', '0 0 0 1 * 1', '2026-03-01T00:00:00Z', '2026-06-01T00:00:00Z'],
    ['waits for a leap year', '0 0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['is in UTC when Europe loses an hour', '0 30 1 * * *', '2026-03-29T00:00:00Z', '2026-03-29T01:30:00Z'],
    ['is in UTC when America gains an hour', '0 30 1 * * *', '2026-11-01T01:30:00Z', '2026-11-02T01:30:00Z'],
    ['takes leading zeros', '00 05 00 * * *', '2026-03-01T00:00:00Z', '2026-03-01T00:05:00Z'],
    ['takes more than one blank', ' 0  0 12   * * * ', '2026-03-01T00:00:00Z', '2026-03-01T12:00:00Z'],
    ['goes on beyond 2038', '0 0 0 1 1 *', '2038-01-19T03:14:08Z', '2039-01-01T00:00:00Z'],
  ];
  for (const [what, expression, after, next] of ticks) {
    test(`${what}: ${expression}`, () => {
      assert.equal(isoTime(schedule(expression).nextTickAfter(seconds(after))), next);
    });
  }

  test('keeps its expression', () => assert.equal(schedule(' 0 0 * * * * ').expression, '0 0 * * * *'));
});

describe('a schedule is refused', () => {
  const sixFields = /^is not an NCRONTAB expression of six fields \(second minute hour day month weekday\)$/;
  const notAllowed = /^has a value, range or step that its field does not allow$/;
  const refused: ReadonlyArray<readonly [what: string, expression: string, fault: RegExp]> = [
    ['when it is empty', '', sixFields],
    ['with five fields', '*/30 * * * *', sixFields],
    ['with seven fields', '0 */30 * * * * *', sixFields],
    ['as a time span', '00:30:00', sixFields],
    ['as a nickname', '@hourly', sixFields],
    ['with the last day of the month', '0 0 0 L * *', sixFields],
    ['with a nearest weekday', '0 0 0 15W * *', sixFields],
    ['with the second Friday', '0 0 0 * * 5#2', sixFields],
    ['with a question mark', '0 0 0 ? * *', sixFields],
    ['with tabs', '0\t*/30 * * * *', sixFields],
    ['with a name that is none', '0 0 0 * foo *', sixFields],
    ['with two letters of a name', '0 0 0 * ju *', sixFields],
    ['with a range from everything', '0 *-5 * * * *', sixFields],
    ['with a step without a number', '0 */ * * * *', sixFields],
    ['with a negative number', '0 -5 * * * *', sixFields],
    ['with a list that ends open', '0 5, * * * *', sixFields],
    ['with second 60', '60 0 * * * *', notAllowed],
    ['with minute 60', '0 60 * * * *', notAllowed],
    ['with hour 24', '0 0 24 * * *', notAllowed],
    ['with day 0', '0 0 0 0 * *', notAllowed],
    ['with day 32', '0 0 0 32 * *', notAllowed],
    ['with month 0', '0 0 0 * 0 *', notAllowed],
    ['with month 13', '0 0 0 * 13 *', notAllowed],
    ['with weekday 7, which is Sunday only elsewhere', '0 0 0 * * 7', notAllowed],
    ['with weekday 7 in a range', '0 0 0 * * 5-7', notAllowed],
    ['with weekday 7 in a list', '0 0 0 * * 1,07', notAllowed],
    ['with weekday 7 and a step', '0 0 0 * * 7/2', notAllowed],
    ['with weekday 8', '0 0 0 * * 8', notAllowed],
    ['with a range that runs backwards', '0 40-10 * * * *', notAllowed],
    ['with a step of 0', '0 */0 * * * *', notAllowed],
    ['with a month among the days', '0 0 0 jan * *', notAllowed],
    ['with a weekday among the months', '0 0 0 * mon *', notAllowed],
    ['when it asks for 30 February', '0 0 0 30 2 *', /^never comes due$/],
  ];
  for (const [what, expression, fault] of refused) {
    test(`${what}: "${expression}"`, () => {
      const result = parseSchedule(expression);
      assert.match(result.ok ? 'accepted' : result.fault, fault);
    });
  }

  const sevens = ['0 0 0 7 * *', '0 7 * * * *', '0 0 0 * 7 *', '0 0 0 * * */7', '0 0 0 * * 0-6/7'];
  for (const expression of sevens) {
    test(`but not for a 7 elsewhere: "${expression}"`, () => assert.ok(parseSchedule(expression).ok));
  }

  test('or accepted, whatever the text, and never throws', () => {
    const almost = fc
      .array(fc.stringMatching(/^[0-9*/,a-z-]{1,6}$/), { minLength: 5, maxLength: 7 })
      .map((fields) => fields.join(' '));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), almost), (text) => {
        const result = parseSchedule(text);
        assert.ok(result.ok ? result.schedule.nextTickAfter(0) > 0 : result.fault.length > 0);
      }),
      { numRuns: 500 },
    );
  });
});

/** One field of an expression: a list of ranges with steps, and the numbers that it means. */
interface Field {
  readonly text: string;
  readonly values: ReadonlySet<number>;
}

function field(least: number, most: number): fc.Arbitrary<Field> {
  const item = fc
    .record({
      from: fc.integer({ min: least, max: most }),
      to: fc.integer({ min: least, max: most }),
      step: fc.integer({ min: 1, max: most }),
    })
    .map(({ from, to, step }) => {
      const [low, high] = [Math.min(from, to), Math.max(from, to)];
      const values = Array.from({ length: high - low + 1 }, (_, index) => low + index);
      return { text: `${low}-${high}/${step}`, values: values.filter((value) => (value - low) % step === 0) };
    });
  const all = fc.constant({
    text: '*',
    values: Array.from({ length: most - least + 1 }, (_, index) => least + index),
  });
  return fc.array(fc.oneof(item, all), { minLength: 1, maxLength: 3 }).map((items) => ({
    text: items.map(({ text }) => text).join(','),
    values: new Set(items.flatMap(({ values }) => values)),
  }));
}

test('ticks are the first later seconds whose fields all match', () => {
  const [sixty, hours, days, months, weekdays] = [
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12),
    field(0, 6),
  ];
  const expressions = fc.tuple(sixty, sixty, hours, days, months, weekdays);
  const moments = fc.integer({ min: 0, max: seconds('2060-01-01T00:00:00Z') });
  const matches = (fields: readonly Field[], moment: number): boolean => {
    const date = new Date(moment * 1000);
    const parts = [
      ...[date.getUTCSeconds(), date.getUTCMinutes(), date.getUTCHours()],
      ...[date.getUTCDate(), date.getUTCMonth() + 1, date.getUTCDay()],
    ];
    return parts.every((part, index) => fields[index]?.values.has(part));
  };
  fc.assert(
    fc.property(expressions, moments, (fields, moment) => {
      const parsed = parseSchedule(fields.map(({ text }) => text).join(' '));
      fc.pre(parsed.ok); // Some never come due, like 31 April.
      const tick = parsed.ok ? parsed.schedule.nextTickAfter(moment) : 0;
      assert.ok(tick > moment && matches(fields, tick));
      // Nothing between, looked at for an hour before the tick, and at its own second of every hour before that.
      for (let at = tick - 1; at > Math.max(moment, tick - 3600); at -= 1) assert.ok(!matches(fields, at));
      for (let at = tick - 3600; at > Math.max(moment, tick - 400 * 86_400); at -= 3600)
        assert.ok(!matches(fields, at));
    }),
  );
});

describe('the shortest interval', () => {
  const intervals: ReadonlyArray<readonly [expression: string, shortest: number]> = [
    ['0 */30 * * * *', 1800],
    ['0 0,10,45 * * * *', 600],
    ['0 */25 * * * *', 600],
    ['0 57 23,0 * * *', 3600],
    ['0 0,58 0,23 * * *', 120],
    ['* * * * * *', 1],
    // Rare ones, whose 500 ticks reach further than the cron library looks.
    ['0 0 0 29 2 *', 1461 * 86_400],
    ['0 0 0 29 2 1', 28 * 365.25 * 86_400],
  ];
  for (const [expression, shortest] of intervals) {
    test(`of ${expression} is ${shortest} s`, () => {
      assert.equal(shortestIntervalSeconds(schedule(expression), 0), shortest);
    });
  }
});
