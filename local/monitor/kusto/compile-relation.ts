import { compileExpression } from './compile-expression.ts';
import { compileJoin } from './join.ts';
import { KustoError } from './kusto-error.ts';
import { rowOperators } from './row-operators.ts';
import type { BoundColumn, Evaluate, Expression, Relation, Scope } from './scope.ts';
import { bindColumns, compileSummarize } from './summarize.ts';
import type { Syntax } from './syntax.ts';
import { tableSchemas } from './table-schemas.ts';
import { inputReader, type Scalar, type TableRow } from './values.ts';

/**
 * Turns a tabular expression into a relation. Throws `unsupported` for what the evaluator does not know.
 * No rule has `datatable` and `print`: by them its tests say what it is worked out of.
 */
export function compileRelation(node: Syntax, scope: Scope): Relation {
  switch (node.kind) {
    case 'ParenthesizedExpression':
    case 'MaterializeExpression':
      return compileRelation(node.child('Expression'), scope);
    case 'PipeExpression':
      return compileOperator(node.child('Operator'), compileRelation(node.child('Expression'), scope), scope);
    case 'NameReference':
      return compileTable(node, scope);
    case 'DataTableExpression':
      return compileDataTable(node, scope);
    case 'PrintOperator':
      return compilePrint(node, scope);
    default:
      throw node.unsupported(`the tabular expression ${node.kind}`);
  }
}

function compileOperator(node: Syntax, input: Relation, scope: Scope): Relation {
  switch (node.kind) {
    case 'SummarizeOperator':
      return compileSummarize(node, input, scope);
    case 'JoinOperator':
      return compileJoin(node, input, scope);
    default: {
      const compile = rowOperators[node.kind];
      if (compile === undefined) throw node.unsupported(`the operator ${node.kind}`);
      return compile(node, input, scope);
    }
  }
}

/** A table behind a `let`, or one of the input. */
function compileTable(node: Syntax, scope: Scope): Relation {
  const binding = scope.binding(node.name);
  if (binding?.kind === 'relation') return binding.relation;
  const schema = tableSchemas.find(({ name }) => name === node.name);
  if (binding !== undefined || schema === undefined) throw node.unsupported(`the table ${node.name}`);
  const columns = schema.columns.map(({ name, type }): BoundColumn => {
    const read = inputReader(schema.name, name, type);
    return { name, type, read: (row) => read(row as TableRow) };
  });
  return {
    columns,
    rows: ({ tables }) => {
      const rows = tables[schema.name];
      if (rows !== undefined) return rows;
      throw new KustoError('missing_table', `the query reads ${schema.name}; pass its rows`, node.position);
    },
  };
}

/** Rows that are arrays of values. */
function fixedColumns(node: Syntax): BoundColumn[] {
  const { columns } = node;
  const reads = columns.map(
    (_, index): Evaluate =>
      (row) =>
        (row as readonly Scalar[])[index] ?? null,
  );
  return bindColumns(node, columns, reads);
}

function compileDataTable(node: Syntax, scope: Scope): Relation {
  const columns = fixedColumns(node);
  const values = node.items('Values').map((value) => constantOf(value, compileExpression(value, scope)));
  const rows: Scalar[][] = [];
  for (let start = 0; start < values.length; start += columns.length) {
    rows.push(values.slice(start, start + columns.length));
  }
  return { columns, rows: () => rows };
}

function constantOf(node: Syntax, { constant }: Expression): Scalar {
  if (constant === undefined) throw node.unsupported(`${node.text} in a datatable`);
  return constant;
}

function compilePrint(node: Syntax, scope: Scope): Relation {
  const values = node.items('Expressions').map((item) => compileExpression(item, scope).evaluate);
  return { columns: fixedColumns(node), rows: (run) => [values.map((evaluate) => evaluate(undefined, run))] };
}
