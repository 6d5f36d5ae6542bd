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
  if (!values.every(isObject)) throw new TypeError('union is worked out for objects only');
  return values.reduce<ValueObject>(mergeDeep, {});
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

function createObject(...values: Value[]): Value {
  const entries: [string, Value][] = [];
  for (let i = 0; i < values.length; i += 2) entries.push([textOf(values[i]), values[i + 1] ?? null]);
  return Object.fromEntries(entries);
}

const isEmpty = (value: Value | undefined): boolean => value === null || sizeOf(value) === 0;

/** Functions that take values and give a value, as documented for Azure Resource Manager; those that `infra` calls. */
const functions: Readonly<Record<string, Function>> = {
  add: (a, b) => number(a) + number(b),
  concat: (...values) => (values.every(isList) ? (values.flat() as Value[]) : values.map(textOf).join('')),
  contains,
  createArray: (...values) => values,
  createObject,
  empty: isEmpty,
  endsWith: (text, end) => textOf(text).toLowerCase().endsWith(textOf(end).toLowerCase()),
  equals: isEqual,
  fail: (message) => {
    throw new Error(textOf(message));
  },
  format,
  guid,
  int: number,
  join: (values, separator) => list(values).map(textOf).join(textOf(separator)),
  length: sizeOf,
  not: (value) => value !== true,
  null: () => null,
  range: (from, count) => Array.from({ length: number(count) }, (_, i) => number(from) + i),
  replace: (text, from, to) => textOf(text).replaceAll(textOf(from), textOf(to)),
  split: (text, separator) =>
    textOf(text).split(isList(separator) ? textOf(separator[0]) : textOf(separator)),
  string: (value) => (typeof value === 'string' ? value : textOf(value)),
  substring: (text, from, count) =>
    textOf(text).slice(number(from), count === undefined ? undefined : number(from) + number(count)),
  toLower: (text) => textOf(text).toLowerCase(),
  true: () => true,
  union,
  uniqueString: (...values) => hash(values),
};

const byLowerCase = new Map(Object.entries(functions).map(([name, call]) => [name.toLowerCase(), call]));

/** What is only known at run time stays within the text, list or object that these make. */
const embedding: ReadonlySet<string> = new Set([
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

/** What only Azure can answer, or nothing here asks for the value of. */
const leftToAzure = /^(list\w+|cidrSubnet)$/i;

/**
 * Calls a function of templates. What needs a value that only Azure knows gives a `Runtime` with the call.
 *
 * @throws TypeError for a function that no template here has called so far, with its name
 */
export function callFunction(name: string, values: readonly Value[]): Value {
  const call = byLowerCase.get(name.toLowerCase());
  if (call === undefined && !leftToAzure.test(name))
    throw new TypeError(`the template function "${name}" is not worked out here`);
  const isKnown = embedding.has(name.toLowerCase()) || !values.some((value) => value instanceof Runtime);
  if (call !== undefined && isKnown) return call(...values);
  return new Runtime(`${name}(${values.map(argumentText).join(', ')})`);
}

function argumentText(value: Value): string {
  if (value instanceof Runtime) return value.text;
  return typeof value === 'string' ? `'${value}'` : JSON.stringify(plainOf(value));
}
