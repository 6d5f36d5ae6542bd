import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Scalar } from '../../../../local/monitor/kusto/values.ts';
import { valuesOf } from './query.ts';

const numbers = 'let T = datatable(k:string, n:long)["a", 1, "b", 2, "a", 3, "c", long(null), "b", 2];';
const fruit = `datatable(Fruit:string, Color:string, Version:int) [
  "Apple", "Red", 1, "Apple", "Green", int(null), "Banana", "Yellow", int(null), "Banana", "Green", int(null),
  "Pear", "Brown", 1, "Pear", "Green", 2]`;
const empty = 'datatable(x:long)[]';

const tables: Record<string, readonly (readonly [sentence: string, query: string, rows: Scalar[][]])[]> = {
  'summarize: https://learn.microsoft.com/kusto/query/summarize-operator': [
    ['one row without keys', `${numbers} T | summarize count(), max(n)`, [[5, 3]]],
    [
      'a row for each key',
      `${numbers} T | summarize max(n) by k`,
      [
        ['a', 3],
        ['b', 2],
        ['c', null],
      ],
    ],
    ['only the keys', `${numbers} T | summarize by k`, [['a'], ['b'], ['c']]],
    [
      'by an expression',
      `${numbers} T | summarize count() by low = n < 2`,
      [
        [true, 1],
        [false, 3],
        [null, 1],
      ],
    ],
    [
      'by two keys',
      `${numbers} T | summarize count() by k, n`,
      [
        ['a', 1, 1],
        ['b', 2, 2],
        ['a', 3, 1],
        ['c', null, 1],
      ],
    ],
    [
      'one row of nothing',
      `${empty} | summarize count(), dcount(x), make_set(x), max(x)`,
      [[0, 0, [], null]],
    ],
    ['no rows of nothing by a key', `${empty} | summarize count() by x`, []],
  ],
  aggregates: [
    ['dcount', `${numbers} T | summarize dcount(k), dcount(n)`, [[3, 3]]],
    ['max', `${numbers} T | summarize max(n)`, [[3]]],
    [
      'max of times',
      'datatable(t:datetime)[datetime(2026-03-01), datetime(2026-03-02)] | summarize s = max(t) - datetime(2026-03-01)',
      [[86_400_000]],
    ],
    ['make_set', `${numbers} T | summarize make_set(n)`, [[[1, 2, 3]]]],
    [
      'make_set of dynamic values',
      'datatable(d:dynamic)[dynamic([1]), dynamic([1])] | summarize make_set(d)',
      [[[[1]]]],
    ],
  ],
  'expressions over aggregates': [
    [
      'beside a key',
      `${numbers} T | summarize both = max(n) + count() by k`,
      [
        ['a', 5],
        ['b', 4],
        ['c', null],
      ],
    ],
    ['in a function', `${numbers} T | summarize keys = strcat_array(make_set(k), ",")`, [['a,b,c']]],
  ],
  'arg_max: https://learn.microsoft.com/kusto/query/arg-max-aggregation-function': [
    [
      'ignores null, unless all are',
      `${fruit} | summarize arg_max(Version, *) by Fruit`,
      [
        ['Apple', 1, 'Red'],
        ['Banana', null, 'Yellow'],
        ['Pear', 2, 'Green'],
      ],
    ],
    [
      'arg_min',
      `${fruit} | summarize arg_min(Version, Color) by Fruit | where Fruit == "Pear"`,
      [['Pear', 1, 'Brown']],
    ],
    [
      'under a name, of expressions',
      `${fruit} | summarize Best = arg_max(Version + 1, Text = strcat(Color, "!"))`,
      [[3, 'Green!']],
    ],
    ['of no rows', `${fruit} | where false | summarize arg_max(Version, Color)`, [[null, '']]],
    [
      'twice',
      `${fruit} | where Fruit == "Pear" | summarize arg_max(Version, Color), arg_min(Version, Color)`,
      [[2, 'Green', 1, 'Brown']],
    ],
  ],
};

for (const [title, rows] of Object.entries(tables)) {
  describe(title, () => {
    for (const [sentence, query, expected] of rows) {
      test(sentence, () => assert.deepEqual(valuesOf(query), expected));
    }
  });
}
