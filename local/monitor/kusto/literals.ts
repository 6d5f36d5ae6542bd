import type { Syntax } from './syntax.ts';
import { type JsonValue, millisecondsPerDay, type Scalar } from './values.ts';

const unitMilliseconds: Readonly<Record<string, number>> = {
  d: millisecondsPerDay,
  day: millisecondsPerDay,
  days: millisecondsPerDay,
  h: 3_600_000,
  hr: 3_600_000,
  hrs: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  s: 1000,
  sec: 1000,
  second: 1000,
  seconds: 1000,
  ms: 1,
  milli: 1,
  millis: 1,
  millisecond: 1,
  milliseconds: 1,
};

/** Milliseconds of `2d`, `1.5h`, `100ms`, `1.02:03:04.5`, `02:03`; undefined for anything else. */
export function parseTimespan(text: string): number | undefined {
  const short = /^(-?\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text);
  if (short !== null) {
    const unit = unitMilliseconds[short[2] ?? ''];
    return unit === undefined ? undefined : Number(short[1]) * unit;
  }
  return parseClock(text);
}

/** Milliseconds of `1.02:03:04.5` or `02:03`; undefined for anything else. */
export function parseClock(text: string): number | undefined {
  const clock = /^(-?)(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d{1,7})?))?$/.exec(text);
  if (clock === null) return undefined;
  const [, sign, days = '0', hours, minutes, seconds = '0'] = clock;
  if (Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) >= 60) return undefined;
  const milliseconds =
    Number(days) * millisecondsPerDay +
    Number(hours) * 3_600_000 +
    Number(minutes) * 60_000 +
    Math.round(Number(seconds) * 1000 * 10_000) / 10_000;
  return sign === '-' ? -milliseconds : milliseconds;
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
