import type { BoundColumn, Evaluate, Relation, Scope } from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { Column } from './table-schemas.ts';
import { missing } from './values.ts';

/** A row of a union: which of the tables it comes from, and the row there. */
type LegRow = readonly [leg: number, row: unknown];

/** https://learn.microsoft.com/kusto/query/union-operator: all columns of all tables. */
export function compileUnion(node: Syntax, input: Relation | undefined, scope: Scope): Relation {
  for (const parameter of node.items('Parameters')) {
    const name = parameter.child('Name').name;
    // kind=inner keeps the common columns only; the language service, which names the columns, doesn't know that.
    const isOuter = name === 'kind' && parameter.child('Expression').text === 'outer';
    if (!isOuter && !name.startsWith('hint.')) throw parameter.unsupported(`union ${parameter.text}`);
  }
  const tables = node.items('Expressions').map((table) => scope.compileRelation(table, scope));
  const legs = input === undefined ? tables : [input, ...tables];
  const columns = node.columns.map((column) => unionColumn(column, legs, node));
  const rows: Relation['rows'] = (run) =>
    legs.flatMap((leg, index) => leg.rows(run).map((row): LegRow => [index, row]));
  return { columns, rows };
}

/** A column is itself in each table that has it with its type, and missing in the others. */
function unionColumn(column: Column, legs: readonly Relation[], node: Syntax): BoundColumn {
  const absent = missing(column.type);
  const sources = legs.map((leg) => sourceOf(column, leg, node));
  if (sources.every((source) => source === undefined)) {
    throw node.unsupported(`where ${column.name} comes from`);
  }
  const reads = sources.map((source): Evaluate => source?.read ?? (() => absent));
  return {
    ...column,
    read: (row, run) => {
      const [leg, inner] = row as LegRow;
      const read = reads[leg];
      return read === undefined ? absent : read(inner, run);
    },
  };
}

/** A name that tables have with different types is split into `Name_type`; what else is named so is refused. */
function sourceOf({ name, type }: Column, leg: Relation, node: Syntax): BoundColumn | undefined {
  const own = leg.columns.find((column) => column.name === name && column.type === type);
  const suffix = `_${type}`;
  const plainName = name.endsWith(suffix) ? name.slice(0, -suffix.length) : undefined;
  const isSplit = !node.columns.some((column) => column.name === plainName);
  const split = leg.columns.find((column) => isSplit && column.name === plainName && column.type === type);
  if (own !== undefined && split !== undefined) {
    throw node.unsupported(`a union in which ${name} has two sources`);
  }
  return own ?? split;
}
