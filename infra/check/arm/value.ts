/** Known only while Azure deploys, like `reference('…').principalId`; the text says what. */
export class Runtime {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A value of a template, as far as it can be known without Azure. */
export type Value = string | number | boolean | null | Runtime | readonly Value[] | ValueObject;
export interface ValueObject {
  readonly [key: string]: Value;
}

export const isObject = (value: Value | undefined): value is ValueObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Runtime);

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

/** A value within a text: what is known only at run time stands there in brackets, as in a template. */
export function textOf(value: Value | undefined): string {
  if (value === undefined || value === null) return '';
  if (value instanceof Runtime) return `[${value.text}]`;
  return typeof value === 'object' ? JSON.stringify(plainOf(value)) : String(value);
}

/** The value as JSON has it, run time values as expressions. */
export function plainOf(value: Value): unknown {
  if (value instanceof Runtime) return `[${value.text}]`;
  if (isList(value)) return value.map(plainOf);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainOf(inner)]));
}

/** Azure compares names of members without regard to case. */
export function memberOf(value: Value | undefined, key: Value): Value | undefined {
  if (isList(value)) return typeof key === 'number' ? value[key] : undefined;
  if (!isObject(value) || typeof key !== 'string') return undefined;
  if (Object.hasOwn(value, key)) return value[key];
  const name = Object.keys(value).find((other) => other.toLowerCase() === key.toLowerCase());
  return name === undefined ? undefined : value[name];
}

/** The value at a path of member names, like `at(resource, 'properties', 'sku', 'name')`. */
export function at(value: Value | undefined, ...path: readonly (string | number)[]): Value | undefined {
  return path.reduce<Value | undefined>((inner, key) => memberOf(inner, key), value);
}

/** As Azure compares: texts without regard to case when asked, objects and lists by what they hold. */
export const isEqual = (a: Value | undefined, b: Value | undefined): boolean =>
  a === b || JSON.stringify(plainOf(a ?? null)) === JSON.stringify(plainOf(b ?? null));
