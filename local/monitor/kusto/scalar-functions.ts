import { conversionFunctions, textOf } from './conversion-functions.ts';
import { argument, type Build, evaluationFailed, strict } from './function-building.ts';
import { dynamicText, type JsonValue, type Scalar } from './values.ts';

/** The second argument if the first is true, else the third. A null condition counts as false. */
const iff: Build = (args, call) => {
  const [condition, then, otherwise] = [0, 1, 2].map((index) => argument(args, index, call).evaluate);
  return (row, run) => (condition?.(row, run) === true ? then : otherwise)?.(row, run) ?? null;
};

/** A test of one argument, null included. */
const test =
  (accepts: (value: Scalar) => boolean): Build =>
  (args, call) => {
    const { evaluate } = argument(args, 0, call);
    return (row, run) => accepts(evaluate(row, run));
  };

/** Half goes away from zero. */
function round(value: number, digits = 0): number {
  const scaled = Number(`${Math.abs(value)}e${digits}`);
  return Math.sign(value) * Number(`${Math.round(scaled)}e${-digits}`);
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

/** Joins texts; other values as tostring() prints them. */
const strcat: Build = (args, call) => {
  const parts = args.map(({ type, evaluate }) => {
    const print = textOf(type);
    if (print === undefined) throw call.unsupported(`strcat() of ${type}`);
    return { print, evaluate };
  });
  return (row, run) => parts.map(({ print, evaluate }) => print(evaluate(row, run))).join('');
};

const now: Build = (args, call) => {
  if (args.length > 0) throw call.unsupported('now() with an offset');
  return (_, run) => run.now;
};

const ago: Build = (args, call) => {
  const { evaluate } = argument(args, 0, call);
  return (row, run) => {
    const span = evaluate(row, run);
    return span === null ? null : run.now - (span as number);
  };
};

/** What the evaluator knows of https://learn.microsoft.com/kusto/query/scalar-functions: what the alert rules call. */
export const scalarFunctions: Readonly<Record<string, Build>> = {
  ...conversionFunctions,
  iff,
  not: strict([['bool']], (value: boolean) => !value),
  isnull: test((value) => value === null),
  isempty: test((value) => value === null || value === ''),
  round: strict(
    [
      ['int', 'long', 'real'],
      ['int', 'long'],
    ],
    round,
  ),
  array_sort_asc: sortTexts,
  strcat,
  strcat_array: strict([['dynamic'], ['string']], (array: JsonValue, delimiter: string) =>
    Array.isArray(array) ? array.map((item: JsonValue) => dynamicText(item)).join(delimiter) : '',
  ),
  now,
  ago,
};
