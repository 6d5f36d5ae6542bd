import { type Aggregate, aggregates } from './aggregates.ts';
import { compileExpression } from './compile-expression.ts';
import { groups } from './groups.ts';
import {
  type BoundColumn,
  columnOf,
  type Evaluate,
  type Expression,
  type QueryRun,
  type Relation,
  type RowInFlight,
  type Scope,
} from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { TableColumn } from './table-schemas.ts';
import { missing, type Scalar } from './values.ts';

/** A summarized row: the values of the group's keys, then of each aggregate its result. */
type SummaryRow = { readonly keys: readonly Scalar[]; readonly results: readonly unknown[] };

/** An aggregate and the columns that it gives; most give one. */
interface Part {
  start(): { add(row: RowInFlight, run: QueryRun): void; result(): unknown };
  readonly reads: readonly ((result: unknown, run: QueryRun) => Scalar)[];
}

/** https://learn.microsoft.com/kusto/query/summarize-operator */
export function compileSummarize(node: Syntax, input: Relation, scope: Scope): Relation {
  const over = scope.over(input);
  const keyNodes = node.optional('ByClause')?.items('Expressions') ?? [];
  const keys = keyNodes.map((key) => groupKey(key, over));
  const parts = node.items('Aggregates').map((aggregate) => compilePart(aggregate, input, over));
  return {
    columns: summaryColumns(node, keys, parts),
    rows: (run) => summarize(input.rows(run), keys, parts, run),
  };
}

function groupKey(node: Syntax, over: Scope): Evaluate {
  const { type, evaluate } = compileExpression(node, over);
  if (type === 'dynamic') throw node.unsupported('grouping by a dynamic value; use tostring()');
  return evaluate;
}

/** The language service names the columns: keys first, then the aggregates in their order. */
function summaryColumns(node: Syntax, keys: readonly Evaluate[], parts: readonly Part[]): BoundColumn[] {
  const reads: Evaluate[] = [
    ...keys.map(
      (_, index): Evaluate =>
        (row) =>
          (row as SummaryRow).keys[index] ?? null,
    ),
    ...parts.flatMap(({ reads: ofPart }, index) =>
      ofPart.map(
        (read): Evaluate =>
          (row, run) =>
            read((row as SummaryRow).results[index], run),
      ),
    ),
  ];
  return bindColumns(node, node.columns, reads);
}

/** Gives the columns that the language service names their readers, by position. */
export function bindColumns(
  node: Syntax,
  columns: readonly TableColumn[],
  reads: readonly Evaluate[],
): BoundColumn[] {
  if (columns.length !== reads.length) {
    throw node.unsupported(`${reads.length} expressions that give ${columns.length} columns`);
  }
  return columns.map((column, index) => ({ ...column, read: reads[index] ?? (() => null) }));
}

function summarize(
  rows: readonly RowInFlight[],
  keys: readonly Evaluate[],
  parts: readonly Part[],
  run: QueryRun,
): SummaryRow[] {
  const found = groups(keys, () => parts.map((part) => part.start()));
  if (keys.length === 0) found.of(undefined, run);
  for (const row of rows) {
    for (const accumulator of found.of(row, run)) accumulator.add(row, run);
  }
  return found.all().map(({ key, value }) => ({
    keys: key,
    results: value.map((accumulator) => accumulator.result()),
  }));
}

function compilePart(node: Syntax, input: Relation, over: Scope): Part {
  const call = node.kind === 'SimpleNamedExpression' ? node.child('Expression') : node;
  const name = call.kind === 'FunctionCallExpression' ? call.child('Name').name : '';
  if (name === 'arg_max' || name === 'arg_min') return compileArgument(call, name === 'arg_max', input, over);
  if (call.hasColumns) throw call.unsupported(`${call.text} as an aggregate`);
  return compileResult(call, over);
}

/** An aggregate, or an expression over several, such as `countif(x) * 100 / count()`. */
function compileResult(node: Syntax, over: Scope): Part {
  const parts: Aggregate[] = [];
  const scope = over.overResults((call) => {
    const build = aggregates[call.child('Name').name];
    if (build === undefined) return undefined;
    const args = call.child('ArgumentList').items('Expressions');
    const slot = parts.length;
    parts.push(
      build(
        args.map((arg) => compileExpression(arg, over)),
        call,
      ),
    );
    return { type: call.type, evaluate: (results) => (results as readonly Scalar[])[slot] ?? null };
  });
  const { evaluate } = compileExpression(node, scope);
  return { start: () => startAll(parts), reads: [evaluate] };
}

/** Accumulates several aggregates at once; their results are the row that the expression reads. */
function startAll(parts: readonly Aggregate[]): ReturnType<Part['start']> {
  const accumulators = parts.map((part) => part.start());
  return {
    add: (row, run) => {
      for (const accumulator of accumulators) accumulator.add(row, run);
    },
    result: () => accumulators.map((accumulator) => accumulator.result()),
  };
}

/** The row with the greatest or the least value; of rows whose values are all null, the first. */
function compileArgument(call: Syntax, isMax: boolean, input: Relation, over: Scope): Part {
  const [first, ...others] = call.child('ArgumentList').items('Expressions');
  if (first === undefined) throw call.unsupported(call.text);
  const value = compileExpression(first, over);
  const ordered = ['int', 'long', 'real', 'datetime', 'timespan'];
  if (!ordered.includes(value.type)) {
    throw call.unsupported(`${call.text}: the ${isMax ? 'greatest' : 'least'} ${value.type}`);
  }
  const returned = returnedExpressions(call, others, input, over);
  const reads = [value, ...returned].map(({ type, evaluate }) => {
    const absent = missing(type);
    return (row: unknown, run: QueryRun) => (row === undefined ? absent : evaluate(row, run));
  });
  return { start: () => bestRow(value.evaluate, isMax), reads };
}

function returnedExpressions(
  call: Syntax,
  others: readonly Syntax[],
  input: Relation,
  over: Scope,
): Expression[] {
  return others.flatMap((other): Expression[] => {
    if (other.kind !== 'StarExpression') return [compileExpression(other, over)];
    if (others.length > 1) throw call.unsupported(`${call.text}: * beside others`);
    return call.columns.slice(1).map(({ name, type }) => {
      const column = columnOf(input, name, () => call.unsupported(`the column ${name}`));
      return { type, evaluate: column.read };
    });
  });
}

function bestRow(value: Evaluate, isMax: boolean): ReturnType<Part['start']> {
  let best: number | null = null;
  let row: RowInFlight;
  return {
    add: (candidate, run) => {
      const found = value(candidate, run) as number | null;
      if (row === undefined) row = candidate;
      if (found === null || (best !== null && (isMax ? found <= best : found >= best))) return;
      best = found;
      row = candidate;
    },
    result: () => row,
  };
}
