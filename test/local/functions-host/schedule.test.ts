import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseSchedule, resolveSettings } from '../../../local/functions-host/schedule.ts';

const occurrences = [
  ['is every half hour', '0 */30 * * * *', '2026-03-01T00:00:00.000Z', '2026-03-01T00:30:00.000Z'],
  ['comes after its own moment', '0 */30 * * * *', '2026-03-01T00:30:00.000Z', '2026-03-01T01:00:00.000Z'],
  ['comes one millisecond later', '0 */30 * * * *', '2026-03-01T00:29:59.999Z', '2026-03-01T00:30:00.000Z'],
  ['starts a step at a number', '0 5/15 * * * *', '2026-03-01T00:06:00.000Z', '2026-03-01T00:20:00.000Z'],
  ['is uneven', '0 0,10,45 * * * *', '2026-03-01T00:10:00.000Z', '2026-03-01T00:45:00.000Z'],
  // The first of a month that is a Monday: 1 June 2026. Cron would take the next Monday.
  ['needs day and day of week', '0 0 0 1 * 1', '2026-03-01T00:00:00.000Z', '2026-06-01T00:00:00.000Z'],
  ['is in UTC across a clock change', '0 30 1 * * *', '2026-03-29T00:00:00Z', '2026-03-29T01:30:00.000Z'],
] as const;

suite('a schedule', () => {
  for (const [sentence, expression, after, expected] of occurrences) {
    test(sentence, () => {
      const next = parseSchedule(expression, 'tick').nextAfter(Date.parse(after));
      assert.equal(new Date(next).toISOString(), expected);
    });
  }

  for (const expression of [
    '00:30:00',
    '*/30 * * * *',
    '',
    'every day',
    '0 0 0 31 2 *',
    '0 */0 * * * *',
    '0 0 0 1 1 * 2027',
  ]) {
    test(`"${expression}" is refused, naming function and schedule`, () => {
      assert.throws(() => parseSchedule(expression, 'tick'), {
        code: 'invalid-schedule',
        message: new RegExp(`"tick".*"${expression.replaceAll('*', '\\*')}"`),
      });
    });
  }
});

suite('settings in a schedule', () => {
  const settings = { MINUTE: '7', HOUR: '3', EMPTY: '' };

  for (const [text, expected] of [
    ['0 */30 * * * *', '0 */30 * * * *'],
    ['%MINUTE%', '7'],
    ['0 %MINUTE% %HOUR% * * *', '0 7 3 * * *'],
    ['100 %', '100 %'],
  ] as const) {
    test(`"${text}" becomes "${expected}"`, () => {
      assert.equal(resolveSettings(text, settings, 'tick'), expected);
    });
  }

  for (const name of ['MISSING', 'EMPTY', 'minute']) {
    test(`%${name}% is refused, naming function and setting`, () => {
      assert.throws(() => resolveSettings(`0 %${name}% * * * *`, settings, 'tick'), {
        code: 'unresolved-setting',
        message: new RegExp(`"tick".*%${name}%`),
      });
    });
  }
});
