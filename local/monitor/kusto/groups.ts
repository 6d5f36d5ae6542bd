import type { Evaluate, QueryRun, RowInFlight } from './scope.ts';
import type { Scalar } from './values.ts';

interface RowGroup<T> {
  readonly key: readonly Scalar[];
  readonly value: T;
}

interface Groups<T> {
  /** The group of a row; a new one if it is the first of its keys. */
  of(row: RowInFlight, run: QueryRun): T;
  /** The group of these key values, if there is one. */
  get(key: readonly Scalar[]): T | undefined;
  /** In order of their first row. */
  all(): readonly RowGroup<T>[];
}

type GroupLevel<T> = Map<Scalar, GroupLevel<T> | RowGroup<T>>;

/** Rows by the values of their keys. Null is a key like any other. */
export function groups<T>(keys: readonly Evaluate[], start: () => T): Groups<T> {
  const root: GroupLevel<T> = new Map();
  const found: RowGroup<T>[] = [];
  const add = (key: readonly Scalar[]): RowGroup<T> => {
    const group = { key, value: start() };
    found.push(group);
    return group;
  };
  const of = keys.length === 1 ? single(keys[0] as Evaluate, root, add) : several(keys, root, add);
  return { of, get: (key) => lookUp(root, key), all: () => found };
}

type Add<T> = (key: readonly Scalar[]) => RowGroup<T>;

function single<T>(key: Evaluate, root: GroupLevel<T>, add: Add<T>): Groups<T>['of'] {
  return (row, run) => {
    const value = key(row, run);
    const known = root.get(value) as RowGroup<T> | undefined;
    if (known !== undefined) return known.value;
    const group = add([value]);
    root.set(value, group);
    return group.value;
  };
}

/** A map of maps, one level for each key; without keys all rows are one group. */
function several<T>(keys: readonly Evaluate[], root: GroupLevel<T>, add: Add<T>): Groups<T>['of'] {
  return (row, run) => {
    const values = keys.map((key) => key(row, run));
    const last = values.at(-1) ?? null;
    let level = root;
    for (let depth = 0; depth < values.length - 1; depth++) level = deeper(level, values[depth] ?? null);
    const known = level.get(last) as RowGroup<T> | undefined;
    if (known !== undefined) return known.value;
    const group = add(values);
    level.set(last, group);
    return group.value;
  };
}

function deeper<T>(level: GroupLevel<T>, value: Scalar): GroupLevel<T> {
  const known = level.get(value) as GroupLevel<T> | undefined;
  if (known !== undefined) return known;
  const next: GroupLevel<T> = new Map();
  level.set(value, next);
  return next;
}

function lookUp<T>(root: GroupLevel<T>, key: readonly Scalar[]): T | undefined {
  let at: GroupLevel<T> | RowGroup<T> | undefined = root;
  for (const value of key) at = (at as GroupLevel<T> | undefined)?.get(value);
  return (at as RowGroup<T> | undefined)?.value;
}
