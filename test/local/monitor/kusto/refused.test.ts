import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileQuery } from '../../../../local/monitor/kusto/compile-query.ts';
import { KustoError, type KustoErrorCode } from '../../../../local/monitor/kusto/kusto-error.ts';
import type { Tables } from '../../../../local/monitor/kusto/values.ts';
import { rowsOf } from './query.ts';

interface Refusal {
  readonly query: string;
  readonly says: RegExp;
  readonly column: number;
}

function refusal(query: string, tables?: Tables): KustoError {
  try {
    if (tables === undefined) compileQuery(query);
    else rowsOf(query, tables);
  } catch (error) {
    if (error instanceof KustoError) return error;
    throw error;
  }
  return assert.fail(`${query} was accepted`);
}

/** Good Kusto whose result the evaluator doesn't know, and where it says so. */
const unsupported: readonly Refusal[] = [
  { query: 'AppEvents | evaluate bag_unpack(Properties)', says: /EvaluateOperator/, column: 13 },
  { query: 'AppEvents | render timechart', says: /RenderOperator/, column: 13 },
  {
    query: 'AppEvents | make-series count() on TimeGenerated step 1h',
    says: /MakeSeriesOperator/,
    column: 13,
  },
  { query: 'search "x"', says: /no table|SearchOperator/, column: 1 },
  { query: 'print hash("x")', says: /hash\(\)/, column: 7 },
  { query: 'print tostring(true)', says: /tostring\(\) of bool/, column: 7 },
  { query: 'print toguid("x")', says: /toguid|guid/, column: 7 },
  { query: 'AppEvents | summarize stdev(ItemCount)', says: /stdev/, column: 23 },
  { query: 'AppEvents | summarize hll(ItemCount)', says: /hll/, column: 23 },
  { query: 'AppEvents | where Properties.a == "x"', says: /comparison of dynamic with string/, column: 19 },
  { query: 'AppEvents | where Name == 5', says: /comparison of string with long/, column: 19 },
  { query: 'AppEvents | where Properties.a has "x"', says: /the operator has/, column: 19 },
  { query: 'AppEvents | where Properties.a in ("x")', says: /in of a dynamic/, column: 19 },
  { query: 'AppEvents | extend x = Measurements.a + 1', says: /arithmetic with dynamic/, column: 24 },
  { query: 'AppEvents | extend tostring(Name)', says: /without a name/, column: 20 },
  { query: 'AppEvents | where Name matches regex "a"', says: /matches regex/, column: 19 },
  { query: 'print extract("a", 0, "A")', says: /the function extract\(\)/, column: 7 },
  { query: 'AppEvents | join (AppTraces) on OperationId', says: /kind=innerunique/, column: 13 },
  { query: 'AppEvents | mv-expand Properties', says: /MvExpandOperator/, column: 13 },
  { query: 'print dynamic([1])[0]', says: /ElementExpression/, column: 7 },
  { query: 'let f = (x:long) { x }; print f(1)', says: /a function of its own/, column: 9 },
  { query: 'AppEvents | where Name in~ ("x")', says: /ExpressionList/, column: 28 },
  { query: 'AppEvents | top 1 by ItemCount nulls first', says: /nulls first or last/, column: 22 },
  { query: 'AppEvents | summarize make_set(Name, 5)', says: /with a limit/, column: 23 },
  { query: 'AppEvents | join kind=fullouter (AppTraces) on OperationId', says: /kind=fullouter/, column: 13 },
  { query: 'AppEvents | union AppTraces', says: /UnionOperator/, column: 13 },
  { query: 'print format_datetime(now(), "h")', says: /the function format_datetime\(\)/, column: 7 },
  { query: 'print now(1h)', says: /now\(\) with an offset/, column: 7 },
  { query: 'print 9007199254740993', says: /9007199254740993/, column: 7 },
];

/** What only turns up when a query runs. */
const failures: readonly (Refusal & { readonly code: KustoErrorCode; readonly tables: Tables })[] = [
  {
    code: 'missing_table',
    query: 'AppTraces | summarize count()',
    tables: { AppEvents: [] },
    says: /pass its rows/,
    column: 1,
  },
  { code: 'evaluation_failed', query: 'print 1 / 0', tables: {}, says: /division by zero/, column: 7 },
  {
    code: 'evaluation_failed',
    query: 'print tolong(dynamic(true))',
    tables: {},
    says: /what true converts/,
    column: 7,
  },
  {
    code: 'evaluation_failed',
    query: 'print 9007199254740991 + 1',
    tables: {},
    says: /no exact integer/,
    column: 7,
  },
  {
    code: 'evaluation_failed',
    query: 'print todatetime("March 1, 2026")',
    tables: {},
    says: /not known/,
    column: 7,
  },
  { code: 'evaluation_failed', query: 'print tolong("0x10")', tables: {}, says: /0x10/, column: 7 },
];

describe('a query that the evaluator does not know for sure is refused, naming what and where', () => {
  for (const { query, says, column } of unsupported) {
    test(query, () => {
      const error = refusal(query);
      assert.equal(error.code, 'unsupported', error.message);
      assert.match(error.message, says);
      assert.deepEqual(error.position, { line: 1, column });
    });
  }
});

describe('a run that fails says why and where', () => {
  for (const { code, query, tables, says, column } of failures) {
    test(query, () => {
      const error = refusal(query, tables);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      assert.deepEqual(error.position, { line: 1, column });
    });
  }

  test('a value of another type than its column', () => {
    const error = refusal('AppEvents | where TimeGenerated > ago(1d)', {
      AppEvents: [{ TimeGenerated: '2026-03-01' }],
    });
    assert.equal(error.code, 'bad_input');
    assert.match(error.message, /AppEvents\.TimeGenerated is string 2026-03-01, not datetime/);
  });
});

describe('a wrong query is refused with what the language service says', () => {
  const wrong: readonly (readonly [query: string, says: RegExp, line: number, column: number])[] = [
    ['AppEvents\n| where Nmae == "x"', /KS142: The name 'Nmae'/, 2, 9],
    ['NoTable | count', /NoTable/, 1, 1],
    ['AppEvents | sumarize count()', /KS176/, 1, 13],
  ];
  for (const [query, says, line, column] of wrong) {
    test(query, () => {
      const error = refusal(query);
      assert.equal(error.code, 'invalid_query');
      assert.match(error.message, says);
      assert.deepEqual(error.position, { line, column });
    });
  }
});
