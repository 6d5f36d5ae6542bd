import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseRetryAfter } from '../../src/oauth/answer-times.ts';

const now = 1_780_272_000; // Mon, 01 Jun 2026 00:00:00 GMT

describe('Retry-After', () => {
  const table: ReadonlyArray<
    readonly [name: string, header: string | undefined, seconds: number | undefined]
  > = [
    ['is undefined when missing', undefined, undefined],
    ['is undefined when empty', '', undefined],
    ['counts in seconds', '60', 60],
    ['may stand between blanks', ' 60 ', 60],
    ['of 0 asks for no wait', '0', 0],
    ['of an hour is kept', '3600', 3600],
    ['of an hour and a second is cut to an hour', '3601', 3600],
    ['beyond all numbers is cut to an hour', '9'.repeat(400), 3600],
    ['is not negative', '-1', undefined],
    ['has no fraction', '1.5', undefined],
    ['has no unit', '60s', undefined],
    ['is one value', '5, 10', undefined],
    ['is no word', 'soon', undefined],
    ['may be an IMF-fixdate', 'Mon, 01 Jun 2026 00:02:00 GMT', 120],
    ['may be an RFC 850 date', 'Monday, 01-Jun-26 00:02:00 GMT', 120],
    ['may be an asctime date, which means GMT', 'Mon Jun  1 00:02:00 2026', 120],
    ['may be one second ahead', 'Mon, 01 Jun 2026 00:00:01 GMT', 1],
    ['of this moment asks for no wait', 'Mon, 01 Jun 2026 00:00:00 GMT', 0],
    ['of the past asks for no wait', 'Sun, 31 May 2026 23:59:59 GMT', 0],
    ['a day ahead is cut to an hour', 'Tue, 02 Jun 2026 00:00:00 GMT', 3600],
    ['is no date of another form', '2026-06-01T00:02:00Z', undefined],
    ['is no date of another zone', 'Mon, 01 Jun 2026 00:02:00 CET', undefined],
    ['is no impossible date', 'Mon, 01 Foo 2026 00:02:00 GMT', undefined],
    ['is no impossible hour', 'Mon, 01 Jun 2026 99:00:00 GMT', undefined],
  ];
  for (const [name, header, seconds] of table) {
    test(`${name}: ${header?.slice(0, 40)}`, () => assert.equal(parseRetryAfter(header, now), seconds));
  }

  test('is undefined or a whole number of seconds up to an hour, for any text', () => {
    const text = fc.oneof(
      fc.string(),
      fc.nat().map(String),
      fc.date({ noInvalidDate: true }).map((d) => d.toUTCString()),
    );
    fc.assert(
      fc.property(text, (header) => {
        const seconds = parseRetryAfter(header, now) ?? 0;
        assert.ok(Number.isInteger(seconds) && seconds >= 0 && seconds <= 3600);
      }),
    );
  });
});
