import { createHash } from 'node:crypto';
import {
  isEqual,
  isList,
  isObject,
  memberOf,
  plainOf,
  Runtime,
  textOf,
  type Value,
  type ValueObject,
} from './value.ts';

type Function = (...values: Value[]) => Value;

const list = (value: Value | undefined): readonly Value[] => (isList(value) ? value : []);
const number = (value: Value | undefined): number => Number(textOf(value));
const sizeOf = (value: Value | undefined): number =>
  isObject(value) ? Object.keys(value).length : isList(value) ? value.length : textOf(value).length;

/** Thirteen characters like those of `uniqueString`, from the same words the same, though not the same as Azure's. */
const hash = (values: readonly Value[]): string =>
  createHash('sha256').update(values.map(textOf).join('-')).digest('hex').slice(0, 13);

function guid(...values: Value[]): string {
  const hex = createHash('sha256').update(values.map(textOf).join('-')).digest('hex');
  return [8, 12, 16, 20, 32].map((end, i) => hex.slice([0, 8, 12, 16, 20][i], end)).join('-');
}

function format(template: Value, ...values: Value[]): string {
  return textOf(template).replace(/\{\{|\}\}|\{(\d+)(?::[^}]*)?\}/g, (found, index?: string) =>
    index === undefined ? (found[0] ?? '') : textOf(values[Number(index)]),
  );
}

function union(...values: Value[]): Value {
  if (values.every(isList)) {
    const all = values.flat() as Value[];
    return all.filter((value, i) => all.findIndex((other) => isEqual(value, other)) === i);
  }
  return values.reduce<ValueObject>((sum, value) => mergeDeep(sum, value), {});
}

function mergeDeep(sum: ValueObject, value: Value): ValueObject {
  const merged: Record<string, Value> = { ...sum };
  for (const [key, inner] of Object.entries(isObject(value) ? value : {})) {
    const before = merged[key];
    merged[key] = isObject(before) && isObject(inner) ? mergeDeep(before, inner) : inner;
  }
  return merged;
}

function contains(container: Value, item: Value): boolean {
  if (isList(container)) return container.some((value) => isEqual(value, item));
  return isObject(container)
    ? memberOf(container, item) !== undefined
    : textOf(container).includes(textOf(item));
}

function items(value: Value): Value {
  const entries = Object.entries(isObject(value) ? value : {}).map(([key, inner]) => ({ key, value: inner }));
  return entries.sort((a, b) => (a.key < b.key ? -1 : 1));
}

function slice(value: Value, from: number, to?: number): Value {
  return isList(value) ? value.slice(from, to) : textOf(value).slice(from, to);
}

function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return textOf(a) < textOf(b) ? -1 : Number(textOf(a) !== textOf(b));
}

function createObject(...values: Value[]): Value {
  const entries: [string, Value][] = [];
  for (let i = 0; i < values.length; i += 2) entries.push([textOf(values[i]), values[i + 1] ?? null]);
  return Object.fromEntries(entries);
}

const isEmpty = (value: Value | undefined): boolean => value === null || sizeOf(value) === 0;

/** The functions that take values and give a value, as documented for Azure Resource Manager templates. */
const functions: Readonly<Record<string, Function>> = {
  add: (a, b) => number(a) + number(b),
  array: (value) => (isList(value) ? value : [value ?? null]),
  base64: (value) => Buffer.from(textOf(value)).toString('base64'),
  bool: (value) => textOf(value).toLowerCase() === 'true' || value === 1,
  concat: (...values) => (values.every(isList) ? (values.flat() as Value[]) : values.map(textOf).join('')),
  contains,
  createArray: (...values) => values,
  createObject,
  div: (a, b) => Math.trunc(number(a) / number(b)),
  empty: isEmpty,
  endsWith: (text, end) => textOf(text).toLowerCase().endsWith(textOf(end).toLowerCase()),
  equals: isEqual,
  fail: (message) => {
    throw new Error(textOf(message));
  },
  false: () => false,
  first: (value) => (isList(value) ? (value[0] ?? null) : textOf(value).slice(0, 1)),
  flatten: (value) => list(value).flatMap(list),
  format,
  greater: (a, b) => compare(a, b) > 0,
  greaterOrEquals: (a, b) => compare(a, b) >= 0,
  guid,
  indexOf: (text, part) => textOf(text).toLowerCase().indexOf(textOf(part).toLowerCase()),
  int: number,
  items,
  join: (values, separator) => list(values).map(textOf).join(textOf(separator)),
  json: (text) => JSON.parse(textOf(text)) as Value,
  last: (value) => (isList(value) ? (value.at(-1) ?? null) : textOf(value).slice(-1)),
  length: sizeOf,
  less: (a, b) => compare(a, b) < 0,
  lessOrEquals: (a, b) => compare(a, b) <= 0,
  max: (...values) => Math.max(...(isList(values[0]) ? values[0] : values).map(number)),
  min: (...values) => Math.min(...(isList(values[0]) ? values[0] : values).map(number)),
  mod: (a, b) => number(a) % number(b),
  mul: (a, b) => number(a) * number(b),
  not: (value) => value !== true,
  null: () => null,
  objectKeys: (value) => Object.keys(isObject(value) ? value : {}).sort(),
  padLeft: (value, width, fill) => textOf(value).padStart(number(width), textOf(fill ?? ' ')),
  range: (from, count) => Array.from({ length: number(count) }, (_, i) => number(from) + i),
  replace: (text, from, to) => textOf(text).replaceAll(textOf(from), textOf(to)),
  shallowMerge: (values) => Object.assign({}, ...list(values)) as Value,
  skip: (value, count) => slice(value, number(count)),
  split: (text, separator) =>
    textOf(text).split(isList(separator) ? textOf(separator[0]) : textOf(separator)),
  startsWith: (text, start) => textOf(text).toLowerCase().startsWith(textOf(start).toLowerCase()),
  string: (value) => (typeof value === 'string' ? value : textOf(value)),
  sub: (a, b) => number(a) - number(b),
  substring: (text, from, count) =>
    textOf(text).slice(number(from), count === undefined ? undefined : number(from) + number(count)),
  take: (value, count) => slice(value, 0, number(count)),
  toLower: (text) => textOf(text).toLowerCase(),
  toUpper: (text) => textOf(text).toUpperCase(),
  trim: (text) => textOf(text).trim(),
  true: () => true,
  union,
  uniqueString: (...values) => hash(values),
  uri: (base, relative) => new URL(textOf(relative), textOf(base)).href,
  uriComponent: (text) => encodeURIComponent(textOf(text)),
};

const byLowerCase = new Map(Object.entries(functions).map(([name, call]) => [name.toLowerCase(), call]));

/** What is only known at run time stays within the text, list or object that these make. */
const embedding: ReadonlySet<string> = new Set([
  'array',
  'concat',
  'createarray',
  'createobject',
  'format',
  'guid',
  'join',
  'replace',
  'string',
  'uniquestring',
]);

/** Calls a function of templates. A function that only Azure can answer gives a `Runtime` with its call. */
export function callFunction(name: string, values: readonly Value[]): Value {
  const call = byLowerCase.get(name.toLowerCase());
  const isKnown = embedding.has(name.toLowerCase()) || !values.some((value) => value instanceof Runtime);
  if (call !== undefined && isKnown) return call(...values);
  return new Runtime(`${name}(${values.map(argumentText).join(', ')})`);
}

function argumentText(value: Value): string {
  if (value instanceof Runtime) return value.text;
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(plainOf(value));
}
