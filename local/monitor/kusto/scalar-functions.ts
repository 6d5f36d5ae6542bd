import { conversionFunctions } from './conversion-functions.ts';
import { datetimeFunctions } from './datetime-functions.ts';
import { argument, type Build, evaluationFailed, strict } from './function-building.ts';
import type { Expression } from './scope.ts';
import { stringFunctions } from './string-functions.ts';
import type { ScalarType } from './table-schemas.ts';
import { identity, type JsonValue, type Scalar } from './values.ts';

/** The first branch whose condition is true, else the last. A null condition counts as false. */
const choose: Build = (args, call) => {
  const otherwise = argument(args, args.length - 1, call).evaluate;
  const branches = args.slice(0, -1).flatMap((condition, index) => {
    const value = index % 2 === 0 ? args[index + 1] : undefined;
    return value === undefined ? [] : [{ condition: condition.evaluate, value: value.evaluate }];
  });
  return (row, run) => {
    for (const { condition, value } of branches) if (condition(row, run) === true) return value(row, run);
    return otherwise(row, run);
  };
};

/** The first that is not null; of texts, the first that is not empty. */
const coalesce: Build = (args) => (row, run) => {
  let value: Scalar = null;
  for (const { evaluate } of args) {
    value = evaluate(row, run);
    if (value !== null && value !== '') return value;
  }
  return value;
};

/** A test of one argument, null included. */
const test =
  (accepts: (value: Scalar, type: ScalarType) => boolean): Build =>
  (args, call) => {
    const { type, evaluate } = argument(args, 0, call);
    return (row, run) => accepts(evaluate(row, run), type);
  };

const not = strict([['bool']], (value: boolean) => !value);

const numbers: readonly ScalarType[] = ['int', 'long', 'real', 'datetime', 'timespan'];

/** The least or the greatest of the arguments that are not null. */
const extreme =
  (isBetter: (candidate: number, best: number) => boolean): Build =>
  (args, call) => {
    for (const { type } of args) {
      if (!numbers.includes(type)) throw call.unsupported(`${call.child('Name').text}() of ${type}`);
    }
    return (row, run) => {
      let best: number | null = null;
      for (const { evaluate } of args) {
        const value = evaluate(row, run) as number | null;
        if (value !== null && (best === null || isBetter(value, best))) best = value;
      }
      return best;
    };
  };

/** Half goes away from zero. */
function round(value: number, digits = 0): number {
  const scaled = Number(`${Math.abs(value)}e${digits}`);
  return Math.sign(value) * Number(`${Math.round(scaled)}e${-digits}`);
}

/** Pairs of key and value to a bag. */
const bagPack: Build = (args, call) => {
  const pairs = args.flatMap((key, index): [Expression, Expression][] => {
    const value = index % 2 === 0 ? args[index + 1] : undefined;
    return value === undefined ? [] : [[key, value]];
  });
  for (const [, { type }] of pairs) {
    if (type === 'datetime' || type === 'timespan') {
      throw call.unsupported(`a ${type} in a bag; use tostring()`);
    }
  }
  return (row, run) =>
    Object.fromEntries(
      pairs.map(([key, value]) => [String(key.evaluate(row, run)), value.evaluate(row, run)]),
    );
};

/** JSON text to a dynamic value; text that is no JSON stays text, the empty text is null. */
function parseJson(text: JsonValue): JsonValue {
  if (text === '') return null;
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return text;
  }
}

/** Texts in the order of their characters; how Kusto orders mixed values is not modelled. */
const sortTexts: Build = (args, call) => {
  if (args.length > 1) throw call.unsupported('array_sort_asc() of several arrays');
  const sort = (array: JsonValue) => {
    if (!Array.isArray(array)) return null;
    if (array.some((item: JsonValue) => typeof item !== 'string'))
      throw evaluationFailed(call, 'only arrays of text are sorted');
    return [...array].sort();
  };
  return strict([['dynamic']], sort)(args, call);
};

const numeric: readonly ScalarType[] = ['int', 'long', 'real'];

const generalFunctions: Readonly<Record<string, Build>> = {
  iff: choose,
  iif: choose,
  case: choose,
  coalesce,
  not,
  isnull: test((value) => value === null),
  isnotnull: test((value) => value !== null),
  isempty: test((value) => value === null || value === ''),
  isnotempty: test((value) => value !== null && value !== ''),
  min_of: extreme((candidate, best) => candidate < best),
  max_of: extreme((candidate, best) => candidate > best),
  abs: strict([[...numeric, 'timespan']], (value: number) => Math.abs(value)),
  round: strict([numeric, ['int', 'long']], round),
  ceiling: strict([numeric], (value: number) => Math.ceil(value)),
  parse_json: strict([['string', 'dynamic']], parseJson),
  todynamic: strict([['string', 'dynamic']], parseJson),
  bag_pack: bagPack,
  pack: bagPack,
  array_length: strict([['dynamic']], (value: JsonValue) => (Array.isArray(value) ? value.length : null)),
  array_sort_asc: sortTexts,
  set_has_element: strict(
    [['dynamic'], ['string', ...numeric, 'dynamic']],
    (set: JsonValue, value: Scalar) =>
      Array.isArray(set) ? set.some((item: JsonValue) => identity(item) === identity(value)) : null,
  ),
};

/** What the evaluator knows of https://learn.microsoft.com/kusto/query/scalar-functions. */
export const scalarFunctions: Readonly<Record<string, Build>> = {
  ...generalFunctions,
  ...conversionFunctions,
  ...stringFunctions,
  ...datetimeFunctions,
};
