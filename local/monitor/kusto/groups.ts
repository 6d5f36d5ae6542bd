import type { Evaluate, RowInFlight, Run } from './scope.ts';
import type { Scalar } from './values.ts';

interface Group<T> {
  readonly key: readonly Scalar[];
  readonly value: T;
}

interface Groups<T> {
  /** The group of a row; a new one if it is the first of its keys. */
  of(row: RowInFlight, run: Run): T;
  /** The group of these key values, if there is one. */
  get(key: readonly Scalar[]): T | undefined;
  /** In order of their first row. */
  all(): readonly Group<T>[];
}

type Level<T> = Map<Scalar, Level<T> | Group<T>>;

/** Rows by the values of their keys. Null is a key like any other. */
export function groups<T>(keys: readonly Evaluate[], start: () => T): Groups<T> {
  const root: Level<T> = new Map();
  const found: Group<T>[] = [];
  const add = (key: readonly Scalar[]): Group<T> => {
    const group = { key, value: start() };
    found.push(group);
    return group;
  };
  const of = keys.length === 1 ? single(keys[0] as Evaluate, root, add) : several(keys, root, add);
  return { of, get: (key) => lookUp(root, key), all: () => found };
}

type Add<T> = (key: readonly Scalar[]) => Group<T>;

function single<T>(key: Evaluate, root: Level<T>, add: Add<T>): Groups<T>['of'] {
  return (row, run) => {
    const value = key(row, run);
    const known = root.get(value) as Group<T> | undefined;
    if (known !== undefined) return known.value;
    const group = add([value]);
    root.set(value, group);
    return group.value;
  };
}

/** A map of maps, one level for each key; without keys all rows are one group. */
function several<T>(keys: readonly Evaluate[], root: Level<T>, add: Add<T>): Groups<T>['of'] {
  return (row, run) => {
    const values = keys.map((key) => key(row, run));
    const last = values.at(-1) ?? null;
    let level = root;
    for (let depth = 0; depth < values.length - 1; depth++) level = deeper(level, values[depth] ?? null);
    const known = level.get(last) as Group<T> | undefined;
    if (known !== undefined) return known.value;
    const group = add(values);
    level.set(last, group);
    return group.value;
  };
}

function deeper<T>(level: Level<T>, value: Scalar): Level<T> {
  const known = level.get(value) as Level<T> | undefined;
  if (known !== undefined) return known;
  const next: Level<T> = new Map();
  level.set(value, next);
  return next;
}

function lookUp<T>(root: Level<T>, key: readonly Scalar[]): T | undefined {
  let at: Level<T> | Group<T> | undefined = root;
  for (const value of key) at = (at as Level<T> | undefined)?.get(value);
  return (at as Group<T> | undefined)?.value;
}
