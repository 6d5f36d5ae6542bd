import type { Evaluate, Expression, QueryRun, RowInFlight } from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType } from './table-schemas.ts';
import { identity, type JsonValue, type Scalar } from './values.ts';

/** One aggregate: a state for each group, fed row by row. */
export interface Aggregate {
  start(): Accumulator;
}

interface Accumulator {
  add(row: RowInFlight, run: QueryRun): void;
  result(): Scalar;
}

type BuildAggregate = (args: readonly Expression[], call: Syntax) => Aggregate;

function evaluateAt(args: readonly Expression[], index: number, call: Syntax): Evaluate {
  const arg = args[index];
  if (arg === undefined) throw call.unsupported(`${call.text} with ${args.length} arguments`);
  return arg.evaluate;
}

const count: BuildAggregate = (args, call) => {
  if (args.length > 0) throw call.unsupported('count() of an expression');
  return {
    start() {
      let total = 0;
      return {
        add: () => {
          total += 1;
        },
        result: () => total,
      };
    },
  };
};

/** The values of an argument that are not null. */
function collecting(value: Evaluate, start: () => { add(value: Scalar): void; result(): Scalar }): Aggregate {
  return {
    start() {
      const state = start();
      return {
        add: (row, run) => {
          const found = value(row, run);
          if (found !== null) state.add(found);
        },
        result: () => state.result(),
      };
    },
  };
}

/** Exact, where Kusto estimates. */
const distinctCount: BuildAggregate = (args, call) =>
  collecting(evaluateAt(args, 0, call), () => {
    const seen = new Set<Scalar>();
    return { add: (value) => seen.add(identity(value)), result: () => seen.size };
  });

const ordered: ReadonlySet<ScalarType | undefined> = new Set(['int', 'long', 'real', 'datetime', 'timespan']);

const maximum: BuildAggregate = (args, call) => {
  const type = args[0]?.type;
  if (!ordered.has(type)) throw call.unsupported(`${call.child('Name').text}() of ${type ?? 'nothing'}`);
  return collecting(evaluateAt(args, 0, call), () => {
    let greatest: number | null = null;
    return {
      add: (value) => {
        if (greatest === null || (value as number) > greatest) greatest = value as number;
      },
      result: () => greatest,
    };
  });
};

/** The values in order of arrival, each once. */
const makeSet: BuildAggregate = (args, call) => {
  const type = args[0]?.type;
  if (type === 'datetime' || type === 'timespan')
    throw call.unsupported(`${call.text} of ${type}; use tostring()`);
  if (args.length > 1) throw call.unsupported(`${call.text} with a limit`);
  return collecting(evaluateAt(args, 0, call), () => {
    const values = new Map<Scalar, Scalar>();
    return {
      add: (value) => {
        const key = identity(value);
        if (!values.has(key)) values.set(key, value);
      },
      result: () => [...values.values()] as JsonValue,
    };
  });
};

/** Aggregates of one value, of https://learn.microsoft.com/kusto/query/aggregation-functions; those of alert rules. */
export const aggregates: Readonly<Record<string, BuildAggregate>> = {
  count,
  dcount: distinctCount,
  max: maximum,
  make_set: makeSet,
};
