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
    ['one row without keys', `${numbers} T | summarize count(), sum(n)`, [[5, 8]]],
    [
      'a row for each key',
      `${numbers} T | summarize sum(n) by k`,
      [
        ['a', 4],
        ['b', 4],
        ['c', 0],
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
      'by a bin',
      'range n from 0 to 5 step 1 | summarize count() by bin(n, 4)',
      [
        [0, 4],
        [4, 2],
      ],
    ],
    [
      'by two keys, of which one is shared',
      'range n from 1 to 4 step 1 | summarize count() by high = n > 2, odd = n % 2',
      [
        [false, 1, 1],
        [false, 0, 1],
        [true, 1, 1],
        [true, 0, 1],
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
      `${empty} | summarize count(), sum(x), dcount(x), make_set(x), max(x)`,
      [[0, 0, 0, [], null]],
    ],
    ['no rows of nothing by a key', `${empty} | summarize count() by x`, []],
    [
      'null is not counted in',
      'range x from 1 to 4 step 1 | extend y = iff(x == 1, real(null), real(5)) | summarize sum(y), avg(y), count()',
      [[15, 5, 4]],
    ],
  ],
  aggregates: [
    ['countif', `${numbers} T | summarize countif(n > 1)`, [[3]]],
    ['sumif', `${numbers} T | summarize sumif(n, k == "a")`, [[4]]],
    ['dcount', `${numbers} T | summarize dcount(k), dcount(n)`, [[3, 3]]],
    ['dcountif', `${numbers} T | summarize dcountif(k, n > 1)`, [[2]]],
    ['min and max', `${numbers} T | summarize min(n), max(n)`, [[1, 3]]],
    [
      'max of times',
      'print t = now() | union (print t = ago(1h)) | summarize s = max(t) - min(t)',
      [[3_600_000]],
    ],
    ['make_set', `${numbers} T | summarize make_set(n)`, [[[1, 2, 3]]]],
    ['make_set of few', `${numbers} T | summarize make_set(k, 2)`, [[['a', 'b']]]],
    ['make_list', `${numbers} T | summarize make_list(n)`, [[[1, 2, 3, 2]]]],
    [
      'make_set of dynamic values',
      'print d = dynamic([1]) | union (print d = dynamic([1])) | summarize make_set(d)',
      [[[[1]]]],
    ],
    ['take_any', `${numbers} T | where k == "c" | summarize take_any(k), take_any(n)`, [['c', null]]],
    ['the median is a value of the list', 'range n from 1 to 4 step 1 | summarize percentile(n, 50)', [[2]]],
    ['95 of 100', 'range n from 1 to 100 step 1 | summarize percentile(n, 95)', [[95]]],
    [
      'the least and the greatest',
      'range n from 1 to 3 step 1 | summarize percentile(n, 0), percentile(n, 100)',
      [[1, 3]],
    ],
    ['no percentile of nothing', `${empty} | summarize percentile(x, 50)`, [[null]]],
  ],
  'expressions over aggregates': [
    [
      'a share',
      'range n from 1 to 8 step 1 | summarize share = round(100.0 * countif(n < 2) / count(), 1)',
      [[12.5]],
    ],
    [
      'beside a key',
      `${numbers} T | summarize span = max(n) - min(n) by k`,
      [
        ['a', 2],
        ['b', 0],
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
      `${fruit} | summarize Best = arg_max(Version * 2, Text = strcat(Color, "!"))`,
      [[4, 'Green!']],
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

test('the average of nothing is NaN, as the example on the page of summarize shows', () => {
  assert.deepEqual(valuesOf(`${empty} | summarize avg(x)`), [[Number.NaN]]);
});
