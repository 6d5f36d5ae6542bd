import { compileExpression } from './compile-expression.ts';
import { groups } from './groups.ts';
import { type BoundColumn, columnOf, type Evaluate, type Relation, type Run, type Scope } from './scope.ts';
import { bindColumns, groupKey } from './summarize.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType } from './table-schemas.ts';
import { type JsonValue, missing, type Scalar } from './values.ts';

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
  const rows = (run: Run) =>
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

/** Operators that only leave out or reorder columns: the language service says which remain. */
const pick: CompileOperator = (node, input) => ({
  columns: node.columns.map(({ name }) =>
    columnOf(input, name, () => node.unsupported(`the column ${name}`)),
  ),
  rows: (run) => input.rows(run),
});

const rename: CompileOperator = (node, input) => {
  const newNames = new Map(
    node.items('Expressions').map((item) => [item.child('Expression').name, item.child('Name').name]),
  );
  return {
    columns: input.columns.map((column) => ({ ...column, name: newNames.get(column.name) ?? column.name })),
    rows: (run) => input.rows(run),
  };
};

const distinct: CompileOperator = (node, input, scope) => {
  const over = scope.over(input);
  const items = node.items('Expressions');
  const keys = items.map((item) => {
    if (item.kind === 'StarExpression') throw item.unsupported('distinct *; name the columns');
    return groupKey(item, over);
  });
  const read =
    (index: number): Evaluate =>
    (row) =>
      (row as readonly Scalar[])[index] ?? null;
  return {
    columns: bindColumns(
      node,
      node.columns,
      keys.map((_, index) => read(index)),
    ),
    rows: (run) => {
      const found = groups(keys, () => undefined);
      for (const row of input.rows(run)) found.of(row, run);
      return found.all().map(({ key }) => key);
    },
  };
};

const count: CompileOperator = (node, input) => ({
  columns: bindColumns(node, node.columns, [(row) => row as number]),
  rows: (run) => [input.rows(run).length],
});

const take: CompileOperator = (node, input, scope) => {
  const limit = compileExpression(node.child('Expression'), scope).evaluate;
  return { columns: input.columns, rows: (run) => input.rows(run).slice(0, Number(limit(undefined, run))) };
};

const sort: CompileOperator = (node, input, scope) => {
  const compare = ordering(node.items('Expressions'), scope.over(input));
  return { columns: input.columns, rows: (run) => sorted(input, compare, run) };
};

const top: CompileOperator = (node, input, scope) => {
  const limit = compileExpression(node.child('Expression'), scope).evaluate;
  const compare = ordering([node.child('ByExpression')], scope.over(input));
  return {
    columns: input.columns,
    rows: (run) => sorted(input, compare, run).slice(0, Number(limit(undefined, run))),
  };
};

type Compare = (left: unknown, right: unknown, run: Run) => number;

function sorted(input: Relation, compare: Compare, run: Run): unknown[] {
  return [...input.rows(run)].sort((left, right) => compare(left, right, run));
}

/** Descending unless it says `asc`; null is less than every value unless it says where nulls go. */
function ordering(items: readonly Syntax[], over: Scope): Compare {
  const compares = items.map((item): Compare => {
    const clause = item.kind === 'OrderedExpression' ? item.child('Ordering') : undefined;
    const { type, evaluate } = compileExpression(
      clause === undefined ? item : item.child('Expression'),
      over,
    );
    if (type === 'dynamic') throw item.unsupported('ordering by a dynamic value; convert it first');
    const direction = clause?.optional('AscOrDescKeyword')?.text === 'asc' ? 1 : -1;
    const nulls = clause?.optional('NullsClause')?.child('FirstOrLastKeyword').text;
    const nullsAt = nulls === undefined ? -direction : nulls === 'first' ? -1 : 1;
    return (left, right, run) => compareValues(evaluate(left, run), evaluate(right, run), direction, nullsAt);
  });
  return (left, right, run) => {
    for (const compare of compares) {
      const order = compare(left, right, run);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** NaN sorts with null: https://learn.microsoft.com/kusto/query/sort-operator */
const isMissing = (value: Scalar) => value === null || Number.isNaN(value);

function compareValues(left: Scalar, right: Scalar, direction: number, nullsAt: number): number {
  if (left === right) return 0;
  const [leftMissing, rightMissing] = [isMissing(left), isMissing(right)];
  if (leftMissing || rightMissing) return leftMissing === rightMissing ? 0 : leftMissing ? nullsAt : -nullsAt;
  return (left as number) < (right as number) ? -direction : direction;
}

const isInteger = (value: Scalar) => Number.isInteger(value);
const elementTypes: Readonly<Partial<Record<ScalarType, (value: Scalar) => boolean>>> = {
  dynamic: () => true,
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int: isInteger,
  long: isInteger,
  real: (value) => typeof value === 'number',
};

/** `to typeof()` casts and does not convert: an element of another type is missing. */
function elementCast(type: ScalarType, item: Syntax): (value: Scalar) => Scalar {
  const fits = elementTypes[type];
  if (fits === undefined) throw item.unsupported(`mv-expand to typeof(${type})`);
  return (value) => (fits(value) ? value : missing(type));
}

/** One row for each element of an array; an array that is null gives one row, an empty one none. */
const mvExpand: CompileOperator = (node, input, scope) => {
  const [item, ...others] = node.items('Expressions');
  const isPlain = node.items('Parameters').length === 0 && node.optional('RowLimitClause') === undefined;
  if (item === undefined || others.length > 0 || !isPlain) {
    throw node.unsupported('mv-expand of more than one array');
  }
  const expression = item.child('Expression');
  const named = expression.kind === 'SimpleNamedExpression' ? expression.child('Name') : expression;
  const array = compileExpression(expression, scope.over(input)).evaluate;
  const columns = node.columns.map(({ name, type }): BoundColumn => {
    if (name === named.name) {
      const cast = elementCast(type, item);
      return { name, type, read: (row) => cast((row as ExtendedRow)[1] ?? null) };
    }
    return inherited(columnOf(input, name, () => node.unsupported(`the column ${name}`)));
  });
  const elements = (row: unknown, run: Run): readonly JsonValue[] => {
    const value = array(row, run);
    if (value === null || Array.isArray(value)) return value ?? [null];
    throw node.unsupported(`mv-expand of ${typeof value === 'object' ? 'a bag' : String(value)}`);
  };
  return {
    columns,
    rows: (run) => input.rows(run).flatMap((row) => elements(row, run).map((element) => [row, element])),
  };
};

/** Operators that make a table of the rows of one table; see also summarize, join, lookup and union. */
export const rowOperators: Readonly<Record<string, CompileOperator>> = {
  FilterOperator: where,
  ExtendOperator: extend,
  ProjectOperator: project,
  ProjectAwayOperator: pick,
  ProjectKeepOperator: pick,
  ProjectReorderOperator: pick,
  ProjectRenameOperator: rename,
  DistinctOperator: distinct,
  CountOperator: count,
  TakeOperator: take,
  SortOperator: sort,
  TopOperator: top,
  MvExpandOperator: mvExpand,
  SerializeOperator: (node, input) => {
    if (node.items('Expressions').length > 0) throw node.unsupported('serialize with columns');
    return input;
  },
};
