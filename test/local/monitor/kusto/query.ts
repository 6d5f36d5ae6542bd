import { compileQuery } from '../../../../local/monitor/kusto/compile-query.ts';
import type { Scalar, TableRow, Tables } from '../../../../local/monitor/kusto/values.ts';

export const now = new Date('2026-03-01T12:00:00Z');
export const at = (iso: string) => Date.parse(iso);

/** The rows that a query returns. */
export const rowsOf = (query: string, tables: Tables = {}): readonly TableRow[] =>
  compileQuery(query).run(tables, now);

/** The rows as lists of values, in the order of the columns. */
export function valuesOf(query: string, tables: Tables = {}): Scalar[][] {
  const compiled = compileQuery(query);
  return compiled.run(tables, now).map((row) => compiled.columns.map(({ name }) => row[name] ?? null));
}

/** The values of scalar expressions, worked out by one query. */
export function scalarsOf(expressions: readonly string[]): Scalar[] {
  return valuesOf(`print ${expressions.join(', ')}`)[0] ?? [];
}
