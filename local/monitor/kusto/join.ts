import { groups } from './groups.ts';
import {
  type BoundColumn,
  columnOf,
  type Evaluate,
  type QueryRun,
  type Relation,
  type RowInFlight,
  type Scope,
} from './scope.ts';
import { bindColumns } from './summarize.ts';
import type { Syntax } from './syntax.ts';
import { missing } from './values.ts';

type Pair = readonly [left: RowInFlight, right: RowInFlight | undefined];

interface Sides {
  readonly left: Relation;
  readonly right: Relation;
  readonly leftKeys: readonly Evaluate[];
  readonly rightKeys: readonly Evaluate[];
}

/** https://learn.microsoft.com/kusto/query/join-operator: kinds whose rows are the left side's, or pairs. */
export function compileJoin(node: Syntax, left: Relation, scope: Scope): Relation {
  const sides = compileSides(node, left, scope);
  const kind = kindOf(node);
  switch (kind) {
    case 'leftsemi':
      return { columns: left.columns, rows: (run) => matching(sides, run, true) };
    case 'leftanti':
      return { columns: left.columns, rows: (run) => matching(sides, run, false) };
    case 'inner':
    case 'leftouter':
      return {
        columns: bindColumns(node, node.columns, pairReads(left.columns, sides.right.columns)),
        rows: (run) => pairs(sides, kind, run),
      };
    default:
      throw node.unsupported(`join kind=${kind}`);
  }
}

/** Without a word it would be innerunique, which no rule asks for. */
function kindOf(node: Syntax): string {
  let kind = 'innerunique';
  for (const parameter of node.items('Parameters')) {
    const name = parameter.child('Name').name;
    if (name === 'kind') kind = parameter.child('Expression').text;
    else if (!name.startsWith('hint.')) throw parameter.unsupported(`the parameter ${name}`);
  }
  return kind;
}

function compileSides(node: Syntax, left: Relation, scope: Scope): Sides {
  const right = scope.compileRelation(node.child('Expression'), scope);
  const clause = node.optional('ConditionClause');
  const conditions = clause?.items('Expressions');
  if (conditions === undefined || conditions.length === 0) throw node.unsupported('a join without on');
  const keys = conditions.map((condition) => keyColumns(condition, left, right));
  return {
    left,
    right,
    leftKeys: keys.map(([leftKey]) => leftKey.read),
    rightKeys: keys.map(([, rightKey]) => rightKey.read),
  };
}

/** `on Column`, which both sides have. */
function keyColumns(condition: Syntax, left: Relation, right: Relation): [BoundColumn, BoundColumn] {
  const fail = () => condition.unsupported(`the join condition ${condition.text}`);
  if (condition.kind !== 'NameReference') throw fail();
  const [leftKey, rightKey] = [columnOf(left, condition.name, fail), columnOf(right, condition.name, fail)];
  if (leftKey.type === 'dynamic' || rightKey.type === 'dynamic') {
    throw condition.unsupported('a join on a dynamic column');
  }
  return [leftKey, rightKey];
}

/** Null keys match nothing. */
function keyOf(row: RowInFlight, keys: readonly Evaluate[], run: QueryRun) {
  const key = keys.map((read) => read(row, run));
  return key.includes(null) ? undefined : key;
}

function rightRows({ right, rightKeys }: Sides, run: QueryRun) {
  const byKey = groups<RowInFlight[]>(rightKeys, () => []);
  for (const row of right.rows(run)) byKey.of(row, run).push(row);
  return byKey;
}

function matching(sides: Sides, run: QueryRun, wanted: boolean): RowInFlight[] {
  const byKey = rightRows(sides, run);
  return sides.left.rows(run).filter((row) => {
    const key = keyOf(row, sides.leftKeys, run);
    return (key !== undefined && byKey.get(key) !== undefined) === wanted;
  });
}

function pairs(sides: Sides, kind: 'inner' | 'leftouter', run: QueryRun): Pair[] {
  const byKey = rightRows(sides, run);
  const joined: Pair[] = [];
  for (const row of sides.left.rows(run)) {
    const key = keyOf(row, sides.leftKeys, run);
    const matches = key && byKey.get(key);
    if (matches !== undefined) for (const match of matches) joined.push([row, match]);
    else if (kind === 'leftouter') joined.push([row, undefined]);
  }
  return joined;
}

function pairReads(left: readonly BoundColumn[], right: readonly BoundColumn[]): Evaluate[] {
  return [
    ...left.map(
      ({ read }): Evaluate =>
        (row, run) =>
          read((row as Pair)[0], run),
    ),
    ...right.map(({ read, type }): Evaluate => {
      const absent = missing(type);
      return (row, run) => {
        const match = (row as Pair)[1];
        return match === undefined ? absent : read(match, run);
      };
    }),
  ];
}
