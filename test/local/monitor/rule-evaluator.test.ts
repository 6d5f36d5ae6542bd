import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type CompiledRule, durationMilliseconds } from '../../../local/monitor/compiled-rules.ts';
import type { TableRow } from '../../../local/monitor/kusto/values.ts';
import { documentedPeriodsToResolve, RuleEvaluator } from '../../../local/monitor/rule-evaluator.ts';

const columns = [
  { name: 'Account', type: 'string' },
  { name: 'Owner', type: 'string' },
  { name: 'Value', type: 'long' },
] as const;

/** A rule whose query gives whatever rows stand in `results`, one list for each evaluation. */
function evaluations(changes: Partial<CompiledRule>, results: readonly (readonly TableRow[])[]): string[][] {
  let evaluation = -1;
  const rule: CompiledRule = {
    name: 'rule',
    title: 'Rule',
    description: '',
    severity: 1,
    evaluationFrequency: 'PT15M',
    windowSize: 'P2D',
    dimensions: ['Account'],
    operator: 'GreaterThan',
    threshold: 0,
    stateful: true,
    query: {
      columns,
      run: () => {
        evaluation += 1;
        return results[evaluation] ?? [];
      },
    },
    ...changes,
  };
  const evaluator = new RuleEvaluator(rule);
  return results.map((_, index) =>
    evaluator
      .evaluate({}, index)
      .map(({ kind, dimensions, metricValue }) =>
        [kind, ...Object.values(dimensions), metricValue].join(' '),
      ),
  );
}

const a = { Account: 'a', Owner: 'x', Value: 3 };
const b = { Account: 'b', Owner: 'x', Value: 5 };

describe('a stateful rule', () => {
  test('fires once for each combination of dimensions', () => {
    assert.deepEqual(evaluations({}, [[a], [a], [a, b], [b, a]]), [['fired a 1'], [], ['fired b 1'], []]);
  });

  test('resolves when three evaluations in a row did not meet it, and can fire again', () => {
    const results = [[a], [], [], [a], [], [], [], [a]];
    assert.deepEqual(evaluations({}, results), [
      ['fired a 1'],
      [],
      [],
      [],
      [],
      [],
      ['resolved a '],
      ['fired a 1'],
    ]);
  });

  test('counts rows without a measure, takes the greatest measure with one', () => {
    const rows = [a, { ...a, Value: 9 }, { ...a, Owner: 'y' }];
    assert.deepEqual(evaluations({}, [rows]), [['fired a 3']]);
    assert.deepEqual(evaluations({ measure: 'Value' }, [rows]), [['fired a 9']]);
    assert.deepEqual(evaluations({ measure: 'Value', dimensions: ['Account', 'Owner'] }, [rows]), [
      ['fired a x 9', 'fired a y 3'],
    ]);
  });

  test('without dimensions is one series, also without rows', () => {
    const counting: Partial<CompiledRule> = { dimensions: [], operator: 'LessThan', threshold: 1 };
    assert.deepEqual(evaluations(counting, [[a], []]), [[], ['fired 0']]);
    // A measure needs a row: such a query must summarize.
    assert.deepEqual(evaluations({ ...counting, measure: 'Value' }, [[], [{ Value: 0 }]]), [[], ['fired 0']]);
  });

  const thresholds: readonly [operator: CompiledRule['operator'], met: readonly number[]][] = [
    ['Equals', [3]],
    ['GreaterThan', [4]],
    ['GreaterThanOrEqual', [3, 4]],
    ['LessThan', [2]],
    ['LessThanOrEqual', [2, 3]],
  ];
  for (const [operator, met] of thresholds) {
    test(`${operator} 3 is met by ${met.join(' and ')} of 2, 3, 4`, () => {
      const found = [2, 3, 4].filter((Value) => {
        const [told] = evaluations({ measure: 'Value', operator, threshold: 3 }, [[{ ...a, Value }]]);
        return told?.length === 1;
      });
      assert.deepEqual(found, met);
    });
  }
});

test('a stateless rule fires at each evaluation that meets it, and resolves nothing', () => {
  assert.deepEqual(evaluations({ stateful: false }, [[a], [a], [], [a]]), [
    ['fired a 1'],
    ['fired a 1'],
    [],
    ['fired a 1'],
  ]);
});

describe('evaluations until an alert resolves', () => {
  const cases: readonly [minutes: number, periods: number][] = [
    [1, 10],
    [5, 3],
    [15, 3],
    [30, 2],
    [60, 2],
    [659, 2],
    [660, 1],
    [720, 1],
  ];
  for (const [minutes, periods] of cases) {
    test(`${periods} at ${minutes} minutes`, () =>
      assert.equal(documentedPeriodsToResolve(minutes), periods));
  }
});

describe('a rule whose query does not fit', () => {
  test('is refused with the missing column', () => {
    assert.throws(() => evaluations({ dimensions: ['Acount'] }, [[]]), /"rule" has no Acount/);
    assert.throws(() => evaluations({ measure: 'Count' }, [[]]), /"rule" has no Count/);
  });

  test('is refused when it would split by time', () => {
    const query = {
      columns: [...columns, { name: 'TimeGenerated', type: 'datetime' } as const],
      run: () => [],
    };
    assert.throws(() => evaluations({ query }, [[]]), /TimeGenerated/);
  });
});

describe('a duration', () => {
  test('of days, hours and minutes', () => {
    assert.deepEqual(['P2D', 'PT2H', 'PT15M'].map(durationMilliseconds), [172_800_000, 7_200_000, 900_000]);
  });

  for (const text of ['PT', '15M', 'P1W', 'PT1H30M']) {
    test(`${text} is refused`, () => assert.throws(() => durationMilliseconds(text), RangeError));
  }
});
