import { KustoError } from './kusto-error.ts';
import type { Evaluate, Expression } from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType } from './table-schemas.ts';
import type { Scalar } from './values.ts';

const numeric: ReadonlySet<ScalarType> = new Set(['int', 'long', 'real']);

const isNumeric = (type: ScalarType): boolean => numeric.has(type);

/** `f` of both operands, null where either is null. */
function lifted(left: Evaluate, right: Evaluate, f: (left: never, right: never) => Scalar): Evaluate {
  const apply = f as (left: Scalar, right: Scalar) => Scalar;
  return (row, run) => {
    const a = left(row, run);
    if (a === null) return null;
    const b = right(row, run);
    return b === null ? null : apply(a, b);
  };
}

/**
 * Equality of null: null with null is null, null with a value is false (and unequal is true).
 * https://learn.microsoft.com/kusto/query/scalar-data-types/null-values
 */
function equality(left: Evaluate, right: Evaluate, whenEqual: boolean): Evaluate {
  return (row, run) => {
    const a = left(row, run);
    const b = right(row, run);
    if (a === null && b === null) return null;
    return (a === b) === whenEqual;
  };
}

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  LessThanExpression: (left, right) => left < right,
  LessThanOrEqualExpression: (left, right) => left <= right,
  GreaterThanExpression: (left, right) => left > right,
  GreaterThanOrEqualExpression: (left, right) => left >= right,
};

/** A comparison of two operands; undefined for another operator. */
export function comparison(node: Syntax, left: Expression, right: Expression): Evaluate | undefined {
  const isEqual = node.kind === 'EqualExpression';
  const compare = comparisons[node.kind];
  if (!isEqual && node.kind !== 'NotEqualExpression' && compare === undefined) return undefined;
  requireComparable(node, left, right);
  if (compare !== undefined) return lifted(left.evaluate, right.evaluate, compare);
  return equality(left.evaluate, right.evaluate, isEqual);
}

/** Values of different kinds never meet: a dynamic value is converted first, a datetime is no number. */
export function requireComparable(node: Syntax, left: Expression, right: Expression): void {
  const same = left.type === right.type || (isNumeric(left.type) && isNumeric(right.type));
  if (same && left.type !== 'dynamic') return;
  throw node.unsupported(
    `a comparison of ${left.type} with ${right.type}; convert dynamic values with tostring(), todouble() and the like`,
  );
}

/** Three-valued: a null operand decides nothing. */
export function logical(node: Syntax, left: Evaluate, right: Evaluate): Evaluate | undefined {
  if (node.kind !== 'AndExpression' && node.kind !== 'OrExpression') return undefined;
  const deciding = node.kind === 'OrExpression';
  return (row, run) => {
    const a = left(row, run);
    if (a === deciding) return deciding;
    const b = right(row, run);
    if (b === deciding) return deciding;
    return a === null || b === null ? null : !deciding;
  };
}

type Arithmetic = (left: number, right: number) => number;

const arithmetics: Readonly<Record<string, Arithmetic>> = {
  AddExpression: (left, right) => left + right,
  SubtractExpression: (left, right) => left - right,
};

function failure(node: Syntax, what: string): KustoError {
  return new KustoError('evaluation_failed', `${what} in ${node.text}`, node.position);
}

/** A long beyond 2^53 could come out rounded, so it is refused. */
function exactly(node: Syntax, f: Arithmetic): Arithmetic {
  return (left, right) => {
    const result = f(left, right);
    if (!Number.isSafeInteger(result)) throw failure(node, `${result} is no exact integer`);
    return result;
  };
}

/** Integers divide to an integer, towards zero: https://learn.microsoft.com/kusto/query/numerical-operators */
function division(node: Syntax, resultType: ScalarType): Arithmetic {
  const divide: Arithmetic =
    resultType === 'long' || resultType === 'int'
      ? (left, right) => Math.trunc(left / right)
      : (left, right) => left / right;
  return (left, right) => {
    if (right === 0) throw failure(node, 'division by zero');
    return divide(left, right);
  };
}

function arithmeticOf(node: Syntax, resultType: ScalarType): Arithmetic | undefined {
  if (node.kind === 'DivideExpression') return division(node, resultType);
  const f = arithmetics[node.kind];
  return f !== undefined && (resultType === 'long' || resultType === 'int') ? exactly(node, f) : f;
}

/** Arithmetic of numbers, datetimes and timespans; undefined for another operator. */
export function arithmetic(node: Syntax, left: Expression, right: Expression): Evaluate | undefined {
  if (node.kind !== 'AddExpression' && arithmeticOf(node, 'real') === undefined) return undefined;
  for (const { type } of [left, right]) {
    if (type === 'dynamic' || type === 'string' || type === 'bool') {
      throw node.unsupported(`arithmetic with ${type}; convert the value first`);
    }
  }
  const f = arithmeticOf(node, node.type);
  return f && lifted(left.evaluate, right.evaluate, f);
}
