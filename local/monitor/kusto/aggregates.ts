import type { Evaluate, Expression, RowInFlight, Run } from './scope.ts';
import type { Syntax } from './syntax.ts';
import type { ScalarType } from './table-schemas.ts';
import { identity, type JsonValue, missing, type Scalar } from './values.ts';

/** One aggregate: a state for each group, fed row by row. */
export interface Aggregate {
  start(): Accumulator;
}

interface Accumulator {
  add(row: RowInFlight, run: Run): void;
  result(): Scalar;
}

type BuildAggregate = (args: readonly Expression[], call: Syntax) => Aggregate;

/** An aggregate that folds a number state. */
function counting(step: (row: RowInFlight, run: Run) => number): Aggregate {
  return {
    start() {
      let total = 0;
      return {
        add: (row, run) => {
          total += step(row, run);
        },
        result: () => total,
      };
    },
  };
}

function evaluateAt(args: readonly Expression[], index: number, call: Syntax): Evaluate {
  const arg = args[index];
  if (arg === undefined) throw call.unsupported(`${call.text} with ${args.length} arguments`);
  return arg.evaluate;
}

/** The values of the argument at an index that are not null, of the rows that meet `condition` (all without it). */
function collecting(
  value: Evaluate,
  condition: Evaluate | undefined,
  start: () => { add(value: Scalar): void; result(): Scalar },
): Aggregate {
  return {
    start() {
      const state = start();
      return {
        add: (row, run) => {
          if (condition !== undefined && condition(row, run) !== true) return;
          const found = value(row, run);
          if (found !== null) state.add(found);
        },
        result: () => state.result(),
      };
    },
  };
}

function requireNumber(args: readonly Expression[], call: Syntax, ...also: ScalarType[]): void {
  const type = args[0]?.type;
  const known: readonly (ScalarType | undefined)[] = ['int', 'long', 'real', ...also];
  if (!known.includes(type)) throw call.unsupported(`${call.child('Name').text}() of ${type ?? 'nothing'}`);
}

const sum =
  (hasCondition: boolean): BuildAggregate =>
  (args, call) => {
    requireNumber(args, call, 'timespan');
    const condition = hasCondition ? evaluateAt(args, 1, call) : undefined;
    return collecting(evaluateAt(args, 0, call), condition, () => {
      let total = 0;
      return {
        add: (value) => {
          total += value as number;
        },
        result: () => total,
      };
    });
  };

/** NaN without a value, as the example on https://learn.microsoft.com/kusto/query/summarize-operator shows. */
const avg: BuildAggregate = (args, call) => {
  requireNumber(args, call);
  return collecting(evaluateAt(args, 0, call), undefined, () => {
    let [total, count] = [0, 0];
    return {
      add: (value) => {
        total += value as number;
        count += 1;
      },
      result: () => total / count,
    };
  });
};

/** Exact, where Kusto estimates. */
const distinctCount =
  (hasCondition: boolean): BuildAggregate =>
  (args, call) => {
    const condition = hasCondition ? evaluateAt(args, 1, call) : undefined;
    return collecting(evaluateAt(args, 0, call), condition, () => {
      const seen = new Set<Scalar>();
      return { add: (value) => seen.add(identity(value)), result: () => seen.size };
    });
  };

const extreme =
  (isBetter: (candidate: number, best: number) => boolean): BuildAggregate =>
  (args, call) => {
    requireNumber(args, call, 'datetime', 'timespan');
    return collecting(evaluateAt(args, 0, call), undefined, () => {
      let best: number | null = null;
      return {
        add: (value) => {
          if (best === null || isBetter(value as number, best)) best = value as number;
        },
        result: () => best,
      };
    });
  };

/** The values in order of arrival; each once if `isSet`. A second argument limits their number. */
const collection =
  (isSet: boolean): BuildAggregate =>
  (args, call) => {
    const type = args[0]?.type;
    if (type === 'datetime' || type === 'timespan') {
      throw call.unsupported(`${call.text} of ${type}; use tostring()`);
    }
    const limit = args[1] === undefined ? Number.POSITIVE_INFINITY : args[1].constant;
    if (typeof limit !== 'number') throw call.unsupported('a limit that is no literal');
    return collecting(evaluateAt(args, 0, call), undefined, () => {
      const values = new Map<Scalar, Scalar>();
      return {
        add: (value) => {
          const key = isSet ? identity(value) : values.size;
          if (values.size < limit && !values.has(key)) values.set(key, value);
        },
        result: () => [...values.values()] as JsonValue,
      };
    });
  };

/**
 * The smallest value that is not less than so many percent of the values: the nearest rank that Kusto estimates.
 * https://learn.microsoft.com/kusto/query/percentiles-aggregation-function#nearest-rank-percentile
 */
const percentile: BuildAggregate = (args, call) => {
  requireNumber(args, call, 'timespan', 'datetime');
  const percent = args[1]?.constant;
  if (typeof percent !== 'number') throw call.unsupported('a percentile that is no literal');
  return collecting(evaluateAt(args, 0, call), undefined, () => {
    const values: number[] = [];
    return {
      add: (value) => values.push(value as number),
      result: () => {
        values.sort((a, b) => a - b);
        return values[Math.max(Math.ceil((percent / 100) * values.length) - 1, 0)] ?? null;
      },
    };
  });
};

/** Any value; here the first that is not null (or empty). */
const takeAny: BuildAggregate = (args, call) => {
  const absent = missing(call.type);
  return collecting(evaluateAt(args, 0, call), undefined, () => {
    let any: Scalar = absent;
    return {
      add: (value) => {
        if (any === absent) any = value;
      },
      result: () => any,
    };
  });
};

const minimum = extreme((candidate, best) => candidate < best);
const maximum = extreme((candidate, best) => candidate > best);

/** Aggregates of one value, of https://learn.microsoft.com/kusto/query/aggregation-functions. */
export const aggregates: Readonly<Record<string, BuildAggregate>> = {
  count: (args, call) => {
    if (args.length > 0) throw call.unsupported('count() of an expression');
    return counting(() => 1);
  },
  countif: (args, call) => {
    const condition = evaluateAt(args, 0, call);
    return counting((row, run) => (condition(row, run) === true ? 1 : 0));
  },
  sum: sum(false),
  sumif: sum(true),
  avg,
  dcount: distinctCount(false),
  dcountif: distinctCount(true),
  min: minimum,
  max: maximum,
  make_set: collection(true),
  make_list: collection(false),
  percentile,
  take_any: takeAny,
  any: takeAny,
};
