import { isLiteral, literalValue } from './literals.ts';
import { arithmetic, comparison, logical, requireComparable, textComparison } from './operators.ts';
import { scalarFunctions } from './scalar-functions.ts';
import { type Binding, type Evaluate, type Expression, oncePerRun, type Scope } from './scope.ts';
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
  ElementExpression: compileElement,
  UnaryMinusExpression: compileNegation,
  UnaryPlusExpression: (node, scope) => compileExpression(node.child('Expression'), scope),
  InExpression: compileIn,
  InCsExpression: compileIn,
  NotInExpression: compileIn,
  NotInCsExpression: compileIn,
  BetweenExpression: compileBetween,
  NotBetweenExpression: compileBetween,
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

function compileElement(node: Syntax, scope: Scope): Expression {
  const bag = compileExpression(node.child('Expression'), scope);
  const index = compileExpression(node.child('Selector').child('Expression'), scope);
  if (typeof index.constant === 'string') return member(bag, index.constant);
  if (index.type !== 'long' && index.type !== 'int') {
    throw node.unsupported(`[] with a ${index.type} that is no literal`);
  }
  return { type: 'dynamic', evaluate: element(bag.evaluate, index.evaluate) };
}

/** Of an array; a negative index counts from the end. */
function element(array: Evaluate, index: Evaluate): Evaluate {
  return (row, run) => {
    const values = array(row, run);
    const position = index(row, run);
    if (!Array.isArray(values) || typeof position !== 'number') return null;
    return (values.at(position) as JsonValue | undefined) ?? null;
  };
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

function compileNegation(node: Syntax, scope: Scope): Expression {
  const { evaluate, constant: known } = compileExpression(node.child('Expression'), scope);
  if (node.type === 'dynamic') throw node.unsupported('- of a dynamic value');
  if (typeof known === 'number') return constant(node, -known);
  return {
    type: node.type,
    evaluate: (row, run) => {
      const value = evaluate(row, run);
      return value === null ? null : -(value as number);
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
    arithmetic(node, left, right) ??
    textComparison(node, left, right);
  if (evaluate === undefined) throw node.unsupported(`the operator ${node.child('Operator').text}`);
  return { type: node.type, evaluate };
}

/** `in` and its kin: over a list, a dynamic array, or the first column of a table. */
function compileIn(node: Syntax, scope: Scope): Expression {
  const left = compileExpression(node.child('Left'), scope);
  const operator = node.child('Operator').text;
  if (left.type === 'dynamic') throw node.unsupported(`${operator} of a dynamic value; use tostring()`);
  const fold = foldOf(operator.endsWith('~'));
  const wanted = !operator.startsWith('!');
  const candidates = candidatesOf(node, left, scope, fold);
  return {
    type: 'bool',
    evaluate: (row, run) => {
      const value = left.evaluate(row, run);
      return (value !== null && candidates(row, run).has(fold(value))) === wanted;
    },
  };
}

const foldOf =
  (isCaseInsensitive: boolean) =>
  (value: Scalar): Scalar =>
    isCaseInsensitive && typeof value === 'string' ? value.toLowerCase() : value;

type Candidates = (row: unknown, run: Parameters<Evaluate>[1]) => ReadonlySet<Scalar>;

function candidatesOf(
  node: Syntax,
  left: Expression,
  scope: Scope,
  fold: (value: Scalar) => Scalar,
): Candidates {
  const items = node.child('Right').items('Expressions');
  const [only] = items;
  if (items.length === 1 && only?.hasColumns) {
    const relation = scope.compileRelation(only, scope);
    const [column] = relation.columns;
    if (column === undefined) throw node.unsupported('in of a table without columns');
    requireComparable(node, left, { type: column.type, evaluate: column.read });
    const collect: Candidates = (_, run) =>
      new Set(relation.rows(run).map((row) => fold(column.read(row, run))));
    return (row, run) => oncePerRun(relation, run, () => collect(row, run));
  }
  const expressions = items.map((item) => compileExpression(item, scope));
  for (const item of expressions) if (item.type !== 'dynamic') requireComparable(node, left, item);
  const build = (values: readonly Scalar[]) => new Set(values.flat().map((value) => fold(value as Scalar)));
  if (expressions.every((item) => item.constant !== undefined)) {
    const set = build(expressions.map((item) => item.constant ?? null));
    return () => set;
  }
  return (row, run) => build(expressions.map((item) => item.evaluate(row, run)));
}

/** Both ends belong to the range; an end that is a timespan counts from the beginning. */
function compileBetween(node: Syntax, scope: Scope): Expression {
  const value = compileExpression(node.child('Left'), scope);
  const ends = node.child('Right');
  const first = compileExpression(ends.child('First'), scope);
  const second = compileExpression(ends.child('Second'), scope);
  requireComparable(node, value, first);
  const isSpan = value.type === 'datetime' && second.type === 'timespan';
  if (!isSpan) requireComparable(node, value, second);
  const wanted = node.kind === 'BetweenExpression';
  return {
    type: 'bool',
    evaluate: (row, run) => {
      const [at, from, until] = [value, first, second].map((end) => end.evaluate(row, run)) as (
        | number
        | null
      )[];
      if (at == null || from == null || until == null) return null;
      return (at >= from && at <= (isSpan ? from + until : until)) === wanted;
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
  const binding = scope.binding(name);
  if (binding?.kind === 'function') return compileExpression(...enterFunction(node, binding, scope));
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

/** The body of a function and the scope in which its parameters are the arguments of a call. */
export function enterFunction(
  call: Syntax,
  { declaration, scope: outer }: Extract<Binding, { kind: 'function' }>,
  caller: Scope,
): [Syntax, Scope] {
  const scope = outer.inner();
  const args = call.child('ArgumentList').items('Expressions');
  declaration
    .child('Parameters')
    .items('Parameters')
    .forEach((parameter, index) => {
      const arg = args[index] ?? parameter.optional('DefaultValue')?.child('Value');
      if (arg === undefined) throw call.unsupported(`a call without ${parameter.text}`);
      if (arg.kind === 'SimpleNamedExpression') throw arg.unsupported('an argument by name');
      if (arg.hasColumns) throw arg.unsupported('a table as an argument');
      scope.bind(parameter.child('NameAndType').child('Name').name, {
        kind: 'scalar',
        expression: compileExpression(arg, caller),
      });
    });
  const body = declaration.child('Body');
  bindStatements(body.items('Statements'), scope);
  return [body.child('Expression'), scope];
}

/** Binds the names of `let` statements. A table behind a `let` is worked out once in a run. */
export function bindStatements(statements: readonly Syntax[], scope: Scope): void {
  for (const statement of statements) {
    if (statement.kind !== 'LetStatement') throw statement.unsupported(`the statement ${statement.kind}`);
    scope.bind(statement.child('Name').name, letBinding(statement.child('Expression'), scope));
  }
}

function letBinding(value: Syntax, scope: Scope): Binding {
  if (value.kind === 'FunctionDeclaration') return { kind: 'function', declaration: value, scope };
  if (!value.hasColumns) return { kind: 'scalar', expression: compileExpression(value, scope) };
  const { columns, rows } = scope.compileRelation(value, scope);
  const relation = {
    columns,
    rows: (run: Parameters<typeof rows>[0]) => oncePerRun(relation, run, () => rows(run)),
  };
  return { kind: 'relation', relation };
}
