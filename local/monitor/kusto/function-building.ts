import { KustoError } from './kusto-error.ts';
import type { Evaluate, Expression } from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType } from './table-schemas.ts';
import { missing, type Scalar } from './values.ts';

/** Makes the closure of a call from its compiled arguments; the language service has checked count and types. */
export type Build = (args: readonly Expression[], call: Syntax) => Evaluate;

/** The argument at an index; a call without it is refused. */
export function argument(args: readonly Expression[], index: number, call: Syntax): Expression {
  const found = args[index];
  if (found === undefined) throw call.unsupported(`${call.text} with ${args.length} arguments`);
  return found;
}

type ArgumentValues = { readonly [K: number]: never };

/**
 * A function of argument values that gives nothing (null, or the empty text) where an argument is null. `accepts`
 * lists the argument types that it knows, by position; the last goes for all that follow.
 */
export function strict(
  accepts: readonly (readonly ScalarType[])[],
  compute: (...values: ArgumentValues[number][]) => Scalar,
): Build {
  return (args, call) => {
    requireTypes(args, accepts, call);
    const absent = missing(call.type);
    const apply = compute as (...values: Scalar[]) => Scalar;
    const [first, second, ...more] = args.map(({ evaluate }) => evaluate);
    if (first === undefined) return () => apply();
    if (second === undefined) return unary(first, apply, absent);
    if (more.length === 0) return binary(first, second, apply, absent);
    return (row, run) => {
      const values = args.map(({ evaluate }) => evaluate(row, run));
      return values.includes(null) ? absent : apply(...values);
    };
  };
}

function unary(first: Evaluate, apply: (value: Scalar) => Scalar, absent: Scalar): Evaluate {
  return (row, run) => {
    const value = first(row, run);
    return value === null ? absent : apply(value);
  };
}

function binary(
  first: Evaluate,
  second: Evaluate,
  apply: (a: Scalar, b: Scalar) => Scalar,
  absent: Scalar,
): Evaluate {
  return (row, run) => {
    const a = first(row, run);
    const b = second(row, run);
    return a === null || b === null ? absent : apply(a, b);
  };
}

export function requireTypes(
  args: readonly Expression[],
  accepts: readonly (readonly ScalarType[])[],
  call: Syntax,
): void {
  args.forEach(({ type }, index) => {
    const known = accepts[index] ?? accepts.at(-1) ?? [];
    if (known.includes(type)) return;
    throw call.unsupported(`${call.child('Name').text}() of ${type}; it knows ${known.join(', ')}`);
  });
}

export function evaluationFailed(call: Syntax, why: string): KustoError {
  return new KustoError('evaluation_failed', `${call.text}: ${why}`, call.position);
}
