import { KustoError } from './kusto-error.ts';
import type { ScalarType } from './table-schemas.ts';

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * A value of a column, in input, output and in between:
 * string as string (never null: Kusto's strings are empty instead), bool as boolean, int, long and real as number,
 * datetime as milliseconds since 1970 in UTC, timespan as milliseconds, dynamic as plain JSON.
 */
export type Scalar = JsonValue;
export type Row = Readonly<Record<string, Scalar>>;
export type Tables = Readonly<Record<string, readonly Row[]>>;

export const millisecondsPerDay = 86_400_000;

/** From 0001-01-01, where Kusto's datetimes begin, to 1970-01-01, where ours do. */
export const millisecondsBefore1970 = 719_162 * millisecondsPerDay;

/** What a column of a type holds when there is no value. */
export function missing(type: ScalarType): Scalar {
  return type === 'string' ? '' : null;
}

const fits: Readonly<Record<ScalarType, (value: unknown) => boolean>> = {
  bool: (value) => typeof value === 'boolean',
  datetime: (value) => typeof value === 'number',
  dynamic: () => true,
  int: (value) => typeof value === 'number',
  long: (value) => typeof value === 'number',
  real: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  timespan: (value) => typeof value === 'number',
};

/** Reads one column of the rows that a caller passed. Throws `bad_input` for a value of another type. */
export function inputReader(table: string, name: string, type: ScalarType): (row: Row) => Scalar {
  const isFitting = fits[type];
  const absent = missing(type);
  return (row) => {
    const value = row[name];
    if (value === undefined || value === null) return absent;
    if (isFitting(value)) return value;
    throw new KustoError('bad_input', `${table}.${name} is ${typeof value} ${String(value)}, not ${type}`);
  };
}

const pad = (value: number, digits: number) => String(value).padStart(digits, '0');

/** `2026-03-01T00:00:00.0000000Z`: seven digits of a second, as Kusto prints a datetime. */
export function datetimeText(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const ticks = Math.round((milliseconds - whole) * 10_000);
  return `${new Date(whole).toISOString().slice(0, -1)}${pad(ticks, 4)}Z`;
}

/** `1.02:03:04.5000000`: days and fraction only where they are not zero. */
export function timespanText(milliseconds: number): string {
  const ticks = Math.round(Math.abs(milliseconds) * 10_000);
  const seconds = Math.floor(ticks / 10_000_000);
  const fraction = ticks % 10_000_000;
  const days = Math.floor(seconds / 86_400);
  const clock = [Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  const text = clock.map((part) => pad(part, 2)).join(':');
  return `${milliseconds < 0 ? '-' : ''}${days > 0 ? `${days}.` : ''}${text}${fraction > 0 ? `.${pad(fraction, 7)}` : ''}`;
}

/** A real prints with a decimal point. Exponents are refused: Kusto's form of them is another than ours. */
export function realText(value: number): string {
  const text = String(value);
  if (!/^-?\d+(\.\d+)?$/.test(text)) {
    throw new KustoError('evaluation_failed', `how Kusto prints the real ${text} is not known`);
  }
  return text.includes('.') ? text : `${text}.0`;
}

/** Text of a dynamic value: of a string its content, else JSON. */
export function dynamicText(value: Scalar): string {
  if (value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A key under which equal values of one type are found, for dynamic values too. */
export function identity(value: Scalar): Scalar {
  return typeof value === 'object' && value !== null ? `\u0000${JSON.stringify(value)}` : value;
}
