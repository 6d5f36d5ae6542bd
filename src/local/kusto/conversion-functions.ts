import { argument, type Build, requireTypes } from './function-building.ts';
import { parseDatetime, parseTimespan } from './literals.ts';
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

/** A conversion: of text by `parse`, of a number by `fromNumber`; null for what does not convert. */
function conversion(
  parse: Parse,
  fromNumber: (value: number) => Scalar,
  accepts: readonly ScalarType[],
): Build {
  return (args, call) => {
    const value = argument(args, 0, call);
    requireTypes([value], [accepts], call);
    return (row, run) => {
      const found = value.evaluate(row, run);
      if (typeof found === 'number') return fromNumber(found);
      if (typeof found === 'string') return parse(found) ?? null;
      return typeof found === 'boolean' ? fromBoolean(call.type, found) : null;
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
const int32 = (value: number | null | undefined) => (value != null && isInt32(value) ? value : null);

const real = conversion(parseReal, (value) => value, ['int', 'long', 'real', 'string', 'dynamic', 'bool']);

/** https://learn.microsoft.com/kusto/query/scalar-functions#conversion-functions */
export const conversionFunctions: Readonly<Record<string, Build>> = {
  tostring,
  toint: conversion(
    (text) => int32(parseInteger(text)),
    (value) => int32(truncated(value)),
    ['int', 'long', 'real', 'string', 'dynamic', 'bool'],
  ),
  tolong: conversion(parseInteger, truncated, ['int', 'long', 'real', 'string', 'dynamic', 'bool']),
  todouble: real,
  toreal: real,
  tobool: conversion(parseBoolean, (value) => value !== 0, ['bool', 'int', 'long', 'string', 'dynamic']),
  todatetime: conversion(parseDatetime, (value) => value, ['datetime', 'string']),
  totimespan: conversion(parseTimespan, (value) => value, ['timespan', 'string']),
};
