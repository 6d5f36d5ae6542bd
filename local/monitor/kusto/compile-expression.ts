import { isLiteral, literalValue } from './literals.ts';
import { arithmetic, comparison, logical, requireComparable } from './operators.ts';
import { scalarFunctions } from './scalar-functions.ts';
import { type Evaluate, type Expression, type NameBinding, oncePerRun, type Scope } from './scope.ts';
import type { Syntax } from './syntax.ts';
import { type JsonValue, missing, type Scalar } from './values.ts';

/** Turns a scalar expression into a closure. Throws `unsupported` for what the evaluator does not know. */
export function compileExpression(node: Syntax, scope: Scope): Expression {
  if (isLiteral(node)) return constant(node, literalValue(node));
  const compile = compilers[node.kind] ?? compileOperator;
  return compile(node, scope);
}

type Compile = (node: Syntax, scope: Scope) => Expression;

const compilers: Readonly<Record<string, Compile>> = {
  ParenthesizedExpression: (node, scope) => compileExpression(node.child('Expression'), scope),
  SimpleNamedExpression: (node, scope) => compileExpression(node.child('Expression'), scope),
  NameReference: compileName,
  PathExpression: compilePath,
  InExpression: compileIn,
  NotInExpression: compileIn,
  BetweenExpression: compileBetween,
  ToScalarExpression: compileToScalar,
  FunctionCallExpression: compileCall,
};

function constant(node: Syntax, value: Scalar): Expression {
  const usable = value === null ? missing(node.type) : value;
  return { type: node.type, evaluate: () => usable, constant: usable };
}

function compileName(node: Syntax, scope: Scope): Expression {
  const column = scope.column(node.name);
  if (column !== undefined) return { type: column.type, evaluate: column.read };
  const binding = scope.binding(node.name);
  if (binding?.kind === 'scalar') return binding.expression;
  throw node.unsupported(`${node.name} as a value`);
}

/** `bag.key`. A key that is missing, or a value that is no bag, gives null. */
function compilePath(node: Syntax, scope: Scope): Expression {
  const selector = node.child('Selector');
  if (selector.kind !== 'NameReference') throw node.unsupported(node.text);
  return member(compileExpression(node.child('Expression'), scope), selector.name);
}

function member(bag: Expression, key: string): Expression {
  const { evaluate } = bag;
  const isInherited = key in Object.prototype;
  return {
    type: 'dynamic',
    evaluate: (row, run) => {
      const value = evaluate(row, run);
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
      if (isInherited && !Object.hasOwn(value, key)) return null;
      return (value as Record<string, JsonValue>)[key] ?? null;
    },
  };
}

function compileOperator(node: Syntax, scope: Scope): Expression {
  const [leftNode, rightNode] = [node.optional('Left'), node.optional('Right')];
  if (leftNode === undefined || rightNode === undefined) throw node.unsupported(node.kind);
  const [left, right] = [compileExpression(leftNode, scope), compileExpression(rightNode, scope)];
  const evaluate =
    logical(node, left.evaluate, right.evaluate) ??
    comparison(node, left, right) ??
    arithmetic(node, left, right);
  if (evaluate === undefined) throw node.unsupported(`the operator ${node.child('Operator').text}`);
  return { type: node.type, evaluate };
}

/** `in` and `!in`: over a list, or the first column of a table. */
function compileIn(node: Syntax, scope: Scope): Expression {
  const left = compileExpression(node.child('Left'), scope);
  const operator = node.child('Operator').text;
  if (left.type === 'dynamic') throw node.unsupported(`${operator} of a dynamic value; use tostring()`);
  const wanted = !operator.startsWith('!');
  const candidates = candidatesOf(node, left, scope);
  return {
    type: 'bool',
    evaluate: (row, run) => {
      const value = left.evaluate(row, run);
      return (value !== null && candidates(row, run).has(value)) === wanted;
    },
  };
}

type Candidates = (row: unknown, run: Parameters<Evaluate>[1]) => ReadonlySet<Scalar>;

function candidatesOf(node: Syntax, left: Expression, scope: Scope): Candidates {
  const items = node.child('Right').items('Expressions');
  const [only] = items;
  if (items.length === 1 && only?.hasColumns) {
    const relation = scope.compileRelation(only, scope);
    const [column] = relation.columns;
    if (column === undefined) throw node.unsupported('in of a table without columns');
    requireComparable(node, left, { type: column.type, evaluate: column.read });
    const collect: Candidates = (_, run) => new Set(relation.rows(run).map((row) => column.read(row, run)));
    return (row, run) => oncePerRun(relation, run, () => collect(row, run));
  }
  const expressions = items.map((item) => compileExpression(item, scope));
  for (const item of expressions) requireComparable(node, left, item);
  const build = (values: readonly Scalar[]) => new Set(values);
  if (expressions.every((item) => item.constant !== undefined)) {
    const set = build(expressions.map((item) => item.constant ?? null));
    return () => set;
  }
  return (row, run) => build(expressions.map((item) => item.evaluate(row, run)));
}

/** Both ends belong to the range. */
function compileBetween(node: Syntax, scope: Scope): Expression {
  const value = compileExpression(node.child('Left'), scope);
  const ends = node.child('Right');
  const [first, second] = [ends.child('First'), ends.child('Second')].map((end) => {
    const expression = compileExpression(end, scope);
    requireComparable(node, value, expression);
    return expression.evaluate;
  });
  return {
    type: 'bool',
    evaluate: (row, run) => {
      const [at, from, until] = [value.evaluate, first, second].map((end) => end?.(row, run)) as (
        | number
        | null
      )[];
      return at == null || from == null || until == null ? null : at >= from && at <= until;
    },
  };
}

/** First column of the first row; null without a row. */
function compileToScalar(node: Syntax, scope: Scope): Expression {
  const inner = node.child('Expression');
  if (!inner.hasColumns) return compileExpression(inner, scope);
  const relation = scope.compileRelation(inner, scope);
  const [column] = relation.columns;
  if (column === undefined) throw node.unsupported('toscalar of a table without columns');
  const first: Evaluate = (_, run) => {
    const rows = relation.rows(run);
    return rows.length === 0 ? missing(column.type) : column.read(rows[0], run);
  };
  return { type: column.type, evaluate: (row, run) => oncePerRun(relation, run, () => first(row, run)) };
}

function compileCall(node: Syntax, scope: Scope): Expression {
  const name = node.child('Name').name;
  const aggregate = scope.aggregate(node);
  if (aggregate !== undefined) return aggregate;
  const build = scalarFunctions[name];
  if (build === undefined) throw node.unsupported(`the function ${name}()`);
  const args = node.child('ArgumentList').items('Expressions');
  return {
    type: node.type,
    evaluate: build(
      args.map((arg) => compileExpression(arg, scope)),
      node,
    ),
  };
}

/** Binds the names of `let` statements. A table behind a `let` is worked out once in a run. */
export function bindStatements(statements: readonly Syntax[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.kind !== 'LetStatement') throw statement.unsupported(`the statement ${statement.kind}`);
    scope.bind(statement.child('Name').name, letBinding(statement.child('Expression'), scope));
  }
}

function letBinding(value: Syntax, scope: Scope): NameBinding {
  if (value.kind === 'FunctionDeclaration') throw value.unsupported('a function of its own');
  if (!value.hasColumns) return { kind: 'scalar', expression: compileExpression(value, scope) };
  const { columns, rows } = scope.compileRelation(value, scope);
  const relation = {
    columns,
    rows: (run: Parameters<typeof rows>[0]) => oncePerRun(relation, run, () => rows(run)),
  };
  return { kind: 'relation', relation };
}
