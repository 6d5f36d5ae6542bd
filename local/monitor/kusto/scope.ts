import type { KustoError } from './kusto-error.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType, TableColumn } from './table-schemas.ts';
import type { Scalar, Tables } from './values.ts';

/** What one run of a query works with. */
export interface QueryRun {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly tables: Tables;
  /** Results that are used several times in a run: tables behind a `let`, scalars out of a table. */
  readonly memo: Map<object, unknown>;
}

/**
 * A row in flight. Only the columns of the relation that made it can read it: a row of the input is the caller's
 * object, an extended row an array with the row before it, a joined row a pair. So `where`, `project` and
 * `arg_max(…, *)` copy nothing, and an extended column is worked out when it is first read, and once.
 */
export type RowInFlight = unknown;

export type Evaluate = (row: RowInFlight, run: QueryRun) => Scalar;

export interface Expression {
  readonly type: ScalarType;
  readonly evaluate: Evaluate;
  /** The value, where it is the same for every row and every run. */
  readonly constant?: Scalar;
}

export interface BoundColumn extends TableColumn {
  readonly read: Evaluate;
}

/** A table: of the input, or what an operator makes of another. */
export interface Relation {
  readonly columns: readonly BoundColumn[];
  rows(run: QueryRun): readonly RowInFlight[];
}

export type NameBinding =
  | { readonly kind: 'scalar'; readonly expression: Expression }
  | { readonly kind: 'relation'; readonly relation: Relation };

type CompileRelation = (node: Syntax, scope: Scope) => Relation;

/** Undefined for a call of something else than an aggregate. */
type CompileAggregate = (call: Syntax) => Expression | undefined;

/** What names mean at a place of the query. */
export class Scope {
  readonly compileRelation: CompileRelation;
  readonly #parent: Scope | undefined;
  readonly #bindings = new Map<string, NameBinding>();
  readonly #columns: ReadonlyMap<string, BoundColumn>;
  #aggregate: CompileAggregate | undefined;

  constructor(compileRelation: CompileRelation, parent?: Scope, columns: readonly BoundColumn[] = []) {
    this.compileRelation = compileRelation;
    this.#parent = parent;
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  /** The scope of expressions over the rows of a relation. */
  over(relation: Relation): Scope {
    return new Scope(this.compileRelation, this, relation.columns);
  }

  /** The scope of an expression over the results of aggregates: `aggregate` gives the value of a call of one. */
  overResults(aggregate: CompileAggregate): Scope {
    const scope = new Scope(this.compileRelation, this);
    scope.#aggregate = aggregate;
    return scope;
  }

  aggregate(call: Syntax): Expression | undefined {
    return this.#aggregate?.(call);
  }

  bind(name: string, binding: NameBinding): void {
    this.#bindings.set(name, binding);
  }

  column(name: string): BoundColumn | undefined {
    return this.#columns.get(name);
  }

  binding(name: string): NameBinding | undefined {
    return this.#bindings.get(name) ?? this.#parent?.binding(name);
  }
}

/** Calls `compute` once in a run. */
export function oncePerRun<T>(key: object, run: QueryRun, compute: () => T): T {
  if (run.memo.has(key)) return run.memo.get(key) as T;
  const value = compute();
  run.memo.set(key, value);
  return value;
}

/** The column of a relation; the language service has checked that it is there. */
export function columnOf(relation: Relation, name: string, missing: () => KustoError): BoundColumn {
  const column = relation.columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw missing();
  return column;
}
