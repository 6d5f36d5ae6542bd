import { textOf } from './conversion-functions.ts';
import { argument, type Build, literalRegex, strict } from './function-building.ts';
import { dynamicText, type JsonValue } from './values.ts';

/** Joins texts; other values as tostring() prints them. */
const strcat: Build = (args, call) => {
  const parts = args.map(({ type, evaluate }) => {
    const print = textOf(type);
    if (print === undefined) throw call.unsupported(`strcat() of ${type}`);
    return { print, evaluate };
  });
  return (row, run) => parts.map(({ print, evaluate }) => print(evaluate(row, run))).join('');
};

/** The capture group of a regular expression's first match, empty without a match. */
const extract: Build = (args, call) => {
  if (args.length !== 3) throw call.unsupported('extract() with a type');
  const regex = literalRegex(argument(args, 0, call), '', call);
  const group = argument(args, 1, call).constant;
  if (typeof group !== 'number') throw call.unsupported('a capture group that is no literal');
  const text = argument(args, 2, call);
  if (text.type !== 'string') throw call.unsupported(`extract() from ${text.type}; use tostring()`);
  return (row, run) => regex.exec(text.evaluate(row, run) as string)?.[group] ?? '';
};

/** Removes all matches of a regular expression at the beginning, at the end, or at both. */
const trimming =
  (atStart: boolean, atEnd: boolean): Build =>
  (args, call) => {
    const { source } = literalRegex(argument(args, 0, call), '', call);
    const text = argument(args, 1, call);
    if (text.type !== 'string') throw call.unsupported(`trim() of ${text.type}; use tostring()`);
    const [start, end] = [new RegExp(`^(?:${source})+`, 'u'), new RegExp(`(?:${source})+$`, 'u')];
    return (row, run) => {
      const value = text.evaluate(row, run) as string;
      const left = atStart ? value.replace(start, '') : value;
      return atEnd ? left.replace(end, '') : left;
    };
  };

/** Code points, which is what Kusto counts. */
const characters = (text: string) => Array.from(text);

function substring(text: string, start: number, length?: number): string {
  const all = characters(text);
  const from = start < 0 ? Math.max(all.length + start, 0) : start;
  return all.slice(from, length === undefined ? undefined : from + Math.max(length, 0)).join('');
}

function split(text: string, delimiter: string, index?: number): JsonValue {
  const parts = delimiter === '' ? [text] : text.split(delimiter);
  if (index === undefined) return parts;
  const part = parts[index];
  return part === undefined ? [] : [part];
}

const anyInteger = ['int', 'long'] as const;

/** https://learn.microsoft.com/kusto/query/scalar-functions#string-functions */
export const stringFunctions: Readonly<Record<string, Build>> = {
  strcat,
  strcat_array: strict([['dynamic'], ['string']], (array: JsonValue, delimiter: string) =>
    Array.isArray(array) ? array.map((item: JsonValue) => dynamicText(item)).join(delimiter) : '',
  ),
  strlen: strict([['string']], (text: string) => characters(text).length),
  tolower: strict([['string']], (text: string) => text.toLowerCase()),
  toupper: strict([['string']], (text: string) => text.toUpperCase()),
  substring: strict([['string'], anyInteger], substring),
  split: strict([['string'], ['string'], anyInteger], split),
  replace_string: strict([['string']], (text: string, from: string, to: string) =>
    from === '' ? text : text.replaceAll(from, () => to),
  ),
  indexof: strict([['string']], (text: string, part: string) => text.indexOf(part)),
  extract,
  trim: trimming(true, true),
  trim_start: trimming(true, false),
  trim_end: trimming(false, true),
};
