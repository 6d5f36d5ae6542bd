import { argument, type Build, evaluationFailed, strict } from './function-building.ts';
import { millisecondsBefore1970, millisecondsPerDay } from './values.ts';

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

/** The multiple of `size` at or below a value; null for a size that is not positive. */
function floorTo(value: number, size: number, origin: number): number | null {
  return size > 0 ? Math.floor((value + origin) / size) * size - origin : null;
}

/** Datetimes are binned from 0001-01-01: https://learn.microsoft.com/kusto/query/bin-function */
const bin: Build = (args, call) => {
  const [value, size] = [argument(args, 0, call), argument(args, 1, call)];
  const isTime = value.type === 'datetime' || value.type === 'timespan';
  const isNumber = value.type === 'int' || value.type === 'long' || value.type === 'real';
  if (isTime ? size.type !== 'timespan' : !isNumber) {
    throw call.unsupported(`bin() of ${value.type} by ${size.type}`);
  }
  const origin = value.type === 'datetime' ? millisecondsBefore1970 : 0;
  return (row, run) => {
    const [at, by] = [value.evaluate(row, run), size.evaluate(row, run)];
    return at === null || by === null ? null : floorTo(at as number, by as number, origin);
  };
};

const startOfDay = (at: number) => Math.floor(at / millisecondsPerDay) * millisecondsPerDay;

/** Weeks begin on Sunday. */
function startOfWeek(at: number): number {
  const day = startOfDay(at);
  return day - new Date(day).getUTCDay() * millisecondsPerDay;
}

/** The beginning of a day or a week, moved by an offset of days or weeks. */
function startOf(begin: (at: number) => number, days: number): Build {
  return strict(
    [['datetime'], ['int', 'long']],
    (at: number, offset = 0) => begin(at) + offset * days * millisecondsPerDay,
  );
}

const months = (at: number) => new Date(at).getUTCFullYear() * 12 + new Date(at).getUTCMonth();
const units = (size: number) => (at: number) => Math.floor(at / size);

/** The number of a period, so that differences count the boundaries between two datetimes. */
const periods: Readonly<Record<string, (at: number) => number>> = {
  year: (at) => new Date(at).getUTCFullYear(),
  quarter: (at) => Math.floor(months(at) / 3),
  month: months,
  week: (at) => Math.floor(startOfWeek(at) / (7 * millisecondsPerDay)),
  day: units(millisecondsPerDay),
  hour: units(3_600_000),
  minute: units(60_000),
  second: units(1000),
  millisecond: units(1),
};

const datetimeDiff: Build = (args, call) => {
  const period = argument(args, 0, call).constant;
  const numberOf = typeof period === 'string' ? periods[period.toLowerCase()] : undefined;
  if (numberOf === undefined) throw call.unsupported(`datetime_diff() by ${String(period)}`);
  return strict([['datetime']], (later: number, earlier: number) => numberOf(later) - numberOf(earlier))(
    args.slice(1),
    call,
  );
};

const twoDigits = (value: number) => String(value).padStart(2, '0');

/** The parts of a format that we print: the unambiguous ones. */
const formatParts: Readonly<Record<string, (date: Date) => string>> = {
  yyyy: (date) => String(date.getUTCFullYear()).padStart(4, '0'),
  yy: (date) => twoDigits(date.getUTCFullYear() % 100),
  MM: (date) => twoDigits(date.getUTCMonth() + 1),
  M: (date) => String(date.getUTCMonth() + 1),
  dd: (date) => twoDigits(date.getUTCDate()),
  d: (date) => String(date.getUTCDate()),
  HH: (date) => twoDigits(date.getUTCHours()),
  H: (date) => String(date.getUTCHours()),
  mm: (date) => twoDigits(date.getUTCMinutes()),
  m: (date) => String(date.getUTCMinutes()),
  ss: (date) => twoDigits(date.getUTCSeconds()),
  s: (date) => String(date.getUTCSeconds()),
  fff: (date) => String(date.getUTCMilliseconds()).padStart(3, '0'),
};

/** https://learn.microsoft.com/kusto/query/format-datetime-function names the separators that it accepts. */
const formatDatetime: Build = (args, call) => {
  const format = argument(args, 1, call).constant;
  if (typeof format !== 'string') throw call.unsupported('a format that is no literal');
  const parts = format.match(/([A-Za-z])\1*|[^A-Za-z]/g) ?? [];
  const prints = parts.map((part) => {
    const print = formatParts[part];
    if (print !== undefined) return print;
    if (/^[ /\-:,._[\]]$/.test(part)) return () => part;
    throw call.unsupported(`${part} in a datetime's format`);
  });
  return strict([['datetime']], (at: number) => {
    const date = new Date(Math.floor(at));
    if (Number.isNaN(date.getTime())) throw evaluationFailed(call, 'the datetime is out of range');
    return prints.map((print) => print(date)).join('');
  })(args.slice(0, 1), call);
};

/** https://learn.microsoft.com/kusto/query/scalar-functions#datetimetimespan-functions */
export const datetimeFunctions: Readonly<Record<string, Build>> = {
  now,
  ago,
  bin,
  floor: bin,
  startofday: startOf(startOfDay, 1),
  startofweek: startOf(startOfWeek, 7),
  datetime_diff: datetimeDiff,
  format_datetime: formatDatetime,
};
