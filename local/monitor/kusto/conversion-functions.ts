import { argument, type Build, evaluationFailed, requireTypes } from './function-building.ts';
import { parseClock, parseDatetime } from './literals.ts';
import type { ScalarType } from './table-schemas.ts';
import { datetimeText, dynamicText, realText, type Scalar, timespanText } from './values.ts';

/** How a value of a type prints; undefined where Kusto's form is not known for sure. */
const texts: Readonly<Partial<Record<ScalarType, (value: never) => string>>> = {
  string: (value: string) => value,
  int: (value: number) => String(value),
  long: (value: number) => String(value),
  real: realText,
  datetime: datetimeText,
  timespan: timespanText,
  dynamic: dynamicText,
};

/** The text of an argument, empty for null. */
export function textOf(type: ScalarType): ((value: Scalar) => string) | undefined {
  const print = texts[type] as ((value: Scalar) => string) | undefined;
  return print && ((value) => (value === null ? '' : print(value)));
}

const tostring: Build = (args, call) => {
  const { type, evaluate } = argument(args, 0, call);
  const print = textOf(type);
  if (print === undefined) throw call.unsupported(`tostring() of ${type}; use iff(…, "true", "false")`);
  return (row, run) => print(evaluate(row, run));
};

type Parse = (text: string) => Scalar | undefined;

/**
 * A conversion: of text by `parse`, of a number by `fromNumber`; null for what does not convert. Text with digits that
 * `parse` can't read is refused: Kusto reads more forms than we do.
 */
function conversion(
  parse: Parse,
  fromNumber: (value: number) => Scalar | undefined,
  accepts: readonly ScalarType[],
): Build {
  return (args, call) => {
    const value = argument(args, 0, call);
    requireTypes([value], [accepts], call);
    return (row, run) => {
      const found = value.evaluate(row, run);
      if (typeof found === 'boolean') return fromBoolean(call.type, found);
      if (typeof found !== 'string' && typeof found !== 'number') return null;
      const converted = typeof found === 'string' ? parse(found) : fromNumber(found);
      if (converted !== undefined) return converted;
      if (/\d/.test(String(found))) throw evaluationFailed(call, `what ${found} converts to is not known`);
      return null;
    };
  };
}

function fromBoolean(type: ScalarType, value: boolean): Scalar {
  return type === 'bool' ? value : Number(value);
}

function parseInteger(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) return undefined;
  return Number.isSafeInteger(Number(trimmed)) ? Number(trimmed) : undefined;
}

function parseReal(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

function parseBoolean(text: string): boolean | undefined {
  const folded = text.trim().toLowerCase();
  if (folded === 'true' || folded === '1') return true;
  return folded === 'false' || folded === '0' ? false : undefined;
}

const truncated = (value: number) => (Number.isFinite(value) ? Math.trunc(value) : null);
const isInt32 = (value: number) => value >= -(2 ** 31) && value < 2 ** 31;
const int32 = (value: number | null) => (value !== null && isInt32(value) ? value : null);

/** Of text or of the same type; a number in a dynamic value is refused. */
function timeConversion(own: ScalarType, parse: Parse): Build {
  return (args, call) => {
    const isOwn = args[0]?.type === own;
    return conversion(parse, (value) => (isOwn ? value : undefined), [own, 'string', 'dynamic'])(args, call);
  };
}

const real = conversion(parseReal, (value) => value, ['int', 'long', 'real', 'string', 'dynamic', 'bool']);

/** https://learn.microsoft.com/kusto/query/scalar-functions#conversion-functions */
export const conversionFunctions: Readonly<Record<string, Build>> = {
  tostring,
  toint: conversion(
    (text) => {
      const value = parseInteger(text);
      return value === undefined ? undefined : int32(value);
    },
    (value) => int32(truncated(value)),
    ['int', 'long', 'real', 'string', 'dynamic', 'bool'],
  ),
  tolong: conversion(parseInteger, truncated, ['int', 'long', 'real', 'string', 'dynamic', 'bool']),
  todouble: real,
  toreal: real,
  tobool: conversion(parseBoolean, (value) => value !== 0, ['bool', 'int', 'long', 'string', 'dynamic']),
  todatetime: timeConversion('datetime', parseDatetime),
  totimespan: timeConversion('timespan', parseClock),
};
