import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compileQuery } from '../../../../local/monitor/kusto/compile-query.ts';
import type { Scalar } from '../../../../local/monitor/kusto/values.ts';
import { now, rowsOf, valuesOf } from './query.ts';

const numbers = 'let T = datatable(k:string, n:long)["a", 1, "b", 2, "a", 3, "c", long(null)];';
const keyed = `let X = datatable(Key:string, Value1:long)['a',1, 'b',2, 'b',3, 'c',4];
  let Y = datatable(Key:string, Value2:long)['b',10, 'c',20, 'c',30, 'd',40];`;

const tables: Record<string, readonly (readonly [sentence: string, query: string, rows: Scalar[][]])[]> = {
  where: [
    [
      'keeps what is true',
      `${numbers} T | where n > 1`,
      [
        ['b', 2],
        ['a', 3],
      ],
    ],
    ['leaves out null comparisons', `${numbers} T | where not(n > 1)`, [['a', 1]]],
    [
      'keeps null where it is unequal to a value',
      `${numbers} T | where n != 1 | project k`,
      [['b'], ['a'], ['c']],
    ],
  ],
  'extend and project': [
    ['add a column at the end', `${numbers} T | take 1 | extend m = n * 2`, [['a', 1, 2]]],
    ['replace a column in its place', `${numbers} T | take 1 | extend k = strcat(k, "!")`, [['a!', 1]]],
    ['read the old values in one extend', `${numbers} T | take 1 | extend n = n + 1, m = n`, [['a', 2, 1]]],
    ['pick, name and compute', `${numbers} T | take 1 | project n, l = k, m = n + 1`, [[1, 'a', 2]]],
    ['leave out', `${numbers} T | take 1 | project-away n`, [['a']]],
    ['keep', `${numbers} T | take 1 | project-keep n`, [[1]]],
    ['rename', `${numbers} T | take 1 | project-rename z = k`, [['a', 1]]],
    ['reorder', `${numbers} T | take 1 | project-reorder n`, [[1, 'a']]],
  ],
  'distinct, count, take': [
    ['each key once', `${numbers} T | distinct k`, [['a'], ['b'], ['c']]],
    ['each pair once', `${numbers} T | union T | distinct k, n | count`, [[4]]],
    ['number of rows', `${numbers} T | count`, [[4]]],
    ['number of no rows', `${numbers} T | where false | count`, [[0]]],
    ['first rows', `${numbers} T | take 2 | project k`, [['a'], ['b']]],
    ['more than there are', `${numbers} T | limit 9 | count`, [[4]]],
  ],
  'sort and top: https://learn.microsoft.com/kusto/query/sort-operator': [
    ['descends, null last', `${numbers} T | sort by n | project n`, [[3], [2], [1], [null]]],
    ['ascends, null first', `${numbers} T | order by n asc | project n`, [[null], [1], [2], [3]]],
    [
      'puts null where it is told',
      `${numbers} T | sort by n asc nulls last | project n`,
      [[1], [2], [3], [null]],
    ],
    ['by several', `${numbers} T | sort by k asc, n desc | project n`, [[3], [1], [2], [null]]],
    ['the top', `${numbers} T | top 2 by n | project n`, [[3], [2]]],
    ['the bottom', `${numbers} T | top 1 by n asc nulls last | project n`, [[1]]],
  ],
  'join: https://learn.microsoft.com/kusto/query/join-operator': [
    [
      'innerunique is the default',
      `${keyed} X | join Y on Key`,
      [
        ['b', 2, 'b', 10],
        ['c', 4, 'c', 20],
        ['c', 4, 'c', 30],
      ],
    ],
    [
      'inner',
      `${keyed} X | join kind=inner Y on Key | project Value1, Value2`,
      [
        [2, 10],
        [3, 10],
        [4, 20],
        [4, 30],
      ],
    ],
    [
      'leftouter: the right side is missing',
      `${keyed} X | join kind=leftouter Y on Key | where Value1 < 3`,
      [
        ['a', 1, '', null],
        ['b', 2, 'b', 10],
      ],
    ],
    ['leftsemi', `${keyed} X | join kind=leftsemi Y on Key | project Value1`, [[2], [3], [4]]],
    ['leftanti', `${keyed} X | join kind=leftanti Y on Key`, [['a', 1]]],
    [
      'on columns of other names',
      `${keyed} X | join kind=leftanti (Y | project Name = Key) on $left.Key == $right.Name`,
      [['a', 1]],
    ],
    [
      'on two conditions',
      `${keyed} X | join kind=inner (X | extend Value1 = Value1 * 1) on Key, Value1 | count`,
      [[4]],
    ],
    [
      'and on two conditions in one',
      `${keyed} X | join kind=leftsemi X on $left.Key == $right.Key and $left.Value1 == $right.Value1 | count`,
      [[4]],
    ],
    ['null matches nothing', `${numbers} T | join kind=leftanti T on n`, [['c', null]]],
    [
      'lookup leaves out the right key',
      `${keyed} X | lookup (Y | where Value2 < 30) on Key | project-away Value1`,
      [
        ['a', null],
        ['b', 10],
        ['b', 10],
        ['c', 20],
      ],
    ],
    ['lookup kind=inner', `${keyed} X | lookup kind=inner (print Key = "a", z = 1) on Key`, [['a', 1, 1]]],
  ],
  'union: https://learn.microsoft.com/kusto/query/union-operator': [
    [
      'all columns of all tables',
      'print a = 1 | union (print b = "x")',
      [
        [1, ''],
        [null, 'x'],
      ],
    ],
    [
      'kind=outer says the same',
      'union kind=outer (print a = 1), (print b = 2)',
      [
        [1, null],
        [null, 2],
      ],
    ],
    [
      'a column for each type',
      'union (print x = 1), (print x = toint(2))',
      [
        [1, null],
        [null, 2],
      ],
    ],
    ['the same column of one type', 'union (print x = 1), (print x = 2)', [[1], [2]]],
  ],
  'mv-expand: https://learn.microsoft.com/kusto/query/mv-expand-operator': [
    [
      'a row for each element',
      'print a = 1, b = dynamic([10, "x"]) | mv-expand b',
      [
        [1, 10],
        [1, 'x'],
      ],
    ],
    ['one row for null', 'print a = 1, b = dynamic(null) | mv-expand b', [[1, null]]],
    ['none for an empty array', 'print a = 1, b = dynamic([]) | mv-expand b', []],
    ['under a name', 'print a = dynamic({"l": [1, 2]}) | mv-expand n = a.l | project n', [[1], [2]]],
    ['cast to a type', 'print b = dynamic(["x", 1]) | mv-expand b to typeof(string)', [['x'], ['']]],
  ],
  let: [
    ['scalars', 'let limit = 2; range n from 1 to 3 step 1 | where n > limit', [[3]]],
    [
      'out of a table',
      `${numbers} let most = toscalar(T | summarize max(n)); T | where n == most`,
      [['a', 3]],
    ],
    ['lists', `${numbers} let keys = dynamic(["b", "c"]); T | where k in (keys) | count`, [[2]]],
    ['tables in lists', `${numbers} T | where k in ((T | where n > 2 | project k)) | project n`, [[1], [3]]],
    [
      'functions of scalars',
      'let f = (x:string, y:long = 2) { strcat(x, y) }; print f("a"), f("b", 3)',
      [['a2', 'b3']],
    ],
    [
      'functions with their own let',
      'let f = (x:long) { let y = x * 2; y + 1 }; range n from 1 to 2 step 1 | project f(n)',
      [[3], [5]],
    ],
    [
      'functions that give a table',
      `${numbers} let f = (low:long) { T | where n > low }; f(1) | project n`,
      [[2], [3]],
    ],
    ['materialize', `${numbers} let M = materialize(T | where n > 1); M | union M | count`, [[4]]],
  ],
  'range and datatable': [
    ['both ends', 'range n from 1 to 5 step 2', [[1], [3], [5]]],
    ['not beyond the end', 'range n from 1 to 4 step 2', [[1], [3]]],
    ['no rows', 'range n from 2 to 1 step 1', []],
    ['an empty table', 'datatable(a:long)[]', []],
  ],
};

