import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar } from '../../../../local/monitor/kusto/values.ts';
import { at, scalarsOf } from './query.ts';

const minutes = 60_000;
const hours = 60 * minutes;
const days = 24 * hours;

/** Expressions and their values; examples of Microsoft's documentation where it has them. */
const tables: Record<string, readonly (readonly [expression: string, value: Scalar])[]> = {
  literals: [
    ['"a\\"b"', 'a"b'],
    [`'single'`, 'single'],
    ['@"C:\\x"', 'C:\\x'],
    ['"joined " "texts"', 'joined texts'],
    ['0x1F', 31],
    ['1e3', 1000],
    ['true', true],
    ['2d', 2 * days],
    ['1.5h', 90 * minutes],
    ['100ms', 100],
    ['datetime(2026-03-01)', at('2026-03-01T00:00:00Z')],
    ['datetime(2026-03-01 10:20:30.5)', at('2026-03-01T10:20:30.500Z')],
    ['datetime(2026-03-01T10:20:30.1234567Z)', at('2026-03-01T10:20:30.123Z') + 0.4567],
    ['dynamic({"a": [1, -2.5, "x", true, null]})', { a: [1, -2.5, 'x', true, null] }],
    ['dynamic(null)', null],
    ['long(null)', null],
  ],
  comparison: [
    ['1 == 1.0', true],
    ['1 != 2', true],
    ['1 <> 1', false],
    ['"a" == "A"', false],
    ['2 < 2', false],
    ['2 <= 2', true],
    ['datetime(2026-01-01) > datetime(2025-12-31)', true],
    ['1h >= 60m', true],
    ['2 between (2 .. 3)', true],
    ['3 between (2 .. 3)', true],
    ['4 between (2 .. 3)', false],
  ],
  lists: [
    ['"a" in ("b", "a")', true],
    ['"A" in ("b", "a")', false],
    ['"A" !in ("b", "a")', true],
    ['2 in (1, 2)', true],
    ['"b" in (print column = "b")', true],
    ['"a" !in (print column = "b")', true],
  ],
  logic: [
    ['true and false', false],
    ['false or true', true],
    ['not(true)', false],
    ['iff(1 > 0, "yes", "no")', 'yes'],
  ],
  'arithmetic: https://learn.microsoft.com/kusto/query/numerical-operators': [
    ['1.0 / 2', 0.5],
    ['1 / 2', 0],
    ['7 / 2', 3],
    ['round(2.98765, 3)', 2.988],
    ['round(2.15, 1)', 2.2],
    ['round(2.15)', 2],
  ],
  'time: https://learn.microsoft.com/kusto/query/datetime-timespan-arithmetic': [
    ['now()', at('2026-03-01T12:00:00Z')],
    ['ago(1h)', at('2026-03-01T11:00:00Z')],
    ['datetime(1997-06-25) - datetime(1997-06-11)', 14 * days],
    ['datetime(1910-06-11) + 1d', at('1910-06-12T00:00:00Z')],
    ['1d + 2d', 3 * days],
    ['1d / 5h', 4.8],
    ['1h / 1s', 3600],
    ['1h / 2', 30 * minutes],
  ],
  conversion: [
    ['tostring(123)', '123'],
    ['tostring(dynamic("text"))', 'text'],
    ['tostring(dynamic({"a": [1, true]}))', '{"a":[1,true]}'],
    ['tostring(dynamic(null))', ''],
    ['tostring(long(null))', ''],
    ['tolong("42")', 42],
    ['tolong(dynamic("42"))', 42],
    ['tolong(2.9)', 2],
    ['tolong("none")', null],
    ['todouble("1.5")', 1.5],
    ['todouble(dynamic(7))', 7],
    ['todouble(dynamic({"a": 1}))', null],
    ['todatetime("2026-03-01T10:20:30Z")', at('2026-03-01T10:20:30Z')],
    ['todatetime(dynamic("2026-03-01"))', at('2026-03-01T00:00:00Z')],
    ['todatetime("2026-03-01T10:20:30+02:00")', at('2026-03-01T08:20:30Z')],
    ['todatetime("")', null],
    ['todatetime("never")', null],
  ],
  'functions of texts': [
    ['strcat_array(dynamic([1, "b"]), "->")', '1->b'],
    ['isempty("")', true],
  ],
  'dynamic values': [
    ['dynamic({"a": {"b": 1}}).a.b', 1],
    ['dynamic({"a": 1}).b', null],
    ['dynamic({"a": 1}).constructor', null],
    ['dynamic("text").a', null],
    ['isempty(dynamic({"a": ""}).b)', true],
  ],
  'null: https://learn.microsoft.com/kusto/query/scalar-data-types/null-values': [
    ['int(null) == int(null)', null],
    ['int(null) != int(null)', null],
    ['int(null) == 5', false],
    ['int(null) != 5', true],
    ['int(null) > 3', null],
    ['int(null) > 3 or isnull(int(null))', true],
    ['int(null) > 3 and false', false],
    ['int(null) > 3 and true', null],
    ['not(int(null) > 3)', null],
    ['int(null) + 10', null],
    ['iff(bool(null) and true, true, false)', false],
    ['isnull("")', false],
    ['now() - datetime(null)', null],
    ['strcat(tostring(dynamic(null)))', ''],
  ],
};

for (const [title, rows] of Object.entries(tables)) {
  describe(title, () => {
    const values = scalarsOf(rows.map(([expression]) => expression));
    rows.forEach(([expression, value], index) => {
      test(`${expression} is ${JSON.stringify(value)}`, () => assert.deepEqual(values[index], value));
    });
  });
}
