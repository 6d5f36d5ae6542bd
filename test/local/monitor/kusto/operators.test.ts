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
    ['add a column at the end', `${numbers} T | where n == 1 | extend m = n + n`, [['a', 1, 2]]],
    ['replace a column in its place', `${numbers} T | where n == 1 | extend k = strcat(k, "!")`, [['a!', 1]]],
    [
      'read the old values in one extend',
      `${numbers} T | where n == 1 | extend n = n + 1, m = n`,
      [['a', 2, 1]],
    ],
    ['pick, name and compute', `${numbers} T | where n == 1 | project n, l = k, m = n + 1`, [[1, 'a', 2]]],
  ],
  'top: https://learn.microsoft.com/kusto/query/top-operator': [
    ['the top', `${numbers} T | top 2 by n | project n`, [[3], [2]]],
    ['the bottom, null first', `${numbers} T | top 2 by n asc | project n`, [[null], [1]]],
  ],
  'join: https://learn.microsoft.com/kusto/query/join-operator': [
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
      'on two conditions',
      `${keyed} X | join kind=inner (X | extend Value1 = Value1 + 0) on Key, Value1 | summarize count()`,
      [[4]],
    ],
    ['null matches nothing', `${numbers} T | join kind=leftanti T on n`, [['c', null]]],
  ],
  let: [
    ['scalars', `${numbers} let limit = 2; T | where n > limit`, [['a', 3]]],
    [
      'out of a table',
      `${numbers} let most = toscalar(T | summarize max(n)); T | where n == most`,
      [['a', 3]],
    ],
    ['tables in lists', `${numbers} T | where k in ((T | where n > 2 | project k)) | project n`, [[1], [3]]],
    ['materialize', `${numbers} let M = materialize(T | where n > 1); M | summarize count()`, [[2]]],
  ],
  datatable: [['an empty table', 'datatable(a:long)[]', []]],
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
    rowsOf('AppEvents | extend Name = "x" | top 2 by TimeGenerated asc', { AppEvents: events });
    assert.deepEqual(events, before);
  });
});
