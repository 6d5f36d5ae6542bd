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
export type TableRow = Readonly<Record<string, Scalar>>;
export type Tables = Readonly<Record<string, readonly TableRow[]>>;

export const millisecondsPerDay = 86_400_000;

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
export function inputReader(table: string, name: string, type: ScalarType): (row: TableRow) => Scalar {
  const isFitting = fits[type];
  const absent = missing(type);
  return (row) => {
    const value = row[name];
    if (value === undefined || value === null) return absent;
    if (isFitting(value)) return value;
    throw new KustoError('bad_input', `${table}.${name} is ${typeof value} ${String(value)}, not ${type}`);
  };
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
