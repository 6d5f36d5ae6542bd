import type { Syntax } from './syntax.ts';
import { type JsonValue, millisecondsPerDay, type Scalar } from './values.ts';

const unitMilliseconds: Readonly<Record<string, number>> = {
  d: millisecondsPerDay,
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
};

/** Milliseconds of `2d`, `1.5h`, `100ms`; undefined for anything else. */
export function parseTimespan(text: string): number | undefined {
  const [, count, unit = ''] = /^(-?\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text) ?? [];
  const milliseconds = unitMilliseconds[unit];
  return milliseconds === undefined ? undefined : Number(count) * milliseconds;
}

/** Milliseconds since 1970 of an ISO 8601 datetime, UTC unless it says otherwise; undefined for anything else. */
export function parseDatetime(text: string): number | undefined {
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,7})?\s*(Z|[+-]\d{2}:\d{2})?)?$/.exec(
      text.trim(),
    );
  if (parts === null) return undefined;
  const [, date, clock = '00:00', seconds = ':00', fraction = '', zone = 'Z'] = parts;
  const whole = Date.parse(`${date}T${clock}${seconds}${zone}`);
  if (Number.isNaN(whole)) return undefined;
  return whole + Math.round(Number(`0${fraction}`) * 10_000_000) / 10_000;
}

const isNull = (text: string) => text.trim().toLowerCase() === 'null';

export const isLiteral = (node: Syntax): boolean =>
  node.kind.endsWith('LiteralExpression') || node.kind === 'DynamicExpression';

/** The value of a literal. Parsed here: the language service reads hexadecimal and clock timespans as zero. */
export function literalValue(node: Syntax): Scalar {
  if (node.kind === 'StringLiteralExpression' || node.kind === 'CompoundStringLiteralExpression') {
    return node.stringValue ?? unreadable(node);
  }
  if (node.kind === 'DynamicExpression') return jsonValue(node.child('Expression'));
  const text = node.tokenValue.trim();
  if (isNull(text)) return null;
  const read = readers[node.kind];
  if (read === undefined) throw node.unsupported(`the literal ${node.text}`);
  return read(text) ?? unreadable(node);
}

function unreadable(node: Syntax): never {
  throw node.unsupported(`the literal ${node.text}`);
}

const readers: Readonly<Record<string, (text: string) => Scalar | undefined>> = {
  BooleanLiteralExpression: (text) =>
    /^(true|false)$/i.test(text) ? text.toLowerCase() === 'true' : undefined,
  IntLiteralExpression: integer,
  LongLiteralExpression: integer,
  RealLiteralExpression: (text) => (/^-?\d*\.?\d+(e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined),
  TimespanLiteralExpression: parseTimespan,
  DateTimeLiteralExpression: parseDatetime,
};

function integer(text: string): number | undefined {
  if (!/^(-?\d+|0x[\da-f]+)$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** What stands in `dynamic(…)`. */
function jsonValue(node: Syntax): JsonValue {
  if (node.kind === 'JsonArrayExpression') return node.items('Values').map(jsonValue);
  if (node.kind === 'JsonObjectExpression') {
    return Object.fromEntries(
      node.items('Pairs').map((pair) => [pair.child('Name').tokenValue, jsonValue(pair.child('Value'))]),
    );
  }
  if (node.kind === 'UnaryMinusExpression') {
    const value = jsonValue(node.child('Expression'));
    return typeof value === 'number' ? -value : unreadable(node);
  }
  return literalValue(node);
}
