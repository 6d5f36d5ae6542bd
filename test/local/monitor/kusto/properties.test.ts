import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileQuery } from '../../../../local/monitor/kusto/compile-query.ts';
import { now } from './query.ts';

const event = fc.record({
  TimeGenerated: fc.integer({ min: now.getTime() - 86_400_000, max: now.getTime() }),
  Name: fc.constantFrom('a', 'b', 'c', ''),
  ItemCount: fc.option(fc.integer({ min: -5, max: 5 })),
  Properties: fc.record({ key: fc.constantFrom('x', 'y', '') }, { requiredKeys: [] }),
});
const events = fc.array(event, { maxLength: 30 });

/** Holds for all events that two queries give the same rows. */
function same(left: string, right: string): void {
  const [first, second] = [compileQuery(left), compileQuery(right)];
  fc.assert(
    fc.property(events, (AppEvents) => {
      assert.deepEqual(first.run({ AppEvents }, now), second.run({ AppEvents }, now));
    }),
  );
}

function greatest(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

test('counting by a key is what grouping by hand counts', () => {
  const query = compileQuery(
    'AppEvents | summarize n = count(), m = max(ItemCount) by Name, k = tostring(Properties.key)',
  );
  fc.assert(
    fc.property(events, (AppEvents) => {
      const expected = [...Map.groupBy(AppEvents, (row) => `${row.Name}/${row.Properties.key ?? ''}`)].map(
        ([key, rows]) => [key, rows.length, greatest(rows.map(({ ItemCount }) => ItemCount))],
      );
      const rows = query.run({ AppEvents }, now).map(({ Name, k, n, m }) => [`${Name}/${k}`, n, m]);
      assert.deepEqual(rows, expected);
    }),
  );
});

test('where commutes with extend of other columns', () => {
  same(
    'AppEvents | where ItemCount > 0 | extend k = tostring(Properties.key) | project Name, k',
    'AppEvents | extend k = tostring(Properties.key) | where ItemCount > 0 | project Name, k',
  );
});

test('a semi join and an anti join part the rows', () => {
  const right = '(AppEvents | where ItemCount > 0 | project Name)';
  const [semi, anti] = ['leftsemi', 'leftanti'].map((kind) =>
    compileQuery(`AppEvents | join kind=${kind} ${right} on Name`),
  );
  fc.assert(
    fc.property(events, (AppEvents) => {
      const parts = [semi, anti].flatMap((query) => query?.run({ AppEvents }, now) ?? []);
      assert.equal(parts.length, AppEvents.length);
    }),
  );
});

test('arg_max is the first row of the sorted ones', () => {
  same(
    'AppEvents | where not(isnull(ItemCount)) | summarize arg_max(ItemCount, TimeGenerated) by Name = "all"',
    'AppEvents | where not(isnull(ItemCount)) | top 1 by ItemCount | project Name = "all", ItemCount, TimeGenerated',
  );
});

test('a query gives the same rows however often it has run', () => {
  const query = compileQuery(
    'let T = AppEvents | extend k = tostring(Properties.key); T | join kind=inner T on k | summarize count() by k',
  );
  fc.assert(
    fc.property(events, events, (AppEvents, others) => {
      const before = query.run({ AppEvents }, now);
      query.run({ AppEvents: others }, now);
      assert.deepEqual(query.run({ AppEvents }, now), before);
    }),
  );
});
