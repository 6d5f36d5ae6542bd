import { compileExpression } from './compile-expression.ts';
import {
  type BoundColumn,
  columnOf,
  type Evaluate,
  type QueryRun,
  type Relation,
  type Scope,
} from './scope.ts';
import { bindColumns } from './summarize.ts';
import type { Syntax } from './syntax.ts';
import type { Scalar } from './values.ts';

type CompileOperator = (node: Syntax, input: Relation, scope: Scope) => Relation;

const where: CompileOperator = (node, input, scope) => {
  const { evaluate } = compileExpression(node.child('Condition'), scope.over(input));
  return {
    columns: input.columns,
    rows: (run) => input.rows(run).filter((row) => evaluate(row, run) === true),
  };
};

/** An extended row: the row before it, then the new values, each undefined until somebody reads it. */
type ExtendedRow = [unknown, ...(Scalar | undefined)[]];

/** Adds a lazily computed value for each expression to every row. */
function withValues(input: Relation, values: readonly Evaluate[]) {
  const reads = values.map((evaluate, index): Evaluate => {
    const slot = index + 1;
    return (row, run) => {
      const extended = row as ExtendedRow;
      const known = extended[slot];
      if (known !== undefined) return known as Scalar;
      const value = evaluate(extended[0], run);
      extended[slot] = value;
      return value;
    };
  });
  const size = values.length + 1;
  const rows = (run: QueryRun) =>
    input.rows(run).map((row) => {
      const extended = new Array(size);
      extended[0] = row;
      return extended;
    });
  return { reads, rows };
}

function inherited({ name, type, read }: BoundColumn): BoundColumn {
  return { name, type, read: (row, run) => read((row as ExtendedRow)[0], run) };
}

const extend: CompileOperator = (node, input, scope) => {
  const over = scope.over(input);
  const added = node.items('Expressions').map((item) => {
    if (item.kind !== 'SimpleNamedExpression') {
      throw item.unsupported(`${item.text} without a name; write Name = …`);
    }
    return { name: item.child('Name').name, ...compileExpression(item, over) };
  });
  const { reads, rows } = withValues(
    input,
    added.map(({ evaluate }) => evaluate),
  );
  const replaced = new Map(added.map((column, index) => [column.name, reads[index]]));
  const columns = node.columns.map(({ name, type }): BoundColumn => {
    const read = replaced.get(name);
    if (read !== undefined) return { name, type, read };
    return inherited(columnOf(input, name, () => node.unsupported(`the column ${name}`)));
  });
  return { columns, rows };
};

/** Columns that are only picked keep their readers; the rest is worked out when read. */
const project: CompileOperator = (node, input, scope) => {
  const over = scope.over(input);
  const expressions = node.items('Expressions').map((item) => {
    const inner = item.kind === 'SimpleNamedExpression' ? item.child('Expression') : item;
    return { ...compileExpression(inner, over), isPick: inner.kind === 'NameReference' };
  });
  const evaluates = expressions.map(({ evaluate }) => evaluate);
  if (expressions.every(({ isPick }) => isPick)) {
    return { columns: bindColumns(node, node.columns, evaluates), rows: (run) => input.rows(run) };
  }
  const { reads, rows } = withValues(input, evaluates);
  return { columns: bindColumns(node, node.columns, reads), rows };
};

const top: CompileOperator = (node, input, scope) => {
  const limit = compileExpression(node.child('Expression'), scope).evaluate;
  const compare = ordering(node.child('ByExpression'), scope.over(input));
  const sorted = (run: QueryRun) => [...input.rows(run)].sort((left, right) => compare(left, right, run));
  return { columns: input.columns, rows: (run) => sorted(run).slice(0, Number(limit(undefined, run))) };
};

type Compare = (left: unknown, right: unknown, run: QueryRun) => number;

/** Descending unless it says `asc`; null is less than every value. */
function ordering(item: Syntax, over: Scope): Compare {
  const clause = item.kind === 'OrderedExpression' ? item.child('Ordering') : undefined;
  if (clause?.optional('NullsClause') !== undefined) throw item.unsupported('nulls first or last');
  const { type, evaluate } = compileExpression(clause === undefined ? item : item.child('Expression'), over);
  if (type === 'dynamic') throw item.unsupported('ordering by a dynamic value; convert it first');
  const direction = clause?.optional('AscOrDescKeyword')?.text === 'asc' ? 1 : -1;
  return (left, right, run) => compareValues(evaluate(left, run), evaluate(right, run), direction);
}

/** NaN sorts with null: https://learn.microsoft.com/kusto/query/sort-operator */
const isMissing = (value: Scalar) => value === null || Number.isNaN(value);

function compareValues(left: Scalar, right: Scalar, direction: number): number {
  if (left === right) return 0;
  const [leftMissing, rightMissing] = [isMissing(left), isMissing(right)];
  if (leftMissing || rightMissing)
    return leftMissing === rightMissing ? 0 : leftMissing ? -direction : direction;
  return (left as number) < (right as number) ? -direction : direction;
}

/** Operators that make a table of the rows of one table; see also summarize and join. */
export const rowOperators: Readonly<Record<string, CompileOperator>> = {
  FilterOperator: where,
  ExtendOperator: extend,
  ProjectOperator: project,
  TopOperator: top,
};