for (const [title, rows] of Object.entries(tables)) {
  describe(title, () => {
    for (const [sentence, query, expected] of rows) {
      test(sentence, () => assert.deepEqual(valuesOf(query), expected));
    }
  });
}

describe('a compiled query', () => {
  const events = [
    { TimeGenerated: now.getTime() - 1000, Name: 'AccountState', Properties: { account: 'a' } },
    { TimeGenerated: now.getTime() - 3 * 86_400_000, Name: 'AccountState', Properties: { account: 'b' } },
  ];

  test('tells its columns', () => {
    const { columns } = compileQuery('AppEvents | project Name, m = todouble(Measurements.minutesLeft)');
    assert.deepEqual(columns, [
      { name: 'Name', type: 'string' },
      { name: 'm', type: 'real' },
    ]);
  });

  test('runs at the time that it is given, over the rows that it is given', () => {
    const query = compileQuery(
      'AppEvents | where TimeGenerated > ago(2d) | project a = tostring(Properties.account)',
    );
    assert.deepEqual(query.run({ AppEvents: events }, now), [{ a: 'a' }]);
    assert.deepEqual(query.run({ AppEvents: events }, new Date(now.getTime() - 2 * 86_400_000)), [
      { a: 'a' },
      { a: 'b' },
    ]);
    assert.deepEqual(query.run({ AppEvents: [] }, now), []);
  });

  test('reads columns that a row leaves out as empty', () => {
    assert.deepEqual(rowsOf('AppEvents | project Name, ItemCount, p = Properties.x', { AppEvents: [{}] }), [
      { Name: '', ItemCount: null, p: null },
    ]);
  });

  test('leaves its input as it was', () => {
    const before = structuredClone(events);
    rowsOf('AppEvents | extend Name = "x" | sort by TimeGenerated asc', { AppEvents: events });
    assert.deepEqual(events, before);
  });
});
