import { argument, type Build, evaluationFailed, requireTypes } from './function-building.ts';
import { parseDatetime } from './literals.ts';
import type { ScalarType } from './table-schemas.ts';
import { dynamicText, type Scalar } from './values.ts';

/** How a value of a type prints; undefined where it is not known for sure, or nobody asks. */
const texts: Readonly<Partial<Record<ScalarType, (value: never) => string>>> = {
  string: (value: string) => value,
  int: (value: number) => String(value),
  long: (value: number) => String(value),
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
      if (typeof found === 'boolean') throw evaluationFailed(call, `what ${found} converts to is not known`);
      if (typeof found !== 'string' && typeof found !== 'number') return null;
      const converted = typeof found === 'string' ? parse(found) : fromNumber(found);
      if (converted !== undefined) return converted;
      if (/\d/.test(String(found))) throw evaluationFailed(call, `what ${found} converts to is not known`);
      return null;
    };
  };
}

function parseInteger(text: string): number | undefined {
  const trimmed = text.trim();
  if (!/^[+-]?\d+$/.test(trimmed)) return undefined;
  return Number.isSafeInteger(Number(trimmed)) ? Number(trimmed) : undefined;
}

function parseReal(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : undefined;
}

const truncated = (value: number) => (Number.isFinite(value) ? Math.trunc(value) : null);
/** https://learn.microsoft.com/kusto/query/scalar-functions#conversion-functions */
export const conversionFunctions: Readonly<Record<string, Build>> = {
  tostring,
  tolong: conversion(parseInteger, truncated, ['int', 'long', 'real', 'string', 'dynamic']),
  todouble: conversion(parseReal, (value) => value, ['int', 'long', 'real', 'string', 'dynamic']),
  // A number in a dynamic value is refused.
  todatetime: conversion(parseDatetime, () => undefined, ['string', 'dynamic']),
};
